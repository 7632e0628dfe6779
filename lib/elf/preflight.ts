import type { ByteSource } from '../bytes/source.js';
import { FormatError } from '../errors.js';
import { DF_1, DT, ELFCLASS, ELFDATA, ELFOSABI, ET, nameOf, PF, PT } from './constants.js';
import { readDynamic, type Dynamic } from './dynamic.js';
import { ElfFile } from './file.js';
import { describeForeign } from './foreign.js';
import { hasElfMagic, headerSize } from './header.js';
import { currentHost, machineName, type Host } from './host.js';
import type { ProgramHeader } from './segment.js';
import { DynamicSymbols } from './symbol.js';

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

const NOT_A_PROGRAM = 'it is a program; build a library from its source with gcc -shared -fPIC';

function checkSegments(file: ElfFile): string | undefined {
  const { phoff, phnum, phentsize } = file.header;
  const size = file.source.size;
  if (phoff + phnum * phentsize > size) {
    return lines(
      'cannot read file data',
      `it is truncated: the program headers end beyond its ${size} bytes`,
    );
  }
  const loads = file.programHeaders.filter((p) => p.type === PT.LOAD);
  if (loads.length === 0) return 'object file has no loadable segments';
  for (const segment of loads) {
    const reason = checkLoad(segment, size);
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
      `it is truncated: the segment at offset ${hex(segment.offset)} (${printFlags(segment.flags)}) ends at ${hex(end)}, ` +
        `the file at ${hex(size)}`,
    );
  }
  if (segment.memorySize < segment.fileSize) {
    return lines(
      'invalid ELF file',
      `the segment at offset ${hex(segment.offset)} is smaller in memory than in the file`,
    );
  }
  // The smallest page that Linux has: the linker itself compares with the real one.
  if ((segment.address - BigInt(segment.offset)) % 0x1000n !== 0n) {
    return 'ELF load command address/offset not page-aligned';
  }
  return undefined;
}

function checkDynamic(file: ElfFile): string | undefined {
  const segment = file.programHeaders.find((p) => p.type === PT.DYNAMIC);
  if (
    segment !== undefined &&
    segment.fileSize > 0 &&
    file.mapped(segment.address, 'PT_DYNAMIC') === undefined
  ) {
    return lines('invalid ELF file', 'PT_DYNAMIC is outside every loadable segment');
  }
  const dynamic = readDynamic(file);
  if (dynamic === undefined) {
    const isDebug = segment !== undefined && file.sections.some((s) => s.name.startsWith('.debug_'));
    return lines(
      'object file has no dynamic section',
      isDebug ? 'it is the debug info of a library' : undefined,
    );
  }
  if (dynamic.flags1 & DF_1.PIE) {
    return lines('cannot dynamically load position-independent executable', NOT_A_PROGRAM);
  }
  if (dynamic.flags1 & DF_1.NOOPEN) {
    return lines('shared object cannot be dlopen()ed', 'it was linked with -z nodlopen');
  }
  return checkTables(file, dynamic) ?? checkGoPlugin(DynamicSymbols.of(file));
}

/** Tables that the linker reads or writes without asking whether they are mapped. */
const TABLES = [
  ['STRTAB', 'STRSZ'],
  ['RELA', 'RELASZ'],
  ['REL', 'RELSZ'],
  ['JMPREL', 'PLTRELSZ'],
  ['INIT_ARRAY', 'INIT_ARRAYSZ'],
] as const;

function checkTables(file: ElfFile, dynamic: Dynamic): string | undefined {
  for (const [table, sizeTag] of TABLES) {
    const address = dynamic.address(DT[table]);
    const size = dynamic.number(DT[sizeTag]) ?? 0;
    if (address === undefined || size === 0) continue;
    if ((file.mapped(address, table)?.size ?? 0) < size) {
      return lines(
        'invalid ELF file',
        `DT_${table} is outside the file: address 0x${address.toString(16)}, size ${size}`,
      );
    }
  }
  return undefined;
}

/** The hash of package runtime, which Go's `plugin.Open` compares; with a dot up to Go 1.19, with a colon since. */
const GO_PLUGIN_SYMBOLS = ['go:link.pkghashbytes.runtime', 'go.link.pkghashbytes.runtime'];

function checkGoPlugin(symbols: DynamicSymbols): string | undefined {
  const isGo = GO_PLUGIN_SYMBOLS.some((name) => symbols.lookup(name));
  // A c-shared library that itself opens plugins has those too, and its main package is called main; a plugin's is not.
  if (!isGo || symbols.lookup('main.main')) return undefined;
  return lines(
    'it is a Go plugin, which only a Go program can load',
    'build it with -buildmode=c-shared in place of -buildmode=plugin, and mark its functions with //export',
  );
}

function printFlags(flags: number): string {
  return (['R', 'W', 'X'] as const).map((flag) => (flags & PF[flag] ? flag.toLowerCase() : '-')).join('');
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

function lines(...texts: (string | undefined)[]): string {
  return texts.filter((text) => text !== undefined).join('\n');
}
