import type { ByteSource } from '../bytes/source.js';
import { FormatError } from '../errors.js';
import { ELFCLASS, ELFDATA, ELFOSABI, ET, nameOf } from './constants.js';
import { ElfFile } from './file.js';
import { describeForeign } from './foreign.js';
import { hasElfMagic, headerSize } from './header.js';
import { currentHost, machineName, type Host } from './host.js';
import { checkDynamic, NOT_A_PROGRAM } from './preflight/dynamic.js';
import { lines } from './preflight/reason.js';
import { checkSegments } from './preflight/segments.js';

/**
 * Why `file` must not be given to dlopen: what would kill the process there, or be misreported. Undefined if it may.
 * The first line is in glibc's words where glibc has them (elf/dl-load.c), without the path before them; an
 * explanation can follow on further lines.
 *
 * @example
 * preflight(new FileSource('libc.a')); // 'invalid ELF header\nit is a static library; …'
 */
export function preflight(file: ElfFile | ByteSource, host: Host = currentHost()): string | undefined {
  const source = file instanceof ElfFile ? file.source : file;
  try {
    const reason = checkIdent(source, host);
    if (reason !== undefined) return reason;
    const elf = file instanceof ElfFile ? file : new ElfFile(source);
    return checkHeader(elf, host) ?? checkSegments(elf) ?? checkDynamic(elf);
  } catch (error) {
    if (error instanceof FormatError) return `invalid ELF file\n${error.message}`;
    if (isDirectoryError(error)) return 'cannot read file data: Is a directory';
    throw error;
  }
}

/** A directory can be opened as a file, but not read. The error can be of another realm (Jest's): no instanceof. */
function isDirectoryError(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EISDIR';
}

/** The order is glibc's (open_verify), except that a machine of the other byte order is told as that. */
function checkIdent(source: ByteSource, host: Host): string | undefined {
  const ident = source.read(0, Math.min(16, source.size));
  const isElf = hasElfMagic(ident);
  const foreign = isElf ? undefined : describeForeign(source);
  if (source.size < headerSize(host.class) && !(isElf && ident[4] === ELFCLASS[32] && host.class === 64)) {
    return lines('file too short', source.size === 0 ? 'it is empty' : foreign);
  }
  if (!isElf) return lines('invalid ELF header', foreign);
  const [, , , , elfClass, data, version, osabi = 0, abiVersion] = ident;
  if (elfClass !== ELFCLASS[host.class]) {
    return `wrong ELF class: ELFCLASS${elfClass === ELFCLASS[64] ? '64' : '32'}`;
  }
  if (data !== ELFDATA[host.littleEndian ? '2LSB' : '2MSB']) {
    return `ELF file data encoding not ${host.littleEndian ? 'little' : 'big'}-endian`;
  }
  if (version !== 1) return 'ELF file version ident does not match current one';
  if (osabi !== ELFOSABI.NONE && osabi !== ELFOSABI.GNU) {
    return lines('ELF file OS ABI invalid', `it is for ${nameOf(ELFOSABI, osabi)}`);
  }
  // Versions of the GNU ABI are small numbers that grow; the linker knows which it has.
  if (osabi === ELFOSABI.NONE && abiVersion !== 0) return 'ELF file ABI version invalid';
  return undefined;
}

function checkHeader({ header }: ElfFile, host: Host): string | undefined {
  const { machine, type } = header;
  if (machine !== host.machine) {
    return `wrong ELF machine: ${machineName(machine)}, this process runs on ${machineName(host.machine)}`;
  }
  if (type === ET.EXEC) return lines('cannot dynamically load executable', NOT_A_PROGRAM);
  if (type === ET.DYN) return undefined;
  const what = type === ET.REL ? 'it is an object file; link it: gcc -shared -o LIB.so FILE.o' : undefined;
  return lines('only ET_DYN and ET_EXEC can be loaded', type === ET.CORE ? 'it is a core dump' : what);
}
