import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { BufferSource } from '../../bytes/source.js';
import { copyOf, type CType, type FunctionType } from '../../ctypes/model.js';
import type { ConstantValue, ConstantValues, TypedSymbol, TypeSource } from '../../ctypes/type-source.js';
import { ElfFile } from '../../elf/file.js';
import { PluginError, typeError } from '../../errors.js';
import { dwarfSource } from '../dwarf-source.js';
import { targetOf } from '../types-file/identity.js';
import { CCompiler } from './compiler.js';
import { readDeclarations, type Declaration, type Declarations } from './declarations.js';
import { ProbeImage } from './image.js';
import { ConstantMacros } from './macros.js';
import { compilerName, readPreprocessed, type Preprocessed } from './preprocess.js';
import { compileProbe, refusal, type SymbolProbe } from './probe.js';
import { isIdentifier } from './tokens.js';

export interface HeaderRequest {
  /** As in `#include <sqlite3.h>`; one that begins with `/`, `./` or `../` is a path. */
  readonly headers: readonly string[];
  /** For the compiler: `-I/opt/include`, `-DSQLITE_ENABLE_COLUMN_METADATA`. */
  readonly cflags: readonly string[];
  readonly library: ElfFile;
  /** What the library exports. */
  readonly exported: readonly { readonly name: string; readonly threadLocal: boolean }[];
  /** Has CC and PATH; this process's unless given. */
  readonly environment?: NodeJS.ProcessEnv;
}

/** What headers say of a library. */
export interface HeaderTypes {
  /** `gcc 12.2.0`. */
  readonly compiler: string;
  /** Types of the exported symbols that the headers declare, by their names in the library. */
  readonly symbols: ReadonlyMap<string, TypedSymbol>;
  /** Types by name, and constants: enumerators and macros. */
  readonly source: Pick<TypeSource, 'typeNamed' | 'constants'>;
  /** Every word of the headers, one of which may name a type. */
  readonly words: ReadonlySet<string>;
}

/**
 * Asks the C compiler what `headers` declare: it preprocesses them once, and compiles once a probe of a line for each symbol and macro. Throws
 * `ERR_PLUGIN_TYPE` if there is no compiler, if it refuses the headers, with its words, or if it compiles for another machine than the library's.
 */
export function readHeaders(request: HeaderRequest): HeaderTypes {
  const compiler = CCompiler.find({
    user: 'a header',
    code: 'ERR_PLUGIN_TYPE',
    environment: request.environment,
  });
  const includes = request.headers.map(includeLine).join('\n');
  const { ok, stdout, stderr } = compiler.run(
    ['-x', 'c', ...request.cflags, '-w', '-E', '-dD', '-'],
    `${includes}\n`,
  );
  if (!ok) throw refusal(stderr);
  const preprocessed = readPreprocessed(stdout);
  const { tokens, macros, predefined } = preprocessed;
  const words = new Set(tokens.map((t) => t.text).filter(isIdentifier));
  const declarations = readDeclarations(tokens);
  const folder = mkdtempSync(join(tmpdir(), 'elf-plugin-'));
  try {
    const output = join(folder, 'probe.so');
    const probe = {
      includes,
      cflags: request.cflags,
      isClang: predefined.has('__clang__'),
      constants: new ConstantMacros(macros),
      symbols: symbolProbes(request.exported, words, declarations),
      macros: new Set(macros.keys()),
    };
    compileProbe(compiler, probe, output);
    // Types are read when they are looked at, and the file is gone by then.
    const file = new ElfFile(new BufferSource(output, readFileSync(output)));
    checkTarget(file, request.library, preprocessed);
    return readProbe(file, request, preprocessed, declarations, words);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function includeLine(header: string): string {
  if (header === '' || /["<>\n\\]/.test(header))
    throw typeError(
      'ERR_INVALID_ARG_VALUE',
      `header: not the name of a file to include: ${JSON.stringify(header)}`,
    );
  return /^(\.{0,2})\//.test(header) ? `#include "${resolve(header)}"` : `#include <${header}>`;
}

/** The names to ask for. Most of a library's own symbols are in no header, and each of these would cost the compiler a search for similar names. */
function symbolProbes(
  exported: HeaderRequest['exported'],
  words: ReadonlySet<string>,
  { labels }: Declarations,
): SymbolProbe[] {
  const probes = new Map<string, SymbolProbe>();
  for (const { name, threadLocal } of exported) {
    const spelled = [...(words.has(name) ? [name] : []), ...(labels.get(name) ?? [])];
    for (const one of spelled) probes.set(one, { name: one, threadLocal });
  }
  return [...probes.values()];
}

function checkTarget(probe: ElfFile, library: ElfFile, preprocessed: Preprocessed): void {
  const [made, wanted] = [targetOf(probe), targetOf(library)];
  if (JSON.stringify(made) === JSON.stringify(wanted)) return;
  const [from, to] = [made, wanted].map((t) => `${t.machine} with addresses of ${t.addressSize} bytes`);
  throw new PluginError(
    'ERR_PLUGIN_TYPE',
    `${compilerName(preprocessed)} compiles for ${from}, and ${library.path} is for ${to}\nname a compiler for that in CC, or give --cflags=-m32`,
  );
}

function readProbe(
  file: ElfFile,
  request: HeaderRequest,
  preprocessed: Preprocessed,
  declarations: Declarations,
  words: ReadonlySet<string>,
): HeaderTypes {
  const types = dwarfSource(file);
  const image = new ProbeImage(file, types);
  const symbols = new Map<string, TypedSymbol>();
  for (const { name, linkName, type } of image.symbols(new Set(request.exported.map((s) => s.name)))) {
    const declaration = type.kind === 'function' ? declarationOf(declarations, name, type) : undefined;
    symbols.set(linkName, {
      type: type.kind === 'function' ? named(type, declaration) : type,
      language: undefined,
      declFile: declaration?.file,
      declLine: declaration?.line,
    });
  }
  const constants = constantsOf(types.constants(), image, preprocessed);
  return {
    compiler: compilerName(preprocessed),
    symbols,
    source: { typeNamed: (keyword, name) => types.typeNamed(keyword, name), constants: () => constants },
    words,
  };
}

/** The declaration with the most names among those that have as many parameters as the type. */
function declarationOf(
  { functions }: Declarations,
  name: string,
  type: FunctionType,
): Declaration | undefined {
  const fitting = (functions.get(name) ?? []).filter((d) => d.parameters.length === type.parameters.length);
  const countNames = (d: Declaration): number => d.parameters.filter((p) => p !== undefined).length;
  return fitting.toSorted((a, b) => countNames(b) - countNames(a))[0];
}

/** Debug info of a type has no names of parameters. */
function named(type: FunctionType, declaration: Declaration | undefined): CType {
  if (declaration === undefined) return type;
  return {
    ...copyOf(type),
    parameters: type.parameters.map((p, i) => ({ ...p, name: declaration.parameters[i] })),
  };
}

/** The enumerators, and the macros that say something else. */
function constantsOf(
  enumerators: ConstantValues,
  image: ProbeImage,
  { macros }: Preprocessed,
): ConstantValues {
  const all = new Map<string, readonly ConstantValue[]>(enumerators);
  for (const [name, value] of image.constants()) {
    const known = all.get(name) ?? [];
    if (known.some((k) => k.value === value)) continue;
    all.set(name, [...known, { value, origin: `macro (${macros.get(name)?.place ?? ''})` }]);
  }
  return all;
}
