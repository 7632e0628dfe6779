import { typeError } from '../errors.js';
import type { CType } from './model.js';
import { ABI_TYPEDEFS, defaultTypedef } from './names.js';
import { marked, scan, Tokens, type Report } from './tokens.js';
import { TypeParser, type Names } from './type-parser.js';
import { TYPE_KEYWORDS, type TypeKeyword } from './type-source.js';

/** What a declaration may refer to: the tags and typedefs of a library. Undefined for what it does not have. */
export type NameResolver = (keyword: TypeKeyword, name: string) => CType | undefined;

/** What a struct or union is of which nothing is known but its tag. */
export type OpaqueResolver = (keyword: 'struct' | 'union', tag: string) => CType;

/** Longer declarations are refused rather than cut into a million tokens. No C declaration is as long by far. */
const MAX_LENGTH = 1 << 16;

/** What some tokens are told instead of where they don't belong. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['{', 'members and enumerators can not be defined here: name a type that the library has'],
  ['=', 'an initial value does not belong to a type'],
  ['typedef', 'a typedef can not be made here: write the type alone'],
  ...['__attribute__', '__attribute', '__declspec', '_Alignas', 'alignas'].map((word): [string, string] => [
    word,
    `${word} is not understood here: what it changes is known of the library's own types only`,
  ]),
  ...['asm', '__asm', '__asm__'].map((word): [string, string] => [
    word,
    'an asm name does not belong to a type',
  ]),
]);

/**
 * The type that a C type name or declaration means: `int *`, `struct point[4]`, `void (*)(const char *, ...)`, `int add(int a, int b)`.
 * A name in it is allowed and says nothing. What `print` writes is understood again, C++'s references and gdb's `__vector` included. Throws a
 * `TypeError` with the place where it is not understood (C17 §6.7.6, §6.7.7): also a tag that `resolve` does not have, unless `opaque` is given.
 */
export function parseType(text: string, resolve: NameResolver, opaque?: OpaqueResolver): CType {
  if (typeof text !== 'string')
    throw typeError('ERR_INVALID_ARG_TYPE', `C type: expected a declaration, a string, got ${typeof text}`);
  const report: Report = (reason, token) => {
    const at = token?.at ?? text.length;
    const why = REASONS.get(token?.text ?? '') ?? reason;
    return typeError('ERR_INVALID_ARG_VALUE', `C type at column ${at + 1}: ${why}\n${marked(text, at)}`);
  };
  if (text.length > MAX_LENGTH)
    throw report(`more than ${MAX_LENGTH} characters`, { text: '', at: MAX_LENGTH });
  const tokens = new Tokens(
    scan(text, report).filter((token) => token.text !== '\n'),
    report,
  );
  const type = new TypeParser(tokens, namesOf(resolve, opaque)).type();
  tokens.take(';');
  if (tokens.peek() !== undefined) tokens.fail('this does not belong to a type');
  return type;
}

function namesOf(resolve: NameResolver, opaque: OpaqueResolver | undefined): Names {
  return {
    typedef: (name) => ABI_TYPEDEFS.get(name) ?? resolve('typedef', name) ?? defaultTypedef(name),
    tag: (keyword, tag) => resolve(keyword, tag) ?? (keyword === 'enum' ? undefined : opaque?.(keyword, tag)),
    similar: (name) => similarNames(resolve, name),
  };
}

/** Every way in which `resolve` knows `name` as a type: `struct point`, `point`. */
export function similarNames(resolve: NameResolver, name: string): string[] {
  const known = TYPE_KEYWORDS.filter((keyword) => resolve(keyword, name) !== undefined);
  return known.map((keyword) => (keyword === 'typedef' ? name : `${keyword} ${name}`));
}
