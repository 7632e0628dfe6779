import { DT, ELFCLASS, ELFDATA, ET, PF, PT, SHN, STB, STT } from './constants.js';
import { gnuHash } from './gnu-hash.js';
import type { Host } from './host.js';

/** A shared object without code, whose symbols stand for addresses that exist already in the process that loads it. */
export interface Interposer {
  /** What it is for: class, byte order and machine. Only 64 bits are served. */
  readonly host: Host;
  /** What it needs, as DT_NEEDED has it. The linker looks symbols up in the interposer first, then in these. */
  readonly needed: string;
  /** The address of each symbol. */
  readonly symbols: ReadonlyMap<string, bigint>;
}

/** Sizes of the 64-bit format, in bytes (gABI ch. 4 and 5). */
const [EHDR, PHDR, SYM, DYN] = [64, 56, 24, 16];

/**
 * Writes the object. Its symbols are absolute (SHN_ABS): the linker does not add the load base to them (glibc since 2.28), and they have no version, so
 * that they serve for whichever is asked for. All lies in one writable segment: glibc relocates the dynamic array in place.
 *
 * @example
 * writeInterposer({ host: currentHost(), needed: '/opt/libplot.so', symbols: new Map([['environ', 0x565c740n]]) });
 */
export function writeInterposer({ host, needed, symbols }: Interposer): Buffer {
  const bucketCount = Math.max(1, symbols.size);
  const hashed = [...symbols]
    .map(([name, address]) => ({ name, address, hash: gnuHash(Buffer.from(name)) }))
    .sort((a, b) => (a.hash % bucketCount) - (b.hash % bucketCount));
  const strings = Buffer.from(`\0${needed}\0${hashed.map(({ name }) => `${name}\0`).join('')}`);
  const hashSize = 16 + 8 + 4 * bucketCount + 4 * hashed.length;
  const phdrs = EHDR;
  const note = phdrs + 4 * PHDR;
  const dynamic = (note + NOTE_SIZE + 7) & ~7;
  const symtab = dynamic + 7 * DYN;
  const hash = symtab + (1 + hashed.length) * SYM;
  const strtab = hash + hashSize;
  const size = strtab + strings.length;

  const out = new Writer(size, host.littleEndian);
  out.raw([0x7f, 0x45, 0x4c, 0x46, ELFCLASS[64], host.littleEndian ? ELFDATA['2LSB'] : ELFDATA['2MSB'], 1]);
  out.at(16).u16(ET.DYN, host.machine).u32(1).u64(0, phdrs, 0).u32(0);
  out.u16(EHDR, PHDR, 4, 0, 0, 0);
  const segment = (type: number, start: number, length: number, align: number): void => {
    out.u32(type, PF.R | PF.W).u64(start, start, start, length, length, align);
  };
  out.at(phdrs);
  // Machines have pages of up to 64 KiB.
  segment(PT.LOAD, 0, size, 0x10000);
  segment(PT.DYNAMIC, dynamic, 7 * DYN, 8);
  segment(PT.NOTE, note, NOTE_SIZE, 4);
  // Without it the linker would make the stacks executable.
  segment(PT.GNU_STACK, 0, 0, 16);

  out.at(dynamic).u64(DT.NEEDED, 1, DT.GNU_HASH, hash, DT.SYMTAB, symtab, DT.SYMENT, SYM);
  out.u64(DT.STRTAB, strtab, DT.STRSZ, strings.length, DT.NULL, 0);
  out.at(symtab + SYM);
  let nameOffset = 1 + Buffer.byteLength(needed) + 1;
  for (const { name, address } of hashed) {
    // Elf64_Sym { Word st_name; u8 st_info, st_other; Half st_shndx; Addr st_value; Xword st_size; }
    out.u32(nameOffset).u8((STB.GLOBAL << 4) | STT.NOTYPE, 0);
    out.u16(SHN.ABS).u64(address, 0);
    nameOffset += Buffer.byteLength(name) + 1;
  }

  // See GnuHash in hash.ts. A Bloom filter that lets everything through: one word of ones.
  out.at(hash).u32(bucketCount, 1, 1, 0).u64(0xffffffffffffffffn);
  const bucketOf = (index: number): number => (hashed[index]?.hash ?? NaN) % bucketCount;
  const starts = Array.from({ length: bucketCount }, () => 0);
  for (let i = hashed.length - 1; i >= 0; i--) starts[bucketOf(i)] = i + 1;
  out.u32(...starts);
  for (const [i, { hash: value }] of hashed.entries())
    out.u32(((value & ~1) | (bucketOf(i) === bucketOf(i + 1) ? 0 : 1)) >>> 0);
  out.at(strtab).raw(strings);

  // With a build-id nothing is taken for a copy of it.
  out.at(note).u32(4, BUILD_ID.length, NT_GNU_BUILD_ID);
  out.raw(Buffer.from('GNU\0')).raw(Buffer.from(BUILD_ID));
  return out.bytes;
}

/** glibc elf.h. */
const NT_GNU_BUILD_ID = 3;
/** As long as others are. */
const BUILD_ID = 'elf-plugin interpose';
/** Three words, "GNU" and the build-id. */
const NOTE_SIZE = 12 + 4 + BUILD_ID.length;

/** Writes numbers one after the other. */
class Writer {
  readonly bytes: Buffer;
  readonly #view: DataView;
  readonly #littleEndian: boolean;
  #pos = 0;

  constructor(size: number, littleEndian: boolean) {
    this.bytes = Buffer.alloc(size);
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, size);
    this.#littleEndian = littleEndian;
  }

  at(offset: number): this {
    this.#pos = offset;
    return this;
  }

  u8(...values: readonly number[]): this {
    return this.raw(values);
  }

  u16(...values: readonly number[]): this {
    for (const value of values) this.#view.setUint16((this.#pos += 2) - 2, value, this.#littleEndian);
    return this;
  }

  u32(...values: readonly number[]): this {
    for (const value of values) this.#view.setUint32((this.#pos += 4) - 4, value, this.#littleEndian);
    return this;
  }

  u64(...values: readonly (number | bigint)[]): this {
    for (const value of values)
      this.#view.setBigUint64((this.#pos += 8) - 8, BigInt(value), this.#littleEndian);
    return this;
  }

  raw(bytes: ArrayLike<number>): this {
    this.bytes.set(bytes, this.#pos);
    this.#pos += bytes.length;
    return this;
  }
}
