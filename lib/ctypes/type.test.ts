import type { AnyFunction, Variable } from '../index.js';
import { openFixture, thrownBy } from '../testing/fixture.js';
import { describeWith, run } from '../testing/tools.js';
import { Type } from './type.js';

const plugin = openFixture(`
#include <stddef.h>
#include <stdio.h>
#include <string.h>
struct point { int x, y; };
typedef struct point spot;
typedef const spot *place;
struct shape {
  const char *name;
  struct point corners[4];
  union { long whole; struct { short low, high; }; };
  unsigned layer : 7, : 3, flags : 9;
  long long wide : 40;
  _Bool ready : 1;
  spot *next[2];
  double tail[];
} shape;
enum color { RED, GREEN = 5, BLUE = -3 } color;
enum mask { LOW = 1, HIGH = 0x8000000000000000 } mask;
struct handle;
struct handle *handle;
place where;
int (*operation)(const char *text, size_t, ...);
volatile const int fixed = 3;

size_t sizes[] = { sizeof(struct point), sizeof(struct shape), sizeof(enum color), sizeof(enum mask), sizeof(place),
                   sizeof operation, sizeof shape.corners, sizeof(int[3][4]) };
size_t offsets[] = { offsetof(struct shape, name), offsetof(struct shape, corners), offsetof(struct shape, whole),
                     offsetof(struct shape, low), offsetof(struct shape, high), offsetof(struct shape, next),
                     offsetof(struct shape, tail), offsetof(struct point, y) };

/* The first and the last bit of each bit-field, as C sets them. */
static void bits(int *range) {
  unsigned char *bytes = (unsigned char *)&shape;
  range[0] = -1;
  for (int i = 0; i < 8 * (int)sizeof shape; i++)
    if (bytes[i / 8] >> i % 8 & 1) range[range[0] < 0 ? 0 : 1] = i;
}
int ranges[8];
#define SET(i, field, value) memset(&shape, 0, sizeof shape), shape.field = value, bits(ranges + i)
void measure(void) { SET(0, layer, 127), SET(2, flags, 511), SET(4, wide, -1), SET(6, ready, 1); }
`);
const type = (declaration: string): Type => plugin.type(declaration);
const shape = type('struct shape');

describe('plugin.type', () => {
  it('gives types that print as C', () => {
    for (const text of ['struct shape', 'spot *const *', 'int (*(*)(void))[3]', 'place'])
      expect(String(type(text))).toBe(text);
    expect(JSON.stringify({ type: type('spot[2]') })).toBe('{"type":"spot[2]"}');
    expect(type('spot').definition).toBe('struct point {\n  int x;\n  int y;\n}');
  });

  it('gives the types that symbols have', () => {
    const variable = plugin.lookup<Variable>('shape');
    expect(variable.type).toBe(shape);
    expect(plugin.lookup<Variable>('operation').type.equals(type('int (*)(const char *, size_t, ...)'))).toBe(
      true,
    );
    expect(plugin.lookup<AnyFunction>('measure').type.equals(type('void measure(void)'))).toBe(true);
    expect(type('spot[2]')).toBe(type('spot[2]'));
  });

  it('has the sizes that gcc gives', () => {
    const names = [
      'struct point',
      'struct shape',
      'enum color',
      'enum mask',
      'place',
      'int (*)(void)',
    ].concat('struct point[4]', 'int[3][4]');
    const sizes = plugin.lookup<Variable<BigUint64Array>>('sizes').value;
    expect(names.map((name) => BigInt(type(name).size ?? 0))).toEqual([...sizes]);
    expect(['void', 'void (void)', 'int[]', 'struct handle'].map((name) => type(name).size)).toEqual(
      Array(4).fill(undefined),
    );
  });

  it('says what is not understood, and where', () => {
    expect(thrownBy(() => type('struct shap *'))).toEqual({
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_VALUE',
      message: "C type at column 8: there is no 'struct shap' here\n  struct shap *\n         ^",
    });
    expect(thrownBy(() => type(undefined as never)).code).toBe('ERR_INVALID_ARG_TYPE');
  });
});

