/** Rows 26 to 46 of the conformance table: the issues that Go's own tests of `plugin` are named after, with C in place of Go. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { inspect } from '../library/inspect.js';
import { buildConformance, host, hostResult, scratchFolder } from '../testing/conformance.js';
import { compile, describeWith, run } from '../testing/tools.js';

const built = buildConformance();

describeWith(['g++'], 'C++', () => {
  it('row 26: names that are none in C are read, and found', () => {
    const result = host(`
    const { symbols: s } = open(so('oddnames.so'));
    print([s['dollar$name'].value, s['größe'].value, s.less(s.a, s.b), s.call(10), s.nested.value.content.content, String(s.nested.type)]);`);
    expect(result).toEqual([5, 6, 1, 11 + 11 + 10, 42, expect.stringContaining('box<box<int> >')]);
  });
});

it('row 27: a plugin opens another one, from a function that calls the host', () => {
  const result = host(`
    const { F, open_by_host } = open(so('opener.so')).symbols;
    open_by_host.value = () => open(so('opened.so')).lookup('G')();
    print([F(), F(), open(so('opened.so')).lookup('inits').value]);`);
  expect(result).toEqual([971, 971, 1]);
});

it('row 27: what a plugin opened by itself is the same library', () => {
  const result = host(`
    const { open_by_c } = open(so('opener.so')).symbols;
    const opened = open_by_c(so('opened.so'));
    const p = open(so('opened.so'));
    p.lookup('inits').value += 10;
    open_by_c(so('opened.so'));
    print([opened, p.lookup('G')(), p.lookup('inits').value, open(so('opened.so')) === p]);`);
  expect(result).toEqual([1, 971, 11, true]);
});

it('row 28: a file name may have dots, and the constructor has run when open returns', () => {
  expect(host(`print(open(so('issue.22295.so')).lookup('F')());`)).toBe(2503);
});

it('row 32: functions that only a table leads to can be called through it', () => {
  const result = host(`
    const { Shape } = open(so('method.so')).symbols;
    const { area, scale, name } = Shape.value.methods.value;
    scale(Shape, 10);
    print([area(Shape), area(Shape.value), name(), Shape.value.width, area === Shape.value.methods.value.area]);`);
  expect(result).toEqual([1200, 1200, 'rectangle', 30, true]);
});

it('row 34: a static function of a dependency can be called by the pointer that a plugin hands out', () => {
  const result = host(`
    const method = open(so('method3.so')).lookup('method');
    const inner = method();
    print([inner(14), inner === method(), open(so('libprivate.so')).lookup('reach')()(5), open(so('libprivate.so')).has('inner')]);`);
  expect(result).toEqual([42, true, 15, false]);
});

it('row 35: what the first plugin made the linker initialise, the second finds initialised', () => {
  const result = host(`
    const first = open(so('base1.so')).lookup('F');
    const { F, inits } = open(so('base2.so')).symbols;
    first().value++;
    print([F(), first().value, inits()]);`);
  expect(result).toEqual([457, 457, 1]);
});

describeWith(['g++'], 'C++', () => {
  it('row 36: templates and mangled names do not break the listing', () => {
    const path = join(built, 'oddnames.so');
    const { symbols } = inspect(path);
    // The types and names of nm -D's lines: T, D and so on are exported, u is unique, W and V are weak.
    const listed = [...run('nm', ['-D', '--defined-only', path]).matchAll(/^\w+ [A-Zuvw] (\S+)$/gm)].map(
      (m) => m[1],
    );
    expect(symbols.map((s) => s.name).sort()).toEqual(listed.sort());
    expect(symbols.map((s) => s.name)).toContain('_Z5twiceIiET_S0_');
    const result = host(`
    const p = open(so('oddnames.so'));
    print([p.lookup('_Z5twiceIiET_S0_')(21), p.lookup('_ZN5outer7countedE').value, p.lookup('_ZN5outer4bumpEv')(), [...p].length]);`);
    expect(result).toEqual([42, 4, 8, listed.length]);
  });
});

it('row 37: bound deeply, a plugin runs its own function, not one of the same name in a global library', () => {
  const result = host(`
    const global = open(so('switch2.so'), { scope: 'global' });
    const own = open(so('switch1.so'), { deepBind: true });
    const all = [0, 1, 2, 3, 4, 5, 6];
    print([global, own].map((p) => all.map((which) => p.lookup('choose')(which, 7))));`);
  expect(result).toEqual([
    [208, 214, 204, 202, 193, 203, -1],
    [8, 14, 4, 2, -7, 3, -1],
  ]);
});

it('row 38: after an open, child processes are made as before', () => {
  const result = host(`
    import('node:child_process').then(async ({ execFile, spawnSync }) => {
      const p = open(so('plugin1.so'));
      const outputs = new Set();
      for (let round = 0; round < 13; round++) {
        const eight = Array.from({ length: 8 }, (_, i) => new Promise((resolve) =>
          execFile('/bin/echo', [String(i)], (error, stdout) => resolve(error?.message ?? stdout))));
        for (const output of await Promise.all(eight)) outputs.add(output.trim());
      }
      // Nothing that we keep open is inherited.
      const { stdout } = spawnSync('readlink', ['-v', ...[...Array(40).keys()].map((n) => '/proc/self/fd/' + n)], { encoding: 'utf8' });
      print({ outputs: [...outputs].sort().join(''), inherited: stdout.includes('plugin1.so'), F: p.lookup('F')() });
    });`);
  expect(result).toEqual({ outputs: '01234567', inherited: false, F: 3 });
});

it('row 39: a table that relocations fill is filled', () => {
  const result = host(`
    const { name } = open(so('base2.so')).symbols;
    print([name(0), name(2), open(so('libbase.so')).lookup('table').value[1].value]);`);
  expect(result).toEqual(['zero', 'two', 'one']);
});

describeWith(['gcc', 'ld.lld'], 'more sections than 16 bits count', () => {
  // Go's row is of text that the linker splits on darwin/arm64; in ELF it is the counts that overflow (gABI "Section Header Table", SHN_XINDEX).
  it('row 40: a variable and a function that lie behind them are found, with their types', () => {
    const path = compile(
      String.raw`__asm__(".altmacro\n.macro one n\n.section .s\\n,\"aw\"\n.byte 1\n.endm\n.set i,0\n.rept 66000\none %i\n.set i,i+1\n.endr\n.text\n");
      __attribute__((section(".behind"))) int last = 42;
      __attribute__((section(".code"))) int twice(int n) { return n + n; }
      `,
      { flags: ['-g', '-shared', '-fPIC', '-fuse-ld=lld'] },
    );
    expect(run('readelf', ['-hW', path])).toMatch(/Number of section headers: +0 \(66\d{3}\)/);
    expect(run('readelf', ['--dyn-syms', '-W', path])).toMatch(/ RSV\[0xffff\] last$/m);
    const { sections, symbols } = inspect(path);
    expect(sections.length).toBeGreaterThan(66_000);
    expect(symbols.map(({ name, kind, type }) => [name, kind, String(type)]).sort()).toEqual([
      ['last', 'variable', 'int'],
      ['twice', 'function', 'int (int n)'],
    ]);
    const result = host(
      `const { last, twice } = open(process.argv[4]).symbols; last.value++; print([last.value, twice(5)]);`,
      { args: [path] },
    );
    expect(result).toEqual([43, 10]);
  });
});

it('row 41: a plugin uses the live environ and stdout', () => {
  const { stdout, status } = hostResult(
    `
    const { countEnvironment, get, print: write } = open(so('dynimport.so')).symbols;
    fs.writeSync(1, JSON.stringify([countEnvironment() >= Object.keys(process.env).length, get('ROW'), get('NONE')]) + '\\n');
    process.env.ROW = 'changed';
    write(get('ROW') + '\\n');`,
    { env: { ROW: '41' } },
  );
  expect({ stdout, status }).toEqual({ stdout: '[true,"41",null]\nchanged\n', status: 0 });
});

it.each(['now', 'lazy'] as const)(
  'row 42: a failed open runs no constructor, not even later (binding %s)',
  (binding) => {
    const scratch = scratchFolder();
    writeFileSync(join(scratch, 'text.so'), 'no library');
    const names = binding === 'now' ? ['undefined.so', 'libneedsgone.so'] : ['libneedsgone.so'];
    const result = host(
      `
    const names = ${JSON.stringify(names)};
    const codes = names.map((name) => failure(() => open(so(name), { binding: '${binding}' })).code);
    const others = [open(so('plugin1.so')).lookup('F')(), open(so('plugin2.so')).lookup('inits').value];
    for (const name of names) failure(() => open(so(name)));
    failure(() => open(so('needsneedsgone.so')));
    const rejected = await Promise.allSettled(names.map((name) => openAsync(so(name))));
    const mapped = names.filter((name) => fs.readFileSync('/proc/self/maps', 'utf8').includes(name));
    print({ codes, others, rejected: rejected.map((r) => r.reason.code), mapped });`,
      { scratch },
    );
    const codes = names.map(() => 'ERR_PLUGIN_OPEN');
    expect(result).toEqual({ codes, others: [3, 1], rejected: codes, mapped: [] });
  },
);

it('row 43: values of the host read the same before and after each open', () => {
  const result = host(`
    const { value } = open(so('host.so')).symbols;
    const read = () => {
      const { self, numbers, ...rest } = plugin.snapshot(value.value);
      return JSON.stringify([self.equals(value), [...numbers], String(rest.big), rest.color, rest.text, String(value.type)]);
    };
    const seen = [read()];
    for (const name of ['plugin1.so', 'unique1.so', 'same2.so']) {
      open(so(name));
      seen.push(read());
    }
    print([seen.length, ...new Set(seen)].map((s) => (typeof s === 'string' ? JSON.parse(s) : s)));`);
  expect(result).toEqual([4, [true, [1, 2, 3], String(-(2n ** 40n)), 5, 'hello', 'struct host']]);
});

describe('row 44: importing works on any system, opening says that it does not', () => {
  const WITHOUT_KOFFI = `
    const { Module } = require('node:module');
    const load = Module._load;
    Module._load = (name, ...rest) => {
      if (name === 'koffi') throw new Error('Cannot find the native Koffi module');
      return load(name, ...rest);
    };`;

  it.each([
    ['another system', "Object.defineProperty(process, 'platform', { value: 'win32' });", []],
    ['another machine', "Object.defineProperty(process, 'arch', { value: 's390x' });", []],
    ['koffi without its native part', WITHOUT_KOFFI, ['koffi: Cannot find the native Koffi module']],
  ])('%s', (_, change, more) => {
    const result = host(`${change}
    for (const file of Object.keys(require.cache)) if (file.includes('/lib/')) delete require.cache[file];
    const fresh = require('#lib/index.js');
    const { symbols } = fresh.inspect(so('plugin1.so'));
    print([
      fresh.open !== open,
      failure(() => fresh.open('x.so')),
      await fresh.openAsync('x.so').catch((e) => e.message.split('\\n')[0]),
      symbols.length > 0,
    ]);`);
    expect(result).toEqual([
      true,
      { name: 'PluginError', code: 'ERR_PLUGIN_OPEN', first: 'plugin: not implemented', more },
      'plugin: not implemented',
      true,
    ]);
  });
});

it('row 45: what is no library is refused with a clear text', () => {
  const scratch = scratchFolder();
  writeFileSync(join(scratch, 'script'), `#!/bin/sh\n${'exit 0\n'.repeat(20)}`);
  writeFileSync(join(scratch, 'libx.so'), `/* GNU ld script */\n${' '.repeat(64)}GROUP ( /lib/libm.so.6 )\n`);
  const result = host(
    `
    const files = [...['dwarf.o', 'libdwarf.a', 'program', 'program-nopie', 'program-static', 'dwarf.c'].map(so), ...['script', 'libx.so'].map((f) => join(scratch, f))];
    print(files.map((file) => {
      const { first, more } = failure(() => open(file));
      return [first.replace(file, '').replace(file, ''), more.join(' ')];
    }));`,
    { scratch },
  );
  const refusal = (text: string, why: RegExp): unknown => [
    `plugin.Open(""): : ${text}`,
    expect.stringMatching(why),
  ];
  expect(result).toEqual([
    refusal('only ET_DYN and ET_EXEC can be loaded', /object file; link it: gcc -shared/),
    refusal('invalid ELF header', /static library/),
    refusal('cannot dynamically load position-independent executable', /it is a program/),
    refusal('cannot dynamically load executable', /it is a program/),
    refusal('cannot dynamically load executable', /it is a program/),
    refusal('invalid ELF header', /./),
    refusal('invalid ELF header', /script/),
    refusal('invalid ELF header', /linker script/),
  ]);
});

it('row 46: inspecting a library twice gives the same', () => {
  const text = (): string =>
    JSON.stringify(inspect(join(built, 'dwarf.so')), (_, v: unknown) =>
      typeof v === 'bigint' ? String(v) : v,
    );
  expect(text()).toBe(text());
});
