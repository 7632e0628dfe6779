/** Rows 57 to 60 of the conformance table: what lookup finds, and what can be done with it. */
import { join } from 'node:path';

import { buildConformance, host } from '../testing/conformance.js';
import { compile, describeWith, FIXTURES } from '../testing/tools.js';

const built = buildConformance();
/** One symbol of each kind. */
const symbols = compile('elf/symbols.c', {
  flags: ['-g', '-shared', '-fPIC', `-Wl,--version-script=${join(FIXTURES, 'elf/symbols.map')}`],
});
const args = [symbols];
const KINDS = 'const kinds = process.argv[4];';

it('row 57: what the library does not export itself is not found', () => {
  const names = [
    'puts',
    'printf',
    'local',
    'hidden',
    '_init',
    '_fini',
    'absent',
    'environ',
    'V1',
    '',
    'function\0',
    'variable\0junk',
    'function@V9',
    '__cxa_finalize',
    'constructor',
    'toString',
    '__proto__',
  ];
  const result = host(
    `${KINDS}
    const p = open(kinds);
    print(${JSON.stringify(names)}.map((name) => {
      const { code, first } = failure(() => p.lookup(name));
      return [p.has(name), name in p.symbols, code, first];
    }));`,
    { args },
  );
  expect(result).toEqual(
    names.map((name) => [
      false,
      false,
      'ERR_PLUGIN_SYMBOL',
      `plugin: symbol ${name} not found in plugin ${symbols}`,
    ]),
  );
});

it('row 57: a name that is nearly one is answered with that one', () => {
  const result = host(`${KINDS} print(failure(() => open(kinds).lookup('varible')).more);`, { args });
  expect(result).toEqual(['did you mean variable?']);
});

it('row 57: a name that is no string is a TypeError', () => {
  const result = host(
    `print([undefined, 5, null, Symbol('x'), {}].map((name) => failure(() => open(so('opened.so')).lookup(name)).code));`,
  );
  expect(result).toEqual(Array(5).fill('ERR_INVALID_ARG_TYPE'));
});

it('row 58: functions of each kind are called by the code that runs', () => {
  const result = host(
    `${KINDS}
    const p = open(kinds);
    const call = (name) => p.lookup(name)();
    print(Object.fromEntries(['function', 'alias', 'weak', 'protected_', 'ifunc', 'naïve', 'foo', 'foo@V1', 'foo@V2', 'foo@@V2', 'oldfn', 'oldfn@V1', 'oldfn@V2'].map((name) => [name, call(name)])));`,
    { args },
  );
  expect(result).toEqual({
    function: 47,
    alias: 47,
    weak: 1,
    protected_: 1,
    ifunc: 3,
    naïve: 1,
    foo: 2,
    'foo@V1': 1,
    'foo@V2': 2,
    'foo@@V2': 2,
    // Without a default version the newest is meant.
    oldfn: 12,
    'oldfn@V1': 11,
    'oldfn@V2': 12,
  });
});

it('row 58: an alias has the address of what it stands for', () => {
  const result = host(
    `${KINDS}
    const p = open(kinds);
    print([p.lookup('alias').address === p.lookup('function').address, p.lookup('alias') === p.lookup('function'), String(p.lookup('alias').type)]);`,
    { args },
  );
  expect(result).toEqual([true, false, 'int (void)']);
});

it('row 58: variables of each kind: common, const, and a symbol that is no memory', () => {
  const result = host(
    `${KINDS}
    const { common, table, variable, absolute } = open(kinds).symbols;
    common.value = 5;
    print([common.value, [...table.value], variable.value, absolute.address, failure(() => absolute.value)]);`,
    { args },
  );
  expect(result).toMatchObject([5, [1, 2, 3, 4], 42, 0x1234, { name: 'PluginError' }]);
});

it('row 58: a thread-local variable is each thread its own', () => {
  const result = host(
    `${KINDS}
    const { tls } = open(kinds).symbols;
    tls.value = 55;
    const [inWorker] = await inWorkers(1, __filename);
    print([tls.value, inWorker]);`,
    {
      args,
      worker: `${KINDS} const { tls } = open(kinds).symbols; parentPort.postMessage([tls.value, (tls.value = 3)]);`,
    },
  );
  expect(result).toEqual([55, [7, 3]]);
});

