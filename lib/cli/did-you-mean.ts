/** Only mistakes need it. */
const suggestion = () => require('../symbols/suggest.js') as typeof import('../symbols/suggest.js');

/** `, did you mean X or Y?` for the names close to what was typed; nothing if none is. */
export function didYouMean(typed: string, names: Iterable<string>): string {
  const close = suggestion().suggest(typed, names);
  return close.length === 0 ? '' : `, did you mean ${close.join(' or ')}?`;
}
