import { Library } from '../../library/library.js';
import { BUILD, compile, describeWith, run } from '../../testing/tools.js';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identical } from '../compatible.js';
import { alignOf } from '../layout.js';
import { bare, copyOf, type CType } from '../model.js';
import { typeOfWords } from '../names.js';
import { print, printDefinition } from '../print.js';
import { parseDeclarations, type Declarations } from './declarations.js';

/*
 * Real headers, as gcc's preprocessor writes them: every function and variable that they declare, and every struct, union and enum, have to be what gcc
 * writes into the debug info of a program that uses them.
 */

/**
 * `type` as gcc writes a function's into debug info: parameters without names, and without qualifiers of their own (C17 §6.7.6.3p15). C's own types have the
 * shortest of their names, of which gcc writes others.
 */
function plain(type: CType): CType {
  switch (type.kind) {
    case 'function':
      return {
        ...copyOf(type),
        result: plain(type.result),
        parameters: type.parameters.map((p) => ({ name: undefined, type: plain(unqualified(p.type)) })),
      };
    case 'pointer':
    case 'qualified':
      return { ...copyOf(type), target: plain(type.target) };
    case 'array':
      return { ...copyOf(type), element: plain(type.element) };
    case 'int':
      return typeOfWords(type.name.split(' ')) ?? type;
    default:
      return type;
  }
}

function unqualified(type: CType): CType {
  return type.kind === 'qualified' ? unqualified(type.target) : type;
}

function preprocessed(header: string, flags: readonly string[]): string {
  const folder = join(BUILD, 'headers');
  mkdirSync(folder, { recursive: true });
  const source = join(folder, `${header.replaceAll('/', '-')}.c`);
  writeFileSync(source, `#include <${header}>\n`);
  return run('gcc', ['-E', ...flags, source]);
}

function definition(type: CType): string {
  if (type.kind !== 'struct' && type.kind !== 'union') return printDefinition(type);
  return printDefinition({
    ...copyOf(type),
    members: type.members.map((m) => ({ ...m, type: plain(m.type) })),
  });
}

/** The tags that a text defines. */
function tagsOf(
  text: string,
  { typeNamed }: Declarations,
): [kind: 'struct' | 'union' | 'enum', tag: string][] {
  const found = new Set(
    Array.from(text.matchAll(/\b(struct|union|enum)\s+(\w+)\s*\{/g), (m) => `${m[1]} ${m[2]}`),
  );
  return [...found]
    .map((name) => name.split(' ') as ['struct' | 'union' | 'enum', string])
    .filter(([kind, tag]) => typeNamed(kind, tag) !== undefined);
}

const HEADERS: [header: string, flags: string[], atLeast: number][] = [
  ['stdio.h', [], 70],
  ['stdlib.h', ['-D_GNU_SOURCE'], 100],
  ['string.h', [], 40],
  ['math.h', ['-D_GNU_SOURCE'], 500],
  ['complex.h', [], 60],
  ['pthread.h', ['-D_GNU_SOURCE'], 100],
  ['signal.h', ['-D_GNU_SOURCE'], 30],
  ['sys/stat.h', ['-D_GNU_SOURCE'], 15],
  ['sys/types.h', [], 1],
  ['unistd.h', [], 100],
  ['time.h', [], 20],
  ['netdb.h', [], 30],
  ['netinet/in.h', [], 20],
  ['regex.h', [], 4],
  ['wchar.h', [], 60],
  ['dlfcn.h', ['-D_GNU_SOURCE'], 5],
  ['elf.h', [], 0],
  ['zlib.h', [], 70],
  ['sqlite3.h', [], 250],
  ['linux/perf_event.h', [], 0],
];

/** Headers that are no part of the C library's own package. */
const PACKAGED: ReadonlySet<string> = new Set(['zlib.h', 'sqlite3.h', 'linux/perf_event.h']);

describe.each(HEADERS)('%s', (header, flags, atLeast) => {
  const needs = PACKAGED.has(header) ? [`/usr/include/${header}`] : [];
  describeWith(['gcc', ...needs], 'behind the preprocessor', () => {
    const text = preprocessed(header, flags);
    const declarations = parseDeclarations(text);
    const symbols = [...declarations.symbols.values()];
    const tags = tagsOf(text, declarations);
    const probe = [
      `#include <${header}>`,
      ...symbols.map(({ name }, i) => `__typeof__(${name}) *symbol_${i};`),
      ...tags.map(
        ([kind, tag], i) => `${kind} ${tag} *tag_${i}; unsigned long align_${i}[_Alignof(${kind} ${tag})];`,
      ),
      'int end;\n',
    ];
    const library = Library.open(
      compile(probe.join('\n'), { flags: ['-g', '-shared', '-fPIC', '-w', ...flags] }),
    );
    const typeOf = (name: string): CType => {
      const symbol = library.find(name);
      const type = symbol && library.typed(symbol).type;
      if (type === undefined) throw new Error(`gcc says nothing of ${name}`);
      return type;
    };
    const targetOf = (name: string): CType => {
      const type = bare(typeOf(name));
      return type.kind === 'pointer' ? type.target : type;
    };

    it('declares what gcc says it does', () => {
      expect(symbols.length).toBeGreaterThanOrEqual(atLeast);
      const ours = symbols.map(({ name, type }) => print(plain(type), name));
      expect(ours).toEqual(symbols.map(({ name }, i) => print(plain(targetOf(`symbol_${i}`)), name)));
      const differ = symbols.filter(({ type }, i) => !identical(plain(type), targetOf(`symbol_${i}`)));
      expect(differ.map(({ name }) => name)).toEqual([]);
    });

    it('defines structs, unions and enums as gcc does', () => {
      const ours = tags.map(([kind, tag]) => declarations.typeNamed(kind, tag) as CType);
      expect(ours.map((type) => definition(type))).toEqual(
        ours.map((_, i) => definition(targetOf(`tag_${i}`))),
      );
      expect(
        ours.filter((type, i) => !identical(type, targetOf(`tag_${i}`))).map((type) => print(type)),
      ).toEqual([]);
      const aligned = ours
        .map((_, i) => bare(typeOf(`align_${i}`)))
        .map((t) => t.kind === 'array' && t.length);
      expect(ours.map((type) => alignOf(type))).toEqual(aligned);
    });
  });
});

describeWith(['gcc'], 'macros', () => {
  it('that gcc lists are constants', () => {
    const { constants } = parseDeclarations(preprocessed('limits.h', ['-dD']));
    const values = constants();
    const names = [
      'INT_MAX',
      'INT_MIN',
      'LONG_MAX',
      'ULONG_MAX',
      'CHAR_BIT',
      'UINT_MAX',
      'SCHAR_MIN',
      'PATH_MAX',
    ];
    const source = ['#include <limits.h>', ...names.map((n) => `__typeof__(${n}) v_${n} = ${n};`), ''].join(
      '\n',
    );
    expect(source).toContain('INT_MAX');
    expect(Object.fromEntries(names.map((n) => [n, values.get(n)?.[0]?.value]))).toEqual({
      INT_MAX: 2147483647n,
      INT_MIN: -2147483648n,
      LONG_MAX: 9223372036854775807n,
      ULONG_MAX: 18446744073709551615n,
      CHAR_BIT: 8n,
      UINT_MAX: 4294967295n,
      SCHAR_MIN: -128n,
      PATH_MAX: 4096n,
    });
  });
});