describeWith(['g++'], 'C++', () => {
  it('row 58: a unique variable is the same one in two libraries, as for their own code', () => {
    const result = host(`
    const [one, two] = ['uniquesymbol1.so', 'uniquesymbol2.so'].map((name) => open(so(name)));
    const n = [one, two].map((p) => p.lookup('_ZN7counterIiE1nE'));
    n[0].value = 6;
    print([n[1].value, n[1].equals(n[0]), two.lookup('address')().equals(n[1])]);`);
    expect(result).toEqual([6, true, true]);
  });
});

it('row 58: symbols are found whatever the linker was told', () => {
  const result = host(`
    print(['sysv', 'symbolic', 'now', 'lto', 'stripped'].map((style) => {
      const p = open(so('style-' + style + '.so'));
      const V = p.lookup('V', 'int'), F = p.lookup('F', 'int (void)');
      V.value++;
      return [F(), [...p].map((s) => s.name).sort().join(), p.typeSource === undefined];
    }));`);
  const typed = [5, 'F,V', false];
  expect(result).toEqual([typed, typed, typed, typed, [5, 'F,V', true]]);
});

it('row 59: lookup gives the same object each time, and is cheap', () => {
  const result = host(`
    const p = open(so('plugin1.so'));
    const again = open(so('sub/../plugin1.so'));
    const same = ['Seven', 'F'].map((name) => p.lookup(name) === again.lookup(name) && p.symbols[name] === p.lookup(name));
    const start = performance.now();
    for (let i = 0; i < 100_000; i++) p.lookup('F');
    print([...same, p.lookup('Seven', 'int') === p.lookup('Seven'), performance.now() - start]);`) as number[];
  expect(result.slice(0, 3)).toEqual([true, true, true]);
  // 5 us each: no symbol table is searched again.
  expect(result[3]).toBeLessThan(500);
});

it('row 60: a write to what is const, or mapped read-only, is refused', () => {
  const result = host(`
    const { number, table, origin, text, name, changeable, hidden_constant } = open(so('constants.so')).symbols;
    const attempts = [
      () => (number.value = 1),
      () => number.set(0, 1),
      () => (table.value[0] = 1),
      () => (table.value = [1, 2, 3, 4]),
      () => table.cast('int *').set(0, 1),
      () => (origin.value.x = 1),
      () => (origin.value = { x: 1, y: 1 }),
      () => (plugin.addressOf(origin.value, 'y').value = 1),
      () => (text.value = 'other'),
      () => text.cast('char *').set(0, 65),
      () => (name.value = 'other'),
      () => changeable.value !== null && changeable.cast('char **').value.set(0, 65),
      () => (hidden_constant.value = 1),
    ];
    const view = table.cast('int *').view(4);
    attempts.push(() => (view[0] = 1));
    const codes = attempts.map((f) => { try { return String(f()); } catch (e) { return e.code; } });
    const fields = [number.value, [...table.value], plugin.snapshot(origin.value), text.value, name.value, hidden_constant.value];
    print({ codes, fields });`);
  expect(result).toEqual({
    codes: Array(14).fill('ERR_READ_ONLY'),
    fields: [5, [1, 2, 3, 4], { x: 1, y: 2 }, 'fixed', 'fixed', 9],
  });
});

it('row 60: what is not const can be written', () => {
  const result = host(`
    const { changeable, buffer } = open(so('constants.so')).symbols;
    changeable.value = 'after';
    buffer.value = 'full888';
    print([changeable.value, buffer.value, failure(() => (buffer.value = 'too long for it')).name]);`);
  expect(result).toEqual(['after', 'full888', 'TypeError']);
});

it('rows 4 and 21: a declaration is checked like a type assertion', () => {
  const result = host(`
    const p = open(so('plugin1.so'));
    const noid = open(so('identity.so'));
    print([
      p.lookup('F', 'int (void)')(),
      p.lookup('Seven', 'int').value,
      failure(() => p.lookup('Seven', 'long')),
      failure(() => p.lookup('F', 'void (void)')),
      failure(() => p.lookup('F', 'int')),
      failure(() => p.lookup('nothing', 'int')),
      noid.lookup('origin', 'struct point').value.y,
    ].map((x) => x.code ? [x.code, x.first] : x));`);
  const is = `of plugin ${built}/plugin1.so is`;
  expect(result).toEqual([
    3,
    7,
    ['ERR_PLUGIN_TYPE', `plugin: symbol Seven ${is} int, not long`],
    ['ERR_PLUGIN_TYPE', `plugin: symbol F ${is} int (void), not void (void)`],
    ['ERR_PLUGIN_TYPE', `plugin: symbol F ${is} int (void), not int`],
    ['ERR_PLUGIN_SYMBOL', `plugin: symbol nothing not found in plugin ${built}/plugin1.so`],
    4,
  ]);
});
