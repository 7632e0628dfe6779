import type { ByteSource } from '../bytes/source.js';
import { FormatError } from '../errors.js';
import { DT, VER_NDX } from './constants.js';
import { ElfCursor } from './cursor.js';
import type { Dynamic } from './dynamic.js';
import type { ElfFile } from './file.js';

/** A version that symbols of the file have, defined by it or needed from a library. */
export interface SymbolVersion {
  readonly name: string;
  /** The library it is needed from; undefined for one that the file defines. */
  readonly library?: string;
}

/** Symbol versions (LSB Core "Symbol Versioning"; glibc elf/dl-version.c). */
export interface SymbolVersions {
  /** By version index. The base version (the file's own name, index 1) is not one of them. */
  readonly byIndex: ReadonlyMap<number, SymbolVersion>;
  /** Names of all version definitions, the base among them: the linker makes an absolute symbol of each. */
  readonly nodes: ReadonlySet<string>;
}

/** Indexes have 15 bits: a table with more versions is corrupt. Bounds tables whose records overlap each other. */
const MAX_VERSIONS = 0x8000;

/** VER_FLG_BASE: the definition that names the file itself. */
const BASE = 1;

/** Reads DT_VERDEF and DT_VERNEED. */
export function readVersions(file: ElfFile, dynamic: Dynamic): SymbolVersions {
  const byIndex = new Map<number, SymbolVersion>();
  const nodes = new Set<string>();
  for (const { name, index, flags } of iterDefinitions(file, dynamic)) {
    nodes.add(name);
    if (!(flags & BASE)) byIndex.set(index, { name });
  }
  let count = 0;
  for (const { name, index, library } of iterNeeds(file, dynamic)) {
    if (++count > MAX_VERSIONS)
      throw new FormatError('DT_VERNEED', undefined, `more than ${count - 1} versions`);
    byIndex.set(index, { name, library });
  }
  return { byIndex, nodes };
}

/** DT_VERSYM: a version index for each of `count` symbols, with `VERSYM_HIDDEN` in it; undefined without versions. */
export function readVersionIndexes(
  file: ElfFile,
  dynamic: Dynamic,
  count: number,
): ((symbol: number) => number) | undefined {
  const address = dynamic.address(DT.VERSYM);
  if (address === undefined) return undefined;
  const bytes = file.dataAt(address, count * 2, 'DT_VERSYM');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (symbol) => (symbol < count ? view.getUint16(symbol * 2, file.header.littleEndian) : VER_NDX.GLOBAL);
}

function* iterDefinitions(
  file: ElfFile,
  dynamic: Dynamic,
): Generator<{ name: string; index: number; flags: number }> {
  for (const { cursor, start } of iterRecords(file, dynamic, DT.VERDEF, DT.VERDEFNUM, 20)) {
    const flags = cursor.u16();
    const index = cursor.u16() & 0x7fff;
    cursor.skip(6); // vd_cnt, vd_hash
    const aux = cursor.u32();
    // Its first name is its own, the others are its parents'.
    const name = recordAt(file, dynamic, DT.VERDEF, start + aux, 8).u32();
    yield { name: dynamic.strings.at(name), index, flags };
  }
}

function* iterNeeds(
  file: ElfFile,
  dynamic: Dynamic,
): Generator<{ name: string; index: number; library: string }> {
  for (const { cursor, start } of iterRecords(file, dynamic, DT.VERNEED, DT.VERNEEDNUM, 16)) {
    const count = cursor.u16();
    const library = dynamic.strings.at(cursor.u32());
    let at = start + cursor.u32();
    for (let i = 0; i < count; i++) {
      const aux = recordAt(file, dynamic, DT.VERNEED, at, 16);
      aux.skip(6); // vna_hash, vna_flags
      const index = aux.u16() & 0x7fff;
      yield { name: dynamic.strings.at(aux.u32()), index, library };
      const next = aux.u32();
      if (next === 0) break;
      at += next;
    }
  }
}

/**
 * The linked records of a table, `size` bytes each, whose last word is the distance to the next. Distances are not
 * negative, so that a table can't be a circle; a corrupt one runs into its segment's end.
 */
function* iterRecords(
  file: ElfFile,
  dynamic: Dynamic,
  tag: number,
  countTag: number,
  size: number,
): Generator<{ cursor: ElfCursor; start: number }> {
  if (dynamic.address(tag) === undefined) return;
  const count = Math.min(dynamic.number(countTag) ?? 0, MAX_VERSIONS);
  for (let i = 0, start = 0; i < count; i++) {
    const cursor = recordAt(file, dynamic, tag, start, size);
    cursor.pos = size - 4;
    const next = cursor.u32();
    cursor.pos = 2; // behind vd_version or vn_version, which is 1
    yield { cursor, start };
    if (next === 0) return;
    start += next;
  }
}

function recordAt(file: ElfFile, dynamic: Dynamic, tag: number, start: number, size: number): ElfCursor {
  const name = tag === DT.VERDEF ? 'DT_VERDEF' : 'DT_VERNEED';
  const table: ByteSource | undefined = file.mapped(dynamic.address(tag) ?? 0n, name);
  const bytes = table?.read(start, size) ?? new Uint8Array();
  return new ElfCursor(bytes, file.header, name, start);
}
