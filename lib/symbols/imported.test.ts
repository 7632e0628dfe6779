import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';

import type { Deferred } from '../ffi/calls/function.js';
import { addressOf, typeOf } from '../ffi/values/reflect.js';
import type { CFunction } from '../ffi/values/codec.js';
import { Pointer } from '../ffi/values/pointer.js';
import { Library } from '../library/library.js';
import { open } from '../plugin/open.js';
import { tableOf, type Plugin } from '../plugin/plugin.js';
import { thrownBy } from '../testing/fixture.js';
import { compile } from '../testing/tools.js';

const SOURCE = `
#include <stdlib.h>
struct point { int x; double y; };
int count = 3; double ratio = 0.5; long wide = 4; char name[8] = "abc"; char *text = "xyz";
struct point origin = { 1, 2 }; const int fixed = 5; int table[3] = { 1, 2, 3 }; int *where;
enum color { RED, GREEN } paint = GREEN; __thread int each = 6;
int add(int a, int b) { return a + b; }
int sum(const int *p) { return *p + 1; }
`;

const forward =
  (to: Deferred): CFunction =>
  (...args) =>
    (to.sync ?? to.bind())(...args);

const folder = mkdtempSync(join(tmpdir(), 'imported-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

let copies = 0;

/** A library that nobody else has. */
function openCopy(flags: readonly string[]): Plugin {
  const path = join(folder, `${copies++}.so`);
  copyFileSync(compile(SOURCE, { flags: [...flags, '-shared', '-fPIC'] }), path);
  return open(path, { copies: 'allow' });
}

/** The same library twice: as an import has its symbols, and as `lookup` gives them. */
function both(...flags: string[]): { imported: (name: string) => Pointer; plugin: Plugin; other: Plugin } {
  const plugin = openCopy(flags);
  return {
    imported: (name) => tableOf(plugin).imported(name, forward) as Pointer,
    plugin,
    other: openCopy(flags),
  };
}

let typed: jest.SpyInstance;
beforeEach(() => {
  typed = jest.spyOn(Library.prototype, 'typed');
});
afterEach(() => {
  typed.mockRestore();
});

describe('a variable of an import', () => {
  it('is a pointer before its type is read', () => {
    const { imported, plugin } = both('-g');
    const count = imported('count');
    expect(count instanceof Pointer).toBe(true);
    expect([count.name, typeof count.address, Object.keys(count)]).toEqual([
      'count',
      'bigint',
      ['address', 'name'],
    ]);
    expect(plugin.lookup('count') === count).toBe(true);
    expect(imported('count') === count).toBe(true);
    expect(typed).not.toHaveBeenCalled();
    expect(count.value).toBe(3);
    expect(typed).toHaveBeenCalledTimes(1);
  });

  /** What a variable is for others once it was written. */
  const written = (variable: Pointer, value: unknown, plugin: Plugin): unknown => {
    variable.value = value;
    return plugin.lookup<Pointer>(variable.name ?? '').value;
  };

  const USES: readonly [what: string, name: string, use: (variable: Pointer, plugin: Plugin) => unknown][] = [
    ['read', 'count', (v) => v.value],
    ['read', 'ratio', (v) => v.value],
    ['read', 'wide', (v) => v.value],
    ['read', 'name', (v) => v.value],
    ['read', 'text', (v) => String(v.value)],
    ['read', 'paint', (v) => v.value],
    ['read', 'each', (v) => v.value],
    ['read and looked into', 'origin', (v) => inspect(v.value)],
    ['read twice', 'origin', (v) => v.value === v.value],
    ['written', 'count', (v, plugin) => written(v, 7, plugin)],
    ['written', 'ratio', (v, plugin) => written(v, 1.5, plugin)],
    ['written', 'paint', (v, plugin) => written(v, 'RED', plugin)],
    ['written with what it is not', 'count', (v) => thrownBy(() => (v.value = 'x'))],
    ['written though const', 'fixed', (v) => thrownBy(() => (v.value = 1))],
    ['given a property', 'count', (v) => thrownBy(() => Object.assign(v, { x: 1 }))],
    ['asked for its type', 'origin', (v) => String(v.type)],
    ['asked by typeOf', 'table', (v) => String(typeOf(v))],
    ['asked by addressOf', 'origin', (v) => String(addressOf(v.value as object, 'y').type)],
    ['indexed', 'table', (v) => thrownBy(() => v.at(1))],
    [
      'indexed',
      'count',
      (v) =>
        thrownBy(() => {
          v.set(1, 1);
        }),
    ],
    ['moved', 'count', (v) => v.offset(1).equals(v)],
    ['viewed', 'count', (v) => v.view()],
    ['cast', 'count', (v) => v.cast('unsigned char *').at(0)],
    ['passed to C', 'count', (v, plugin): unknown => plugin.lookup('sum')(v)],
    [
      'passed to C though of another type',
      'ratio',
      (v, plugin) => thrownBy(() => plugin.lookup('sum')(v) as unknown),
    ],
    [
      'stored',
      'count',
      (v, plugin) => {
        const where = plugin.lookup<Pointer<Pointer>>('where');
        where.value = v;
        return where.value.value;
      },
    ],
    [
      'stored though of another type',
      'ratio',
      (v, plugin) => thrownBy(() => (plugin.lookup<Pointer>('where').value = v)),
    ],
    ['printed', 'name', (v) => inspect(v).replace(/0x\w+/, '0x')],
    ['printed', 'origin', (v) => inspect(v).replace(/0x\w+/, '0x')],
    [
      'asked for a property that is not there',
      'count',
      (v) => [(v as unknown as { x?: 1 }).x, 'x' in v, 'value' in v],
    ],
    ['inherited from', 'count', (v) => thrownBy(() => (Object.create(v) as Pointer).value).name],
    ['asked for its class', 'count', (v) => [v.constructor.name, v instanceof Pointer]],
  ];

  it.each(USES)('is as any other when it is first %s: %s', (_, name, use) => {
    const { imported, plugin, other } = both('-g');
    const variable = imported(name);
    expect(use(variable, plugin)).toEqual(use(other.lookup(name), other));
    // From then on its class is that of others of its type.
    if (name !== 'count') return;
    Reflect.get(variable, 'type');
    expect(Object.getPrototypeOf(variable)).toBe(Object.getPrototypeOf(other.lookup(name)));
  });

  it('says why it has no type when it is used', () => {
    const { imported, plugin, other } = both();
    const count = imported('count');
    const firstLine = (use: () => unknown): string[] => thrownBy(use).message.split('\n', 1);
    for (const use of [(v: Pointer) => v.value, (v: Pointer) => (v.value = 1)]) {
      const wanted = firstLine(() => use(other.lookup('count')));
      expect(firstLine(() => use(count))).toEqual(
        wanted.map((text) => text.replace(other.path, plugin.path)),
      );
    }
  });

  it('tries again where reading the type fails', () => {
    const { imported } = both('-g');
    const count = imported('count');
    typed.mockImplementationOnce(() => {
      throw new RangeError('once');
    });
    expect(() => count.value).toThrow('once');
    expect(count.value).toBe(3);
  });
});

describe('a function of an import', () => {
  it('is bound when it is called', () => {
    const { imported, plugin } = both('-g');
    const add = imported('add') as unknown as CFunction;
    expect(plugin.lookup('add') === (add as unknown)).toBe(true);
    expect(typed).not.toHaveBeenCalled();
    expect([add(2, 3), add(4, 5), String(add)]).toEqual([5, 9, 'int add(int a, int b)']);
    expect(thrownBy(() => add(1)).code).toBe('ERR_ARGUMENT_COUNT');
    expect(thrownBy(() => add(1, 2, 3)).code).toBe('ERR_ARGUMENT_COUNT');
  });

  it('says why it has no type each time it is called', () => {
    const { imported } = both();
    const add = imported('add') as unknown as CFunction;
    const codes = [1, 2].map((n) => thrownBy(() => add(n, 3)).code);
    expect(codes).toEqual(['ERR_PLUGIN_TYPE', 'ERR_PLUGIN_TYPE']);
  });
});
