/** Rows 1 to 25 of the conformance table: what Go's own tests of `plugin` pin down, with C in place of Go. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { inspect } from '../library/inspect.js';
import { buildConformance, host, scratchFolder } from '../testing/conformance.js';
import { run } from '../testing/tools.js';

const built = buildConformance();

it('row 1: a library that the host opens is initialised, and the host writes its variables', () => {
  const result = host(`
    const { X } = open(so('libcommon.so')).symbols;
    const before = X.value;
    X.value *= 5;
    print([before, X.value]);`);
  expect(result).toEqual([3, 15]);
});

it('row 2: a bare name is one in the working directory, and nothing else is searched', () => {
  const bare = `print([open('plugin1.so').path, open('./sub/../plugin1.so') === open('plugin1.so')]);`;
  expect(host(bare, { cwd: built })).toEqual([join(built, 'plugin1.so'), true]);
  const env = { LD_LIBRARY_PATH: built };
  expect(host(`print(firstLine(() => open('plugin1.so')));`, { cwd: scratchFolder(), env })).toBe(
    'plugin.Open("plugin1.so"): realpath failed',
  );
});

it('row 3: the shared dependency is initialised once, X is 105', () => {
  const result = host(`
    const common = open(so('libcommon.so'));
    common.symbols.X.value *= 5;
    const plugin1 = open(so('plugin1.so'));
    print([common.symbols.X.value, common.symbols.common_inits.value, plugin1.symbols.inits.value]);`);
  expect(result).toEqual([105, 1, 1]);
});

it('row 4: lookup of a variable gives a typed pointer, and C sees what is written', () => {
  const result = host(`
    const p = open(so('plugin1.so'));
    const Seven = p.lookup('Seven');
    const before = [String(Seven.type), Seven.value];
    Seven.value = 70;
    print([...before, p.lookup('ReadSeven')()]);`);
  expect(result).toEqual(['int', 7, 70]);
});

it('row 5: a function sees the state of the shared dependency', () => {
  const result = host(`
    open(so('libcommon.so')).symbols.X.value = 15;
    print(open(so('plugin1.so')).lookup('ReadCommonX')());`);
  expect(result).toBe(105);
});

it('row 6: a file of the same name in another directory is another plugin, over the same dependency', () => {
  const result = host(`
    const one = open(so('plugin1.so')), sub = open(so('sub/plugin1.so')), common = open(so('libcommon.so'));
    print([one === sub, sub.path, sub.lookup('commonX')().equals(common.lookup('X')), common.lookup('common_inits').value]);`);
  expect(result).toEqual([false, join(built, 'sub/plugin1.so'), true, 1]);
});

it('row 7: the host sets a function variable, the plugin calls it, also after a garbage collection', () => {
  const result = host(
    `
    const { FuncVar, CallFuncVar } = open(so('plugin1.so')).symbols;
    const seen = [FuncVar.value];
    CallFuncVar();
    let calls = 0;
    FuncVar.value = () => { calls++; };
    for (let i = 0; i < 5; i++) { gc(); await sleep(1); }
    CallFuncVar();
    FuncVar.value();
    seen.push(calls);
    FuncVar.value = null;
    CallFuncVar();
    print([...seen, calls, FuncVar.value]);`,
    { execArgv: ['--expose-gc'] },
  );
  expect(result).toEqual([null, 2, 2, null]);
});

it('row 8: the same name in two plugins stays apart, also for calls within each', () => {
  const result = host(`
    const one = open(so('plugin1.so'));
    const F1 = one.lookup('F');
    const sub = open(so('sub/plugin1.so'));
    print([F1(), sub.lookup('F')(), one.lookup('callF')(), sub.lookup('callF')(), one.lookup('F') === F1]);`);
  expect(result).toEqual([3, 17, 3, 17, true]);
});

it('row 9: the init of a second plugin runs and changes the same global', () => {
  const result = host(`
    const common = open(so('libcommon.so'));
    open(so('plugin1.so'));
    const { inits, message } = open(so('plugin2.so')).symbols;
    print([common.lookup('X').value, inits.value, message.value]);`);
  expect(result).toEqual([2, 1, 'No such file or directory']);
});

it('row 10: a byte copy of a loaded plugin is refused, and its constructor does not run', () => {
  const scratch = scratchFolder();
  // The copy's own dependency would be found beside it: it must not be looked at.
  copyFileSync(join(built, 'plugin2.so'), join(scratch, 'plugin2-dup.so'));
  const result = host(
    `
    const { X } = open(so('libcommon.so')).symbols;
    open(so('plugin2.so'));
    X.value = 1;
    const refused = failure(() => open(join(scratch, 'plugin2-dup.so')));
    const mapped = fs.readFileSync('/proc/self/maps', 'utf8').includes('plugin2-dup');
    print({ refused, mapped, X: X.value });`,
    { scratch },
  );
  expect(result).toEqual({
    refused: {
      name: 'PluginError',
      code: 'ERR_PLUGIN_ALREADY_LOADED',
      first: `plugin.Open("${scratch}/plugin2-dup"): plugin already loaded`,
      more: [expect.stringContaining(`copy of ${built}/plugin2.so`)],
    },
    mapped: false,
    X: 1,
  });
});

it('row 12: the refusal of a copy is remembered, and does no harm to others', () => {
  const scratch = scratchFolder();
  copyFileSync(join(built, 'opened.so'), join(scratch, 'dup.so'));
  const result = host(
    `
    const dup = join(scratch, 'dup.so');
    const original = open(so('opened.so'));
    const first = firstLine(() => open(dup));
    const second = firstLine(() => open(dup));
    fs.symlinkSync(dup, join(scratch, 'link.so'));
    const byLink = firstLine(() => open(join(scratch, 'link.so')));
    const others = [open(so('plugin1.so')).lookup('F')(), original.lookup('G')(), original.lookup('inits').value];
    // Another file by that name is another matter, and so is to ask for a copy.
    const allowed = open(dup, { copies: 'allow' }).lookup('inits').address !== original.lookup('inits').address;
    fs.copyFileSync(so('plugin2.so'), join(scratch, 'new'));
    print({ first, second, byLink, others, allowed });`,
    { scratch },
  );
  expect(result).toEqual({
    first: `plugin.Open("${scratch}/dup"): plugin already loaded`,
    second: `plugin.Open("${scratch}/dup.so"): plugin already loaded (previous failure)`,
    byLink: `plugin.Open("${scratch}/link.so"): plugin already loaded (previous failure)`,
    others: [3, 971, 1],
    allowed: true,
  });
});

it('row 12: a file that was refused as a copy opens when it has been replaced by another one', () => {
  const result = host(`
    const path = join(scratch, 'dup.so');
    fs.copyFileSync(so('opened.so'), path);
    open(so('opened.so'));
    const refused = [failure(() => open(path)).code, failure(() => open(path)).code];
    fs.rmSync(path);
    fs.copyFileSync(so('identity.so'), path);
    print([...refused, open(path).has('origin')]);`);
  expect(result).toEqual(['ERR_PLUGIN_ALREADY_LOADED', 'ERR_PLUGIN_ALREADY_LOADED', true]);
});

it('row 13: after failures the plugin itself is still the same, and not initialised again', () => {
  const scratch = scratchFolder();
  copyFileSync(join(built, 'plugin2.so'), join(scratch, 'plugin2-dup.so'));
  const result = host(
    `
    const plugin2 = open(so('plugin2.so'));
    failure(() => open(join(scratch, 'plugin2-dup.so')));
    failure(() => open(so('undefined.so')));
    print([open(so('plugin2.so')) === plugin2, plugin2.lookup('inits').value]);`,
    { scratch },
  );
  expect(result).toEqual([true, 1]);
});

it('row 14: main is not run', () => {
  expect(host(`print(open(so('mainabort.so')).lookup('ok').value);`)).toBe(1);
});

it('row 15: types of the same name in two libraries do not collide', () => {
  const result = host(`
    const a = open(so('same1.so')), b = open(so('same2.so'));
    const both = [a, b].map((p) => plugin.snapshot(p.lookup('S').value));
    const results = [a, b].map((p) => p.lookup('number')(p.lookup('getS')()));
    const crossed = failure(() => a.lookup('number')(b.lookup('S')));
    print({ both: both.map((s) => ({ ...s, pair: s.pair && [...s.pair] })), results, crossed: crossed.code });`);
  expect(result).toEqual({
    both: [
      { number: 41, letter: 120 },
      { ratio: 0.5, pair: [7, 8] },
    ],
    results: [41, 8],
    crossed: 'ERR_INVALID_ARG_TYPE',
  });
});

it('row 16: plugins made from sources of the same name are distinct', () => {
  const result = host(`
    const [one, two] = ['unnamed1.so', 'unnamed2.so'].map((name) => open(so(name)));
    print([one === two, one.lookup('FuncInt')(), two.lookup('FuncInt')()]);`);
  expect(result).toEqual([false, 1, 2]);
});

it('row 17: types that contain each other are read to their end', () => {
  const result = host(`
    const { x, y, FuncRecursive } = open(so('unnamed1.so')).symbols;
    print([
      x.value.y.value.x.value.number,
      y.value.inside.y.value.inside.number,
      FuncRecursive(y).equals(x),
      FuncRecursive(y).value.number,
      String(y.type),
    ]);`);
  expect(result).toEqual([1, 2, true, 1, 'struct Y']);
});

it('row 18: calls go deep into the stack, and take 32 arguments', () => {
  const result = host(`
    const { F, weigh } = open(so('deep.so')).symbols;
    print([F(2), weigh(...Array.from({ length: 32 }, (_, i) => i + 1))]);`);
  // The sum of squares of 1 to 32.
  expect(result).toEqual([2 * 524288, (32 * 33 * 65) / 6]);
});

it.each(['dwarf.so', 'dwarfz.so', 'dwarfzstd.so', 'linked.so', 'linked-noid.so', 'program', 'program-nopie'])(
  'row 19: the types of F and its parameters are found in %s',
  (name) => {
    const { symbols, typeSource } = inspect(join(built, name));
    const F = symbols.find((s) => s.name === 'F');
    expect(String(F?.type)).toBe('int (struct point *p, const char *name)');
    expect(String(symbols.find((s) => s.name === 'origin')?.type)).toBe('struct point');
    expect(typeSource).toMatch('DWARF');
  },
);

it('row 20: the build-id is that which readelf shows; without one it is undefined', () => {
  const [, id] = /Build ID: (\w+)/.exec(run('readelf', ['-n', join(built, 'dwarf.so')])) ?? [];
  expect(id).toMatch(/^[0-9a-f]{40}$/);
  const result = host(`
    const [plain, without] = ['dwarf.so', 'noid.so'].map((name) => open(so(name)));
    print([plain.buildId, plugin.inspect(so('dwarf.so')).buildId, without.buildId ?? null, without.lookup('origin').value.x]);`);
  expect(result).toEqual([id, id, null, 1]);
});

it('row 21: a pointer from one library goes into another, if the type is laid out alike', () => {
  const result = host(`
    const one = open(so('unique1.so')), two = open(so('unique2.so'));
    const list = one.lookup('make')();
    const counted = two.lookup('count')(list);
    const view = two.lookup('count')(one.lookup('head').value);
    print([counted, one.lookup('sum')(list), view, one.lookup('head').value.value]);`);
  expect(result).toEqual([2, 30, 1, 50]);
});

it('row 22: tables that repeat themselves are read to their end', () => {
  const start = performance.now();
  const result = host(`
    const p = open(so('repeated.so'));
    const argument = { a: 1, b: 2 };
    print([p.lookup('alias999')(argument), p.lookup('user000')(argument), [...p].length]);`);
  expect(result).toEqual([3, 3, 2001]);
  expect(performance.now() - start).toBeLessThan(10_000);
});

it('row 23: the plugin opens in a directory whose name has odd characters', () => {
  const scratch = scratchFolder();
  // The dependency is found beside it, through $ORIGIN, in the same path.
  const name = `-g do.t quo"te's 100%25 $ORIGINAL grüße 世界 new\nline\t[*?]\\ a:b;c{},$(x)&`;
  const folder = join(scratch, name);
  mkdirSync(folder);
  for (const file of ['plugin1.so', 'libcommon.so']) copyFileSync(join(built, file), join(folder, file));
  const result = host(
    `
    const path = join(scratch, fs.readdirSync(scratch)[0], 'plugin1.so');
    const p = open(path);
    print([p.path, p.lookup('ReadCommonX')(), p.lookup('F')(), String(p.lookup('F').type), p.typeSource, open(path) === p]);`,
    { scratch },
  );
  const path = join(folder, 'plugin1.so');
  expect(result).toEqual([path, 21, 3, 'int (void)', `DWARF in ${path}`, true]);
});

it('row 23: a path that the linker would read as another one is refused', () => {
  const scratch = scratchFolder();
  const folder = join(scratch, '${ORIGIN}');
  mkdirSync(folder);
  copyFileSync(join(built, 'plugin1.so'), join(folder, 'plugin1.so'));
  const result = host(`print(failure(() => open(join(scratch, '\${ORIGIN}', 'plugin1.so'))));`, { scratch });
  const path = join(folder, 'plugin1.so');
  expect(result).toMatchObject({
    code: 'ERR_PLUGIN_OPEN',
    first: `plugin.Open("${path}"): ${path}: cannot open shared object file`,
    more: [expect.stringContaining('takes ${ORIGIN} in a path')],
  });
});

it('row 24: parameter and result of one type are of one type', () => {
  const result = host(`
    const { F, origin } = open(so('identity.so')).symbols;
    const returned = F(origin);
    print([
      returned.type === origin.type,
      Object.getPrototypeOf(returned.value) === Object.getPrototypeOf(origin.value),
      F(F(returned)).equals(origin),
      F(origin.value).value.y,
      F({ x: 8, y: 9 }) !== null,
    ]);`);
  expect(result).toEqual([true, true, true, 4, true]);
});

it('row 25: values that the build command gave are there', () => {
  const result = host(`
    const { Val, Array, Fixed } = open(so('linkvalue.so')).symbols;
    print([Val.value, Array.value, Fixed.value]);`);
  expect(result).toEqual(['linkstr', 'linkstr', 'linkstr']);
});
