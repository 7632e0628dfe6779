import { CHeader } from '../../ctypes/c-header.js';
import { parseDeclarations } from '../../ctypes/declarations/declarations.js';
import { namedMembers } from '../../ctypes/layout.js';
import { print } from '../../ctypes/print.js';
import { TYPE_KEYWORDS, type TypeKeyword } from '../../ctypes/type-source.js';
import { CCompiler } from '../../debuginfo/header-probe/compiler.js';
import { FormatError } from '../../errors.js';
import { Compilation } from '../../gcc/build.js';
import { kindOf } from '../../library/library.js';
import { openCompiled } from '../../gcc/open.js';
import { libraryOf, type Plugin } from '../../plugin/plugin.js';
import { didYouMean } from '../did-you-mean.js';
import type { Session } from './session.js';

/** What was compiled, for `.source`. */
const snippets = new WeakMap<Plugin, string>();
/** What defines nothing that a library has, and holds for what is compiled later: includes, macros, types. */
const preludes = new WeakMap<Session, string[]>();

/** The C that a library was compiled from in this session. */
export function snippetOf(plugin: Plugin): string | undefined {
  return snippets.get(plugin);
}

/** `.c`: compiles C at once if it is whole, else with the lines that follow; without any, up to an empty line. */
export function compileInto(session: Session, text: string): void {
  session.endReading();
  if (text !== '' && !isOpen(text)) {
    compile(session, text);
    return;
  }
  const lines = text === '' ? [] : [text];
  session.read((line) => {
    if (line.trim() !== '') lines.push(line.replace(/\n$/, ''));
    const whole = lines.join('\n');
    if (text === '' ? line.trim() !== '' : isOpen(whole)) return true;
    if (whole !== '') compile(session, whole);
    return false;
  });
}

