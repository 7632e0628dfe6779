import { snapshot, type Variable } from '../index.js';
import { openFixture, thrownBy } from '../testing/fixture.js';

/*
 * `lookup(name, declaration)` with declarations of every kind: as Go's type assertion, where the library has types, and as the source of the type
 * where it has none. gcc says which declarations are the variable's own type.
 */

const TYPES = `
#include <stddef.h>
#include <stdint.h>
struct point { int x, y; };
struct other { int x, y; };
struct opaque;
struct node { struct node *next; struct point at; };
union word { uint32_t u; float f; unsigned char bytes[4]; };
enum color { RED, GREEN };
enum wide { HUGE = 1L << 40 };
typedef struct point spot;
typedef struct { double re, im; } number;
typedef int row[3];
typedef int binary(int, int);
typedef const char *text;
`;
const VARIABLES = `
struct point point = { 1, 2 };
struct point points[2] = { { 1, 2 }, { 3, 4 } };
struct point *to_point = points;
struct opaque *handle;
struct node node = { &node, { 5, 6 } };
union word word = { 1 };
enum color color = GREEN;
enum wide wide = HUGE;
number complex_number = { 0.5, 1.5 };
row rows[2] = { { 1, 2, 3 }, { 4, 5, 6 } };
static int plus(int a, int b) { return a + b; }
binary *operation = plus;
binary *operations[2] = { plus, plus };
text names[2] = { "one", "two" };
char letters[6] = "hello";
char *string = letters;
char **strings = &string;
int number_of[4] = { 1, 2, 3, 4 };
int *numbers = number_of;
int (*to_row)[3] = rows;
void *anything = &point;
int64_t long_number = 5;
volatile unsigned flags = 7;
double ratio = 0.5;
_Bool ready = 1;
binary *(*choose)(const char *name, struct point at);
/* Compilers leave out what nothing uses. */
spot by_typedef;
struct other other;
row by_row;
`;
const FUNCTIONS = `
int take(struct point *p, const union word *w, enum color c, binary *f) { return p->x + (int)w->u + (int)c + f(1, 2); }
struct point *find(struct node *head, size_t index) { return &head->at; }
binary *get(void) { return plus; }
`;
const SOURCE = TYPES + VARIABLES + FUNCTIONS;

const typed = openFixture(SOURCE);

/** A variable and its own type in other words: the very symbol. */
const SAME: [name: string, declaration: string][] = [
  ['point', 'struct point'],
  ['point', 'spot'],
  ['points', 'struct point points[2]'],
  ['points', 'spot[2]'],
  ['to_point', 'struct point *'],
  ['to_point', 'spot *'],
  ['handle', 'struct opaque *handle'],
  ['node', 'struct node'],
  ['word', 'union word'],
  ['color', 'enum color'],
  ['wide', 'enum wide'],
  ['complex_number', 'number'],
  ['rows', 'row[2]'],
  ['rows', 'int[2][3]'],
  ['operation', 'binary *'],
  ['operation', 'int (*operation)(int a, int b)'],
  ['operations', 'int (*[2])(int, int)'],
  ['names', 'const char *names[2]'],
  ['names', 'text[2]'],
  ['string', 'char *'],
  ['strings', 'char **'],
  ['numbers', 'int *'],
  ['to_row', 'row *'],
  ['to_row', 'int (*)[3]'],
  ['anything', 'void *'],
  ['long_number', 'int64_t'],
  ['long_number', 'long'],
  ['flags', 'volatile unsigned int'],
  ['ready', '_Bool'],
  ['choose', 'int (*(*choose)(const char *, spot))(int, int)'],
  ['choose', 'binary *(*)(text, struct point)'],
];

/** A variable, what it is declared as, and what it then reads as. */
const REINTERPRETED: [name: string, declaration: string, value: unknown][] = [
  ['color', 'unsigned int', 1],
  ['string', 'const char *', 'hello'],
  ['long_number', 'long long', 5n],
  ['letters', 'signed char[6]', [104, 101, 108, 108, 111, 0]],
  ['flags', 'unsigned', 7],
  ['ratio', 'const double', 0.5],
];

/** Pointers, which hold the same address as another type. */
const POINTERS: [name: string, declaration: string][] = [
  ['to_point', 'void *'],
  ['anything', 'struct point *'],
  ['anything', 'const char *const *'],
  ['to_point', 'const struct point *'],
  ['string', 'unsigned char *'],
  ['string', 'void *'],
  ['numbers', 'int (*)[2]'],
  ['to_row', 'int *'],
];

