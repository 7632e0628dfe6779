import { Library } from '../library/library.js';
import { thrownBy } from '../testing/fixture.js';
import { compile } from '../testing/tools.js';
import { compatible } from './compatible.js';
import { sizeOf } from './layout.js';
import { type CType } from './model.js';
import { parseType, type NameResolver } from './parse.js';
import { print } from './print.js';

const known: Record<string, CType> = {
  'struct point': { kind: 'struct', tag: 'point', size: 8, members: [] },
  'union number': { kind: 'union', tag: 'number', size: 4, members: [] },
  'enum color': { kind: 'enum', tag: 'color', size: 4, signed: false, enumerators: [] },
  'typedef row': {
    kind: 'typedef',
    name: 'row',
    target: {
      kind: 'array',
      element: { kind: 'int', name: 'int', size: 4, signed: true, text: false },
      length: 3,
      vector: false,
    },
  },
};
const resolve: NameResolver = (keyword, name) => known[`${keyword} ${name}`];
const parse = (text: string): CType => parseType(text, resolve);

/** A declaration, and the type it means as `print` writes it. */
const TYPES: [declaration: string, printed: string][] = [
  ['int', 'int'],
  ['void', 'void'],
  ['_Bool', '_Bool'],
  ['char', 'char'],
  ['signed char', 'signed char'],
  ['char unsigned', 'unsigned char'],
  ['short', 'short'],
  ['short int', 'short'],
  ['unsigned short int', 'unsigned short'],
  ['int unsigned short', 'unsigned short'],
  ['signed', 'int'],
  ['unsigned', 'unsigned int'],
  ['long', 'long'],
  ['long int', 'long'],
  ['long unsigned int', 'unsigned long'],
  ['int long long', 'long long'],
  ['unsigned long long int', 'unsigned long long'],
  ['long int unsigned long', 'unsigned long long'],
  ['__int128', '__int128'],
  ['unsigned __int128', 'unsigned __int128'],
  ['float', 'float'],
  ['double', 'double'],
  ['long double', 'long double'],
  ['double long', 'long double'],
  ['_Float16', '_Float16'],
  ['_Float128', '_Float128'],
  ['float _Complex', 'float _Complex'],
  ['_Complex double', 'double _Complex'],
  ['long double _Complex', 'long double _Complex'],
  ['struct point', 'struct point'],
  ['union number', 'union number'],
  ['enum color', 'enum color'],
  ['const int', 'const int'],
  ['int const', 'const int'],
  ['volatile int', 'volatile int'],
  ['int *', 'int *'],
  ['int **', 'int **'],
  ['const char *', 'const char *'],
  ['char const *', 'const char *'],
  ['char *const', 'char *const'],
  ['const char *const *', 'const char *const *'],
  ['int *restrict', 'int *restrict'],
  ['int *__restrict', 'int *restrict'],
  ['struct point *', 'struct point *'],
  ['int[4]', 'int[4]'],
  ['int[0x10]', 'int[16]'],
  ['int[010]', 'int[8]'],
  ['int[2][3]', 'int[2][3]'],
  ['int *[4]', 'int *[4]'],
  ['int (*)[4]', 'int (*)[4]'],
  ['int (*[2])[3]', 'int (*[2])[3]'],
  ['const char *const[2]', 'const char *const[2]'],
  ['struct point[4]', 'struct point[4]'],
  ['int (void)', 'int (void)'],
  ['int ()', 'int ()'],
  ['void (int, double)', 'void (int, double)'],
  ['int (const char *, ...)', 'int (const char *, ...)'],
  ['int (*)(void)', 'int (*)(void)'],
  ['void (*)(struct point)', 'void (*)(struct point)'],
  ['void (*)(enum color, union number *)', 'void (*)(enum color, union number *)'],
  ['int (*)(int)', 'int (*)(int)'],
  ['int (*[3])(int)', 'int (*[3])(int)'],
  ['int (*(*)(void))(int)', 'int (*(*)(void))(int)'],
  ['int (*(int))(double)', 'int (*(int))(double)'],
  ['int (*(*[2])(char))[3]', 'int (*(*[2])(char))[3]'],
  ['void (int (*)(int), void *)', 'void (int (*)(int), void *)'],
  ['void (int(int))', 'void (int (*)(int))'],
  ['void (int[4], int[][3])', 'void (int *, int (*)[3])'],
  ['char *(*)(const char *, unsigned long)', 'char *(*)(const char *, unsigned long)'],
  ['void (*(int, void (*)(int)))(int)', 'void (*(int, void (*)(int)))(int)'],
];