describe('what a type is made of', () => {
  it('of a struct: its members, where C has them', () => {
    expect(shape.members?.map(({ name, type: t }) => [name, String(t)])).toEqual([
      ['name', 'const char *'],
      ['corners', 'struct point[4]'],
      [undefined, 'union { long int whole; struct { short int low; short int high; }; }'],
      ['layer', 'unsigned int'],
      ['flags', 'unsigned int'],
      ['wide', 'long long int'],
      ['ready', '_Bool'],
      ['next', 'spot *[2]'],
      ['tail', 'double[]'],
    ]);
    const offsets = [...plugin.lookup<Variable<BigUint64Array>>('offsets').value].map(Number);
    const names = ['name', 'corners', 'whole', 'low', 'high', 'next', 'tail'];
    expect(names.map((name) => shape.member(name)?.offset)).toEqual(offsets.slice(0, 7));
    expect(type('spot').member('y')?.offset).toBe(offsets[7]);
    expect(shape.member('nothing')).toBeUndefined();
    expect(type('struct handle').members).toEqual([]);
  });

  it('of a bit-field: the bits that C sets', () => {
    plugin.lookup<() => void>('measure')();
    const ranges = plugin.lookup<Variable<Int32Array>>('ranges').value;
    const ours = ['layer', 'flags', 'wide'].flatMap((name) => {
      const { bitOffset = NaN, bitSize = NaN, offset } = shape.member(name) ?? { offset: NaN };
      expect(offset).toBe(Math.floor(bitOffset / 8));
      return [bitOffset, bitOffset + bitSize - 1];
    });
    expect(ours).toEqual([...ranges.slice(0, 6)]);
    expect(shape.member('ready')).toMatchObject({ bitOffset: ranges[6], bitSize: 1 });
    expect(shape.member('name')).not.toHaveProperty('bitSize');
  });

  it('of an enum: its enumerators', () => {
    expect(type('enum color').enumerators).toEqual([
      { name: 'RED', value: 0 },
      { name: 'GREEN', value: 5 },
      { name: 'BLUE', value: -3 },
    ]);
    expect(type('enum mask').enumerators).toEqual([
      { name: 'LOW', value: 1 },
      { name: 'HIGH', value: 2n ** 63n },
    ]);
    expect([type('enum color').signed, type('enum mask').signed, type('char').signed]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('of pointers, arrays and functions: what they lead to, behind typedefs and qualifiers', () => {
    const place = type('place');
    expect([place.kind, String(place.target), place.target?.kind, place.target?.tag]).toEqual([
      'pointer',
      'const spot',
      'struct',
      'point',
    ]);
    const rows = type('const int[3][4]');
    expect([rows.length, String(rows.element), rows.element?.length, type('int[]').length]).toEqual([
      3,
      'const int[4]',
      4,
      undefined,
    ]);
    const called = plugin.lookup<Variable>('operation').type.target;
    expect([called?.kind, String(called?.result), called?.variadic]).toEqual(['function', 'int', true]);
    // A pointer to a function has no parameter names in debug info.
    expect(called?.parameters?.map((p) => [p.name, String(p.type)])).toEqual([
      [undefined, 'const char *'],
      [undefined, 'size_t'],
    ]);
    expect(type('int f(int first, char)').parameters?.map((p) => p.name)).toEqual(['first', undefined]);
  });

  it('of anything: its qualifiers', () => {
    expect(plugin.lookup<Variable>('fixed').type.qualifiers).toEqual(
      expect.arrayContaining(['const', 'volatile']),
    );
    expect(type('int *const restrict').qualifiers).toEqual(['restrict', 'const']);
    expect(type('place').qualifiers).toEqual([]);
    expect(type('int').qualifiers).toEqual([]);
  });

  it('is undefined for what it has not', () => {
    const { tag, signed, target, element, length, members, enumerators, result, parameters, variadic } =
      type('float');
    expect([
      tag,
      signed,
      target,
      element,
      length,
      members,
      enumerators,
      result,
      parameters,
      variadic,
    ]).toEqual(Array(10).fill(undefined));
    expect(type('float').member('x')).toBeUndefined();
  });

  it('does not change', () => {
    const members = shape.members as unknown as { name: string }[];
    expect(members).toBe(shape.members);
    expect(() => members.pop()).toThrow(TypeError);
    expect(() => ((members[0] as { name: string }).name = 'x')).toThrow(TypeError);
    expect(() => ((type('enum color').enumerators as unknown[])[0] = 1)).toThrow(TypeError);
    expect(() => ((type('int f(int)').parameters as unknown[])[0] = 1)).toThrow(TypeError);
  });
});

describe('equals', () => {
  it.each([
    ['size_t', 'unsigned long', true],
    ['spot', 'struct point', true],
    ['place', 'const struct point *', true],
    ['place', 'struct point *', false],
    ['long', 'int', false],
    ['char', 'signed char', false],
    ['enum color', 'int', false],
    ['int[2]', 'int[3]', false],
    ['int (int)', 'int (int x)', true],
    ['int (int)', 'int (unsigned)', false],
  ])('%s and %s: %p', (a, b, equal) => {
    expect([type(a).equals(type(b)), type(b).equals(type(a))]).toEqual([equal, equal]);
  });

  it('takes types only', () => {
    expect(thrownBy(() => type('int').equals('int' as never)).code).toBe('ERR_INVALID_ARG_TYPE');
  });
});

describeWith(['gdb'], 'gdb', () => {
  it('has the same offsets and bit positions', () => {
    const out = run('gdb', ['-nx', '-batch', '-ex', 'ptype /o struct shape', plugin.path]);
    // `/*     48: 0   |       4 */    unsigned int layer : 7;`
    const theirs = Array.from(
      out.matchAll(/^\/\* +(\d+)(?:: *(\d+))? +\| +\d+ \*\/ {4}[^{]*?(\w+)(?:\[\d*\])*(?: : \d+)?;$/gm),
      ([, byte, bit, name]) => [name, Number(byte) * 8 + Number(bit ?? 0)],
    );
    expect(theirs.length).toBeGreaterThan(6);
    for (const [name, bit] of theirs) {
      const member = shape.member(String(name));
      expect([name, member?.bitOffset ?? (member?.offset ?? NaN) * 8]).toEqual([name, bit]);
    }
  });
});
