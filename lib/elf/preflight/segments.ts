import { PF, PT } from '../constants.js';
import type { ElfFile } from '../file.js';
import { Image, PAGE } from './image.js';
import type { ProgramHeader } from '../segment.js';
import { damaged, hex, lines } from './reason.js';

/** What the kernel takes of program headers, in bytes (fs/binfmt_elf.c, `load_elf_phdrs`). glibc has them on the stack. */
const MAX_PROGRAM_HEADERS = 0x10000;
/** No process has memory beyond (Linux Documentation/arch/x86/x86_64/mm.rst); up to here a number is an exact address. */
const HIGHEST = 2 ** 52;
/** More than this for each thread is no thread-local storage. Where there is no memory for it, glibc ends the process. */
const MAX_TLS = 2 ** 30;
/** The largest alignment of thread-local storage: a huge page. It is added to the size. */
const MAX_TLS_ALIGN = 2 ** 21;

/** The segments (glibc elf/dl-load.c `_dl_map_object_from_fd`, elf/dl-map-segments.h). */
export function checkSegments(file: ElfFile): string | undefined {
  const { phoff, phnum, phentsize } = file.header;
  const size = file.source.size;
  if (phoff + phnum * phentsize > size) {
    return lines(
      'cannot read file data',
      `it is truncated: the program headers end beyond its ${size} bytes`,
    );
  }
  if (phnum * phentsize > MAX_PROGRAM_HEADERS) return damaged(`${phnum} program headers`);
  const loads = file.programHeaders.filter((p) => p.type === PT.LOAD);
  if (loads.length === 0) return 'object file has no loadable segments';
  let previous: ProgramHeader | undefined;
  for (const segment of loads) {
    const reason = checkLoad(segment, size) ?? (previous && checkOrder(previous, segment));
    if (reason !== undefined) return reason;
    previous = segment;
  }
  const image = new Image(file);
  for (const segment of file.programHeaders) {
    const reason = checkOther(segment, file, image);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function checkLoad(segment: ProgramHeader, size: number): string | undefined {
  const end = segment.offset + segment.fileSize;
  if (end > size) {
    // Mapping it succeeds; touching it is a SIGBUS.
    return lines(
      'file too short',
      `it is truncated: ${nameOf(segment)} ends at ${hex(end)}, the file at ${hex(size)}`,
    );
  }
  if (segment.memorySize < segment.fileSize) {
    return lines('invalid ELF file', `${nameOf(segment)} is smaller in memory than in the file`);
  }
  if ((segment.address - BigInt(segment.offset)) % BigInt(PAGE) !== 0n) {
    return 'ELF load command address/offset not page-aligned';
  }
  if (Number(segment.address) + segment.memorySize > HIGHEST) {
    return damaged(`${nameOf(segment)} ends beyond every address space`);
  }
  return undefined;
}

/** gABI ch. 5 "Program Header": "Loadable segment entries appear in ascending order". Pages that two of them share are mapped twice: the second hides the first. */
function checkOrder(previous: ProgramHeader, next: ProgramHeader): string | undefined {
  const end = Number(previous.address) + previous.memorySize;
  if (Math.ceil(end / PAGE) * PAGE <= Math.floor(Number(next.address) / PAGE) * PAGE) return undefined;
  return damaged(
    `${nameOf(next)} begins at address ${hex(next.address)}, in front of the end of the one before it, ${hex(end)}`,
  );
}

/** Segments that describe a part of a PT_LOAD. The linker goes by their addresses, readers of files by their offsets. */
const PARTS = new Map<number, string>([
  [PT.PHDR, 'PT_PHDR'],
  [PT.DYNAMIC, 'PT_DYNAMIC'],
  [PT.TLS, 'PT_TLS'],
  [PT.GNU_RELRO, 'PT_GNU_RELRO'],
  [PT.GNU_PROPERTY, 'PT_GNU_PROPERTY'],
]);

function checkOther(segment: ProgramHeader, file: ElfFile, image: Image): string | undefined {
  const { type, fileSize, memorySize, align } = segment;
  const address = Number(segment.address);
  const part = PARTS.get(type);
  const offset = part === undefined || fileSize === 0 ? undefined : offsetOf(file, segment.address);
  if (offset !== undefined && offset !== segment.offset) {
    return damaged(
      `${part ?? ''} is at offset ${hex(segment.offset)}, and its address ${hex(address)} at ${hex(offset)}`,
    );
  }
  switch (type) {
    case PT.PHDR:
      // The linker goes through them there, and `dl_iterate_phdr` gives them to every exception that is thrown.
      if (
        segment.offset === file.header.phoff &&
        image.isReadable(address, file.header.phnum * file.header.phentsize)
      ) {
        return undefined;
      }
      return damaged(`PT_PHDR: the program headers are not at address ${hex(address)}`);
    case PT.TLS:
      if (memorySize === 0) return undefined;
      if (fileSize > memorySize || memorySize > MAX_TLS) {
        return damaged(`PT_TLS has ${memorySize} bytes, ${fileSize} of them from the file`);
      }
      if (align === 0n || (align & (align - 1n)) !== 0n || align > MAX_TLS_ALIGN) {
        return damaged(`PT_TLS is aligned to ${align} bytes`);
      }
      if (fileSize === 0 || image.isReadable(address, fileSize)) return undefined;
      return damaged(`PT_TLS is outside every loadable segment: address ${hex(address)}`);
    case PT.GNU_RELRO: {
      // Whole pages become read-only, from the first byte's on; lld rounds the size up to pages.
      const load = file.segmentAt(segment.address);
      const end = load === undefined ? 0 : Math.ceil((Number(load.address) + load.memorySize) / PAGE) * PAGE;
      if (memorySize === 0 || (image.has(address, 1, PF.W) && address + memorySize < end + PAGE))
        return undefined;
      return damaged(
        `PT_GNU_RELRO is outside every writable segment: address ${hex(address)}, size ${hex(memorySize)}`,
      );
    }
    case PT.GNU_PROPERTY:
      if (memorySize === 0 || image.isReadable(address, memorySize)) return undefined;
      return damaged(`PT_GNU_PROPERTY is outside every loadable segment: address ${hex(address)}`);
    case PT.DYNAMIC:
      // The linker adds the load base to the addresses in it.
      if (!(segment.flags & PF.W) || image.isWritable(address, fileSize)) return undefined;
      return image.has(address, 1)
        ? damaged('PT_DYNAMIC is said to be writable, and its segment is not')
        : damaged('PT_DYNAMIC is outside every loadable segment');
    default:
      return undefined;
  }
}

/** Where in the file what is mapped at `address` comes from. */
function offsetOf(file: ElfFile, address: bigint): number | undefined {
  const segment = file.segmentAt(address);
  return segment && segment.offset + Number(address - segment.address);
}

function nameOf(segment: ProgramHeader): string {
  return `the segment at offset ${hex(segment.offset)} (${printFlags(segment.flags)})`;
}

function printFlags(flags: number): string {
  return (['R', 'W', 'X'] as const).map((flag) => (flags & PF[flag] ? flag.toLowerCase() : '-')).join('');
}