describe('types', () => {
  it.each(TYPES)('%s is %s', (declaration, printed) => {
    expect(print(parse(declaration))).toBe(printed);
    expect(print(parse(printed))).toBe(printed);
  });

  it('are what gcc makes of the same text', () => {
    const source = [
      'struct point { int x, y; }; union number { int i; float f; }; enum color { RED };',
      ...TYPES.map(([declaration], i) => `__typeof__(${declaration}) *v${i};`),
    ];
    const library = Library.open(compile(`${source.join('\n')}\n`));
    const plain = (text: string): string =>
      text
        .replaceAll(/long long unsigned int/g, 'unsigned long long')
        .replaceAll(/(long|short) unsigned int/g, 'unsigned $1')
        .replaceAll(/long long int/g, 'long long')
        .replaceAll(/(long|short) int/g, '$1')
        .replaceAll('__int128 unsigned', 'unsigned __int128');
    const differ = TYPES.flatMap(([declaration, printed], i) => {
      const symbol = library.find(`v${i}`);
      const typed = symbol && library.typed(symbol).type;
      if (typed?.kind !== 'pointer') return [[declaration, typed]];
      const own = library.parse(declaration);
      const same = plain(print(typed.target)) === printed && sizeOf(typed.target) === sizeOf(own);
      return same && compatible(typed.target, own) ? [] : [[declaration, print(typed.target)]];
    });
    expect(differ).toEqual([]);
  });

  it.each([
    ['int V', 'int'],
    ['extern int V;', 'int'],
    ['const char *const names[3];', 'const char *const[3]'],
    ['int add(int a, int b)', 'int (int a, int b)'],
    ['int (*compare)(const void *a, const void *b)', 'int (*)(const void *a, const void *b)'],
    [
      'void sort(int (*compare)(const void *, const void *), int[])',
      'void (int (*compare)(const void *, const void *), int *)',
    ],
    ['double (*table[2])(double)', 'double (*[2])(double)'],
    ['size_t length(const char *s)', 'size_t (const char *s)'],
    ['uint8_t x, ', undefined],
    ['void f(row r, const row *p)', 'void (int *r, const row *p)'],
    ['row r', 'row'],
    ['unsigned row', 'unsigned int'],
  ])('%s, with names', (declaration, printed) => {
    if (printed === undefined) expect(() => parse(declaration)).toThrow(TypeError);
    else expect(print(parse(declaration))).toBe(printed);
  });

  it('keep the names of parameters', () => {
    const type = parse('int (int first, struct point (*second)(enum color), struct point)');
    expect(type.kind === 'function' && type.parameters.map((p) => p.name)).toEqual([
      'first',
      'second',
      undefined,
    ]);
    expect(print(type, 'f')).toBe('int f(int first, struct point (*second)(enum color), struct point)');
  });

  it.each<[name: string, size: number, signed: boolean]>([
    ['int8_t', 1, true],
    ['uint8_t', 1, false],
    ['int16_t', 2, true],
    ['uint16_t', 2, false],
    ['int32_t', 4, true],
    ['uint32_t', 4, false],
    ['int64_t', 8, true],
    ['uint64_t', 8, false],
    ['size_t', 8, false],
    ['ssize_t', 8, true],
    ['ptrdiff_t', 8, true],
    ['intptr_t', 8, true],
    ['uintptr_t', 8, false],
  ])('%s', (name, size, signed) => {
    expect(parse(name)).toMatchObject({
      kind: 'typedef',
      name,
      target: { kind: 'int', size, signed, text: false },
    });
  });
});

/** A declaration, the column of the mark under it, and what the message says. */
const ERRORS: [declaration: string, column: number, reason: string][] = [
  ['', 0, 'a type is missing here'],
  ['*', 0, 'a type is missing here'],
  ['const', 5, 'a type is missing here'],
  ['nothing', 0, "there is no type 'nothing' here"],
  ['struct nothing *', 7, "there is no 'struct nothing' here"],
  ['struct', 6, 'the tag of the struct is missing here'],
  ['struct *', 7, 'the tag of the struct is missing here'],
  ['int[', 4, 'an array length is a whole number'],
  ['int[-1]', 4, 'an array length is a whole number'],
  ['int[n]', 4, 'an array length is a whole number'],
  ['int[08]', 4, 'an array length is a whole number'],
  ['int[3', 5, "']' is missing here"],
  ['int (*', 6, "')' is missing here"],
  ['int (int', 8, "',' is missing here"],
  ['int (int,)', 9, 'a type is missing here'],
  ['int (..., int)', 8, "')' is missing here"],
  ['int a b', 6, 'this does not belong to a type'],
  ['int struct', 4, 'this does not belong to a type'],
  ['struct point int', 13, 'this does not belong to a type'],
  ['size_t int', 7, 'this does not belong to a type'],
  ['int)', 3, 'this does not belong to a type'],
  ['int $', 4, 'this does not belong to a type'],
  ['int; int', 5, 'this does not belong to a type'],
  ['int (void, int)', 5, 'a parameter can not be void'],
  ['int (int, void)', 10, 'a parameter can not be void'],
  ['int (void x)', 5, 'a parameter can not be void'],
  ['void[3]', 4, 'there are no arrays of voids'],
  ['int f[2](int)', 5, 'there are no arrays of functions'],
  ['int f(int)[2]', 5, 'functions return no arrays'],
  ['int f(int)(int)', 5, 'functions return no functions'],
];

describe('errors', () => {
  it.each(ERRORS)('%p is marked at %d: %s', (declaration, column, reason) => {
    const error = thrownBy(() => parse(declaration));
    expect(error).toEqual({
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_VALUE',
      message: `C type: ${reason}\n  ${declaration}\n  ${' '.repeat(column)}^`,
    });
  });

  it.each([
    'long short',
    'long char',
    'long float',
    'long long double',
    'long long long',
    'unsigned double',
    'signed unsigned',
    'unsigned unsigned',
    'long __int128',
    '_Complex',
    '_Complex int',
    'int int',
    'char int',
    'short short',
    'float double',
    'signed float',
  ])("'%s' is no type", (declaration) => {
    expect(thrownBy(() => parse(declaration)).message).toContain(`'${declaration}' is no type`);
  });

  it('nothing nested overflows the stack', () => {
    for (const text of ['('.repeat(10_000), `int ${'(*'.repeat(10_000)}`, `int ${'(int '.repeat(10_000)}`]) {
      expect(thrownBy(() => parse(text)).name).toBe('TypeError');
    }
    for (const text of [`int ${'*'.repeat(5000)}`, `int${'[1]'.repeat(5000)}`]) {
      expect(thrownBy(() => parse(text)).message).toContain('nested too deep');
    }
  });

  it.each([undefined, null, 5, {}])('%p is no declaration', (value) => {
    expect(thrownBy(() => parse(value as never))).toMatchObject({
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_TYPE',
    });
  });
});