const REFUSED: [name: string, declaration: string, both: string][] = [
  ['point', 'struct other', 'is struct point, not struct other'],
  ['point', 'struct point *', 'is struct point, not struct point *'],
  ['point', 'int[2]', 'is struct point, not int[2]'],
  ['points', 'struct point[3]', 'is struct point[2], not struct point[3]'],
  ['points', 'struct point', 'is struct point[2], not struct point'],
  ['to_point', 'struct other *', 'is struct point *, not struct other *'],
  ['to_point', 'struct point **', 'is struct point *, not struct point **'],
  ['handle', 'struct point *', 'is struct opaque *, not struct point *'],
  ['word', 'struct point', 'is union word, not struct point'],
  ['word', 'uint32_t', 'is union word, not uint32_t'],
  ['color', 'enum wide', 'is enum color, not enum wide'],
  ['color', 'long', 'is enum color, not long'],
  ['rows', 'int[3][2]', 'is int[2][3], not int[3][2]'],
  ['rows', 'int[6]', 'is int[2][3], not int[6]'],
  ['operation', 'int (*)(int)', 'is binary *, not int (*)(int)'],
  ['operation', 'void (*)(int, int)', 'is binary *, not void (*)(int, int)'],
  ['operation', 'void *', 'is binary *, not void *'],
  ['operation', 'binary', 'is binary *, not binary'],
  ['operations', 'binary *[3]', 'is binary *[2], not binary *[3]'],
  ['names', 'const char **', 'is text[2], not const char **'],
  ['strings', 'int **', 'is char **, not int **'],
  ['strings', 'char ***', 'is char **, not char ***'],
  ['numbers', 'long *', 'is int *, not long *'],
  ['numbers', 'unsigned *', 'is int *, not unsigned int *'],
  ['to_row', 'int (*)[4]', 'is int (*)[3], not int (*)[4]'],
  ['long_number', 'unsigned long', 'is int64_t, not unsigned long'],
  ['long_number', 'double', 'is int64_t, not double'],
  ['long_number', 'char *', 'is int64_t, not char *'],
  ['flags', 'int', 'is volatile unsigned int, not int'],
  ['ratio', 'float', 'is double, not float'],
  ['ready', 'unsigned char', 'is _Bool, not unsigned char'],
  ['letters', 'unsigned char[6]', 'is char[6], not unsigned char[6]'],
  ['choose', 'binary *(*)(text)', 'is binary *(*)(const char *, struct point), not binary *(*)(text)'],
];

describe('with type information', () => {
  it.each(SAME)("lookup('%s', '%s') is the symbol itself", (name, declaration) => {
    expect(typed.lookup<unknown>(name, declaration)).toBe(typed.lookup<unknown>(name));
  });

  it('gcc says the same: those are the types of the variables, and of those refused none is', () => {
    const pairs = [...SAME, ...REFUSED];
    const tests = pairs.map(([name, declaration], i) => {
      const text = declaration.replace(new RegExp(`\\b${name}\\b(?!.*\\b${name}\\b)`), (word, at: number) =>
        /(struct|union|enum) $/.test(declaration.slice(0, at)) ? word : '',
      );
      return `__typeof__(${text}) *d${i}; int same${i} = __builtin_types_compatible_p(typeof(d${i}), typeof(&${name}));`;
    });
    const checked = openFixture(`${SOURCE}${tests.join('\n')}\n`);
    const same = pairs.map((_, i) => checked.lookup<Variable<number>>(`same${i}`).value);
    expect(pairs.filter((_, i) => same[i] !== (i < SAME.length ? 1 : 0))).toEqual([]);
  });

  it.each(REINTERPRETED)("lookup('%s', '%s') reads the same memory as that", (name, declaration, value) => {
    expect(snapshot(typed.lookup<Variable>(name, declaration).value)).toEqual(value);
  });

  it.each(POINTERS)("lookup('%s', '%s') holds the same address", (name, declaration) => {
    const variable = typed.lookup<Variable<{ address: bigint }>>(name, declaration);
    expect(String(variable.type)).toBe(declaration);
    const own = typed.lookup<Variable<{ address: bigint }>>(name);
    expect([variable.address, variable.value.address]).toEqual([own.address, own.value.address]);
  });

  it.each(REFUSED)("lookup('%s', '%s') is refused, naming both types", (name, declaration, both) => {
    expect(thrownBy(() => typed.lookup(name, declaration))).toEqual({
      name: 'PluginError',
      code: 'ERR_PLUGIN_TYPE',
      message: `plugin: symbol ${name} of plugin ${typed.path} ${both}`,
    });
  });

  it('what is declared can be used', () => {
    const next = typed.lookup<Variable<{ value: { at: { y: number } } }>>('anything', 'const struct point *');
    expect(snapshot((next.value as { value: unknown }).value)).toEqual({ x: 1, y: 2 });
    const table = typed.lookup<Variable<((a: number, b: number) => number)[]>>('operations', 'binary *[2]');
    expect(table.value[1]?.(3, 4)).toBe(7);
    const rows = typed.lookup<Variable<{ value: Int32Array; at: (i: number) => Int32Array }>>(
      'to_row',
      'row *',
    );
    expect([...rows.value.at(1)]).toEqual([4, 5, 6]);
  });

  it('functions are asserted with all that they take and return', () => {
    for (const declaration of [
      'int (struct point *, const union word *, enum color, binary *)',
      'int take(spot *p, union word const *w, enum color c, int f(int, int));',
      'int (*(void))(int, int)',
    ]) {
      const name = declaration.includes('color') ? 'take' : 'get';
      expect(typed.lookup<unknown>(name, declaration)).toBe(typed.lookup<unknown>(name));
    }
    expect(typed.lookup<unknown>('find', 'spot *find(struct node *, unsigned long)')).toBe(
      typed.lookup<unknown>('find'),
    );
    for (const [name, declaration] of [
      ['take', 'int (struct other *, const union word *, enum color, binary *)'],
      ['take', 'int (struct point *, const union word *, enum color, int (*)(int))'],
      ['take', 'int (struct point *, const union word *, enum color)'],
      ['find', 'struct point (struct node *, size_t)'],
      ['find', 'struct node *(struct node *, size_t)'],
      ['get', 'int (int, int)'],
    ] as const) {
      const { code, message } = thrownBy(() => typed.lookup(name, declaration));
      expect(code).toBe('ERR_PLUGIN_TYPE');
      expect(message).toContain(`, not ${String(typed.type(declaration))}`);
    }
  });
});

