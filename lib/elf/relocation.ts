import { DT, EM, STT } from './constants.js';
import { readDynamic, type Dynamic } from './dynamic.js';
import type { ElfFile } from './file.js';
import { DynamicSymbols, type ElfSymbol } from './symbol.js';

/** By machine: R_*_GLOB_DAT and the absolute type as wide as an address (the psABIs, chapter "Relocation"). */
const TYPES: Readonly<Record<number, readonly number[]>> = {
  [EM.X86_64]: [6, 1],
  [EM['386']]: [6, 1],
  [EM.AARCH64]: [1025, 257],
  [EM.ARM]: [21, 2],
  [EM.PPC64]: [20, 38],
  [EM.S390]: [10, 22],
  // These two have no GLOB_DAT: the absolute types, of 64 and of 32 bits, serve for it.
  [EM.RISCV]: [2, 1],
  [EM.LOONGARCH]: [2, 1],
};

/** Machines whose first type above is GLOB_DAT. */
const HAS_GLOB_DAT: ReadonlySet<number> = new Set([
  EM.X86_64,
  EM['386'],
  EM.AARCH64,
  EM.ARM,
  EM.PPC64,
  EM.S390,
]);

/** A relocation that names a symbol (gABI ch. 4 "Relocation"). */
interface Relocation {
  /** The address that is relocated, before the library is moved to its load base. */
  readonly address: bigint;
  readonly type: number;
  /** The symbol's number in the dynamic symbol table. */
  readonly symbol: number;
  /** Undefined in DT_REL, where what is at `address` is the addend. */
  readonly addend?: bigint;
}

/** A place in a library that holds the address of a symbol once the library is loaded. */
export interface SymbolSlot {
  readonly name: string;
  /** Where it is, before the library is moved to its load base. */
  readonly address: bigint;
  /** What is added to the symbol's address. */
  readonly addend: bigint;
  /** Whether it is a slot of the global offset table, which only the linker writes; else it is data, a pointer that C may change. */
  readonly got: boolean;
}

/** The slots of a library that hold addresses of the symbols `names`. */
export function* symbolSlots(file: ElfFile, names: ReadonlySet<string>): Generator<SymbolSlot> {
  const dynamic = readDynamic(file);
  const types = TYPES[file.header.machine];
  if (dynamic === undefined || types === undefined || names.size === 0) return;
  const symbols = DynamicSymbols.of(file);
  for (const { address, symbol, addend, type } of iterRelocations(file, dynamic, types)) {
    const { name } = symbols.at(symbol);
    if (!names.has(name)) continue;
    // GLOB_DAT has no addend in place.
    const globDat = type === types[0];
    const got = globDat && HAS_GLOB_DAT.has(file.header.machine);
    yield { name, address, addend: addend ?? (globDat ? 0n : addendInPlace(file, address)), got };
  }
}

/** The slots of the global offset table that hold addresses of variables which the library itself exports. */
export function* ownSlots(file: ElfFile): Generator<SymbolSlot & { readonly symbol: ElfSymbol }> {
  const dynamic = readDynamic(file);
  const types = TYPES[file.header.machine]?.slice(0, 1);
  if (dynamic === undefined || types === undefined || !HAS_GLOB_DAT.has(file.header.machine)) return;
  const symbols = DynamicSymbols.of(file);
  for (const { address, symbol: index, addend = 0n } of iterRelocations(file, dynamic, types)) {
    const symbol = symbols.at(index);
    if (symbol.type !== STT.OBJECT || symbol.hiddenVersion || !symbols.isExported(symbol)) continue;
    yield { name: symbol.name, address, addend, got: true, symbol };
  }
}

function addendInPlace(file: ElfFile, address: bigint): bigint {
  const bytes = Buffer.from(file.dataAt(address, 4, 'addend'));
  return BigInt(file.header.littleEndian ? bytes.readInt32LE() : bytes.readInt32BE());
}

/** The relocations of these types in DT_RELA or DT_REL that name a symbol. A table is read in one block. */
function* iterRelocations(file: ElfFile, dynamic: Dynamic, types: readonly number[]): Generator<Relocation> {
  const { class: elfClass, littleEndian } = file.header;
  const wide = elfClass === 64;
  for (const { tag, sizeTag, countTag, hasAddend } of TABLES) {
    const table = dynamic.address(tag);
    const size = dynamic.number(sizeTag) ?? 0;
    if (table === undefined || size === 0) continue;
    const bytes = file.dataAt(table, size, hasAddend ? 'DT_RELA' : 'DT_REL');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const word = wide ? 8 : 4;
    const entry = word * (hasAddend ? 3 : 2);
    const address = (at: number): bigint =>
      wide ? view.getBigUint64(at, littleEndian) : BigInt(view.getUint32(at, littleEndian));
    const signed = (at: number): bigint =>
      wide ? view.getBigInt64(at, littleEndian) : BigInt(view.getInt32(at, littleEndian));
    // Linkers put relocations without a symbol first and count them, so that they can be skipped.
    const first = (dynamic.number(countTag) ?? 0) * entry;
    for (let at = first; at + entry <= size; at += entry) {
      const info = view.getUint32(at + word + (wide && !littleEndian ? 4 : 0), littleEndian);
      const type = wide ? info : info & 0xff;
      if (!types.includes(type)) continue;
      const symbol = wide ? view.getUint32(at + word + (littleEndian ? 4 : 0), littleEndian) : info >>> 8;
      if (symbol === 0) continue;
      const addend = hasAddend ? { addend: signed(at + 2 * word) } : {};
      yield { address: address(at), type, symbol, ...addend };
    }
  }
}

const TABLES = [
  { tag: DT.RELA, sizeTag: DT.RELASZ, countTag: DT.RELACOUNT, hasAddend: true },
  { tag: DT.REL, sizeTag: DT.RELSZ, countTag: DT.RELCOUNT, hasAddend: false },
] as const;
