import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { print } from '../../ctypes/print.js';
import { ElfFile } from '../../elf/file.js';
import { findLibrary } from '../../elf/search.js';
import { DynamicSymbols } from '../../elf/symbol.js';
import { headersOf } from '../../testing/headers.js';
import { BUILD, describeWith, run } from '../../testing/tools.js';
import type { HeaderTypes } from './header-types.js';

const FOLDER = join(BUILD, 'headers');

const read = (
  compiler: string,
  library: string,
  headers: readonly string[],
  cflags: readonly string[] = [],
): HeaderTypes => headersOf(library, headers, { CC: compiler }, cflags);

/** Warnings that tell one type from another. */
const STRICT: Readonly<Record<string, readonly string[]>> = {
  gcc: ['incompatible-pointer-types', 'discarded-qualifiers', 'discarded-array-qualifiers'],
  clang: ['incompatible-pointer-types', 'incompatible-function-pointer-types', 'pointer-sign'],
};

/** The errors of the compiler in C behind the header. */
function errorsOf(compiler: string, headers: readonly string[], lines: readonly string[]): string {
  const input = [...headers.map((h) => `#include <${h}>`), ...lines, ''].join('\n');
  const options = (STRICT[compiler] ?? []).map((warning) => `-Werror=${warning}`);
  const { stderr } = spawnSync(compiler, [...options, '-fsyntax-only', '-fno-builtin', '-xc', '-'], {
    input,
    encoding: 'utf8',
  });
  return stderr
    .split('\n')
    .filter((line) => line.includes('error:'))
    .join('\n');
}

/** Pointers to what is declared with the types that were read, set to the header's own: an error where they differ. */
function pointers({ symbols }: HeaderTypes, spelled: (name: string) => string): string[] {
  return [...symbols].map(([name, { type }]) => {
    const declaration = print({ kind: 'pointer', target: type, size: 8 }, `pointer_to_${name}`);
    // What va_list is as a parameter has no name in C.
    return `${declaration.replaceAll('struct __va_list_tag *', '__builtin_va_list ')} = &${spelled(name)};`;
  });
}

/** That each integer and each text is what C says it is. */
function assertions({ source }: HeaderTypes): string[] {
  return [...source.constants()].flatMap(([name, values]) => {
    const { value } = values[0] ?? { value: 0 };
    if (typeof value === 'bigint')
      return [`_Static_assert((__int128)(${name}) == (__int128)${literal(value)}, "${name}");`];
    if (typeof value === 'string')
      return [`_Static_assert(__builtin_strcmp(${name}, ${JSON.stringify(value)}) == 0, "${name}");`];
    if (Number.isNaN(value)) return [`_Static_assert((${name}) != (${name}), "${name}");`];
    return [`_Static_assert((${name}) == ${Number.isFinite(value) ? value : '__builtin_inf()'}, "${name}");`];
  });
}

function literal(value: bigint): string {
  return value < 0n ? `(-${-value - 1n}LL - 1)` : `${value}ULL`;
}

const path = (name: string): string => findLibrary(name) ?? `/usr/lib/${name}`;

/** How C spells what glibc declares to gcc with an asm label. */
const spelled =
  (compiler: string) =>
  (name: string): string =>
    name === '__sigsetjmp' && compiler === 'gcc' ? '__sigsetjmp_cancel' : name.replace(/^__isoc99_/, '');

interface Case {
  readonly header: string;
  readonly library: string;
  readonly functions: number;
}

const CASES: readonly Case[] = [
  { header: 'sqlite3.h', library: path('sqlite3'), functions: 277 },
  { header: 'zlib.h', library: path('z'), functions: 81 },
  { header: 'math.h', library: path('libm.so.6'), functions: 200 },
  { header: 'stdio.h', library: path('libc.so.6'), functions: 80 },
  { header: 'pthread.h', library: path('libc.so.6'), functions: 140 },
];

