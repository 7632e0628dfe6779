/**
 * A library that has been through `strip`: its types come from its CTF, and it is used like any other.
 */
import { open, type Plugin } from '../index.js';
import { thrownBy } from '../testing/fixture.js';
import { compile, describeWith, hasTool } from '../testing/tools.js';

const SOURCE = `
#include <stdint.h>
#include <string.h>
struct point { int x, y; };
struct bits { unsigned a : 3; int b : 5; unsigned long long c : 40; _Bool d : 1; };
enum color { RED, GREEN = 5, BLUE = -1 };
enum wide { SMALL, WIDE = 0x123456789LL };
int counter = 7;
const char *greeting = "hello";
struct point origin = {3, 4};
struct bits flags = {1, -2, 3, 1};
int matrix[2][3] = {{1, 2, 3}, {4, 5, 6}};
enum color color = GREEN;
enum wide wide = WIDE;
_Thread_local int per_thread;
int add(int a, int b) { return a + b; }
int plus(int a, int b) __attribute__((alias("add")));
struct point moved(struct point p, int by) { return (struct point){p.x + by, p.y + by}; }
double half(float f) { return f / 2; }
size_t length(const char *text) { return strlen(text); }
int apply(int (*f)(int, void *), int value, void *data) { return f(value, data); }
int bump(void) { return ++counter; }
enum color next(enum color c) { return c == RED ? GREEN : RED; }
`;

const flags = (...more: string[]): string[] => ['-w', '-shared', '-fPIC', '-gctf', ...more];

const BUILDS: [how: string, flags: string[]][] = [
  ['by gcc -s', flags('-s')],
  ...(hasTool('ld.lld') ? [['and linked by lld', flags('-s', '-fuse-ld=lld')] as [string, string[]]] : []),
];

describeWith(['gcc'], 'a library with CTF, stripped', () => {
  describe.each(BUILDS)('%s', (how, options) => {
    let p: Plugin;
    beforeAll(() => {
      p = open(compile(SOURCE + `int build = ${how.length};\n`, { flags: options }));
    });

    it('says where its types are from', () => {
      expect(p.typeSource).toBe(`CTF in ${p.path}`);
    });

    it('has variables', () => {
      const { counter, greeting, origin, flags, matrix, color } = p.symbols as Record<
        string,
        { value: unknown }
      >;
      expect(counter?.value).toBe(7);
      expect(greeting?.value).toBe('hello');
      expect(origin?.value).toMatchObject({ x: 3, y: 4 });
      expect(flags?.value).toMatchObject({ a: 1, b: -2, c: 3n, d: true });
      expect(Array.from(matrix?.value as Int32Array[], (row) => [...row])).toEqual([
        [1, 2, 3],
        [4, 5, 6],
      ]);
      expect(color?.value).toBe(5);
    });

    it('has functions that are called with checked arguments', () => {
      const call = p.symbols as Record<string, (...args: unknown[]) => unknown>;
      expect(call['add']?.(2, 3)).toBe(5);
      expect(call['plus']?.(2, 3)).toBe(5);
      expect(call['moved']?.({ x: 1, y: 2 }, 10)).toMatchObject({ x: 11, y: 12 });
      expect(call['half']?.(3)).toBe(1.5);
      expect(call['length']?.('four')).toBe(4n);
      expect(call['apply']?.((value: number) => value * 2, 21, null)).toBe(42);
      expect(call['bump']?.()).toBe(8);
      expect(call['next']?.('RED')).toBe(5);
      expect(String(call['moved'])).toBe('struct point moved(struct point, int)');
      expect(thrownBy(() => call['add']?.(1)).code).toBe('ERR_ARGUMENT_COUNT');
      expect(thrownBy(() => call['add']?.(1, 2 ** 31)).code).toBe('ERR_OUT_OF_RANGE');
      expect(thrownBy(() => call['bump']?.(1)).code).toBe('ERR_ARGUMENT_COUNT');
    });

    it('has its constants, its types by their names, and checks declarations', () => {
      expect({ ...p.constants }).toMatchObject({ RED: 0, GREEN: 5, BLUE: -1 });
      expect(p.alloc('struct point', { x: 1, y: 2 }).value).toMatchObject({ x: 1, y: 2 });
      expect(thrownBy(() => p.lookup('add', 'double (int, int)')).code).toBe('ERR_PLUGIN_TYPE');
    });

    it.each([
      ['per_thread', 'CTF has no types of thread-local variables'],
      ['wide', 'CTF has 32 bits for its enumerators'],
    ])('says why %s has no type', (name, reason) => {
      const { code, message } = thrownBy(
        () => (p.symbols as Record<string, { value: unknown }>)[name]?.value,
      );
      expect([code, message]).toEqual(['ERR_PLUGIN_TYPE', expect.stringContaining(reason)]);
    });
  });
});
