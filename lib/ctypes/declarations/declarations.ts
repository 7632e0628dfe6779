import { typeError } from '../../errors.js';
import { bare, type CType } from '../model.js';
import type { Machine } from '../names.js';
import type { NameResolver } from '../parse.js';
import { Tokens, type Report } from '../tokens.js';
import type { ConstantValue, ConstantValues, TypeKeyword, TypeName } from '../type-source.js';
import { macroValue } from './macro-value.js';
import { PackStack } from './pack.js';
import { DeclarationParser } from './parser.js';
import { Macros, preprocess } from './preprocess.js';
import { Scope, type Conflict } from './scope.js';
import { SourceLines, type Place } from './source-lines.js';

/** Longer texts are refused. What the largest headers become behind a preprocessor is some 3 MiB. */
const MAX_LENGTH = 1 << 23;

export interface DeclarationsOptions {
  /** The types that the text may use without declaring them. None unless told otherwise. */
  readonly resolve?: NameResolver | undefined;
  /** The machine whose sizes hold, as Node calls it; the one this runs on unless told otherwise. */
  readonly target?: Machine | undefined;
}

/** A function or variable that is declared, and where. */
export interface SymbolDeclaration extends Place {
  /** What C calls it: the linker may know another name (`asm("name")`). */
  readonly name: string;
  /** A `FunctionType` of a function. */
  readonly type: CType;
}

/** What a text declares. */
export interface Declarations {
  /** Functions and variables by the name that the linker knows. */
  readonly symbols: ReadonlyMap<string, SymbolDeclaration>;
  /** Those that are `static`: a library does not export them. */
  readonly statics: ReadonlyMap<string, SymbolDeclaration>;
  /** What the text itself defines under that name; undefined for what it only mentions. */
  readonly typeNamed: (keyword: TypeKeyword, name: string) => CType | undefined;
  /** The names of those. */
  readonly typeNames: () => Iterable<TypeName>;
  /** Enumerators, and macros that are a number or text. */
  readonly constants: () => ConstantValues;
}

/**
 * Reads a text of C declarations: functions, variables, structs, unions, enums, typedefs, with GNU C's attributes; `#define` of constants and `#pragma pack`;
 * and what `gcc -E` makes of a header. Layouts are those of a 64-bit Linux. Throws a `TypeError` that shows the line where the text is not understood or
 * contradicts itself.
 *
 * @example
 * const { symbols } = parseDeclarations('typedef struct { int x, y; } point; double norm(const point *p);');
 * print(symbols.get('norm').type, 'norm');   // 'double norm(const point *p)'
 */
export function parseDeclarations(text: string, options: DeclarationsOptions = {}): Declarations {
  if (typeof text !== 'string')
    throw typeError('ERR_INVALID_ARG_TYPE', `C declarations: expected C text, a string, got ${typeof text}`);
  if (text.length > MAX_LENGTH)
    throw typeError('ERR_INVALID_ARG_VALUE', `C declarations: more than ${MAX_LENGTH} characters`);
  const lines = new SourceLines(text);
  const report: Report = (reason, token) => lines.error(REASONS.get(token?.text ?? '') ?? reason, token);
  const conflict: Conflict = (reason, token, other) => {
    throw lines.error(other === undefined ? reason : `${reason} (${placed(lines.place(other.at))})`, token);
  };
  const packs = new PackStack();
  const macros = new Macros(report);
  const tokens = preprocess(text, lines, packs, macros, report);
  const scope = new Scope(options.resolve ?? (() => undefined), options.target ?? process.arch, conflict);
  const settings = { bodies: lines.marked };
  new DeclarationParser(new Tokens(tokens, report), scope, packs, settings).all();

  const symbols = new Map<string, SymbolDeclaration>();
  const statics = new Map<string, SymbolDeclaration>();
  for (const [name, { type, label = name, token, isStatic }] of scope.symbols) {
    const all = isStatic ? statics : symbols;
    // Of several that stand for one, as in <pthread.h>, the one with that name says what it is.
    if (label === name || !all.has(label)) all.set(label, { name, type, ...lines.place(token?.at ?? 0) });
  }
  return {
    symbols,
    statics,
    typeNamed: (keyword, name) => scope.defined(keyword, name),
    typeNames: () => scope.typeNames(),
    constants: () => constants(scope, macros, lines, packs),
  };
}

/** What some tokens are told instead of where they don't belong. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['class', 'this is C++: only C is understood here'],
  ['template', 'this is C++: only C is understood here'],
  ['namespace', 'this is C++: only C is understood here'],
  ['"C"', 'this is C++: leave extern "C" out, only C is understood here'],
]);

/** `line 3`, `line 3 of stdio.h`. */
export function placed({ line, file }: Place): string {
  return `line ${line}${file === undefined ? '' : ` of ${file}`}`;
}

function constants(scope: Scope, macros: Macros, lines: SourceLines, packs: PackStack): ConstantValues {
  const values = new Map<string, readonly ConstantValue[]>();
  const where = (at: number): string => `(${placed(lines.place(at))})`;
  for (const [name, { value, type, token }] of scope.constants) {
    const origin = `${bare(type).kind} ${type.tag ?? ''}`.trim();
    values.set(name, [{ value, origin: `${origin} ${where(token?.at ?? 0)}` }]);
  }
  for (const macro of macros.objects()) {
    const name = macro.name.text;
    if (values.has(name)) continue;
    const value = macroValue(macro, macros, (tokens) => {
      const parser = new DeclarationParser(tokens, scope, packs, { bodies: false });
      return parser.constantExpression().value;
    });
    if (value !== undefined) values.set(name, [{ value, origin: `#define ${where(macro.name.at)}` }]);
  }
  return values;
}
