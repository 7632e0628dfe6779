/** A symbol that the library defines: of .dynsym, in its order. */
export interface CtfSymbol {
  readonly name: string;
  readonly kind: 'variable' | 'function';
  readonly address: bigint;
  /** In bytes; 0 if it is not known. */
  readonly size: number;
}

/** Where the type of a symbol stands in a table without names: somewhere from `first` to `last`. */
export interface Slot {
  readonly first: number;
  readonly last: number;
}

/**
 * The places of symbols of one kind in a table without names. GNU ld gives one to each name: the versions of a symbol share it, and which of them has it
 * can't be told, so that what lies between two versions has one of two places.
 */
export function slotsOf(symbols: readonly CtfSymbol[]): ReadonlyMap<CtfSymbol, Slot> {
  const total = new Map<string, number>();
  for (const { name } of symbols) total.set(name, (total.get(name) ?? 0) + 1);
  const seen = new Map<string, number>();
  const slots = new Map<CtfSymbol, Slot>();
  let certain = 0;
  let open = 0;
  for (const symbol of symbols) {
    const all = total.get(symbol.name) ?? 1;
    const nth = (seen.get(symbol.name) ?? 0) + 1;
    seen.set(symbol.name, nth);
    // Its own name is open, too, from its first version on.
    slots.set(symbol, { first: certain, last: certain + open });
    if (all === 1) certain++;
    else if (nth === 1) open++;
    if (all > 1 && nth === all) {
      open--;
      certain++;
    }
  }
  return slots;
}