describe.each([
  ['stripped', ['-shared', '-fPIC', '-s']],
  ['-g0', ['-shared', '-fPIC', '-g0']],
])('without type information: %s', (_, flags) => {
  const bare = openFixture(SOURCE, { flags });

  it.each<[name: string, declaration: string, value: unknown]>([
    ['ratio', 'double', 0.5],
    ['ready', '_Bool', true],
    ['ready', 'bool', true],
    ['long_number', 'int64_t', 5n],
    ['flags', 'volatile unsigned', 7],
    [
      'rows',
      'int[2][3]',
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ],
    ['number_of', 'int[]', [1, 2, 3, 4]],
    ['complex_number', 'double[2]', [0.5, 1.5]],
    ['letters', 'char[6]', 'hello'],
    ['string', 'const char *', 'hello'],
    ['names', 'const char *[2]', ['one', 'two']],
    ['names', 'const char *names[]', ['one', 'two']],
  ])("lookup('%s', '%s') is taken at its word", (name, declaration, value) => {
    expect(snapshot(bare.lookup<Variable>(name, declaration).value)).toEqual(value);
  });

  it('pointers, also to functions and to what nothing is known of', () => {
    const operation = bare.lookup<Variable<(a: number, b: number) => number>>(
      'operation',
      'int (*)(int, int)',
    );
    expect(operation.value(2, 3)).toBe(5);
    const table = bare.lookup<Variable<((a: number, b: number) => number)[]>>(
      'operations',
      'int (*[])(int, int)',
    );
    expect(table.value[1]?.(2, 3)).toBe(5);
    const toPoint = bare.lookup<Variable<{ value: unknown }>>('to_point', 'struct point *');
    expect(String(toPoint.type)).toBe('struct point *');
    expect(thrownBy(() => toPoint.value.value)).toMatchObject({
      code: 'ERR_PLUGIN_TYPE',
      message: expect.stringContaining('struct point has no value: it is opaque') as string,
    });
    const find = bare.lookup<(...args: unknown[]) => { type: unknown }>(
      'find',
      'struct point *(struct node *, size_t)',
    );
    const found = find(bare.lookup<Variable>('anything', 'struct node *').value, 0n);
    expect(String(found.type)).toBe('struct point');
    expect(thrownBy(() => find(toPoint.value, 0n)).code).toBe('ERR_INVALID_ARG_TYPE');
  });

  it.each([
    ['point', 'int', 'has 8 bytes, int has 4'],
    ['point', 'int[3]', 'has 8 bytes, int[3] has 12'],
    ['point', 'void', 'has 8 bytes, void has no size'],
    ['point', 'struct point', 'has 8 bytes, struct point has no size'],
    ['points', 'int[]', undefined],
    ['letters', 'int[]', 'has 6 bytes, int[] has no size'],
    ['rows', 'int[3][3]', 'has 24 bytes, int[3][3] has 36'],
    ['operation', 'int (int, int)', 'is a variable, int (int, int) is none'],
    ['take', 'void *', 'is a function, void * is none'],
    ['ratio', 'float', 'has 8 bytes, float has 4'],
    ['ratio', 'long double', 'has 8 bytes, long double has 16'],
  ])("lookup('%s', '%s') against st_size: %s", (name, declaration, reason) => {
    if (reason === undefined) {
      expect(snapshot(bare.lookup<Variable>(name, declaration).value)).toEqual([1, 2, 3, 4]);
      return;
    }
    expect(thrownBy(() => bare.lookup(name, declaration))).toEqual({
      name: 'PluginError',
      code: 'ERR_PLUGIN_TYPE',
      message: `plugin: symbol ${name} of plugin ${bare.path} ${reason}`,
    });
  });

  it.each(['spot', 'enum color', 'number *', 'row'])("'%s' is not known there", (declaration) => {
    expect(thrownBy(() => bare.lookup('point', declaration))).toMatchObject({
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_VALUE',
      message: expect.stringMatching(
        /^C type at column \d+: there is no (type )?'(spot|enum color|number|row)' here\n/,
      ) as string,
    });
  });
});
