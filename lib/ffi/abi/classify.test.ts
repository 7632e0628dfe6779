import type { Compiler, CType, FloatFormat, Member } from '../../ctypes/model.js';
import { parseType } from '../../ctypes/parse.js';
import { classify } from './classify.js';

/*
 * Each row is read off psABI x86-64 (version 1.0) §3.2.3 "Parameter Passing", whose rules are cited by their numbers: "Classification" 1 to 5, the merging
 * rules 4(a) to 4(f), the "post merger" rules 5(a) to 5(d).
 */

const c = (text: string): CType => parseType(text, () => undefined);
const bits = (type: CType): number => {
  const t = type.kind === 'qualified' || type.kind === 'typedef' ? type.target : type;
  return 'size' in t ? (t.size ?? 0) : t.kind === 'array' ? bits(t.element) * (t.length ?? 0) : 0;
};
/** What is packed is aligned to 1, which the model does not say: its offsets do. */
const packedOnes = new WeakSet<CType>();
const alignment = (type: CType): number => {
  if (packedOnes.has(type)) return 1;
  switch (type.kind) {
    case 'typedef':
    case 'qualified':
      return alignment(type.target);
    case 'array':
      return alignment(type.element);
    case 'struct':
    case 'union':
      return type.alignment ?? Math.max(1, ...type.members.map((m) => alignment(m.type)));
    case 'complex':
      return type.size / 2;
    default:
      return bits(type);
  }
};

type Fields = Record<string, string | CType>;
const fieldsOf = (fields: Fields): [string, CType][] =>
  Object.entries(fields).map(([name, type]) => [name, typeof type === 'string' ? c(type) : type]);
const up = (offset: number, to: number): number => Math.ceil(offset / to) * to;

/** A struct as a compiler lays it out. */
const struct = (fields: Fields, { packed = false, aligned = 1 } = {}): CType => {
  let size = 0;
  let widest = aligned;
  const members = fieldsOf(fields).map(([name, type]): Member => {
    const align = packed ? 1 : alignment(type);
    const offset = up(size, align);
    size = offset + bits(type);
    widest = Math.max(widest, align);
    return { name, type, offset };
  });
  const made: CType = {
    kind: 'struct',
    tag: 's',
    size: up(size, widest),
    members,
    ...(aligned > 1 ? { alignment: aligned } : {}),
  };
  if (packed) packedOnes.add(made);
  return made;
};
const union = (fields: Fields): CType => {
  const members = fieldsOf(fields).map(([name, type]): Member => ({ name, type, offset: 0 }));
  const widest = Math.max(1, ...members.map((m) => alignment(m.type)));
  return {
    kind: 'union',
    tag: 'u',
    size: up(Math.max(0, ...members.map((m) => bits(m.type))), widest),
    members,
  };
};
/** A struct of bit-fields and others, each with its first bit and width. */
const bitFields = (size: number, fields: [type: string, first: number, width: number][]): CType => ({
  kind: 'struct',
  tag: 'b',
  size,
  members: fields.map(([type, first, width], i) => ({
    name: `m${i}`,
    type: c(type),
    offset: Math.floor(first / 8),
    bitOffset: first,
    bitSize: width,
  })),
});
const array = (element: string | CType, length?: number): CType => ({
  kind: 'array',
  element: typeof element === 'string' ? c(element) : element,
  length,
  vector: false,
});
const float = (name: string, size: number, format: FloatFormat): CType => ({
  kind: 'float',
  name,
  size,
  format,
});
const quad = float('_Float128', 16, 'binary128');
const half = float('_Float16', 2, 'binary16');
const vector = (element: string, length: number): CType =>
  ({ ...array(element, length), vector: true }) as CType;
const complexLong: CType = { kind: 'complex', name: 'long double _Complex', size: 32, format: 'x87' };

