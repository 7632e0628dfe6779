import { BufferSource } from '../bytes/source.js';
import { DT, PT } from '../elf/constants.js';
import { ElfFile } from '../elf/file.js';
import { loadedSegments, type LoadedObject } from '../ffi/linker.js';
import { Block } from '../ffi/block.js';

/** Entries of the dynamic array whose values are addresses (gABI ch. 5 "Dynamic Section", column d_un). */
const ADDRESSES: ReadonlySet<number> = new Set([
  DT.HASH,
  DT.GNU_HASH,
  DT.STRTAB,
  DT.SYMTAB,
  DT.RELA,
  DT.REL,
  DT.JMPREL,
  DT.VERSYM,
  DT.VERDEF,
  DT.VERNEED,
]);

/**
 * A loaded library as the file it was loaded from, for when that file is gone: what its segments hold now, without sections, and so without
 * debug info. `name` is what messages call it.
 */
export function memoryImage(object: LoadedObject, name: string): ElfFile {
  const segments = loadedSegments(object);
  const loads = segments.filter((s) => s.type === PT.LOAD && (s.flags & 4) !== 0);
  const image = new Uint8Array(Math.max(0, ...loads.map((s) => s.offset + s.fileSize)));
  for (const { start, offset, fileSize } of loads) {
    if (fileSize > 0) image.set(Block.at(object.base + start, fileSize).bytes(), offset);
  }
  const view = new DataView(image.buffer);
  // Elf64_Ehdr: e_shoff, e_shnum and e_shstrndx. The section headers are in no segment.
  view.setBigUint64(0x28, 0n, true);
  view.setUint32(0x3c, 0, true);
  const dynamic = segments.find((s) => s.type === PT.DYNAMIC);
  if (dynamic !== undefined) unrelocate(view, dynamic.offset, dynamic.fileSize, object.base);
  return new ElfFile(new BufferSource(name, image));
}

/** The linker adds the load base to the addresses in the dynamic array (glibc elf/get-dynamic-info.h). */
function unrelocate(view: DataView, offset: number, size: number, base: bigint): void {
  for (let at = offset; at + 16 <= offset + size; at += 16) {
    const value = view.getBigUint64(at + 8, true);
    const isAddress = ADDRESSES.has(Number(view.getBigUint64(at, true)));
    if (isAddress && value >= base) view.setBigUint64(at + 8, value - base, true);
  }
}
