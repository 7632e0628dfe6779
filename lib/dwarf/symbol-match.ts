import type { SymbolQuery } from '../ctypes/type-source.js';
import { DW_LANG } from './constants.js';
import type { Die } from './die.js';
import { addressesOf } from './location.js';
import type { NameIndex } from './name-index.js';

export function isFunction({ kind }: SymbolQuery): boolean {
  return kind === 'function' || kind === 'ifunc';
}

/** The address that entries of a symbol have, if they have one. What is at 0 was removed by the linker. */
export function placeOf({ kind, address }: SymbolQuery): bigint | undefined {
  return kind === 'tls' || address === 0n ? undefined : address;
}

/**
 * The entries that may describe a symbol where what is at its address has another name, the most trustworthy first. Neither address nor name is enough:
 * glibc's `printf` is `__printf` to the debug info, and lld's `--icf=all` gives several functions one address. `there`: those at its address.
 */
export function* lessCertain(
  query: SymbolQuery,
  there: readonly Die[],
  names: () => NameIndex | undefined,
): Generator<Die> {
  const kind = isFunction(query) ? 'function' : 'variable';
  if (query.kind !== 'ifunc') {
    const named = names()?.find(kind, query.name);
    // One with an address of its own is another symbol, and so is what is declared by that name: `foo@@V2` is `foo`,
    // `foo@V1` is `foo_old` (.symver).
    const isElsewhere = named !== undefined && elsewhere(query, named) !== undefined;
    if (named !== undefined && !isElsewhere) yield named;
    // rustc merges functions that do the same, and writes no entry for the ones it drops; it has no aliases.
    yield* there.filter((die) => die.language !== DW_LANG.Rust);
    if (isElsewhere) return;
  }
  const declaration = names()?.find(`${kind} declaration`, query.name);
  if (declaration !== undefined) yield declaration;
}

/** The address of an entry that is not at the symbol's; undefined if it may be the symbol. */
export function elsewhere(query: SymbolQuery, die: Die): bigint | undefined {
  const place = placeOf(query);
  if (place === undefined) return undefined;
  const addresses = addressesOf(die);
  return addresses.includes(place) ? undefined : addresses[0];
}
