import { print } from '../ctypes/print.js';
import type { Absent, SymbolQuery, TypedSymbol, TypeSource } from '../ctypes/type-source.js';
import { STT } from '../elf/constants.js';
import { ElfFile } from '../elf/file.js';
import { DynamicSymbols, type ElfSymbol } from '../elf/symbol.js';

const KINDS = new Map<number, SymbolQuery['kind']>([
  [STT.FUNC, 'function'],
  [STT.GNU_IFUNC, 'ifunc'],
  [STT.OBJECT, 'variable'],
  [STT.COMMON, 'variable'],
  [STT.TLS, 'tls'],
]);

/** What a library exports, and what gives the types, for tests. */
export class TypedFile<Source extends Pick<TypeSource, 'symbol'> = TypeSource> {
  readonly info: Source;
  readonly symbols: ReadonlyMap<string, ElfSymbol>;

  constructor(path: string, sourceOf: (file: ElfFile) => Source) {
    const file = ElfFile.open(path);
    this.info = sourceOf(file);
    const symbols = [...DynamicSymbols.of(file).exported()].filter((s) => KINDS.has(s.type) && !s.absolute);
    this.symbols = new Map(symbols.map((s) => [s.name, s]));
  }

  query(name: string): SymbolQuery {
    const symbol = this.symbols.get(name);
    const kind = symbol && KINDS.get(symbol.type);
    if (symbol === undefined || kind === undefined) throw new Error(`${name} is not exported`);
    return { name, kind, address: symbol.value };
  }

  symbol(name: string): TypedSymbol | Absent {
    return this.info.symbol(this.query(name));
  }

  typed(name: string): TypedSymbol {
    const symbol = this.symbol(name);
    if ('reason' in symbol) throw new Error(`${name}: ${symbol.reason}`);
    return symbol;
  }

  /** The symbol as C declares it; where there is no type, why. */
  print(name: string): string {
    const symbol = this.symbol(name);
    return 'reason' in symbol ? `no type: ${symbol.reason}` : print(symbol.type, name);
  }
}
