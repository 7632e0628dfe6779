import { bare, type CType } from '../model.js';
import { print, printDefinition } from '../print.js';
import { parseDeclarations } from './declarations.js';

/** What a text declares, as C: its symbols by their link names. */
function symbols(text: string): string[] {
  return Array.from(parseDeclarations(text).symbols, ([name, { type }]) => print(type, name));
}

describe('symbols', () => {
  it.each<[text: string, ...expected: string[]]>([
    [
      'unsigned long crc32(unsigned long, const unsigned char *, unsigned);',
      'unsigned long crc32(unsigned long, const unsigned char *, unsigned int)',
    ],
    [
      'int a, *b, f(void), (*g)(int, ...), h[2][3];',
      'int a',
      'int *b',
      'int f(void)',
      'int (*g)(int, ...)',
      'int h[2][3]',
    ],
    ['extern _Thread_local int errors; register int r;', 'int errors', 'int r'],
    ['static inline int hidden(int x); inline int shown(void);', 'int shown(void)'],
    ['typedef int number, *pointer; number n; pointer p;', 'number n', 'pointer p'],
    ['typedef int number; void f(number number, int (number));', 'void f(number number, int (*)(number))'],
    ['typedef int operation(int); operation twice;', 'int twice(int)'],
    ['extern int scan(const char *, ...) asm("scan" "99");', 'int scan99(const char *, ...)'],
    ['int f(int) __asm__("g") __attribute__((nothrow, __leaf__)); int f(int);', 'int g(int)'],
    [
      'extern int table[]; extern int table[4]; int old(); int old(double);',
      'int table[4]',
      'int old(double)',
    ],
    [
      'void f(size_t n, char s[n], FILE *, va_list *, bool, wchar_t);',
      'void f(size_t n, char *s, FILE *, va_list *, bool, wchar_t)',
    ],
    [
      'typedef float v4 __attribute__((vector_size(16))); v4 v; int *p __attribute__((vector_size(8)));',
      'v4 v',
      'int __vector(2) *p',
    ],
    ['typedef int word_t __attribute__((mode(word))); word_t w;', 'word_t w'],
    [
      '__extension__ extern __typeof__(unsigned long) l; __int128 i; _Float128 q; double _Complex c;',
      'unsigned long l',
      '__int128 i',
      '_Float128 q',
      'double _Complex c',
    ],
    ['[[nodiscard]] int f(void) [[gnu::pure]];', 'int f(void)'],
    ['char\\\n * /* comment */ text; // end', 'char *text'],
    ['const volatile int *restrict const p;', 'const volatile int *restrict const p'],
    [
      'struct later; struct later *p; struct later { int x; }; struct later v;',
      'struct later *p',
      'struct later v',
    ],
    [
      'enum e { A, B = 5 } f(enum e); int a[B + A], b[sizeof(enum e)];',
      'enum e f(enum e)',
      'int a[5]',
      'int b[4]',
    ],
    ['#define N 3\n#define API extern int\nAPI a[N * N];\n#undef N\n', 'int a[9]'],
    ['; ;', ...[]],
  ])('%s', (text, ...expected) => {
    expect(symbols(text)).toEqual(expected);
  });

  it('have the line that declares them first, and the file that a line marker names', () => {
    const { symbols: all } = parseDeclarations(
      '\nint a;\n# 10 "dir/x.h" 1\nint b,\n  c;\nint a;\n# 3 "y.h"\nint d;\n',
    );
    const places = Array.from(all, ([name, { line, column, file }]) => [name, line, column, file]);
    expect(places).toEqual([
      ['a', 2, 5, undefined],
      ['b', 10, 5, 'dir/x.h'],
      ['c', 11, 3, 'dir/x.h'],
      ['d', 3, 5, 'y.h'],
    ]);
  });

  it('of headers may be inline functions, whose bodies are stepped over', () => {
    expect(
      symbols(
        '# 1 "x.h"\nstatic inline int f(void) { if (1) { return 0; } }\nextern __inline int g(void) { return 1; }\nint h;',
      ),
    ).toEqual(['int g(void)', 'int h']);
  });
});