function compile(session: Session, code: string): void {
  const prelude = preludes.get(session) ?? [];
  const all = [...prelude, code].join('\n');
  const directives = all.split('\n').filter((line) => /^\s*#/.test(line));
  const earlier = prelude
    .join('\n')
    .split('\n')
    .filter((line) => !/^\s*#/.test(line));
  // Each line is where it was typed, also in what the compiler says.
  const isDirective = (line: string): boolean => /^\s*#/.test(line);
  const own = code.split('\n').map((line) => (isDirective(line) ? '' : line));
  const ownDirectives = code
    .split('\n')
    .flatMap((line, i) => (isDirective(line) ? [`#line ${i + 1} ".c"`, line] : []));
  const text = [
    ...directives.slice(0, directives.length - ownDirectives.length / 2),
    ...ownDirectives,
    declarations(session, all, directives),
    ...earlier,
    '#line 1 ".c"',
    ...own,
    '',
  ].join('\n');
  const libraries = session.plugins.toReversed().map((plugin) => plugin.path);
  const { path, warnings } = new Compilation(text, { flags: libraries }).build();
  if (warnings !== '') session.say(warnings);
  // What it calls is what is open, though Node may have functions of that name.
  const plugin = openCompiled(path, { deepBind: true, copies: 'allow' }, '.c', (symbol) => {
    const close = didYouMean(symbol, session.scope.names());
    return `nothing that is open or included defines ${symbol}${close}`;
  });
  const library = libraryOf(plugin);
  const symbols = [...library.symbols.exported()];
  if (symbols.length === 0) {
    preludes.set(session, [...prelude, code]);
    return;
  }
  snippets.set(plugin, code);
  session.add(plugin);
  for (const symbol of symbols) {
    const { type } = library.typed(symbol);
    session.say(type === undefined ? symbol.name : `${print(type, symbol.name)};`);
  }
}

/** Declarations of what the code names and the libraries have. */
function declarations(session: Session, code: string, directives: readonly string[]): string {
  const words = new Set(code.match(/[A-Za-z_]\w*/g));
  const included = declaredBy(directives);
  const defined = definedBy(code);
  const header = new CHeader({
    isDeclared: (keyword, name) => included(keyword, name) || defined.has(`${keyword} ${name}`),
    isWanted: (record) => namedMembers(record.members).some((member) => words.has(member.name)),
  });
  const done = new Set<string>();
  for (const plugin of session.plugins.toReversed()) {
    const library = libraryOf(plugin);
    for (const word of words) {
      for (const keyword of TYPE_KEYWORDS) {
        if (!session.typeNames.of(plugin, keyword).has(word) || done.has(`${keyword} ${word}`)) continue;
        const type = typeNamed(plugin, keyword, word);
        if (type !== undefined && header.type(type)) done.add(`${keyword} ${word}`);
      }
      const symbol = done.has(word) || defined.has(word) ? undefined : library.find(word);
      const type = symbol && library.typed(symbol).type;
      if (symbol === undefined || type === undefined) continue;
      if (header.symbol(word, type, kindOf(symbol) === 'tls')) done.add(word);
    }
  }
  for (const word of words) {
    const named = done.has(word) ? undefined : session.scope.constant(word);
    if (named !== undefined && !defined.has(word) && !included('constant', word))
      header.constant(word, named);
  }
  return header.text;
}

function typeNamed(
  plugin: Plugin,
  keyword: TypeKeyword,
  name: string,
): ReturnType<Plugin['type']>['ctype'] | undefined {
  try {
    return libraryOf(plugin).debugInfo.typeNamed(keyword, name);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

/** What the code itself defines: `struct NAME`, `typedef NAME`, and functions by their names alone. */
function definedBy(code: string): Set<string> {
  const names = new Set<string>();
  for (const [, keyword = '', name = ''] of code.matchAll(/\b(struct|union|enum)\s+(\w+)\s*\{/g))
    names.add(`${keyword} ${name}`);
  for (const [, name = ''] of code.matchAll(/\btypedef\b[^;]*\b(\w+)\s*;/g)) names.add(`typedef ${name}`);
  for (const [, name = ''] of code.matchAll(/\btypedef\b[^{;]*\{[^}]*\}\s*(\w+)\s*;/g))
    names.add(`typedef ${name}`);
  for (const [, name = ''] of code.matchAll(/\b(\w+)\s*\([^;{}]*\)\s*\{/g)) names.add(name);
  return names;
}

type Declared = (keyword: TypeKeyword | 'constant', name: string) => boolean;

const answers = new Map<string, Declared>();

/** What the headers of `#include` lines define, as the compiler's preprocessor gives it. */
function declaredBy(directives: readonly string[]): Declared {
  const text = directives.join('\n');
  let declared = /^\s*#\s*include/m.test(text) ? answers.get(text) : () => false;
  if (declared === undefined) answers.set(text, (declared = readIncluded(text)));
  return declared;
}

function readIncluded(text: string): Declared {
  const { ok, stdout } = CCompiler.find({ user: '.c', code: 'ERR_PLUGIN_COMPILE' }).run(
    ['-x', 'c', '-E', '-iquote', process.cwd(), '-'],
    `${text}\n`,
  );
  if (!ok) return () => false;
  try {
    const { typeNamed, constants } = parseDeclarations(stdout);
    const values = constants();
    return (keyword, name) =>
      keyword === 'constant' ? values.has(name) : typeNamed(keyword, name) !== undefined;
  } catch {
    // What a header has that is not understood here: the compiler says what is declared twice.
    return () => false;
  }
}

/** Whether a bracket or a comment is open at the end, or a line goes on. */
function isOpen(code: string): boolean {
  const bare = code.replace(/"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\/\/.*|\/\*[^]*?\*\//g, '');
  let depth = 0;
  for (const character of bare) depth += '{(['.includes(character) ? 1 : '})]'.includes(character) ? -1 : 0;
  return depth > 0 || bare.includes('/*') || bare.trimEnd().endsWith('\\');
}
