import type { Pointer, Variable } from '../../index.js';
import { childValue } from '../../testing/run-child.js';
import { openFixture, thrownBy } from '../../testing/fixture.js';

const plugin = openFixture('values/text.c');
const call = (name: string): unknown => plugin.lookup<() => unknown>(name)();
const title = plugin.lookup<Variable<string | null | Pointer>>('title');
const owned = plugin.lookup<Variable<Pointer | string | null>>('owned');
const name = plugin.lookup<Variable<string>>('name');
const exact = plugin.lookup<Variable<string>>('exact');
const grid = plugin.lookup<Variable<string[]>>('grid');
const list = plugin.lookup<Variable<(string | null)[]>>('list');

describe('const char *', () => {
  it('is a string or null', () => {
    expect(title.value).toBe('café €');
    title.value = null;
    expect(title.value).toBeNull();
    expect(call('show_text')).toMatch(/^\(null\)\|/);
  });

  it.each(['', 'plain', 'é€😀', 'x'.repeat(5000), '\uFEFFbom'])('takes a string, %p', (text) => {
    title.value = text;
    expect(title.value).toBe(text);
    expect(call('title_length')).toBe(BigInt(Buffer.byteLength(text)));
    expect(call('title_length')).toBe(BigInt(Buffer.byteLength(text)));
  });

  it('takes a Pointer to char', () => {
    const memory = plugin.alloc('char[4]', 'abc');
    title.value = memory.cast('char *');
    expect(title.value).toBe('abc');
    memory.value = 'xy';
    expect(title.value).toBe('xy');
  });

  it.each([
    [1, 'ERR_INVALID_ARG_TYPE', 'expected a string, a Pointer or null for const char *, got the number 1'],
    [1n, 'ERR_INVALID_ARG_TYPE', 'got the bigint 1n'],
    [undefined, 'ERR_INVALID_ARG_TYPE', 'got undefined'],
    ['a\0b', 'ERR_INVALID_ARG_VALUE', 'C text ends at its first NUL, this has one inside'],
  ])('refuses %p', (value, code, message) => {
    title.value = 'before';
    const error = thrownBy(() => (title.value = value as string));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(title.value).toBe('before');
  });
});

describe('char *', () => {
  it('is a Pointer that prints as its text', () => {
    const pointer = owned.value as Pointer<number>;
    expect(String(pointer)).toBe('literal');
    expect(pointer.cString()).toBe('literal');
    expect([pointer.value, pointer.at(1)]).toEqual([108, 105]);
    expect(String(pointer.type)).toBe('char');
  });

  it('takes a string, which is writable memory of its own, and null', () => {
    owned.value = 'mine';
    const pointer = owned.value as unknown as Pointer<number>;
    pointer.set(0, 'M'.charCodeAt(0));
    expect(call('show_text')).toContain('|Mine|');
    expect(() => pointer.at(5)).toThrow(RangeError);
    owned.value = null;
    expect(owned.value).toBeNull();
  });

  it('names the place, not the text, in errors', () => {
    owned.value = 'mine';
    const pointer = owned.value as unknown as Pointer;
    expect(thrownBy(() => (pointer.value = 'x')).message).toBe(
      '(char *): expected a number for char, got the string "x"',
    );
  });
});