const shown = (type: CType): string => {
  const passed = classify(type);
  if ('refused' in passed) return 'refused';
  switch (passed.where) {
    case 'registers':
      return passed.eightbytes.map((e) => (e.class === 'NONE' ? 'NO_CLASS' : e.class)).join(' ');
    case 'memory':
      return `MEMORY at ${passed.alignment}`;
    case 'x87':
      return 'X87';
    case 'nowhere':
      return 'NO_CLASS';
  }
};

it.each<[what: string, type: CType | string, expected: string, why: string]>([
  ['char', 'char', 'INTEGER', 'Classification: _Bool, char, short, int, long, long long and pointers'],
  ['_Bool', '_Bool', 'INTEGER', 'the same'],
  ['unsigned long long', 'unsigned long long', 'INTEGER', 'the same'],
  ['int *', 'int *', 'INTEGER', 'the same'],
  ['int (*)(int)', 'int (*)(int)', 'INTEGER', 'the same'],
  ['float', 'float', 'SSE', 'Classification: float, double, _Decimal32, _Decimal64 and __m64'],
  ['double', 'double', 'SSE', 'the same'],
  ['_Float16', half, 'SSE', 'the same, psABI since 1.0'],
  ['long double', 'long double', 'X87', 'Classification: mantissa X87, exponent X87UP'],
  ['__int128', '__int128', 'INTEGER INTEGER', 'Classification: as struct { long low, high; }'],
  [
    'float _Complex',
    'float _Complex',
    'SSE',
    'Classification: complex T as struct { T real, imag; }: 8 bytes',
  ],
  ['double _Complex', 'double _Complex', 'SSE SSE', 'the same: 16 bytes'],
  ['const volatile int', 'const volatile int', 'INTEGER', 'qualifiers do not take part'],

  ['{ int }', struct({ a: 'int' }), 'INTEGER', '4(a): as its field'],
  ['{ float }', struct({ a: 'float' }), 'SSE', 'the same'],
  ['{ char[3] }', struct({ a: array('unsigned char', 3) }), 'INTEGER', 'the same: each element'],
  ['{ int, float }', struct({ a: 'int', b: 'float' }), 'INTEGER', '4(d): INTEGER wins over SSE'],
  ['{ float, int }', struct({ a: 'float', b: 'int' }), 'INTEGER', '4(d), whichever comes first'],
  ['{ float, float }', struct({ a: 'float', b: 'float' }), 'SSE', '4(a): equal'],
  ['{ float x 3 }', struct({ a: array('float', 3) }), 'SSE SSE', 'each eightbyte for itself'],
  ['{ float, float, int }', struct({ a: 'float', b: 'float', c: 'int' }), 'SSE INTEGER', 'the same'],
  [
    '{ int, double }',
    struct({ a: 'int', b: 'double' }),
    'INTEGER SSE',
    'the same; padding has NO_CLASS, 4(b)',
  ],
  ['{ double, char }', struct({ a: 'double', b: 'char' }), 'SSE INTEGER', 'the same'],
  ['{ short x 4, float }', struct({ a: array('short', 4), f: 'float' }), 'INTEGER SSE', 'the same'],
  ['{ char, float, float }', struct({ a: 'char', b: 'float', c: 'float' }), 'INTEGER SSE', 'the same'],
  [
    '{ { float }, { int } }',
    struct({ a: struct({ f: 'float' }), b: struct({ i: 'int' }) }),
    'INTEGER',
    '3: fields of fields, 4(d)',
  ],
  [
    '{ { char, double }[1] }',
    struct({ a: array(struct({ c: 'char', d: 'double' }), 1) }),
    'INTEGER SSE',
    'the same',
  ],
  ['{ int[2][2] }', struct({ a: array(array('int', 2), 2) }), 'INTEGER INTEGER', 'the same'],
  ['{ float, float _Complex }', struct({ a: 'float', z: 'float _Complex' }), 'SSE SSE', 'the same: 12 bytes'],
  ['{ __int128 }', struct({ a: '__int128' }), 'INTEGER INTEGER', 'the same'],
  ['{ _Float16 x 3, float }', struct({ a: array(half, 3), f: 'float' }), 'SSE SSE', 'the same'],

  [
    '{ long x 3 }',
    struct({ a: array('long', 3) }),
    'MEMORY at 8',
    '5(c): more than two eightbytes, not SSE and SSEUP',
  ],
  ['{ float x 5 }', struct({ a: array('float', 5) }), 'MEMORY at 8', '5(c)'],
  ['{ double x 3 }', struct({ a: array('double', 3) }), 'MEMORY at 8', '5(c)'],
  [
    '{ char x 17 }',
    struct({ a: array('unsigned char', 17) }),
    'MEMORY at 8',
    '5(c); each stack slot is 8 bytes',
  ],
  ['{ char, __int128 }', struct({ a: 'char', b: '__int128' }), 'MEMORY at 16', '5(c); its alignment is 16'],
  [
    'packed { char, int }',
    struct({ a: 'char', b: 'int' }, { packed: true }),
    'MEMORY at 8',
    '1: an unaligned field',
  ],
  [
    'packed { int, short, char }',
    struct({ a: 'int', b: 'short', c: 'char' }, { packed: true }),
    'INTEGER',
    'all are aligned',
  ],
  [
    'packed { char, char[7], double }',
    struct({ a: 'char', b: array('char', 7), d: 'double' }, { packed: true }),
    'INTEGER SSE',
    'all are aligned',
  ],
  [
    'packed { int, double }',
    struct({ a: 'int', d: 'double' }, { packed: true }),
    'MEMORY at 8',
    '1: an unaligned field',
  ],
  [
    '{ char, packed { short, int } }',
    struct({ a: 'short', b: struct({ s: 'short', i: 'int' }, { packed: true }) }),
    'INTEGER',
    'the int lies at 4, whatever it is in',
  ],
  [
    'aligned(16) { long }',
    struct({ a: 'long' }, { aligned: 16 }),
    'INTEGER NO_CLASS',
    '2: NO_CLASS where there is no field',
  ],
  [
    'aligned(16) { float }',
    struct({ a: 'float' }, { aligned: 16 }),
    'SSE NO_CLASS',
    '2: NO_CLASS where there is no field',
  ],
  ['aligned(32) { long }', struct({ a: 'long' }, { aligned: 32 }), 'MEMORY at 32', '5(c)'],

  ['{}', struct({}), 'NO_CLASS', 'nothing to pass (GNU C)'],
  ['{ {}, int }', struct({ e: struct({}), a: 'int' }), 'INTEGER', '4(b)'],
  ['{ float, long[0] }', struct({ a: 'float', b: array('long', 0) }), 'SSE', 'no element, no class'],

  ['union { int, float }', union({ a: 'int', b: 'float' }), 'INTEGER', '4(d)'],
  ['union { float, double }', union({ a: 'float', b: 'double' }), 'SSE', '4(a)'],
  [
    'union { float[3], char }',
    union({ a: array('float', 3), b: 'char' }),
    'INTEGER SSE',
    'each eightbyte for itself',
  ],
  ['union { double, long[2] }', union({ a: 'double', b: array('long', 2) }), 'INTEGER INTEGER', '4(d)'],
  [
    'union { {int, float}, double[2] }',
    union({ a: struct({ i: 'int', f: 'float' }), b: array('double', 2) }),
    'INTEGER SSE',
    '4(d) in the first',
  ],
  [
    'union { char[16], float }',
    union({ a: array('unsigned char', 16), b: 'float' }),
    'INTEGER INTEGER',
    '4(d)',
  ],

  ['{ long double }', struct({ a: 'long double' }), 'X87', '4(a), 4(b)'],
  ['{ long double, int }', struct({ a: 'long double', b: 'int' }), 'MEMORY at 16', '5(c)'],
  ['{ { long double }[1] }', struct({ a: array(struct({ x: 'long double' }), 1) }), 'X87', '3'],
  [
    'union { long double, char[16] }',
    union({ a: 'long double', b: array('unsigned char', 16) }),
    'INTEGER INTEGER',
    '4(d) comes before 4(e): INTEGER wins over X87 and X87UP',
  ],
  [
    'union { long double, long[2] }',
    union({ a: 'long double', b: array('long', 2) }),
    'INTEGER INTEGER',
    'the same',
  ],
  [
    'union { long double, __int128 }',
    union({ a: 'long double', b: '__int128' }),
    'INTEGER INTEGER',
    'the same',
  ],
  [
    'union { long double, {long, short} }',
    union({ a: 'long double', b: struct({ l: 'long', s: 'short' }) }),
    'INTEGER INTEGER',
    'the same',
  ],
  [
    'union { long double, int }',
    union({ a: 'long double', b: 'int' }),
    'MEMORY at 16',
    '5(b): X87UP not preceded by X87',
  ],
  [
    'union { long double, double }',
    union({ a: 'long double', b: 'double' }),
    'MEMORY at 16',
    '4(e): X87 with SSE is MEMORY',
  ],
  [
    'union { long double, float[4] }',
    union({ a: 'long double', b: array('float', 4) }),
    'MEMORY at 16',
    '4(e)',
  ],
  [
    'union { long double, {long, double} }',
    union({ a: 'long double', b: struct({ l: 'long', d: 'double' }) }),
    'MEMORY at 16',
    '4(e) in the second; 5(a)',
  ],

  [
    'bits in 8 bytes',
    bitFields(8, [
      ['unsigned', 0, 3],
      ['int', 3, 5],
      ['unsigned long', 8, 40],
    ]),
    'INTEGER',
    'bit-fields are integers',
  ],
  [
    'bits across words',
    bitFields(12, [
      ['int', 0, 20],
      ['int', 32, 20],
      ['int', 64, 20],
    ]),
    'INTEGER INTEGER',
    'bit-fields are integers',
  ],
  [
    'bits that no type is aligned to',
    bitFields(16, [['long', 60, 40]]),
    'INTEGER INTEGER',
    'a bit-field has no alignment, and lies in both',
  ],
])('%s', (_, type, expected, why) => {
  expect(`${shown(typeof type === 'string' ? c(type) : type)}: ${why}`).toBe(`${expected}: ${why}`);
});

