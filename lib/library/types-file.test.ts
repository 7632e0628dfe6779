import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { CType } from '../ctypes/model.js';
import { printDefinition } from '../ctypes/print.js';
import type { TypeSource } from '../ctypes/type-source.js';
import { typesFileSource } from '../debuginfo/types-file/source.js';
import { BUILD, compile, describeWith, FIXTURES } from '../testing/tools.js';
import { kindOf, Library } from './library.js';
import { makeTypesFile } from './types-file.js';

/** What debug info has of C that a types file could lose. */
const ODD = `
#include <stddef.h>
#include <stdint.h>
struct __attribute__((packed)) packed { char c; int i; long long l : 40, m : 24; };
struct bits { unsigned a : 3, b : 5; _Bool flag : 1; int : 0; signed c : 17; enum tone { LOW = -5, HIGH = 9 } t : 6; };
struct flexible { size_t n; double values[]; };
struct zero { int n; char bytes[0]; };
union either { float f; uint32_t u; struct { short low, high; }; };
struct wide { _Alignas(64) int x; int y __attribute__((aligned(16))); };
typedef int aligned_int __attribute__((aligned(32)));
typedef struct node { struct node *next; struct node *(*step)(struct node *, ...); const struct opaque *hidden; } node_t;
enum huge { SMALLEST = INT64_MIN, LARGEST = INT64_MAX };
enum unsigned_huge { TOP = UINT64_MAX };
typedef float vector __attribute__((vector_size(16)));
struct packed p; struct bits b; struct flexible f = { 1 }; struct zero z; union either e; struct wide w; aligned_int ai;
node_t list; enum huge h; enum unsigned_huge uh; vector v; __int128 i128; long double ld; _Float128 f128; double _Complex dc;
const char *const names[] = { "a", "b" }; volatile _Atomic int at; char *restrict rp; _Bool flags[3][2];
__thread int tls = 3;
int (*table[2])(int, char *);
int old(a, b) int a; char *b; { return a; }
int nothing() { return 0; }
int variadic(const char *format, ...) { return 0; }
void (*install(int number, void (*handler)(int)))(int) { return handler; }
int takes(int array[static 3], struct packed by_value, union either *pointer, int (*matrix)[4]) { return 0; }
`;

const folder = join(BUILD, 'types-files');

