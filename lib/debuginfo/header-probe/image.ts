import { bare, type CType } from '../../ctypes/model.js';
import { sizeOf } from '../../ctypes/layout.js';
import type { TypeSource } from '../../ctypes/type-source.js';
import { PF } from '../../elf/constants.js';
import type { ElfFile } from '../../elf/file.js';
import { symbolSlots } from '../../elf/relocation.js';
import { DynamicSymbols } from '../../elf/symbol.js';
import { CONSTANT, SYMBOL } from './probe.js';

/** A symbol of the library as the header has it. */
export interface ProbedSymbol {
  /** As it is spelled in C. */
  readonly name: string;
  /** As the library calls it: an asm label is another name (glibc's `scanf` is `__isoc99_scanf`). */
  readonly linkName: string;
  readonly type: CType;
}

/** The compiled probe: what its debug info and its data say. */
export class ProbeImage {
  readonly #file: ElfFile;
  readonly #types: TypeSource;
  readonly #symbols: DynamicSymbols;

  constructor(file: ElfFile, types: TypeSource) {
    this.#file = file;
    this.#types = types;
    this.#symbols = DynamicSymbols.of(file);
  }

  /** The symbols that the header declares. `exported` are the names of the library's. */
  symbols(exported: ReadonlySet<string>): ProbedSymbol[] {
    const linkNames = new Map<bigint, string>();
    for (const { address, name } of symbolSlots(this.#file, exported)) linkNames.set(address, name);
    return this.#variables(SYMBOL).flatMap(({ name, address, type }) => {
      const pointer = bare(type);
      if (pointer.kind !== 'pointer') return [];
      const target = bare(pointer.target);
      // A function that the header itself defines has no relocation that names it.
      const linkName = linkNames.get(address) ?? name;
      return [{ name, linkName, type: target.kind === 'function' ? target : pointer.target }];
    });
  }

  /** The values of the macros that stand for an integer, a floating-point number, a pointer that is one, or text. */
  constants(): Map<string, bigint | number | string> {
    const values = new Map<string, bigint | number | string>();
    for (const { name, address, type } of this.#variables(CONSTANT)) {
      const value = this.#value(address, type);
      if (value !== undefined) values.set(name, value);
    }
    return values;
  }

  #variables(prefix: string): { name: string; address: bigint; type: CType }[] {
    const list: { name: string; address: bigint; type: CType }[] = [];
    for (const symbol of this.#symbols.exported()) {
      if (!symbol.name.startsWith(prefix)) continue;
      const found = this.#types.symbol({ name: symbol.name, kind: 'variable', address: symbol.value });
      if (!('reason' in found))
        list.push({ name: symbol.name.slice(prefix.length), address: symbol.value, type: found.type });
    }
    return list;
  }

  #value(address: bigint, type: CType): bigint | number | string | undefined {
    const size = sizeOf(type);
    // What the linker has yet to write is not in read-only memory: the address of an object.
    const segment = this.#file.segmentAt(address);
    if (size === undefined || segment === undefined || (segment.flags & PF.W) !== 0) return undefined;
    const bytes = this.#file.dataAt(address, size);
    const t = bare(type);
    switch (t.kind) {
      case 'bool':
        return this.#integer(bytes, false);
      case 'int':
      case 'enum':
        return this.#integer(bytes, t.signed);
      case 'pointer':
        return this.#integer(bytes, true);
      case 'float':
        return this.#float(bytes);
      case 'array':
        return isChar(bare(t.element)) ? textOf(bytes) : undefined;
      default:
        return undefined;
    }
  }

  #integer(bytes: Uint8Array, signed: boolean): bigint {
    const ordered = this.#file.header.littleEndian ? bytes.toReversed() : bytes;
    const value = BigInt(`0x${Buffer.from(ordered).toString('hex')}`);
    return signed ? BigInt.asIntN(bytes.length * 8, value) : value;
  }

  /** A `long double` is no number of JavaScript's. */
  #float(bytes: Uint8Array): number | undefined {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const { littleEndian } = this.#file.header;
    if (bytes.length === 4) return view.getFloat32(0, littleEndian);
    return bytes.length === 8 ? view.getFloat64(0, littleEndian) : undefined;
  }
}

function isChar(type: CType): boolean {
  return type.kind === 'int' && type.size === 1;
}

/** A string literal without the NUL behind it; undefined if it is no UTF-8. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, -1));
  } catch {
    return undefined;
  }
}
