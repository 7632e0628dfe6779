import { ElfFile } from '../elf/file.js';
import { STT } from '../elf/constants.js';
import { DynamicSymbols, type ElfSymbol } from '../elf/symbol.js';
import { print } from '../ctypes/print.js';
import type { Absent, SymbolQuery, TypedSymbol } from '../ctypes/type-source.js';
import { DwarfInfo } from '../dwarf/dwarf-info.js';

const KINDS = new Map<number, SymbolQuery['kind']>([
  [STT.FUNC, 'function'],
  [STT.GNU_IFUNC, 'ifunc'],
  [STT.OBJECT, 'variable'],
  [STT.COMMON, 'variable'],
  [STT.TLS, 'tls'],
]);

/** A library's DWARF and what it exports, for tests. */
export class DwarfFile {
  readonly info: DwarfInfo;
  readonly symbols: ReadonlyMap<string, ElfSymbol>;

  constructor(path: string) {
    const file = ElfFile.open(path);
    this.info = new DwarfInfo({
      littleEndian: file.header.littleEndian,
      addressSize: file.header.class / 8,
      section: (name) => file.section(name),
    });
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
