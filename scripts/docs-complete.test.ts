/*
 * The pages of docs/ against the sources: what has to be in them is. That their blocks run is scripts/docs.test.ts's.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

import { ROOT } from '../lib/testing/tools.js';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const sorted = (names: Iterable<string>): string[] => [...new Set(names)].sort();
/** The first group of every match. */
const all = (text: string, pattern: RegExp): string[] =>
  Array.from(text.matchAll(pattern), (m) => m[1] ?? '');

/** What is published, by path. */
const sources = readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((f) => f.endsWith('.ts') && !f.endsWith('.test.ts') && !f.startsWith('testing/'))
  .map((f) => `lib/${f}`);

describe('docs/errors.md', () => {
  const headings = sorted(all(read('docs/errors.md'), /^### (ERR_\w+)/gm));

  it('has every code of lib/errors.ts', () => {
    expect(headings).toEqual(sorted(all(read('lib/errors.ts'), /^ +\| '(ERR_\w+)'/gm)));
  });

  it('has every code that the sources throw, and no other', () => {
    const thrown = sources.flatMap((f) => all(withoutComments(f), /'(ERR_\w+)'/g));
    expect(sorted(thrown)).toEqual(headings);
  });
});

/** Comments name codes that others throw. */
function withoutComments(path: string): string {
  return read(path).replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*/gm, '');
}

const INDEX = join(ROOT, 'lib/index.ts');
const exported = publicNames();

describe('docs/api.md', () => {
  const page = read('docs/api.md').replaceAll(/^```[^]*?^```$/gm, '');
  const headings = all(page, /^###? (.*)/gm);
  const words = new Set(
    [...headings, ...all(page, /`([^`]+)`/g)].flatMap((text) => text.match(/\w+/g) ?? []),
  );
  const { values, types, members } = exported;

  it('has a heading for every function and class', () => {
    expect(values.filter((name) => !headings.some((h) => h.match(/\w+/g)?.includes(name)))).toEqual([]);
  });

  it('says what every type is', () => {
    expect(types.filter((name) => !words.has(name))).toEqual([]);
  });

  it('has every member', () => {
    expect(members.filter((path) => !words.has(path.split('.')[1] ?? ''))).toEqual([]);
  });
});

describe('the comments of what lib/index.ts exports', () => {
  // That there are some is TypeDoc's to see: npm run docs.
  it('have an example for each function and class', () => {
    const names = exported.examples.map(({ path }) => path);
    expect(exported.values.filter((name) => !names.includes(name))).toEqual([]);
  });

  it('have examples that are right under --strict', () => {
    const names = [...exported.values, ...exported.types.map((name) => `type ${name}`)].join(', ');
    const given = `import { ${names} } from './index.js';
      declare const plugin: Plugin, point: Pointer<{ x: number; y: number }>, printf: AnyFunction, open_file: AnyFunction;\n`;
    const examples = exported.examples.map(({ path, code }) => `// ${path}\nasync () => {\n${code}\n};\n`);
    expect(typeErrors(given + examples.join(''))).toEqual([]);
  });
});

interface PublicNames {
  /** Functions and classes. */
  readonly values: readonly string[];
  readonly types: readonly string[];
  /** `Plugin.lookup`. */
  readonly members: readonly string[];
  readonly examples: readonly { readonly path: string; readonly code: string }[];
}

/** What lib/index.ts exports, without what is marked as internal. */
function publicNames(): PublicNames {
  const program = ts.createProgram([INDEX], options());
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(INDEX);
  const module = file && checker.getSymbolAtLocation(file);
  const values: string[] = [];
  const types: string[] = [];
  const members: string[] = [];
  const examples: { path: string; code: string }[] = [];
  const collect = (path: string, symbol: ts.Symbol): void => {
    for (const { name, text } of symbol.getJsDocTags(checker))
      if (name === 'example') examples.push({ path, code: ts.displayPartsToString(text) });
  };
  for (const symbol of module ? checker.getExportsOfModule(module) : []) {
    const { name } = symbol;
    const isType = symbol.declarations?.every(
      (d) => ts.isExportSpecifier(d) && ts.isTypeOnlyExportDeclaration(d),
    );
    (isType === true ? types : values).push(name);
    const original = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    collect(name, original);
    if (!(original.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface))) continue;
    for (const member of original.members?.values() ?? []) {
      const isInternal = member.getJsDocTags(checker).some((tag) => tag.name === 'internal');
      if (isInternal || !isPublicName(member.name) || member.flags & ts.SymbolFlags.TypeParameter) continue;
      members.push(`${name}.${member.name}`);
      collect(`${name}.${member.name}`, member);
    }
  }
  return { values, types, members, examples };
}