describe('is refused', () => {
  it.each<[what: string, type: CType, reason: RegExp]>([
    ['a vector', vector('int', 4), /vector/],
    ['a vector in a struct', struct({ q: vector('float', 4) }), /vector/],
    ['_Float128, which is SSE and SSEUP', quad, /vector register/],
    ['void', c('void'), /./],
    ['an opaque struct', { kind: 'struct', tag: 'o', size: undefined, members: [] }, /size/],
    [
      'a class that C++ passes by reference',
      { ...struct({ a: 'int' }), nonTrivial: 'it has a destructor' } as CType,
      /by reference \(it has a destructor\)/,
    ],
    [
      'one in a plain struct',
      struct({ a: { ...struct({ a: 'int' }), nonTrivial: 'it has a destructor' } as CType }),
      /by reference/,
    ],
  ])('%s', (_, type, reason) => {
    expect(classify(type)).toEqual({ refused: expect.stringMatching(reason) as string });
  });

  // Debug info has no unnamed bit-fields: gcc takes them for integers, clang for nothing.
  it.each<[what: string, type: CType]>([
    ['behind a float', { ...struct({ f: 'float' }), size: 8 } as CType],
    ['behind an array of floats', { ...struct({ f: array('float', 1) }), size: 8 } as CType],
    ['behind a struct of a float', { ...struct({ f: struct({ f: 'float' }) }), size: 8 } as CType],
    ['behind a complex number', { ...struct({ z: 'float _Complex' }), size: 12 } as CType],
    ['in an eightbyte of its own', { ...struct({ a: 'long' }), size: 16 } as CType],
    [
      'in front of a double',
      { kind: 'struct', tag: 's', size: 16, members: [{ name: 'd', type: c('double'), offset: 8 }] },
    ],
    ['and nothing else', { kind: 'struct', tag: 's', size: 8, members: [] }],
    [
      'in a member of its own',
      struct({ f: 'float', pad: { kind: 'struct', tag: 'p', size: 4, members: [] } }),
    ],
    ['in a union', union({ f: 'float', pad: { kind: 'struct', tag: 'p', size: 4, members: [] } })],
  ])('a hole that may be an unnamed bit-field: %s', (_, type) => {
    expect(shown(type)).toBe('refused');
  });

  // Clang takes the first of the largest members for the union, and passes the float of this one alone.
  it('a union of which clang passes half an eightbyte', () => {
    const half = struct({ n: 'long', x: 'float' });
    const [first, second] = [
      union({ s: half, d: array('double', 2) }),
      union({ d: array('double', 2), s: half }),
    ];
    expect([first, second].map(shown)).toEqual(['refused', 'INTEGER SSE']);
    expect(classify(first, { name: 'gcc', version: 12 })).toHaveProperty('where', 'registers');
    expect(classify(struct({ u: first }), { name: 'clang', version: 14 })).toHaveProperty('refused');
  });
});