describe('types', () => {
  const text = `
    typedef struct node node;
    struct node { node *next; struct tree *tree; struct { int x; union { int i; float f; }; } inner; int (*compare)(const node *, const node *); };
    struct tree { node *root; unsigned int leaf : 1, : 0, kind : 3; char name[]; };
    typedef struct { short a; char b[3]; } pair __attribute__((aligned(8)));
    enum __attribute__((packed)) color { RED, GREEN = -1, };
    enum small : unsigned char { TINY = 255 };
  `;
  const { typeNamed, constants } = parseDeclarations(text);

  it('print as they are declared, with one another', () => {
    const named = (['struct node', 'struct tree', 'enum color', 'enum small', 'typedef pair'] as const).map(
      (name) => {
        const [keyword, tag] = name.split(' ') as ['struct' | 'enum' | 'typedef', string];
        const type = typeNamed(keyword, tag) as CType;
        return `${printDefinition(bare(type))} ${(bare(type) as { size: number }).size}`;
      },
    );
    expect(named).toEqual([
      'struct node {\n  struct node *next;\n  struct tree *tree;\n  struct { int x; union { int i; float f; }; } inner;\n  int (*compare)(const node *, const node *);\n} 32'.replace(
        'struct node *next',
        'node *next',
      ),
      'struct tree {\n  node *root;\n  unsigned int leaf : 1;\n  unsigned int kind : 3;\n  char name[];\n} 16',
      'enum color {\n  RED = 0,\n  GREEN = -1,\n} 1',
      'enum small {\n  TINY = 255,\n} 1',
      'struct {\n  short a;\n  char b[3];\n} 6',
    ]);
    expect(typeNamed('typedef', 'pair')).toMatchObject({ alignment: 8 });
  });

  it('refer to themselves and to each other', () => {
    const node = typeNamed('struct', 'node');
    const next = node?.kind === 'struct' ? bare(node.members[0]?.type as CType) : undefined;
    expect(next?.kind === 'pointer' && bare(next.target)).toBe(node);
  });

  it('that are only mentioned are not here, but the library may have them', () => {
    const size = (found: CType | undefined): number | undefined => {
      const { symbols: all, typeNamed: own } = parseDeclarations(
        'struct far { int x; }; struct near *p; enum e *q;',
        {
          resolve: (keyword, name) => (keyword === 'struct' && name === 'near' ? found : undefined),
        },
      );
      expect([own('struct', 'near'), own('enum', 'e')]).toEqual([undefined, undefined]);
      const p = bare(all.get('p')?.type as CType);
      return p.kind === 'pointer' ? (bare(p.target) as { size?: number }).size : -1;
    };
    expect(size(undefined)).toBeUndefined();
    expect(size({ kind: 'struct', tag: 'near', size: 24, members: [] })).toBe(24);
  });

  it('have the sizes of the machine that is asked for', () => {
    const char = (target: 'x64' | 'arm64'): unknown =>
      Array.from(
        parseDeclarations('char c; long double d; wchar_t w;', { target }).symbols,
        ([, { type }]) => {
          const t = bare(type);
          return t.kind === 'int' ? t.signed : t.kind === 'float' && t.format;
        },
      );
    expect([char('x64'), char('arm64')]).toEqual([
      [true, 'x87', true],
      [false, 'binary128', false],
    ]);
  });

  it('name constants: enumerators, and macros that are a number or text', () => {
    expect([...constants()].map(([name, [c]]) => [name, c?.value, c?.origin])).toEqual([
      ['RED', 0n, 'enum color (line 6)'],
      ['GREEN', -1n, 'enum color (line 6)'],
      ['TINY', 255n, 'enum small (line 7)'],
    ]);
    const macros =
      `#define SIZE (4 * K)\n#define K 1024\n#define VERSION "1." "2"\n#define PI 3.14f\n#define ALL ((unsigned int)-1)
#define F(x) x\n#define API extern\n#define EMPTY\n#define SELF SELF\n#define RED 7\n#define POINTER ((void *)0)\nenum { RED };`.replace(
        'enum { RED }',
        'enum { BLUE = K }',
      );
    expect(
      [...parseDeclarations(macros).constants()].map(([name, [c]]) => [name, c?.value, c?.origin]),
    ).toEqual([
      ['BLUE', 1024n, 'enum (line 12)'],
      ['SIZE', 4096n, '#define (line 1)'],
      ['K', 1024n, '#define (line 2)'],
      ['VERSION', '1.2', '#define (line 3)'],
      ['PI', 3.14, '#define (line 4)'],
      ['ALL', 4294967295n, '#define (line 5)'],
      ['RED', 7n, '#define (line 10)'],
    ]);
  });

  it('may be said again', () => {
    expect(() =>
      parseDeclarations(`struct s { int x; }; struct s { int x; }; typedef int t; typedef int t; enum e { A }; enum e { A };
        int f(int a); int f(const int b); typedef struct s s; typedef struct s s;`),
    ).not.toThrow();
  });
});
