import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { print, printDefinition } from '../../ctypes/print.js';
import { thrownBy } from '../../testing/fixture.js';
import { headersOf } from '../../testing/headers.js';
import { BUILD, compile, describeWith } from '../../testing/tools.js';

const FOLDER = join(BUILD, 'headers');

/** A header of the tests' own, by its path. */
function header(name: string, text: string): string {
  mkdirSync(FOLDER, { recursive: true });
  const path = join(FOLDER, name);
  writeFileSync(path, text);
  return path;
}

/** What a library without debug info exports, which the header below declares. */
const ODD_LIBRARY = `
int plain(int a) { return a; } int real_name(int a) { return a; } int macro_hides(int a) { return a; }
int old() { return 0; } int typed_by_name(int a) { return a; } void (*installed(int n, void (*h)(int)))(int) { return h; }
int (in_parentheses)(int a) { return a; } int renamed_twice(void) { return 0; } int internal(int a) { return a; }
__thread int per_thread; int table[3]; const char *const words[] = { "a" }; int a_member, a_tag;
struct packed { char c; int i; } __attribute__((packed)); struct packed by_value(struct packed p) { return p; }
int two_forms(int a, int *b) { return a; } int inlined(int x) { return x; } int nullable(char *p) { return 0; }
`;

const ODD_HEADER = String.raw`
#define API extern __attribute__((visibility("default")))
#define BEGIN {
#define END }
#define OPENS_MORE BEGIN
#define HALF (
#define STATEMENT do { } while (0)
#define NOT_C @
#define ZERO 0
#define BIG 0xFFFFFFFFFFFFFFFFull
#define LEAST (-0x7fffffffffffffffll - 1)
#define HUGE_INTEGER ((__int128)1 << 100)
#define LETTER 'a'
#define YES ((_Bool)1)
#define THIRD (1.0f / 3)
#define PI 3.14159265358979
#define TWO_PI (2.0 * PI)
#define ENDLESS __builtin_inf()
#define LONG_DOUBLE 1.5L
#define TEXT "a \"quoted\" \x41\n" "and more"
#define IN_PARENTHESES ("text")
#define WITH_NUL "a\0b"
#define WIDE L"wide"
#define EMPTY_TEXT ""
#define NOTHING
#define NO_POINTER ((void *)0)
#define ALL_ONES ((void (*)(void *))-1)
#define ADDRESS (&table)
#define CALL plain(1)
#define A_TYPE unsigned long
#define OF_ENUM RED
#define RED RED
#define MULTI \
  (1 + \
   2)
#define CHANGED 1
#undef CHANGED
#define CHANGED 2
#define GONE 1
#undef GONE
#define _RESERVED 1
#define NOT_UTF8 "\xff"
#define NOT_DECLARED nowhere
#define ALSO_NOT_DECLARED (nowhere + 1)
#define SAYS_IT FROM_THE_COMMAND_LINE
#define FUNCTION_LIKE(x) (x)
#define USES_FUNCTION_LIKE FUNCTION_LIKE(7)
#define SIZE sizeof(struct packed)
#define GET_MODE(x) ((x)->m)
#define MODE GET_MODE
#define ALSO_MODE MODE
#define MODE_AND_MORE(x) GET_MODE + x
#define USES_MODE_AND_MORE MODE_AND_MORE(1)
typedef int a_type;
#define a_type(x) x
#define ALIAS_OF_TYPE a_type
#define ALIAS FUNCTION_LIKE
#define USES_ALIAS ALIAS(8)
#define APPLY(m, x) m(x)
#define APPLIED APPLY(FUNCTION_LIKE, 9)
#define LIST 1,2
#define ALSO_LIST LIST
#define SECOND_OF(a, b) b
#define SECOND(...) SECOND_OF(__VA_ARGS__)
#define SECOND_OF_LIST SECOND(LIST)
#define THIS_FILE __FILE__
#define THIS_LINE __LINE__
#define MESSAGE THIS_FILE ": wrong"
#define UNIQUE (__COUNTER__ + 1)
#define HERE __func__
#define BUILT "on " __DATE__ " at " __TIME__
enum color { RED = 3, GREEN };
enum { NAMELESS = -7 };
struct packed { char c; int i; } __attribute__((packed));
struct unused { int x; };
typedef struct unused unused_t;
typedef int number(int a);
struct a_tag { int a_member; };
API int plain(int value);
int spelled(int a, ...) __asm__("real_" "name");
int once(void) __asm__("renamed_twice"); int again(void) __asm__("renamed_twice");
int macro_hides(int shown);
#define macro_hides(x) macro_hides((x) + 1)
int old();
number typed_by_name;
void (*installed(int number, void (*handler)(int sig)))(int);
int (in_parentheses)(int alone);
extern __thread int per_thread;
extern int table[];
extern const char *const words[];
struct packed by_value(const struct packed p) __attribute__((nonnull_if_it_were(1), pure));
int two_forms(int, int *);
int two_forms(int left, int right[static 2]);
static inline int inlined(int x) { int plain = x; { return plain; } }
int nullable(char *restrict pointer);
`;

