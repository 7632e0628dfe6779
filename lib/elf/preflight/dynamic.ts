import { DF_1, DT, PT } from '../constants.js';
import { readDynamic, type Dynamic } from '../dynamic.js';
import type { ElfFile } from '../file.js';
import { DynamicSymbols } from '../symbol.js';
import { isCodeAddress } from './code-address.js';
import { Image } from './image.js';
import { damaged, hex, lines } from './reason.js';
import { checkRelocations } from './relocations.js';
import { checkSymbols } from './symbols.js';
import { checkVersions } from './versions.js';

export const NOT_A_PROGRAM = 'it is a program; build a library from its source with gcc -shared -fPIC';

/** The dynamic array, and everything that it leads to (glibc elf/get-dynamic-info.h and elf/dl-reloc.c). */
export function checkDynamic(file: ElfFile): string | undefined {
  const segments = file.programHeaders.filter((p) => p.type === PT.DYNAMIC);
  if (segments.length > 1) return damaged(`it has ${segments.length} PT_DYNAMIC`);
  const [segment] = segments;
  if (
    segment !== undefined &&
    segment.fileSize > 0 &&
    file.mapped(segment.address, 'PT_DYNAMIC') === undefined
  ) {
    return damaged('PT_DYNAMIC is outside every loadable segment');
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
  const image = new Image(file);
  return (
    checkEnd(dynamic) ??
    checkEntries(file, dynamic) ??
    checkTables(file, dynamic, image) ??
    checkStrings(dynamic) ??
    checkCode(file, dynamic, image) ??
    checkSymbols(file, dynamic, image) ??
    checkVersions(file, dynamic) ??
    checkRelocations(file, dynamic, image) ??
    checkGoPlugin(DynamicSymbols.of(file))
  );
}

function checkEnd(dynamic: Dynamic): string | undefined {
  return dynamic.isEnded ? undefined : damaged('PT_DYNAMIC has no end: DT_NULL is missing');
}

/** Entries that the linker takes together: where the first is, it reads the others without asking whether they are there, or does without both. */
const TOGETHER = [
  ['RELA', 'RELASZ'],
  ['RELASZ', 'RELA'],
  ['RELA', 'RELAENT'],
  ['REL', 'RELSZ'],
  ['REL', 'RELENT'],
  ['RELR', 'RELRSZ'],
  ['RELRSZ', 'RELR'],
  ['RELR', 'RELRENT'],
  ['PLTREL', 'JMPREL'],
  ['PLTREL', 'PLTRELSZ'],
  ['PLTRELSZ', 'JMPREL'],
  ['JMPREL', 'PLTREL'],
  ['INIT_ARRAY', 'INIT_ARRAYSZ'],
  ['INIT_ARRAYSZ', 'INIT_ARRAY'],
  ['FINI_ARRAY', 'FINI_ARRAYSZ'],
  ['FINI_ARRAYSZ', 'FINI_ARRAY'],
  ['VERDEF', 'VERSYM'],
  ['VERNEED', 'VERSYM'],
] as const;

/** Numbers that the linker insists on: it ends the process over another one (`assert`). */
function checkEntries(file: ElfFile, dynamic: Dynamic): string | undefined {
  // gABI ch. 5: these two are mandatory, and the linker reads them in any case.
  for (const tag of ['STRTAB', 'SYMTAB'] as const) {
    if (dynamic.address(DT[tag]) === undefined) return damaged(`it has no DT_${tag}`);
  }
  for (const [first, other] of TOGETHER) {
    if (dynamic.address(DT[first]) !== undefined && dynamic.address(DT[other]) === undefined) {
      return damaged(`it has DT_${first} without DT_${other}`);
    }
  }
  const word = file.header.class / 8;
  const fixed = [
    ['RELAENT', [word * 3]],
    ['RELENT', [word * 2]],
    ['RELRENT', [word]],
    // What x86-64 and all others of 64 bits have is RELA.
    ['PLTREL', word === 8 ? [DT.RELA] : [DT.RELA, DT.REL]],
  ] as const;
  for (const [tag, values] of fixed) {
    const value = dynamic.number(DT[tag]);
    if (value !== undefined && !(values as readonly number[]).includes(value)) {
      return damaged(`DT_${tag} is ${value}, not ${values.join(' or ')}`);
    }
  }
  return undefined;
}

/** Tables that the linker reads or writes without asking whether they are mapped. */
const TABLES = [
  ['STRTAB', 'STRSZ'],
  ['RELA', 'RELASZ'],
  ['REL', 'RELSZ'],
  ['RELR', 'RELRSZ'],
  ['JMPREL', 'PLTRELSZ'],
  ['PREINIT_ARRAY', 'PREINIT_ARRAYSZ'],
  ['INIT_ARRAY', 'INIT_ARRAYSZ'],
  ['FINI_ARRAY', 'FINI_ARRAYSZ'],
] as const;

function checkTables(file: ElfFile, dynamic: Dynamic, image: Image): string | undefined {
  for (const [table, sizeTag] of TABLES) {
    const address = dynamic.number(DT[table]);
    const size = dynamic.number(DT[sizeTag]) ?? 0;
    if (table === 'JMPREL' && address !== undefined && size === 0)
      return damaged('DT_JMPREL has no relocations');
    if (address === undefined || size === 0 || image.isReadable(address, size)) continue;
    return damaged(`DT_${table} is outside the file: address ${hex(address)}, size ${size}`);
  }
  const word = file.header.class / 8;
  for (const tag of ['SYMTAB', 'GNU_HASH', 'HASH', 'VERSYM', 'VERDEF', 'VERNEED'] as const) {
    const address = dynamic.number(DT[tag]);
    if (address === undefined || image.isReadable(address, word)) continue;
    return damaged(`DT_${tag} is outside the file: address ${hex(address)}`);
  }
  // With lazy binding the linker puts two addresses of its own behind the first word.
  const got = dynamic.number(DT.PLTGOT);
  if (dynamic.address(DT.JMPREL) === undefined || dynamic.bindsNow) return undefined;
  if (got !== undefined && image.isWritable(got, 3 * word)) return undefined;
  return damaged(
    `DT_PLTGOT is outside every writable segment: ${got === undefined ? 'it is missing' : hex(got)}`,
  );
}

/** Entries that are offsets in the string table (gABI ch. 5 "Dynamic Section"). */
const STRINGS = ['NEEDED', 'SONAME', 'RPATH', 'RUNPATH', 'AUXILIARY', 'FILTER'] as const;
/** Those of them that the linker loads. */
const LIBRARIES: ReadonlySet<(typeof STRINGS)[number]> = new Set(['NEEDED', 'AUXILIARY', 'FILTER']);

function checkStrings(dynamic: Dynamic): string | undefined {
  const size = dynamic.strings.size;
  if (size > 0 && !dynamic.strings.isEnded) return damaged('DT_STRTAB: the last string has no end');
  for (const { tag, value } of dynamic.entries) {
    const name = STRINGS.find((s) => DT[s] === tag);
    if (name !== undefined && value >= BigInt(size)) {
      return damaged(`DT_${name}: the string table ends at ${hex(size)}, ${hex(value)} is wanted`);
    }
    // "" is the main program's name.
    if (name !== undefined && LIBRARIES.has(name) && dynamic.strings.at(Number(value)) === '') {
      return damaged(`DT_${name}: the library has no name`);
    }
  }
  return undefined;
}

function checkCode(file: ElfFile, dynamic: Dynamic, image: Image): string | undefined {
  if (!isCodeAddress(file)) return undefined;
  for (const tag of ['INIT', 'FINI'] as const) {
    const address = dynamic.number(DT[tag]);
    if (address !== undefined && !image.isCode(address)) {
      return damaged(`DT_${tag}: there is no code at address ${hex(address)}`);
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