/** The functions that gcc says a header declares, that the library exports by that name. */
function declared(header: string, library: string): string[] {
  const list = join(FOLDER, `${header}.aux`);
  mkdirSync(FOLDER, { recursive: true });
  run('sh', ['-c', `echo '#include <${header}>' | gcc -fsyntax-only -aux-info ${list} -xc -`]);
  const names = [...readFileSync(list, 'utf8').matchAll(/^\/\*.*?\*\/ extern .*?(\w+) \(/gm)].map(
    (m) => m[1] ?? '',
  );
  const exported = new Set(Array.from(DynamicSymbols.of(ElfFile.open(library)).exported(), (s) => s.name));
  return [...new Set(names)].filter((name) => exported.has(name)).sort();
}

/** As C writes it, with the symbol's name; `undefined` without a type. */
function prototype({ symbols }: HeaderTypes, name: string): string | undefined {
  const found = symbols.get(name);
  // Of a parameter itself it means nothing (C17 §6.7.6.3p15), and clang leaves it out.
  return found && print(found.type, name).replaceAll(' *restrict ', ' *');
}

/** Read off the headers by eye. */
const PROTOTYPES: readonly (readonly [header: string, library: string, prototype: string])[] = [
  [
    'sqlite3.h',
    'sqlite3',
    'int sqlite3_open_v2(const char *filename, sqlite3 **ppDb, int flags, const char *zVfs)',
  ],
  [
    'sqlite3.h',
    'sqlite3',
    'int sqlite3_exec(sqlite3 *, const char *sql, int (*callback)(void *, int, char **, char **), void *, char **errmsg)',
  ],
  ['sqlite3.h', 'sqlite3', 'char *sqlite3_mprintf(const char *, ...)'],
  ['sqlite3.h', 'sqlite3', 'void sqlite3_free(void *)'],
  ['zlib.h', 'z', 'uLong crc32(uLong crc, const Bytef *buf, uInt len)'],
  ['zlib.h', 'z', 'int deflateInit_(z_streamp strm, int level, const char *version, int stream_size)'],
  ['zlib.h', 'z', 'int gzprintf(gzFile file, const char *format, ...)'],
  ['stdio.h', 'libc.so.6', 'int __isoc99_sscanf(const char *__s, const char *__format, ...)'],
  ['stdio.h', 'libc.so.6', 'size_t fread(void *__ptr, size_t __size, size_t __n, FILE *__stream)'],
  ['stdio.h', 'libc.so.6', 'FILE *stdin'],
  [
    'stdlib.h',
    'libc.so.6',
    'void qsort(void *__base, size_t __nmemb, size_t __size, __compar_fn_t __compar)',
  ],
  ['signal.h', 'libc.so.6', '__sighandler_t signal(int __sig, __sighandler_t __handler)'],
  [
    'pthread.h',
    'libc.so.6',
    'int pthread_create(pthread_t *__newthread, const pthread_attr_t *__attr, void *(*__start_routine)(void *), void *__arg)',
  ],
  ['math.h', 'libm.so.6', 'double frexp(double __x, int *__exponent)'],
];

for (const compiler of ['gcc', 'clang']) {
  for (const one of CASES) {
    const needs = ['gcc', compiler, one.library, `/usr/include/${one.header}`];
    describeWith(needs, `${one.header} by ${compiler}`, () => {
      const types = read(compiler, one.library, [one.header]);

      it('types what it declares', () => {
        expect(types.symbols.size).toBeGreaterThanOrEqual(one.functions);
        const missing = declared(one.header, one.library).filter((name) => !types.symbols.has(name));
        // glibc has no _Float128 for clang.
        const expected = missing.filter(
          (n) => !types.symbols.has(`__isoc99_${n}`) && !(compiler === 'clang' && n.endsWith('f128')),
        );
        expect(expected).toEqual([]);
      });

      it('says what C says', () => {
        expect(errorsOf(compiler, [one.header], pointers(types, spelled(compiler)))).toBe('');
        // gcc alone takes pointers and floating-point numbers in constant expressions.
        expect(errorsOf('gcc', [one.header], assertions(types))).toBe('');
      });

      it('would be told of a wrong type', () => {
        const [name] = [...types.symbols].find(([, { type }]) => type.kind === 'function') ?? [''];
        const wrong = `int (*wrong)(char, double, char) = &${spelled(compiler)(name)};`;
        expect(errorsOf(compiler, [one.header], [wrong])).toMatch(/incompatible (function )?pointer type/);
      });
    });
  }

  describeWith([compiler, 'gcc'], `prototypes by ${compiler}`, () => {
    it.each(PROTOTYPES.filter(([header]) => existsSync(`/usr/include/${header}`)))(
      '%s of %s: %s',
      (file, library, text) => {
        const name = / \*{0,2}\(?\*?(\w+)\)?(\(|$)/.exec(text)?.[1] ?? '';
        expect(prototype(read(compiler, path(library), [file]), name)).toBe(text);
      },
    );
  });
}
