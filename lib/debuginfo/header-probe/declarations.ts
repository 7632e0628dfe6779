import { qualifierOf } from '../../ctypes/keywords.js';
import { TYPE_WORDS } from '../../ctypes/names.js';
import { behindGroup, isIdentifier, type Token } from './tokens.js';

/** How a header declares a function: what the debug info of a probe does not tell. */
export interface Declaration {
  readonly name: string;
  /** Of each parameter; undefined for one without a name. */
  readonly parameters: readonly (string | undefined)[];
  readonly file: string;
  readonly line: number;
}

/** What has a group behind it that is no list of parameters (GNU C "Attribute Syntax", "Asm Labels"; C17 §6.7.5). */
const ANNOTATIONS = new Set([
  ...['__attribute__', '__attribute', '__declspec', '_Alignas', '__asm__', '__asm', 'asm'],
  ...['__typeof__', '__typeof', 'typeof', '_Atomic', '_Static_assert', '__extension__'],
]);

/** Words that say nothing of the type, clang's "Nullability Attributes" among them. */
const SILENT = new Set(['register', '_Nonnull', '_Nullable', '_Null_unspecified']);

/** The declarations of functions at file scope in preprocessed C, by name and in order; also asm labels: symbol → names declared with it. */
export interface Declarations {
  readonly functions: ReadonlyMap<string, readonly Declaration[]>;
  readonly labels: ReadonlyMap<string, readonly string[]>;
}

/** Reads what stands outside of braces, declaration by declaration. What it does not understand gives no names, never wrong ones. */
export function readDeclarations(tokens: readonly Token[]): Declarations {
  const functions = new Map<string, Declaration[]>();
  const labels = new Map<string, string[]>();
  for (const declaration of fileScope(tokens)) {
    const { bare, label } = withoutAnnotations(declaration);
    if (bare[0]?.text === 'typedef') continue;
    const found = functionsIn(bare);
    for (const one of found) functions.set(one.name, [...(functions.get(one.name) ?? []), one]);
    const [first] = found;
    if (label !== undefined && first !== undefined)
      labels.set(label, [...(labels.get(label) ?? []), first.name]);
  }
  return { functions, labels };
}

/** The declarations: up to a `;`, or to the body of a function, without what stands in braces. */
function* fileScope(tokens: readonly Token[]): Generator<Token[]> {
  let current: Token[] = [];
  let depth = 0;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === undefined) break;
    const { text } = token;
    if (text === '{') {
      const isBody = depth === 0 && current.at(-1)?.text === ')';
      i = behindGroup(tokens, i) - 1;
      if (!isBody) continue;
    }
    if (text === '(') depth++;
    if (text === ')') depth--;
    if (text === '{' || (text === ';' && depth <= 0)) {
      yield current;
      current = [];
      depth = 0;
    } else current.push(token);
  }
}

/** The declaration without attributes and the like, and the symbol that an asm label gives it. */
function withoutAnnotations(tokens: readonly Token[]): { bare: Token[]; label: string | undefined } {
  const bare: Token[] = [];
  let label: string | undefined;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === undefined) break;
    if (!ANNOTATIONS.has(token.text)) {
      bare.push(token);
      continue;
    }
    if (tokens[i + 1]?.text !== '(') continue;
    const end = behindGroup(tokens, i + 1);
    if (token.text.includes('asm')) {
      const strings = tokens.slice(i + 2, end - 1).map((t) => t.text.slice(1, -1));
      label = strings.join('');
    }
    // `typeof (x)` and `_Atomic (x)` are the type.
    if (/typeof|_Atomic/.test(token.text)) bare.push({ ...token, text: 'int' });
    i = end - 1;
  }
  return { bare, label };
}

/** Every name in front of a list, `name (…)` or `(name) (…)`: which of them is the declared one only who knows the name can say. */
function functionsIn(tokens: readonly Token[]): Declaration[] {
  const found: Declaration[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === undefined || !isIdentifier(token.text) || TYPE_WORDS.has(token.text)) continue;
    let at = i + 1;
    if (tokens[i - 1]?.text === '(' && tokens[at]?.text === ')') at++;
    if (tokens[at]?.text !== '(') continue;
    const list = tokens.slice(at + 1, behindGroup(tokens, at) - 1);
    found.push({ name: token.text, parameters: parameterNames(list), file: token.file, line: token.line });
  }
  return found;
}

function parameterNames(list: readonly Token[]): (string | undefined)[] {
  const parts = splitAtCommas(list);
  const [only] = parts;
  const isVoid = parts.length === 1 && only?.length === 1 && only[0]?.text === 'void';
  if (isVoid || (parts.length === 1 && only?.length === 0)) return [];
  return parts.filter((part) => part[0]?.text !== '...').map(nameOf);
}

function splitAtCommas(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if ('([{'.includes(token.text)) depth++;
    if (')]}'.includes(token.text)) depth--;
    if (token.text === ',' && depth === 0) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

/** The name that a parameter's declaration has: what its declarator ends with (C17 §6.7.6). */
function nameOf(part: readonly Token[]): string | undefined {
  let words = part.map((t) => t.text).filter((text) => qualifierOf(text) === undefined && !SILENT.has(text));
  // `int (*name)(int)`, `int (*name[4])(int)`: the innermost parentheses that begin with a star.
  const nested = words.findIndex((w, i) => w === '(' && (words[i + 1] === '*' || words[i + 1] === '('));
  if (nested >= 0) {
    const inner = words.slice(nested).find((w) => w !== '(' && w !== '*') ?? '';
    return isIdentifier(inner) ? inner : undefined;
  }
  // `int name[4]`, `int name(int)`.
  const suffix = words.findIndex((w) => w === '[' || w === '(');
  if (suffix >= 0) words = words.slice(0, suffix);
  const name = words.pop() ?? '';
  if (!isIdentifier(name) || TYPE_WORDS.has(name)) return undefined;
  // What is left has to be a type: alone, or behind `struct`, the name is the type's.
  const isTag = ['struct', 'union', 'enum'].includes(words.at(-1) ?? '');
  return words.length === 0 || isTag ? undefined : name;
}
