import type { CType } from '../ctypes/model.js';
import type { TypedSymbol } from '../ctypes/type-source.js';
import type { ElfSymbol } from '../elf/symbol.js';
import type { Library } from './library.js';

/** A symbol that one library takes from another, as each of them knows it. */
export interface Import {
  readonly name: string;
  /** As the library that uses it was compiled. */
  readonly ours: TypedSymbol;
  /** As the library that has it was; undefined if its debug info does not say it. */
  readonly theirs: CType | undefined;
}

/**
 * The symbols that `user` imports and `provider` exports, as far as the compiler wrote down what it took them for. `isWanted` is asked first, by the user's
 * type: the other side is read only for what it lets through. Throws a `FormatError` where the user's debug info is corrupt.
 */
export function* imports(
  user: Library,
  provider: Library,
  isWanted: (type: CType) => boolean,
): Generator<Import> {
  let imported: Map<string, ElfSymbol> | undefined;
  for (const { name, symbol: ours } of user.debugInfo.declarations()) {
    if (!isWanted(ours.type) || provider.find(name) === undefined) continue;
    imported ??= new Map(Array.from(user.symbols.imported(), (s) => [s.name, s]));
    const wanted = imported.get(name);
    if (wanted === undefined) continue;
    const elf =
      wanted.version === undefined ? provider.find(name) : provider.find(`${name}@${wanted.version}`);
    if (elf !== undefined) yield { name, ours, theirs: provider.typed(elf).type };
  }
}