const SYMBOLS: Readonly<Record<string, string | undefined>> = {
  plain: 'int plain(int value)',
  real_name: 'int real_name(int a, ...)',
  renamed_twice: 'int renamed_twice(void)',
  macro_hides: 'int macro_hides(int shown)',
  old: 'int old()',
  typed_by_name: 'int typed_by_name(int)',
  installed: 'void (*installed(int number, void (*handler)(int)))(int)',
  in_parentheses: 'int in_parentheses(int alone)',
  per_thread: 'int per_thread',
  table: 'int table[]',
  words: 'const char *const words[]',
  by_value: 'struct packed by_value(const struct packed p)',
  two_forms: 'int two_forms(int left, int *right)',
  inlined: 'int inlined(int x)',
  nullable: 'int nullable(char *pointer)',
  // Neither a member nor a tag declares what the library exports.
  a_member: undefined,
  a_tag: undefined,
  internal: undefined,
};

const CONSTANTS: Readonly<Record<string, bigint | number | string | undefined>> = {
  ZERO: 0n,
  BIG: 2n ** 64n - 1n,
  LEAST: -(2n ** 63n),
  HUGE_INTEGER: 2n ** 100n,
  LETTER: 97n,
  YES: 1n,
  THIRD: Math.fround(1 / 3),
  PI: 3.14159265358979,
  TWO_PI: 6.28318530717958,
  ENDLESS: Infinity,
  LONG_DOUBLE: undefined,
  TEXT: 'a "quoted" A\nand more',
  IN_PARENTHESES: 'text',
  WITH_NUL: 'a\0b',
  EMPTY_TEXT: '',
  WIDE: undefined,
  NOT_UTF8: undefined,
  NOTHING: undefined,
  NO_POINTER: 0n,
  ALL_ONES: -1n,
  ADDRESS: undefined,
  CALL: undefined,
  A_TYPE: undefined,
  OF_ENUM: 3n,
  RED: 3n,
  GREEN: 4n,
  NAMELESS: -7n,
  MULTI: 3n,
  CHANGED: 2n,
  GONE: undefined,
  _RESERVED: undefined,
  FUNCTION_LIKE: undefined,
  USES_FUNCTION_LIKE: 7n,
  SIZE: 5n,
  MODE: undefined,
  ALSO_MODE: undefined,
  USES_MODE_AND_MORE: undefined,
  ALIAS_OF_TYPE: undefined,
  ALIAS: undefined,
  USES_ALIAS: 8n,
  APPLIED: 9n,
  LIST: undefined,
  ALSO_LIST: undefined,
  SECOND_OF_LIST: 2n,
  THIS_FILE: undefined,
  THIS_LINE: undefined,
  MESSAGE: undefined,
  UNIQUE: undefined,
  HERE: undefined,
  BUILT: undefined,
  ALSO_NOT_DECLARED: undefined,
  NOT_DECLARED: undefined,
  BEGIN: undefined,
  OPENS_MORE: undefined,
  HALF: undefined,
  STATEMENT: undefined,
  __STDC__: undefined,
  FROM_THE_COMMAND_LINE: undefined,
  SAYS_IT: 42n,
};