describe('of a function of Rust, which may be extern "C" or not', () => {
  const rustc: Compiler = { name: 'rustc', version: 95 };

  it.each<[what: string, type: CType]>([
    ['{ double }', struct({ d: 'double' })],
    ['{ int }', struct({ i: 'int' })],
    ['{ long, long }', struct({ a: 'long', b: 'long' })],
    ['{ float, double }', struct({ a: 'float', b: 'double' })],
    ['{ long, short }', struct({ a: 'long', b: 'short' })],
    [
      '{ { long }, {}, { double } }',
      struct({ a: struct({ n: 'long' }), e: struct({}), b: struct({ d: 'double' }) }),
    ],
  ])('%s is in the same registers', (_, type) => {
    expect(classify(type, rustc)).toEqual(classify(type));
  });

  it.each<[what: string, type: CType]>([
    ['{ int, int }', struct({ a: 'int', b: 'int' })],
    ['{ float, float }', struct({ a: 'float', b: 'float' })],
    ['{ int, int, int }', struct({ a: 'int', b: 'int', c: 'int' })],
    ['{ long, int, int }', struct({ a: 'long', b: 'int', c: 'int' })],
    ['{ double[1] }', struct({ a: array('double', 1) })],
    ['union { float, double }', union({ a: 'float', b: 'double' })],
    ['aligned(16) { long, long }', struct({ a: 'long', b: 'long' }, { aligned: 16 })],
    ['packed { int, long }', struct({ a: 'int', b: 'long' }, { packed: true })],
  ])('%s may not be', (_, type) => {
    const passed = classify(type, rustc);
    expect('refused' in passed && passed.refused).toContain('only if the function is extern "C"');
  });
});

describe('the result', () => {
  it('of a complex long double is in two registers of the x87, its argument in memory', () => {
    // COMPLEX_X87, "Returning of Values" 8; as an argument MEMORY ("Passing" 1).
    const passed = classify(complexLong);
    expect('refused' in passed ? passed : passed.where).toBe('x87');
    // A struct around it has more than two eightbytes: 5(c).
    expect(shown(struct({ z: complexLong }))).toBe('MEMORY at 16');
  });
});

it('does not look at each element of what is in memory anyway', () => {
  const start = performance.now();
  expect(shown(struct({ a: array(array('int', 1 << 8), 1 << 9) }))).toBe('MEMORY at 8');
  expect(performance.now() - start).toBeLessThan(200);
});