describe('char[n]', () => {
  it.each([
    ['', '0000000000000000'],
    ['hi', '6869000000000000'],
    ['é€', 'c3a9e282ac000000'],
    ['12345678', '3132333435363738'],
    ['€€é', 'e282ace282acc3a9'],
  ])('takes %p and zeroes the rest', (text, hex) => {
    name.value = 'XXXXXXXX';
    name.value = text;
    expect(call('hex_name')).toBe(hex);
    expect(name.value).toBe(text);
  });

  it.each([
    ['123456789', 'ERR_INVALID_ARG_VALUE', 'has 9 bytes of UTF-8, the array 8'],
    ['€€€', 'ERR_INVALID_ARG_VALUE', 'has 9 bytes of UTF-8, the array 8'],
    ['a\0', 'ERR_INVALID_ARG_VALUE', 'C text ends at its first NUL'],
    [null, 'ERR_INVALID_ARG_TYPE', 'expected a string for char[8], got null'],
    [['a'], 'ERR_INVALID_ARG_TYPE', 'expected a string for char[8], got an array of 1'],
    [7, 'ERR_INVALID_ARG_TYPE', 'expected a string for char[8], got the number 7'],
  ])('refuses %p', (value, code, message) => {
    name.value = 'kept';
    const error = thrownBy(() => (name.value = value as string));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(call('hex_name')).toBe('6b65707400000000');
  });

  it('reads without a NUL, with a byte order mark, and with bytes that are no UTF-8', () => {
    expect(exact.value).toBe('abcd');
    call('set_name');
    expect(name.value).toBe('\uFEFFx');
    call('set_invalid');
    expect(name.value).toBe('\uFFFD\uFFFD\uFFFD(\uFFFDz');
  });

  it('gives its bytes through a cast', () => {
    name.value = 'abc';
    const bytes = name.cast('char *').view(8) as Uint8Array;
    bytes[0] = 0x41;
    expect(bytes).toBeInstanceOf(Uint8Array);
    expect(name.value).toBe('Abc');
  });
});

describe('arrays of text', () => {
  it('char[n][m] is an array of strings', () => {
    expect(Array.from(grid.value)).toEqual(['one', 'two', 'six']);
    grid.value[1] = 'four';
    expect(Array.from(grid.value)).toEqual(['one', 'four', 'six']);
    expect(thrownBy(() => (grid.value[1] = 'fifth')).code).toBe('ERR_INVALID_ARG_VALUE');
    expect(thrownBy(() => (grid.value = ['a', 'b', 'toolong'])).message).toContain(
      'grid[2]: the string "toolong"',
    );
    expect(Array.from(grid.value)).toEqual(['one', 'four', 'six']);
    grid.value = ['a', 'b', 'c'];
    expect(call('show_text')).toMatch(/a\|b\|c$/);
  });

  it('const char *[n] is an array of strings and nulls', () => {
    expect(Array.from(list.value)).toEqual(['a', null, 'c']);
    list.value[1] = 'new';
    expect(call('show_list')).toBe('a new c');
    list.value = ['x', 'y', null];
    expect(call('show_list')).toBe('x y -');
    expect(() => (list.value = ['1', '2', 3 as never])).toThrow(/^list\[2\]: expected a string/);
    expect(call('show_list')).toBe('x y -');
  });
});

describe('text at the end of mapped memory', () => {
  it.each([0, 1, 9, 4095, 4096, 5000])('reads %d bytes up to the last one', (length) => {
    plugin.lookup<(n: number) => void>('set_edge')(length);
    expect(plugin.lookup<Variable<string>>('const_at_edge').value).toBe('x'.repeat(length));
    expect(plugin.lookup<Variable<Pointer>>('at_edge').value.cString()).toBe('x'.repeat(length));
  });

  it('is ERR_PLUGIN_BAD_ADDRESS, not a signal, where it runs over the end', () => {
    const source = `
      import { openFixture, thrownBy } from '#lib/testing/fixture.js';
      const plugin = openFixture('values/text.c');
      plugin.lookup<() => void>('set_over_edge')();
      const value = plugin.lookup('at_edge').value as { cString(): string; };
      console.log(JSON.stringify([
        thrownBy(() => plugin.lookup('const_at_edge').value as unknown).code,
        thrownBy(() => value.cString()).code,
        String(value),
      ]));
    `;
    expect(childValue(source)).toEqual(['ERR_PLUGIN_BAD_ADDRESS', 'ERR_PLUGIN_BAD_ADDRESS', '<bad address>']);
  });
});