for (const compiler of ['gcc', 'clang']) {
  describeWith([compiler, 'gcc'], `a header with all sorts of things, ${compiler}`, () => {
    const library = compile(ODD_LIBRARY, { flags: ['-w', '-shared', '-fPIC'] });
    const path = header('odd.h', ODD_HEADER);
    const types = headersOf(library, [path], { CC: compiler }, ['-DFROM_THE_COMMAND_LINE=42']);

    it.each(Object.entries(SYMBOLS))('declares %s', (name, expected) => {
      const found = types.symbols.get(name);
      expect(found && print(found.type, name).replace(' *restrict ', ' *')).toBe(expected);
    });

    it.each(Object.entries(CONSTANTS))('has %s', (name, expected) => {
      const values = types.source.constants().get(name);
      expect(values?.map((v) => v.value)).toEqual(expected === undefined ? undefined : [expected]);
    });

    it('says where', () => {
      const line = (text: string): number => ODD_HEADER.split('\n').findIndex((l) => l.includes(text)) + 1;
      expect(types.symbols.get('plain')).toMatchObject({
        declFile: path,
        declLine: line('int plain(int value)'),
      });
      const origin = (name: string): string | undefined => types.source.constants().get(name)?.[0]?.origin;
      expect(origin('PI')).toBe(`macro (${path}:${line('#define PI')})`);
      expect(origin('MULTI')).toBe(`macro (${path}:${line('#define MULTI')})`);
      // clang's path is one from the working directory.
      expect(origin('RED')).toMatch(new RegExp(`^enum color \\(.*headers/odd\\.h:${line('enum color')}\\)$`));
    });

    it('has the types that nothing refers to', () => {
      const packed = types.source.typeNamed('struct', 'packed');
      expect(packed && printDefinition(packed)).toBe('struct packed {\n  char c;\n  int i;\n}');
      expect(packed).toMatchObject({ size: 5 });
      expect(types.source.typeNamed('struct', 'unused')).toMatchObject({ size: 4 });
      expect(types.source.typeNamed('typedef', 'unused_t')).toMatchObject({ name: 'unused_t' });
    });

    it('does not know what compiled the library', () => {
      expect(types.compiler).toMatch(compiler === 'gcc' ? /^gcc \d+\.\d+\.\d+$/ : /^clang \d+\.\d+\.\d+$/);
    });

    it('shows what the compiler says of a header', () => {
      const wrong = header('wrong.h', 'int plain(unknown value);\n#define FINE NOT_FINE\n');
      const thrown = thrownBy(() => headersOf(library, [wrong], { CC: compiler }));
      expect(thrown).toMatchObject({ code: 'ERR_PLUGIN_TYPE' });
      expect(thrown.message).toMatch(
        /^the compiler refuses the header\n(.*\n)*.*wrong\.h:1:\d+: error: unknown type name 'unknown'/,
      );
      expect(thrownBy(() => headersOf(library, ['no-such-header.h'], { CC: compiler })).message).toMatch(
        /no-such-header\.h/,
      );
      const cxx = header('cxx.h', 'namespace a { class B {}; }\n');
      expect(thrownBy(() => headersOf(library, [cxx], { CC: compiler })).message).toMatch(
        /cxx\.h:1:1: error: unknown type name 'namespace'/,
      );
      expect(thrownBy(() => headersOf(library, ['x.h>\n#include <y.h'], { CC: compiler }))).toMatchObject({
        name: 'TypeError',
        code: 'ERR_INVALID_ARG_VALUE',
      });
    });

    it('bears with many names of one macro', () => {
      const names = Array.from({ length: 40 }, (_, i) => `#define NAME_${i} TWICE\n`).join('');
      const many = header('names.h', `#define TWICE(x) (2 * (x))\n${names}#define FOUR 4\nint plain(int);\n`);
      expect([...headersOf(library, [many], { CC: compiler }).source.constants().keys()]).toEqual(['FOUR']);
    });

    it('takes several headers in their order, and flags', () => {
      const first = header('first.h', 'typedef int number;\n');
      header('second.h', '#ifdef WANTED\nnumber plain(number n);\n#endif\n');
      const both = headersOf(library, [first, 'second.h'], { CC: `${compiler} -DWANTED` }, ['-I', FOLDER]);
      expect(print(both.symbols.get('plain')?.type ?? { kind: 'void' }, 'plain')).toBe(
        'number plain(number n)',
      );
      expect(headersOf(library, [first, 'second.h'], { CC: compiler }, ['-I', FOLDER]).symbols.size).toBe(0);
    });

    it('is not for another machine', () => {
      const small = header('small.h', 'int plain(int);\n');
      const thrown = thrownBy(() => headersOf(library, [small], { CC: `${compiler} -m32` }));
      expect(thrown.message).toMatch(
        /compiles for EM_386 with addresses of 4 bytes, and .* is for EM_X86_64 with addresses of 8 bytes/,
      );
    });
  });
}

describeWith(['gcc'], 'without a compiler', () => {
  it('says what to do', () => {
    const library = compile(ODD_LIBRARY, { flags: ['-w', '-shared', '-fPIC'] });
    const path = header('plain.h', 'int plain(int);\n');
    const none = thrownBy(() => headersOf(library, [path], { CC: '/nonexistent/cc' }));
    expect(none).toMatchObject({ code: 'ERR_PLUGIN_TYPE' });
    expect(none.message).toMatch(
      /^a header needs a C compiler: CC is \/nonexistent\/cc, which can't be run; to install one: apt install gcc .*\. CC can name another$/,
    );
    expect(thrownBy(() => headersOf(library, [path], { CC: '', PATH: '/nonexistent' })).message).toMatch(
      /gcc, clang, cc are not there/,
    );
  });
});
