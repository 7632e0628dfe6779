import { printLayout } from '../../ctypes/layout-text.js';
import type { CType } from '../../ctypes/model.js';
import { print } from '../../ctypes/print.js';
import { TYPE_KEYWORDS, type TypeKeyword } from '../../ctypes/type-source.js';
import type { ElfSymbol } from '../../elf/symbol.js';
import { messageOf } from '../../errors.js';
import type { Library } from '../../library/library.js';
import { libraryOf, type Plugin } from '../../plugin/plugin.js';
import { notFound } from '../../symbols/not-found.js';
import { suggest } from '../../symbols/suggest.js';
import type { Session } from './session.js';

/** The symbol of that name, in the library that was opened last. */
export function findSymbol(
  session: Session,
  name: string,
): { plugin: Plugin; library: Library; symbol: ElfSymbol } {
  for (const plugin of session.plugins.toReversed()) {
    const library = libraryOf(plugin);
    const symbol = library.find(name);
    if (symbol !== undefined) return { plugin, library, symbol };
  }
  throw new Error(notFound(libraryOf(session.current), name));
}

/** `.type`: the type of a symbol, or the definition of a type. */
export function describeType(session: Session, text: string): string {
  const words = /^(?:struct|union|enum)\b/.test(text);
  const known = session.plugins.some((p) => libraryOf(p).find(text) !== undefined);
  if (known && !words) {
    const { library, symbol } = findSymbol(session, text);
    const { type, reason } = library.typed(symbol);
    if (type === undefined) throw new Error(`${text}: its type is not known\n${reason ?? ''}`.trimEnd());
    const declaration = `${print(type, text)};`;
    const layout = printLayout(type);
    return layout.includes('\n') ? `${declaration}\n${layout}` : declaration;
  }
  const ctype = typeNamed(session, text);
  const layout = printLayout(ctype);
  return ctype.kind === 'typedef'
    ? `typedef ${print(ctype.target, ctype.name)};${layout.includes('\n') ? `\n${layout}` : ''}`
    : layout;
}

/** The type that a text means. Throws what is wrong with it, and what was probably meant. */
function typeNamed(session: Session, text: string): CType {
  let type: CType;
  try {
    type = session.type(text).type.ctype;
  } catch (error) {
    throw new Error(messageOf(error) + didYouMean(session, text));
  }
  if (type.kind !== 'struct' && type.kind !== 'union') return type;
  // Where there are no types a struct may have any name.
  if (type.size === undefined && type.tag !== undefined && !names(session, type.kind).has(type.tag))
    throw new Error(`nothing is known of ${text}${didYouMean(session, text)}`);
  return type;
}

function names(session: Session, keyword: TypeKeyword): Set<string> {
  return new Set(session.plugins.flatMap((plugin) => [...session.typeNames.of(plugin, keyword)]));
}

function didYouMean(session: Session, text: string): string {
  const [, keyword, name] = /^(?:(struct|union|enum)\s+)?(\w+)$/.exec(text) ?? [];
  if (name === undefined) return '';
  /** What it could be, by the name alone. */
  const known = new Map<string, string>();
  for (const kind of TYPE_KEYWORDS) {
    if (keyword !== undefined && kind !== keyword) continue;
    for (const one of names(session, kind)) known.set(one, kind === 'typedef' ? one : `${kind} ${one}`);
  }
  if (keyword === undefined) for (const symbol of symbols(session)) known.set(symbol, symbol);
  // That there is a struct of that name is said already.
  const close = known.has(name) ? [] : suggest(name, known.keys());
  return close.length === 0 ? '' : `\n  did you mean ${close.map((one) => known.get(one)).join(', ')}?`;
}

function symbols(session: Session): string[] {
  return session.plugins.flatMap((plugin) => Array.from(libraryOf(plugin).symbols.exported(), (s) => s.name));
}
