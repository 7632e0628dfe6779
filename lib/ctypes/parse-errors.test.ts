import fc from 'fast-check';

import { parse } from '../testing/declarations.js';
import { thrownBy } from '../testing/fixture.js';
import { print } from './print.js';

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
  ['int @', 4, 'this does not belong to a type'],
  ['int 5', 4, 'this does not belong to a type'],
  ['int while', 4, 'this does not belong to a type'],
  ['int a, b', 5, 'this does not belong to a type'],
  ['int x : 3', 6, 'this does not belong to a type'],
  ['int x = 5', 6, 'an initial value does not belong to a type'],
  [
    'struct { int x; }',
    7,
    'members and enumerators can not be defined here: name a type that the library has',
  ],
  [
    'enum color { RED }',
    11,
    'members and enumerators can not be defined here: name a type that the library has',
  ],
  ['typedef int number', 0, 'a typedef can not be made here: write the type alone'],
  ...(['int x __attribute__((packed))', 'struct __attribute__((packed)) point'] as const).map(
    (text): [string, number, string] => [
      text,
      text.indexOf('_'),
      "__attribute__ is not understood here: what it changes is known of the library's own types only",
    ],
  ),
  ['int f(void) __asm__("g")', 12, 'an asm name does not belong to a type'],
  ['point *', 0, "there is no type 'point' here; there is 'struct point'"],
  ['struct color', 7, "there is no 'struct color' here; there is 'enum color'"],
  ['enum row', 5, "there is no 'enum row' here; there is 'row'"],
  ['int restrict', 4, 'only a pointer to data can be restrict'],
  ['int (*restrict)(void)', 6, 'only a pointer to data can be restrict'],
  ['_Atomic row', 0, 'arrays can not be _Atomic'],
  ['_Atomic(int (void))', 0, 'functions can not be _Atomic'],
  ['_Atomic(const int)', 0, 'the type of _Atomic() has no qualifiers'],
  ['int &*', 5, 'there are no pointers or references to references'],
  ['int & &', 6, 'there are no pointers or references to references'],
  ['int &const', 5, 'a reference has no qualifiers'],
  ['void &', 5, 'there are no references to void'],
  ['int &[3]', 5, 'there are no arrays of references'],
  ['void __vector(4)', 5, 'a vector is one of numbers'],
  ['int[3][]', 3, 'there are no arrays of int[], which has no size'],
  ['struct opaque[3]', 13, 'there are no arrays of struct opaque, which has no size'],
  ['int[4000000000][4000000000]', 3, 'the array is too large'],
  ['int[99999999999999999999]', 4, 'an array length is a whole number'],
  ['int[1.5]', 4, 'an array length is a whole number'],
  ['int[0x]', 4, 'an array length is a whole number'],
  ['int[3lul]', 4, 'an array length is a whole number'],
  ['int[2*3]', 5, "']' is missing here"],
  ['int[*]', 4, 'an array length is a whole number'],
  ['int[static 3]', 4, 'this stands in the first [] of a parameter only'],
  ['void (int[3][static 3])', 13, 'this stands in the first [] of a parameter only'],
  ['void (int (*)[const 3])', 14, 'this stands in the first [] of a parameter only'],
  ['void (int a[3][a])', 11, 'there are no arrays of int[], which has no size'],
  ['int; int', 5, 'this does not belong to a type'],
  ['int (void, int)', 5, 'a parameter can not be void'],
  ['int (int, void)', 10, 'a parameter can not be void'],
  ['int (void x)', 5, 'a parameter can not be void'],
  ['void[3]', 4, 'there are no arrays of void, which has no size'],
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
      message: `C type at column ${column + 1}: ${reason}\n  ${declaration}\n  ${' '.repeat(column)}^`,
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
    'unsigned _Bool',
    'long _Bool',
    'void int',
    'short long',
    'long int int',
    '_Complex _Bool',
    'long _Float64',
    'short double',
    'unsigned _Float128',
    '_Complex _Complex double',
  ])("'%s' is no type", (declaration) => {
    expect(thrownBy(() => parse(declaration)).message).toContain(`'${declaration}' is no type`);
  });

  it('nothing nested overflows the stack, nor takes long', () => {
    const parts = ['(', '(*', '(int ', '(int (*', '[1]', '*', 'const ', '_Atomic(', '&', '(void)', ','];
    const start = performance.now();
    for (const part of parts) {
      for (const times of [600, 20_000, 100_000]) {
        const text = `int ${part.repeat(times)}`;
        const isLegal = part === 'const ' && text.length < 65_536;
        if (isLegal) expect(print(parse(text))).toBe('const int');
        else
          expect(thrownBy(() => parse(text))).toMatchObject({
            name: 'TypeError',
            code: 'ERR_INVALID_ARG_VALUE',
          });
      }
    }
    expect(performance.now() - start).toBeLessThan(2000);
    expect(thrownBy(() => parse(`int ${'('.repeat(100_000)}`)).message).toMatch(
      /^C type at column 65537: more than 65536 characters\n/,
    );
    expect(thrownBy(() => parse(`int ${'*'.repeat(5000)}`)).message).toBe(
      `C type at column 505: nested too deep\n  …${'*'.repeat(120)}…\n  ${' '.repeat(61)}^`,
    );
  });

  it('takes what C asks a compiler to take', () => {
    // 63 declarators in parentheses, 12 derivations, 127 parameters (C17 §5.2.4.1).
    expect(print(parse(`int ${'('.repeat(62)}*${')'.repeat(62)}`))).toBe('int *');
    expect(print(parse(`int ${'*'.repeat(500)}`))).toBe(`int ${'*'.repeat(500)}`);
    const many = parse(`int (${Array.from({ length: 1000 }, () => 'int *(*)[3]').join(', ')})`);
    expect(many.kind === 'function' && many.parameters.length).toBe(1000);
  });

  it('shows a long or broken declaration on one line', () => {
    const text = `int f(\n\tint a,\n\tnothing b);`;
    expect(thrownBy(() => parse(text)).message).toBe(
      "C type at column 17: there is no type 'nothing' here\n  int f(  int a,  nothing b);\n                  ^",
    );
    const long = `int f(${'int, '.repeat(100)}nothing, ${'int, '.repeat(100)}int)`;
    const [, shown, mark] = thrownBy(() => parse(long)).message.split('\n');
    expect(shown).toMatch(/^ {2}….{120}…$/);
    expect(shown?.slice(mark?.indexOf('^'))).toMatch(/^nothing, int/);
  });

  it.each([
    '',
    'const int',
    'int (*)(struct point *, ...)',
    'int f(int a[static 3], row)',
    '_Atomic(int) &x',
  ])('nothing but a TypeError comes of a mutated %p', (seed) => {
    const parts = '( ) [ ] * & ; , { } = . $ # " ... /* // \0 é 😀 3 0x x row int struct point const'
      .split(' ')
      .concat('static', 'restrict', '_Atomic', 'void', '__vector', 'long', 'union', ' ');
    const edit = fc.tuple(fc.nat(), fc.nat(4), fc.constantFrom(...parts));
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 12 }), (edits) => {
        const text = edits.reduce((t, [at, cut, part]) => {
          const place = at % (t.length + 1);
          return `${t.slice(0, place)} ${part} ${t.slice(place + cut)}`;
        }, seed);
        try {
          const printed = print(parse(text));
          expect(print(parse(printed))).toBe(printed);
        } catch (error) {
          expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' });
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([undefined, null, 5, {}])('%p is no declaration', (value) => {
    expect(thrownBy(() => parse(value as never))).toMatchObject({
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_TYPE',
    });
  });
});
