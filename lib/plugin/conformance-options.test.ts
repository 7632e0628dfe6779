/** What the issues around the conformance table ask of `open`'s options, and of libraries with damaged debug info. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { buildConformance, host, hostResult, scratchFolder } from '../testing/conformance.js';
import { run } from '../testing/tools.js';

const built = buildConformance();

it('options that do not exist, or have a value they can not have, are a TypeError', () => {
  const result = host(`
    const path = so('opened.so');
    const wrong = [null, 5, 'global', { scop: 'global' }, { nothing: 1 }, { toString: 1 }, { constructor: Object }, { scope: 'world' }, { binding: true },
      { deepBind: 'yes' }, { copies: 1 }, { init: 5 }, { init: () => {} }, { int64: 'string' }, { scope: null }];
    const found = wrong.map((options) => failure(() => open(path, options)));
    const mapped = fs.readFileSync('/proc/self/maps', 'utf8').includes('opened.so');
    const asynchronous = await openAsync(path, { scop: 1 }).catch((e) => e.code);
    open(path, { scope: undefined, init: undefined });
    print({ names: [...new Set(found.map((f) => f.name))], codes: [...new Set(found.map((f) => f.code))], hint: found[3].first, mapped, asynchronous });`);
  expect(result).toEqual({
    names: ['TypeError'],
    codes: ['ERR_INVALID_ARG_TYPE', 'ERR_INVALID_ARG_VALUE'],
    hint: 'open: there is no option scop: did you mean scope?',
    mapped: false,
    asynchronous: 'ERR_INVALID_ARG_VALUE',
  });
});

it('a loaded library can not be bound in another way; not to ask is no conflict', () => {
  const result = host(`
    const path = so('opened.so');
    const p = open(path);
    const conflicts = [{ scope: 'global' }, { binding: 'lazy' }, { deepBind: true }].map((options) => failure(() => open(path, options)));
    const agree = [{}, { scope: 'local' }, { binding: 'now' }, { deepBind: 'auto' }].map((options) => open(path, options) === p);
    const global = open(so('gmodule_a.so'), { scope: 'global' });
    print({ conflicts: conflicts.map((c) => [c.code, c.first]), agree, unasked: open(so('gmodule_a.so')) === global,
      other: firstLine(() => open(so('gmodule_a.so'), { scope: 'local' })) });`);
  const prefix = `plugin.Open("${built}/opened.so"): it is loaded with`;
  expect(result).toEqual({
    conflicts: [
      ['ERR_PLUGIN_OPEN', `${prefix} scope: "local", which can't change to "global"`],
      ['ERR_PLUGIN_OPEN', `${prefix} binding: "now", which can't change to "lazy"`],
      ['ERR_PLUGIN_OPEN', `${prefix} deepBind: "auto", which can't change to true`],
    ],
    agree: [true, true, true, true],
    unasked: true,
    other: `plugin.Open("${built}/gmodule_a.so"): it is loaded with scope: "global", which can't change to "local"`,
  });
});

it('another int64 gives another plugin over the same library', () => {
  const result = host(`
    const [big, small] = ['bigint', 'number'].map((int64) => open(so('host.so'), { int64 }));
    const kinds = [big, small].map((p) => typeof p.lookup('value').value.big);
    small.lookup('value').value.big = 7;
    print([big === small, ...kinds, big.lookup('value').value.big === 7n, open(so('host.so'), { int64: 'number' }) === small, open(so('host.so')) === big]);`);
  expect(result).toEqual([false, 'bigint', 'number', true, true, true]);
});

it("copies: 'allow' loads a second instance with memory of its own", () => {
  const result = host(`
    fs.copyFileSync(so('quick.so'), join(scratch, 'second.so'));
    const one = open(so('quick.so')), two = open(join(scratch, 'second.so'), { copies: 'allow' });
    two.lookup('increment')();
    const values = [one, two].map((p) => [p.lookup('value').value, p.lookup('constructed').value]);
    print({ same: one === two, values, again: open(join(scratch, 'second.so')) === two, ids: one.buildId === two.buildId });`);
  expect(result).toEqual({
    same: false,
    values: [
      [1, 1],
      [2, 1],
    ],
    again: true,
    ids: true,
  });
});

it('a copy without a build-id is known by its bytes', () => {
  const result = host(`
    const copy = join(scratch, 'copy.so');
    fs.copyFileSync(so('noid.so'), copy);
    open(so('noid.so'));
    print([failure(() => open(copy)).code, open(copy, { copies: 'allow' }).lookup('origin').value.x]);`);
  expect(result).toEqual(['ERR_PLUGIN_ALREADY_LOADED', 1]);
});

it('a library with a deflate of its own calls its own, and so do those that need it', () => {
  const result = host(`
    const own = open(so('deflate.so')).symbols;
    const user = open(so('usesdeflate.so')).symbols;
    const unbound = host_has_zlib(process.versions.zlib);
    function host_has_zlib(version) { return open(so('deflate-shallow.so'), { deepBind: false, copies: 'allow' }).lookup('call_version')() !== 'mine' && version !== undefined; }
    print([own.deflate(1), own.call_deflate(1), own.call_version(), user.call_deflate(1), unbound]);`);
  // The last one shows that without deep binding Node's function is called: that there was something to prevent.
  expect(result).toEqual([1001, 1001, 'mine', 2001, true]);
});

it('a library with damaged debug info opens, and says why a type is not known', () => {
  const scratch = scratchFolder();
  const original = join(built, 'dwarf.so');
  const sections = new Map(
    [...run('readelf', ['-SW', original]).matchAll(/ (\.debug_\w+) +\S+ +\w+ (\w+) (\w+) /g)].map(
      ([, name = '', offset = '', size = '']) => [
        name,
        { offset: parseInt(offset, 16), size: parseInt(size, 16) },
      ],
    ),
  );
  // The same noise each time: a linear congruential generator.
  let state = 1;
  const noise = (): number => (state = (state * 1103515245 + 12345) % 2 ** 31) >> 8;
  const names: string[] = [];
  for (const name of ['.debug_info', '.debug_abbrev', '.debug_str', '.debug_line_str', '.debug_aranges']) {
    const section = sections.get(name);
    if (section === undefined) continue;
    for (let round = 0; round < 12; round++) {
      const bytes = readFileSync(original);
      const start = round === 0 ? 0 : noise() % section.size;
      const end = round === 0 ? section.size : Math.min(section.size, start + 1 + (noise() % 24));
      for (let i = start; i < end; i++) bytes[section.offset + i] = noise() & 0xff;
      names.push(`damaged${name}${round}.so`);
      writeFileSync(join(scratch, names.at(-1) ?? ''), bytes);
    }
  }
  expect(names.length).toBeGreaterThanOrEqual(48);
  const { stdout, signal, stderr } = hostResult(
    `
    const outcomes = { used: 0, refused: 0 };
    const wrong = [];
    for (const name of fs.readdirSync(scratch).filter((f) => f.startsWith('damaged'))) {
      const p = open(join(scratch, name), { copies: 'allow' });
      for (const use of [() => p.lookup('F').toString(), () => p.lookup('F')(null, 'x'), () => plugin.snapshot(p.lookup('origin').value), () => [...p].length, () => p.typeSource]) {
        try {
          use();
          outcomes.used++;
        } catch (error) {
          // A call with another prototype than the library's may be refused for its arguments.
          if (plugin.isPluginError(error) || /^ERR_/.test(error.code)) outcomes.refused++;
          else wrong.push([name, String(error), error.stack]);
        }
      }
      // Printing is what somebody does to find out what is wrong.
      try {
        for (const symbol of Object.values(p.symbols)) require('node:util').inspect(symbol, { depth: 4 });
      } catch (error) {
        wrong.push([name, 'inspect', error.stack]);
      }
      // A declaration makes up for what can't be read.
      try {
        if (p.lookup('main', 'int (void)')() !== 0) wrong.push([name, 'main']);
      } catch (error) {
        // Unless what was read says otherwise.
        if (error.code !== 'ERR_PLUGIN_TYPE') wrong.push([name, String(error), error.stack]);
      }
    }
    print({ outcomes, wrong });`,
    { scratch },
  );
  expect({ signal, stderr }).toEqual({ signal: null, stderr: '' });
  const { outcomes, wrong } = JSON.parse(stdout) as {
    outcomes: { used: number; refused: number };
    wrong: unknown[];
  };
  expect(wrong).toEqual([]);
  expect(outcomes.used).toBeGreaterThan(20);
  expect(outcomes.refused).toBeGreaterThan(20);
});
