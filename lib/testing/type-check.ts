import { join } from 'node:path';

import ts from 'typescript';

import { BUILD, ROOT } from './tools.js';

const OPTIONS: ts.CompilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  allowArbitraryExtensions: true,
  noEmit: true,
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ['node'],
  typeRoots: [join(ROOT, 'node_modules/@types')],
  paths: { 'elf-plugin': [join(ROOT, 'lib/index.ts')], 'elf-plugin/gcc': [join(ROOT, 'lib/gcc/index.ts')] },
};

/** The source files as a program of TypeScript's, `--strict` and with every declaration file checked. `elf-plugin` is this package's sources. */
export function typeScript(files: readonly string[]): ts.Program {
  return ts.createProgram([...files], OPTIONS);
}

/** What TypeScript has against the files of a program that tests have written, a line each: `shapes.mts:3: error TS2322: …`. */
export function diagnostics(program: ts.Program): string[] {
  const written = program.getSourceFiles().filter((file) => file.fileName.startsWith(BUILD));
  const found = written.flatMap((file) => ts.getPreEmitDiagnostics(program, file));
  return found.map(({ file, start = 0, code, messageText }) => {
    const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line + 1;
    const text = ts.flattenDiagnosticMessageText(messageText, ' ');
    return `${file?.fileName.split('/').at(-1) ?? ''}:${line}: error TS${code}: ${text}`;
  });
}

/** The names that a module exports as values, sorted. */
export function valueExports(program: ts.Program, path: string): string[] {
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(path);
  const module = file && checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`${path} is no module of the program`);
  const isValue = (symbol: ts.Symbol): boolean => {
    const { flags } = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return (flags & ts.SymbolFlags.Value) !== 0;
  };
  return checker
    .getExportsOfModule(module)
    .filter(isValue)
    .map((symbol) => symbol.name)
    .sort();
}
