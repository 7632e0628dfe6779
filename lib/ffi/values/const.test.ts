import { addressOf, snapshot } from '../../index.js';
import type { Pointer, Variable } from '../../index.js';
import { openFixture, thrownBy } from '../../testing/fixture.js';

const plugin = openFixture('values/const.c');
const v = (name: string): Variable<never> => plugin.lookup<Variable<never>>(name);
const to = (name: string): Pointer<never> => plugin.lookup<Variable<Pointer<never>>>(name).value;

interface Point {
  x: number;
  y: number;
}
interface Mixed {
  id: number;
  count: number;
}
const numbers = (value: unknown): Record<number, number> => value as Record<number, number>;

const sum = plugin.lookup<() => number>('sum');
const before = sum();

it('const memory is read', () => {
  expect([v('answer').value, v('half').value, v('text').value]).toEqual([42, 0.5, 'fixed']);
  expect([v('table'), v('origin'), v('names')].map((x) => snapshot(x.value))).toEqual([
    [1, 2, 3, 4],
    { x: 0, y: 0 },
    ['one', 'two'],
  ]);
  expect([to('fixed'), to('to_const'), to('to_hidden'), to('to_number')].map((p) => p.value)).toEqual([
    5, 42, 7, 5,
  ]);
  expect(String(to('literal'))).toBe('literal');
});

const BY_TYPE: [what: string, write: () => void][] = [
  ['an int', () => (v('answer').value = 1 as never)],
  [
    'an int, by set',
    () => {
      v('answer').set(0, 1 as never);
    },
  ],
  ['a double', () => (v('half').value = 1 as never)],
  ['an array', () => (v('table').value = [1, 2, 3, 4] as never)],
  ['an element', () => (numbers(v('table').value)[1] = 5)],
  [
    'an element of view()',
    () => (numbers(addressOf(v('table').value, undefined).cast('const int *').view(4))[1] = 5),
  ],
  ['a struct', () => (v('origin').value = { x: 1, y: 2 } as never)],
  ['a field of a const struct', () => ((v('origin').value as Point).x = 1)],
  ['a field by its address', () => ((addressOf(v('origin').value, 'x') as Pointer<number>).value = 1)],
  ['text', () => (v('text').value = 'other' as never)],
  ['an array of const pointers', () => (v('names').value = ['a', 'b'] as never)],
  ['a const pointer', () => (v('fixed').value = null as never)],
  ['a const function pointer', () => (v('function').value = null as never)],
  ['a const member of a writable struct', () => ((v('mixed').value as Mixed).id = 9)],
  ['a whole struct with a const member', () => (v('mixed').value = { id: 9, count: 9 } as never)],
  ['an array of such structs', () => (v('mixes').value = [] as never)],
  ['an element of it', () => (numbers(v('mixes').value)[0] = { id: 1, count: 2 } as never)],
  ['writable memory through const int *', () => (to('to_number').value = 1 as never)],
  ['a declaration that drops the const', () => (plugin.lookup<Variable<number>>('answer', 'int').value = 1)],
];

it.each(BY_TYPE)('%s is refused for its type', (_what, write) => {
  const error = thrownBy(write);
  expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_READ_ONLY' });
  expect(error.message).toMatch(/const|is mapped read-only/);
  expect(sum()).toBe(before);
});

const BY_MAPPING: [what: string, write: () => void][] = [
  ['static const through int *', () => (to('to_hidden').value = 1 as never)],
  [
    'the same by set',
    () => {
      to('to_hidden').set(0, 1 as never);
    },
  ],
  ['the same by view', () => (numbers(to('to_hidden').view(1))[0] = 1)],
  ['the same by a cast', () => (to('to_hidden').cast('unsigned char *').value = 1)],
  ['a const table through int (*)[2]', () => (numbers(to('to_table').value)[0] = 1)],
  ['a const struct through struct point *', () => ((to('to_origin').value as Point).y = 1)],
  ['all of it', () => (to('to_origin').value = { x: 1, y: 2 } as never)],
  ['a field by its address', () => ((addressOf(to('to_origin').value, 'x') as Pointer<number>).value = 1)],
  [
    'a string literal through char *',
    () => {
      to('literal').set(0, 76 as never);
    },
  ],
  ['the same by value', () => (to('literal').value = 76 as never)],
  ['the same by view', () => (numbers(to('literal').view(7))[0] = 76)],
  ['code', () => (to('code').cast('int *').value = 0)],
  ['an int, with the const cast away', () => (v('answer').cast('int *').value = 1)],
  ['RELRO, with the const cast away', () => (v('names').cast('char **').value = null)],
];

it.each(BY_MAPPING)('%s is refused for its memory', (_what, write) => {
  const error = thrownBy(write);
  expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_READ_ONLY' });
  expect(error.message).toContain('mapped read-only');
  expect(sum()).toBe(before);
});

it('what is not const is written', () => {
  (v('mixed').value as Mixed).count = 20;
  expect(snapshot(v('mixed').value)).toEqual({ id: 1, count: 20 });
  to('fixed').value = 6 as never;
  expect(v('number').value).toBe(6);
  v('to_const').value = v('number') as never;
  expect(to('to_const').value).toBe(6);
  v('number').value = 5 as never;
  expect(sum()).toBe(before);
});

it('a struct with a const member says which', () => {
  expect(thrownBy(() => (v('mixed').value = { id: 9, count: 9 } as never)).message).toBe(
    "mixed: struct mixed has the const member id: it can't be assigned to",
  );
});

it('memory of alloc takes its first value, also where the type is const', () => {
  const own = plugin.alloc('struct mixed', { id: 3, count: 4 }) as Pointer<Mixed>;
  expect(snapshot(own.value)).toEqual({ id: 3, count: 4 });
  expect(thrownBy(() => (own.value.id = 4)).code).toBe('ERR_READ_ONLY');
  const constant = plugin.alloc('const int[2]', [1, 2]) as Pointer<number[]>;
  expect(snapshot(constant.value)).toEqual([1, 2]);
  expect(thrownBy(() => (constant.value[0] = 3)).code).toBe('ERR_READ_ONLY');
});