/** What tsc says about a module beside lib/index.ts. */
function typeErrors(text: string): string[] {
  const path = join(ROOT, 'lib/examples.ts');
  const host = ts.createCompilerHost(options());
  const readSource = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...rest) =>
    name === path ? ts.createSourceFile(name, text, ts.ScriptTarget.ESNext) : readSource(name, ...rest);
  const program = ts.createProgram([path], { ...options(), noUnusedLocals: false }, host);
  const lines = text.split('\n');
  return program
    .getSemanticDiagnostics(program.getSourceFile(path))
    .map(({ file, start = 0, messageText }) => {
      const line = lines[file?.getLineAndCharacterOfPosition(start).line ?? 0] ?? '';
      return `${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
}

function options(): ts.CompilerOptions {
  const config = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  return ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT).options;
}

/** Not `#private`, not `[Symbol.iterator]`, and not what every object has. */
function isPublicName(name: string): boolean {
  return /^[a-z]\w*$/i.test(name) && !['toString', 'toJSON', 'valueOf'].includes(name);
}

it('npm run docs shows every entry point of package.json', () => {
  const { exports } = JSON.parse(read('package.json')) as { exports: Record<string, { default?: string }> };
  const { typedocOptions } = JSON.parse(read('tsconfig.build.json')) as {
    typedocOptions: { entryPoints: string[] };
  };
  const files = Object.values(exports).flatMap(({ default: file }) => file ?? []);
  expect(sorted(typedocOptions.entryPoints)).toEqual(
    sorted(files.map((file) => file.replace('./dist/', 'lib/').replace(/js$/, 'ts'))),
  );
});

it('the pages that the sources name exist', () => {
  const pages = readdirSync(join(ROOT, 'docs')).map((file) => `docs/${file}`);
  const named = sources.flatMap((file) => all(read(file), /\b(docs\/[\w-]+\.md)/g));
  expect(named.filter((page) => !pages.includes(page))).toEqual([]);
});

it('docs/index.md leads to every page', () => {
  const pages = readdirSync(join(ROOT, 'docs')).filter((f) => f.endsWith('.md') && f !== 'index.md');
  const links = all(read('docs/index.md'), /\]\(([\w-]+\.md)/g);
  expect(pages.filter((page) => !links.includes(page))).toEqual([]);
});

describe('docs/contributing.md', () => {
  const page = read('docs/contributing.md');

  it('has every script of package.json', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const commands = Object.keys(scripts).filter((name) => name !== 'prepack');
    const known = all(page, /^\| `npm (?:run )?([\w:-]+)`/gm);
    expect(sorted(known)).toEqual(sorted(commands));
  });

  it.each(
    Array.from(page.matchAll(/Good, from `(lib\/\S+)`:\n\n```\n([^]*?)\n```/g), ([, f = '', code = '']) => [
      f,
      code,
    ]),
  )('quotes %s as it is', (path, code) => {
    expect(read(path)).toContain(code);
  });
});

it('docs/cli.md has a row and a section for every command', () => {
  const page = read('docs/cli.md');
  const commands = all(
    /COMMANDS: Commands = \{([^]*?)^\};/m.exec(read('lib/cli/main.ts'))?.[1] ?? '',
    /^  (\w+):/gm,
  );
  expect(all(page, /^\| \[`(\w+)`\]\(#\w+\)/gm)).toEqual(commands);
  expect(all(page, /^## (.*)/gm).filter((heading) => commands.includes(heading))).toEqual(commands);
});

it('docs/architecture.md names files that exist', () => {
  const named = all(read('docs/architecture.md'), /`([\w/-]+\.ts)`/g);
  expect(
    named.filter((name) => !sources.concat('lib/layers.test.ts').some((f) => f.endsWith(`/${name}`))),
  ).toEqual([]);
});

it('docs/architecture.md has the import table of lib/layers.test.ts', () => {
  const policy = /POLICY[^{]*\{([^}]*)\}/.exec(read('lib/layers.test.ts'))?.[1] ?? '';
  const lines = [...policy.matchAll(/(\w+): '([^']*)'/g)].map((m) => [m[1], m[2]]);
  const rows = read('docs/architecture.md').matchAll(/^\| `([\w.]+)\/?`\s*\|([^|]*)\|/gm);
  const table = Array.from(rows, (m) => [m[1]?.replace('.ts', ''), m[2]?.replaceAll(/[`,]/g, '').trim()]);
  expect(table).toEqual(lines.map(([layer, imports]) => [layer, imports]));
});
