import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import ts from 'typescript';

/** Takes out of the declarations in `dist` what no export of an entry point leads to: the inside of the package, which `tsc` declares, too. */
export function keepDeclarations(dist: string, entries: readonly string[]): void {
  const roots = entries.map((entry) => join(dist, entry.replace(/\.js$/, '.d.ts')));
  const program = ts.createProgram(roots, {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    types: ['node'],
  });
  const kept = reached(program, roots, dist);
  const files = new Set([...kept].map((statement) => statement.getSourceFile()));
  for (const root of roots) files.add(source(program, root));
  for (const file of files) writeFileSync(file.fileName, textOf(file, kept));
  const names = new Set([...files].map(({ fileName }) => fileName));
  for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    if (file.endsWith('.d.ts') && !names.has(join(dist, file))) rmSync(join(dist, file));
  }
}

/** The statements that declare what `roots` export, and what these name. */
function reached(program: ts.Program, roots: readonly string[], folder: string): Set<ts.Statement> {
  const checker = program.getTypeChecker();
  const kept = new Set<ts.Statement>();
  const keep = (symbol: ts.Symbol | undefined): void => {
    if (symbol === undefined) return;
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    for (const declaration of target.declarations ?? []) {
      const statement = ts.findAncestor(declaration, (node) => ts.isSourceFile(node.parent));
      if (statement === undefined || kept.has(statement as ts.Statement)) continue;
      if (!statement.getSourceFile().fileName.startsWith(folder)) continue;
      kept.add(statement as ts.Statement);
      walk(statement);
    }
  };
  const walk = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) keep(checker.getSymbolAtLocation(node));
    ts.forEachChild(node, walk);
  };
  for (const root of roots) {
    const module = checker.getSymbolAtLocation(source(program, root));
    if (module !== undefined) for (const symbol of checker.getExportsOfModule(module)) keep(symbol);
  }
  return kept;
}

/** The text of a file with the statements that are kept, what it exports of others, and what of its imports these name. */
function textOf(file: ts.SourceFile, kept: ReadonlySet<ts.Statement>): string {
  const text = (statements: readonly ts.Statement[]): string =>
    statements.map((one) => file.text.slice(one.getFullStart(), one.end)).join('');
  const own = file.statements.filter(
    (s) => kept.has(s) || ts.isExportDeclaration(s) || ts.isExportAssignment(s),
  );
  const named = new Set(own.flatMap((statement) => identifiers(statement)));
  const imports = file.statements.filter(ts.isImportDeclaration).map((one) => importOf(one, named));
  return `${imports.join('')}${text(own)}\n`.trimStart();
}

/** An import of those names that are used, as `tsc` writes it: `import { a, type B as C } from './d.js';`, or without any name where it needs none. */
function importOf(statement: ts.ImportDeclaration, used: ReadonlySet<string>): string {
  const bindings = statement.importClause?.namedBindings;
  if (bindings === undefined || !ts.isNamedImports(bindings)) return '';
  const names = bindings.elements.filter(({ name }) => used.has(name.text)).map((one) => one.getText());
  if (names.length === 0) return '';
  const list = `{ ${names.join(', ')} }`;
  return `${statement.getText().replace(/\{[^}]*\}/, list)}\n`;
}

function identifiers(node: ts.Node): string[] {
  const names: string[] = ts.isIdentifier(node) ? [node.text] : [];
  ts.forEachChild(node, (child) => {
    names.push(...identifiers(child));
  });
  return names;
}

function source(program: ts.Program, path: string): ts.SourceFile {
  const file = program.getSourceFile(path);
  if (file === undefined) throw new Error(`there is no ${path}`);
  return file;
}
