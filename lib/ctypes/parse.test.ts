import type { Variable } from '../index.js';
import { Library } from '../library/library.js';
import { parse } from '../testing/declarations.js';
import { openFixture } from '../testing/fixture.js';
import { compile } from '../testing/tools.js';
import { compatible, identical } from './compatible.js';
import { sizeOf } from './layout.js';
import { type CType } from './model.js';
import { print } from './print.js';

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
  ['const volatile int', 'const volatile int'],
  ['volatile int const', 'volatile const int'],
  ['const int const', 'const int'],
  ['unsigned const long volatile int', 'const volatile unsigned long'],
  ['char *const *volatile', 'char *const *volatile'],
  ['int *const volatile __restrict__', 'int *const volatile restrict'],
  ['__const int *__volatile__', 'const int *volatile'],
  ['_Atomic int', '_Atomic int'],
  ['_Atomic(int) const', 'const _Atomic int'],
  ['_Atomic _Atomic(int)', '_Atomic int'],
  ['_Atomic(int *)', 'int *_Atomic'],
  ['_Atomic(int (*)[3]) *', 'int (*_Atomic *)[3]'],
  ['__signed__ char', 'signed char'],
  ['__complex__ double', 'double _Complex'],
  ['long double _Complex *', 'long double _Complex *'],
  ['_Float32', '_Float32'],
  ['_Float64', '_Float64'],
  ['_Float32x', '_Float32x'],
  ['_Float64x', '_Float64x'],
  ['__float128', '__float128'],
  ['int[4u]', 'int[4]'],
  ['int[0b11]', 'int[3]'],
  ['int[0xffUL][07ll]', 'int[255][7]'],
  ['row[2]', 'row[2]'],
  ['const row *', 'const row *'],
  ['int /* a comment */ * // and another', 'int *'],
  ['int(((*)))', 'int *'],
  ['int (((*))[3])', 'int (*)[3]'],
  ['int ((void))', 'int (void)'],
  ['int (*(*(void))[3])(char)', 'int (*(*(void))[3])(char)'],
  ['char *(*(**[2][8])())[4]', 'char *(*(**[2][8])())[4]'],
  ['int (row)', 'int (int *)'],
  ['int (row *)', 'int (row *)'],
  ['void (int[static 4])', 'void (int *)'],
  ['void (int[const restrict 4])', 'void (int *const restrict)'],
  ['void (int[const static 4][5])', 'void (int (*const)[5])'],
  ['void (int[*])', 'void (int *)'],
  ['void (int count, char *names[count])', 'void (int count, char **names)'],
  ['void (const row, volatile row)', 'void (const int *, volatile int *)'],
  ['void (register int x)', 'void (int x)'],
  ['void (void (void))', 'void (void (*)(void))'],
  ['void (int (*const)(int), ...)', 'void (int (*const)(int), ...)'],
  ['void (*(int, void (*)(int)))(int)', 'void (*(int, void (*)(int)))(int)'],
];

