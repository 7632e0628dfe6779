import { thrownBy } from '../../testing/fixture.js';
import { parseDeclarations } from './declarations.js';

const BODY = 'declarations only: a function has no body here, write ; instead';
const RUN =
  "run the preprocessor first: 'gcc -E header.h' writes text that is understood here, and 'elf-plugin types --header' asks the compiler itself";

/** A text, the line and column that are shown, and what the message says. */
const ERRORS: [text: string, line: number, column: number, reason: string][] = [
  ['int f(void)\n{ return 1; }', 2, 1, BODY],
  ['static inline int f(void) { return 1; }', 1, 27, BODY],
  ['int x = 5;', 1, 7, 'declarations only: there are no initial values here'],
  ['int f(void)', 1, 12, "';' is missing here"],
  ['int a\nint b;', 2, 1, "';' is missing here"],
  ['int;', 1, 4, 'the name that is declared is missing here'],
  ['int *;', 1, 5, 'the name that is declared is missing here'],
  ['\n\n  z_stream *z;', 3, 3, "there is no type 'z_stream' here"],
  ['struct point { int x; };\npoint p;', 2, 1, "there is no type 'point' here; there is 'struct point'"],
  ['int a[N];', 1, 7, 'an array length is a whole number'],
  ['int a[N + 1];', 1, 7, "there is no constant 'N' here"],
  ['int a[-1];', 1, 7, 'an array length is not negative'],
  ['int a[1 / 0];', 1, 9, 'this divides by 0'],
  ['int a[1 << 32];', 1, 9, 'the shift is by more bits than there are'],
  ['int x; double x;', 1, 15, 'x is declared as double here, and as int before (line 1)'],
  ['int f(int);\n\nint f(long);', 3, 5, 'f is declared as int (long) here, and as int (int) before (line 1)'],
  ['typedef int t;\ntypedef long t;', 2, 14, 't is long here, and was int before (line 1)'],
  [
    'struct s { int x; };\nstruct s { int y; };',
    2,
    8,
    'struct s is defined twice, with another layout (line 1)',
  ],
  ['struct s;\nunion s *u;', 2, 7, 's is the tag of a struct (line 1)'],
  ['enum a { X };\nenum b { X = 1 };', 2, 10, 'the enumerator X is defined twice (line 1)'],
  ['struct s { struct s inner; };', 1, 21, 'a member can not be struct s, which has no size here'],
  ['struct s { void f(void); };', 1, 17, 'a member can not be void (void), which has no size here'],
  ['struct s { int a[]; int b; };', 1, 25, 'only the last member can have no length'],
  ['struct s { int a; struct { int a; }; };', 1, 10, "there are two members 'a'"],
  ['struct s { int : 33; };', 1, 16, 'this bit-field has from 0 to 32 bits'],
  ['struct s { int b : 0; };', 1, 16, 'a bit-field with a name has a bit'],
  ['struct s { float b : 3; };', 1, 18, 'a bit-field is a whole number, not float'],
  ['struct s { static int x; };', 1, 12, 'a member can not be static'],
  ['struct s { int; };', 1, 15, 'the name of the member is missing here'],
  ['struct s { int x }', 1, 18, "';' is missing here"],
  ['struct s { int x;', 1, 18, "'}' is missing here"],
  [
    'struct { int x; } __attribute__((pakced));',
    1,
    34,
    "the attribute 'pakced' is not known here: leave it out if it changes neither layouts nor calls",
  ],
  ...(
    [
      'ms_abi',
      'transparent_union',
      'scalar_storage_order("big-endian")',
      '__regparm__(3)',
      'ms_struct',
    ] as const
  ).map((attribute): [string, number, number, string] => [
    `int f(void) __attribute__((${attribute}));`,
    1,
    28,
    `the attribute '${attribute.replace(/\(.*|__/g, '')}' changes layouts or calls in a way that is not understood here`,
  ]),
  ['int x __attribute__((aligned(3)));', 1, 30, 'an alignment is a power of two'],
  ['int f(int x __attribute__((aligned(8))));', 1, 7, "the attribute 'aligned' is not understood here"],
  ['typedef double d __attribute__((mode(QI)));', 1, 16, "the mode 'QI' is not understood here"],
  ['typedef int v __attribute__((vector_size(6)));', 1, 13, 'there is no vector of 6 bytes of int'],
  ['enum e { A = 1 << 3, B C };', 1, 24, "'}' is missing here"],
  ['enum e { A = -1, B = 0xffffffffffffffff };', 1, 9, ''],
  ['_Static_assert(sizeof(long) == 4, "32 bits");', 1, 1, 'this does not hold'],
  ['#include <stdio.h>', 1, 1, `#include is not understood here: ${RUN}`],
  ['int a;\n  #ifdef X\n', 2, 3, `#ifdef is not understood here: ${RUN}`],
  ['#define F(x) x\nint F(3);', 2, 5, `the macro F takes arguments, which is not understood here: ${RUN}`],
  ['#pragma pack(3)', 1, 9, '#pragma pack takes 1, 2, 4, 8 or 16'],
  ['#pragma pack(pop)', 1, 9, 'nothing was pushed that could be popped here'],
  ['#pragma ms_struct on', 1, 9, '#pragma ms_struct changes layouts in a way that is not understood here'],
  ['extern "C" int f(void);', 1, 8, 'this is C++: leave extern "C" out, only C is understood here'],
  ['class a;', 1, 1, 'this is C++: only C is understood here'],
  ['asm("nop");', 1, 1, 'declarations only: there is no assembler here'],
  ['int a; /* comment', 1, 8, 'the comment is not closed'],
  ['int typeof(x) y;', 1, 5, 'the name that is declared is missing here'],
  ['typeof(x) y;', 1, 8, "there is no type 'x' here"],
  ['void f(typedef int x);', 1, 8, 'typedef does not belong here'],
  ['void v;', 1, 6, 'a variable can not be void'],
];

describe('errors', () => {
  it.each(ERRORS.filter(([, , , reason]) => reason !== ''))('%p', (text, line, column, reason) => {
    const { name, code, message } = thrownBy(() => parseDeclarations(text));
    const shown = text.split('\n')[line - 1] ?? '';
    expect({ name, code, message: message.split('\n')[0] }).toEqual({
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_VALUE',
      message: `C declarations at line ${line}, column ${column}: ${reason}`,
    });
    if (shown.length < 100)
      expect(message.split('\n').slice(1)).toEqual([`  ${shown}`, `  ${' '.repeat(column - 1)}^`]);
  });

  it('name the file that a line marker says', () => {
    expect(thrownBy(() => parseDeclarations('# 7 "lib.h"\nint x;\nint x y;\n# 2 "main.c"\n')).message).toBe(
      "C declarations at line 8, column 7 of lib.h: ';' is missing here\n  int x y;\n        ^",
    );
  });

  it.each([undefined, null, 5, {}])('%p is no text', (value) => {
    expect(thrownBy(() => parseDeclarations(value as never))).toMatchObject({
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_TYPE',
    });
  });
});