/** A file that tests compile with. */
function written(name: string, text: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A types file of a library's own types, read again. */
function rewritten(path: string): { library: Library; source: TypeSource; text: string } {
  const library = Library.open(path);
  const { text } = makeTypesFile(library);
  const file = `${path}.types.json`;
  writeFileSync(file, text);
  return { library, source: typesFileSource(file, library), text };
}

/** Where two types differ, as far as both lead; undefined if nowhere. Every field is compared. */
function difference(a: CType, b: CType): string | undefined {
  const seen = new Map<object, Set<object>>();
  const visit = (x: unknown, y: unknown, path: string): string | undefined => {
    if (typeof x !== 'object' || typeof y !== 'object' || x === null || y === null)
      return Object.is(x, y) ? undefined : `${path}: ${String(x)}, then ${String(y)}`;
    if (seen.get(x)?.has(y) === true) return undefined;
    seen.set(x, (seen.get(x) ?? new Set()).add(y));
    for (const key of new Set([...Object.keys(x), ...Object.keys(y)])) {
      // A hint of DWARF's, which costs less to look at than the size.
      if (key === 'declared') continue;
      const found = visit(
        (x as Record<string, unknown>)[key],
        (y as Record<string, unknown>)[key],
        `${path}.${key}`,
      );
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return visit(a, b, 'type');
}

function differences({ library, source }: { library: Library; source: TypeSource }): string[] {
  const found: string[] = [];
  for (const elf of library.symbols.exported()) {
    const { type } = library.typed(elf);
    const kind = kindOf(elf);
    if (type === undefined || kind === 'absolute' || kind === 'unknown') continue;
    const read = source.symbol({ name: elf.name, kind, address: elf.value });
    const differs = 'reason' in read ? read.reason : difference(type, read.type);
    if (differs !== undefined) found.push(`${elf.name}: ${differs}`);
    else if (!('reason' in read)) expect(printDefinition(read.type)).toBe(printDefinition(type));
  }
  return found;
}

const FOLDERS = ['dwarf', 'values', 'calls', 'constants'];
const sources = FOLDERS.flatMap((sub) =>
  readdirSync(join(FIXTURES, sub))
    .filter((file) => file.endsWith('.c'))
    .map((file) => `${sub}/${file}`),
);

for (const compiler of ['gcc', 'clang']) {
  // What is compiled is not run: clang 14 has _Float16 for few processors, and calls _Float128 otherwise.
  const float = compiler === 'clang' ? ['-mavx512fp16', '-D_Float128=__float128'] : [];
  const flags = ['-g', '-w', '-shared', '-fPIC', '-DBY=1', ...float];
  describeWith([compiler], `types written and read, ${compiler}`, () => {
    it.each(sources)('%s', (file) => {
      const library = rewritten(compile(file, { compiler, flags, libs: ['-lm', '-lpthread'] }));
      expect(differences(library)).toEqual([]);
    });

    it('what C has besides', () => {
      const odd = rewritten(compile(ODD, { compiler, flags }));
      expect(differences(odd)).toEqual([]);
      const symbols = [...odd.library.symbols.exported()].map((s) => s.name);
      expect(symbols.length).toBe(26);
      for (const name of ['packed', 'bits', 'flexible', 'zero', 'wide', 'node'])
        expect(printDefinition(odd.source.typeNamed('struct', name) as CType)).toBe(
          printDefinition(odd.library.debugInfo.typeNamed('struct', name) as CType),
        );
      expect(odd.source.typeNamed('typedef', 'node_t')).toMatchObject({ kind: 'typedef', name: 'node_t' });
      expect(odd.source.typeNamed('struct', 'missing')).toBeUndefined();
    });

    it('constants', () => {
      const { library, source } = rewritten(compile(ODD, { compiler, flags }));
      const values = (s: Pick<TypeSource, 'constants'>): unknown =>
        [...s.constants()].map(([name, list]) => [name, list.map((c) => [c.value, c.origin])]).sort();
      expect(values(source)).toEqual(values(library.debugInfo));
      expect(source.constants().get('SMALLEST')?.[0]?.value).toBe(-(2n ** 63n));
      expect(source.constants().get('TOP')?.[0]?.value).toBe(2n ** 64n - 1n);
    });
  });
}

describeWith(['gcc'], 'a types file', () => {
  it('is the same bytes for the same library', () => {
    const path = compile('dwarf/sample.c', { flags: ['-g', '-w', '-shared', '-fPIC'] });
    const { text } = rewritten(path);
    expect(makeTypesFile(Library.open(path)).text).toBe(text);
    expect(JSON.parse(text)).toMatchObject({ format: 'elf-plugin types', version: 1 });
  });

  it('has a type that stands in two units once', () => {
    const unit = (n: number): string =>
      `struct item { struct item *next; int values[3]; }; struct item *get${n}(struct item *i) { return i; }\n`;
    const linked = compile(unit(1), { libs: [written('second.c', unit(2))] });
    const { text, source, library } = rewritten(linked);
    expect(text.match(/"tag":"item"/g)).toHaveLength(1);
    expect(differences({ library, source })).toEqual([]);
  });

  it('tells symbols of one name apart by their address', () => {
    const script = written('foo.map', 'V1 { foo; }; V2 { foo; };\n');
    const path = compile(
      `__asm__(".symver foo_old,foo@V1"); __asm__(".symver foo_new,foo@@V2");
int foo_old(int a) { return a; } double foo_new(double a, int b) { return a; }\n`,
      { flags: ['-g', '-shared', '-fPIC', `-Wl,--version-script=${script}`] },
    );
    const { library, source, text } = rewritten(path);
    expect(text).toMatch(/"foo": \[\{"type":\d+,"address":"0x/);
    expect(differences({ library, source })).toEqual([]);
  });

  it('is refused without any types', () => {
    const path = compile('int f(void) { return 1; }\n', { flags: ['-shared', '-fPIC'] });
    expect(() => makeTypesFile(Library.open(path))).toThrow(
      /no types for .*: DWARF in .* it has no .debug_info\n.*\ngive its header/s,
    );
  });
});