describe('types', () => {
  it.each(TYPES)('%s is %s', (declaration, printed) => {
    expect(print(parse(declaration))).toBe(printed);
    expect(print(parse(printed))).toBe(printed);
  });

  it('are what gcc makes of the same text', () => {
    // Behind a pointer, since top-level qualifiers are not compared (gcc, "Other Builtins").
    const source = [
      'struct point { int x, y; }; union number { int i; float f; }; enum color { RED }; typedef int row[3];',
      ...TYPES.map(([declaration], i) => `__typeof__(${declaration}\n) *v${i};`),
      ...TYPES.map(([, printed], i) => `__typeof__(${printed}) *w${i};`),
      `int same[] = { ${TYPES.map((_, i) => `__builtin_types_compatible_p(typeof(v${i}), typeof(w${i}))`).join()} };`,
    ];
    const text = `${source.join('\n')}\n`;
    const library = Library.open(compile(text));
    const same = openFixture(text).lookup<Variable<Int32Array>>('same').value;
    const differ = TYPES.filter(([declaration], i) => {
      const symbol = library.find(`v${i}`);
      const typed = symbol && library.typed(symbol).type;
      const own = library.parse(declaration);
      if (typed?.kind !== 'pointer' || same[i] !== 1) return true;
      // gcc 12 leaves the const of `const row` out of its debug info, as gdb shows, too.
      const matches = declaration.includes('row') ? compatible : identical;
      return sizeOf(typed.target) !== sizeOf(own) || !matches(typed.target, own);
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
    ['int (*(*f(void))[3])(char)', 'int (*(*(void))[3])(char)'],
    ['void (*signal(int sig, void (*func)(int)))(int);', 'void (*(int sig, void (*func)(int)))(int)'],
    ['static __inline__ int twice(int)', 'int (int)'],
    ['_Noreturn void die(const char *, ...)', 'void (const char *, ...)'],
    ['extern _Thread_local int errno_', 'int'],
    ['int $größe', 'int'],
    // gcc takes no type of such an array at file scope.
    ['int tail[0]', 'int[0]'],
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

  it("have C++'s references and gdb's vectors, as they are printed", () => {
    const source = `typedef float vec __attribute__((vector_size(16))); struct point { int x; };
      extern "C" int f(int &a, int &&b, int (&c)[3], const struct point &d, int (*&e)(char), int *&g) { return 0; }
      vec *v; const vec w = {0}; vec many[2]; vec (*fn)(vec);\n`;
    const flags = ['-g', '-shared', '-fPIC', '-fpermissive', '-x', 'c++'];
    const library = Library.open(compile(source, { flags }));
    const named = (name: string): CType => {
      const symbol = library.find(name) ?? library.find(`_ZL1${name}`);
      const type = symbol && library.typed(symbol).type;
      if (type === undefined) throw new Error(`${name} has no type`);
      return type;
    };
    const f = named('f');
    expect(print(f)).toBe(
      'int (int &a, int &&b, int (&c)[3], const struct point &d, int (*&e)(char), int *&g)',
    );
    expect(identical(f, library.parse(print(f)))).toBe(true);
    for (const text of ['float __vector(4)', 'float __vector(4) *', 'float __vector(4)[2]']) {
      expect(print(parse(text))).toBe(text);
    }
    expect(identical(named('v'), library.parse('vec *'))).toBe(true);
    expect(identical(named('v'), library.parse('float __vector(4) *'))).toBe(true);
    expect(identical(named('many'), library.parse('float __vector(4)[2]'))).toBe(true);
    expect(identical(named('fn'), library.parse('vec (*)(float)'))).toBe(false);
    expect(identical(named('fn'), library.parse('float __vector(4) (*)(vec)'))).toBe(true);
  });
});

describe('names that no library has to declare', () => {
  const NAMES = [
    ...[8, 16, 32, 64].flatMap((bits) =>
      ['int', 'uint', 'int_least', 'uint_least', 'int_fast', 'uint_fast'].map((name) => `${name}${bits}_t`),
    ),
    ...'intmax_t uintmax_t intptr_t uintptr_t size_t ssize_t ptrdiff_t wchar_t char16_t char32_t'.split(' '),
    ...['__int128_t', '__uint128_t', 'bool'],
  ];

  it('are what gcc makes of them', () => {
    const headers = ['stdbool', 'stddef', 'stdint', 'uchar', 'sys/types'].map((h) => `#include <${h}.h>\n`);
    const library = Library.open(
      compile(headers.join('') + NAMES.map((name) => `${name} *v_${name};\n`).join('')),
    );
    const differ = NAMES.filter((name) => {
      const symbol = library.find(`v_${name}`);
      const typed = symbol && library.typed(symbol).type;
      const own = parse(name);
      const isNamed = print(own) === (name === 'bool' ? 'bool' : name);
      return typed?.kind !== 'pointer' || !identical(typed.target, own) || !isNamed;
    });
    expect(differ).toEqual([]);
  });

  it("give way to the library's own where these may differ", () => {
    const library = Library.open(compile('typedef int bool; typedef short wchar_t; bool b; wchar_t w;\n'));
    expect([sizeOf(library.parse('bool')), sizeOf(library.parse('wchar_t'))]).toEqual([4, 2]);
    expect(sizeOf(library.parse('int_fast16_t'))).toBe(8);
  });
});
