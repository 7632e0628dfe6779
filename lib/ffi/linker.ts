import { PluginError } from '../errors.js';
import { copyOf, dataOver } from './foreign.js';
import { bindLibc, koffi, libc, type RawFunction } from './koffi.js';
import { state, throwFailure } from './state.js';

/** Flags of `dlopen`. glibc `bits/dlfcn.h`; musl has the same but for DEEPBIND, which it ignores. */
export const RTLD = {
  LOCAL: 0,
  LAZY: 0x1,
  NOW: 0x2,
  NOLOAD: 0x4,
  DEEPBIND: 0x8,
  GLOBAL: 0x100,
  NODELETE: 0x1000,
} as const;

/** What `dlopen` gave: a handle, the same for every name and thread while the library stays loaded, or its own words. */
export type Opened = { handle: bigint } | { dlerror: string };

/** An object in the process: the main program (whose name is empty), a library, the vDSO. */
export interface LoadedObject {
  /** What is added to an address in the file; 0 for a program linked to a fixed address. */
  base: bigint;
  name: string;
  /** Where its program headers lie in memory, and how many. */
  programHeaders: { address: bigint; count: number };
}

const dlerror = libc('const char *dlerror(void)') as () => string | null;
const dlopen = libc('void *dlopen(const char *path, int flags)') as (p: string, f: number) => bigint | null;
const dlsym = libc('void *dlsym(void *handle, const char *name)') as (
  handle: bigint | null,
  name: string,
) => bigint | null;
const dlvsym = libc('void *dlvsym(void *handle, const char *name, const char *version)') as (
  handle: bigint | null,
  name: string,
  version: string,
) => bigint | null;
const dlinfo = libc('int dlinfo(void *handle, int request, void *out)') as (
  handle: bigint,
  request: number,
  out: BigUint64Array,
) => number;

/** `libc` gives no `.async`, and takes no unnamed callback type; koffi's type names are shared by all its users. */
let dlopenFunction: RawFunction | undefined;
let dlIteratePhdr: ((visit: bigint, data: null) => number) | undefined;
/** Whom `dl_iterate_phdr` calls, by way of one callback that is registered for good: koffi has 8,192, and may have none left later. */
let visitor: { readonly address: bigint; visit: (info: bigint) => number } | undefined;

const nobody = (): number => 1;

function makeVisitor(): NonNullable<typeof visitor> {
  const type = koffi.pointer(koffi.proto('int', ['void *', 'size_t', 'void *']));
  const made: NonNullable<typeof visitor> = {
    address: koffi.register((info: bigint) => made.visit(info), type),
    visit: nobody,
  };
  return made;
}

/**
 * Loads a library; its constructors run in this thread. The caller passes RTLD.NODELETE, or the library goes when the
 * last handle is closed, and has checked the path: koffi cuts it at a NUL byte and at 4096 bytes.
 */
export function open(path: string, flags: number): Opened {
  // Binds `dlerror` now, and drops an older error: any successful dl function in between would drop ours.
  dlerror();
  let handle: bigint | null;
  // Constructors may call back.
  state.active++;
  try {
    handle = dlopen(path, flags);
  } finally {
    state.active--;
  }
  if (state.failed !== undefined) throwFailure();
  return handle === null ? { dlerror: dlerror() ?? 'unknown error' } : { handle };
}

/** How many asynchronous loads of this thread are under way. */
let loading = 0;

/**
 * Like `open`, on one of koffi's threads. The linker's lock is held meanwhile, so `dlsym` in any thread waits for it.
 * `dlerror` is per thread (dlerror(3)), so a failure is repeated here for its text.
 */
export async function openAsync(path: string, flags: number): Promise<Opened> {
  const dlopenAsync = (dlopenFunction ??= koffi
    .load(null)
    .func('void *dlopen(const char *path, int flags)') as RawFunction);
  // It is loaded when it is needed, and would then ask for functions of libc.
  require('./heap.js');
  bindLibc();
  loading++;
  const handle = await new Promise<bigint | null>((resolve, reject) => {
    dlopenAsync.async(path, flags, (error: Error | null, result: bigint | null) => {
      loading--;
      if (error) reject(error);
      else resolve(result);
    });
  });
  return handle === null ? open(path, flags) : { handle };
}

/** The handle of a library that is loaded already, by whatever name its file was opened. */
export function loadedHandle(path: string): bigint | undefined {
  return dlopen(path, RTLD.LAZY | RTLD.NOLOAD) ?? undefined;
}

/**
 * The address of a symbol of a library or of one it needs. Thread-local ones give the calling thread's own. Refused while an `openAsync` of this thread
 * is under way: `dlsym` would wait for its constructors, and a constructor that waits for this thread's event loop would never end.
 */
export function symbolAddress(handle: bigint, name: string, version?: string): bigint | undefined {
  if (loading > 0) {
    const reason = 'the linker is busy with an openAsync of this thread: wait for that first';
    throw new PluginError('ERR_PLUGIN_SYMBOL', `plugin: looking up ${name}: ${reason}`, { symbol: name });
  }
  return (version === undefined ? dlsym(handle, name) : dlvsym(handle, name, version)) ?? undefined;
}

/** The address of a symbol of the main program or of what is in its global scope (RTLD_DEFAULT is a null handle). */
export function mainSymbolAddress(name: string, version?: string): bigint | undefined {
  return (version === undefined ? dlsym(null, name) : dlvsym(null, name, version)) ?? undefined;
}

/** The address of a symbol of a library or of one it needs, for an open, which waits for the linker anyway. */
export function symbolOf(handle: bigint, name: string): bigint | undefined {
  return dlsym(handle, name) ?? undefined;
}

/** The linker's own record of a library: where it was put, and the name it was loaded by. */
export function linkMap(handle: bigint): { base: bigint; name: string } {
  const RTLD_DI_LINKMAP = 2;
  const out = new BigUint64Array(1);
  if (dlinfo(handle, RTLD_DI_LINKMAP, out) !== 0) throw new Error(`dlinfo: ${dlerror() ?? 'unknown error'}`);
  // struct link_map { ElfW(Addr) l_addr; char *l_name; … } (link.h)
  const [map = 0n] = out;
  return { base: wordAt(map), name: stringAt(wordAt(map + 8n)) };
}

/**
 * Calls `visit` with the address of a `struct dl_phdr_info` for each loaded object until it returns non-zero.
 * glibc holds the linker's write lock meanwhile and gives it back when `visit` throws or the thread is terminated.
 * `visit` must not call `dlopen`, `dlsym` or a function that koffi has yet to bind: these take the linker's locks in the
 * other order.
 */
export function iteratePhdr(visit: (info: bigint) => number): void {
  dlIteratePhdr ??= koffi.load(null).func('int dl_iterate_phdr(void *visit, void *data)') as NonNullable<
    typeof dlIteratePhdr
  >;
  visitor ??= makeVisitor();
  const { visit: outer } = visitor;
  visitor.visit = visit;
  try {
    dlIteratePhdr(visitor.address, null);
  } finally {
    visitor.visit = outer;
  }
}

/** Every object in the process, in the order they were loaded. */
export function iterateObjects(): LoadedObject[] {
  const objects: LoadedObject[] = [];
  iteratePhdr((info) => {
    // struct dl_phdr_info { Addr dlpi_addr; const char *dlpi_name; const Phdr *dlpi_phdr; Half dlpi_phnum; … }
    objects.push({
      base: wordAt(info),
      name: stringAt(wordAt(info + 8n)),
      programHeaders: { address: wordAt(info + 16n), count: koffi.decode.uint16(info + 24n) },
    });
    return 0;
  });
  return objects;
}

/** Where an object lies in memory, from its first segment to the end of its last. */
export function rangeOf(object: LoadedObject): { start: bigint; end: bigint } {
  const loads = loadedSegments(object).filter((s) => s.type === PT_LOAD);
  const starts = loads.map((s) => s.start);
  const ends = loads.map((s) => s.end);
  return {
    start: object.base + starts.reduce((a, b) => (b < a ? b : a), starts[0] ?? 0n),
    end: object.base + ends.reduce((a, b) => (b > a ? b : a), 0n),
  };
}

/** A copy of each note segment of a loaded object: the build-id that is in memory, whatever became of the file. */
export function notesInMemory(object: LoadedObject): Uint8Array[] {
  const segments = loadedSegments(object);
  // Nothing makes a note segment part of what is mapped (objcopy --add-section leaves such ones).
  const readable = segments.filter((s) => s.type === PT_LOAD && (s.flags & PF_R) !== 0);
  return segments
    .filter((s) => s.type === PT_NOTE && readable.some((r) => r.start <= s.start && s.end <= r.end))
    .map((s) => copyOf(object.base + s.start, Number(s.end - s.start)));
}

/** The libraries that a loaded object needs, as it names them. Reads no file. */
export function neededInMemory(object: LoadedObject): string[] {
  const { needed, strings } = dynamicInMemory(object);
  return needed.map((offset) => stringAt(strings + offset));
}

/** The table by which the linker finds the symbols of a loaded object (DT_GNU_HASH), from its header on; undefined if it has none. */
export function gnuHashInMemory(object: LoadedObject): bigint | undefined {
  return dynamicInMemory(object).gnuHash;
}

function dynamicInMemory(object: LoadedObject): { needed: bigint[]; strings: bigint; gnuHash?: bigint } {
  // glibc has added the load base to addresses, musl not, and neither has glibc where the array is read-only (the vDSO's).
  const placed = (address: bigint): bigint => (address < object.base ? address + object.base : address);
  const found: { needed: bigint[]; strings: bigint; gnuHash?: bigint } = { needed: [], strings: 0n };
  const segment = loadedSegments(object).find((s) => s.type === PT_DYNAMIC);
  if (segment === undefined) return found;
  const entries = dataOver(object.base + segment.start, Number(segment.end - segment.start));
  for (let at = 0; at + 16 <= entries.byteLength; at += 16) {
    // Elf64_Dyn { Sxword d_tag; Xword d_val; }
    const tag = entries.getBigUint64(at, true);
    if (tag === DT_NULL) break;
    const value = entries.getBigUint64(at + 8, true);
    if (tag === DT_NEEDED) found.needed.push(value);
    else if (tag === DT_STRTAB) found.strings = placed(value);
    else if (tag === DT_GNU_HASH) found.gnuHash = placed(value);
  }
  return found;
}

const DT_NULL = 0n;
const DT_NEEDED = 1n;
const DT_STRTAB = 5n;
const DT_GNU_HASH = 0x6ffffef5n;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_NOTE = 4;
const PF_R = 4;

/** A program header of a loaded object. Addresses are before it was moved to its base, sizes in bytes. */
export interface LoadedSegment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly start: bigint;
  readonly fileSize: number;
  /** The end in memory. */
  readonly end: bigint;
}

export function loadedSegments(object: LoadedObject): LoadedSegment[] {
  const sizeofPhdr = 56;
  const { address, count } = object.programHeaders;
  const headers = dataOver(address, count * sizeofPhdr);
  return Array.from({ length: count }, (_, i) => {
    // Elf64_Phdr { Word p_type, p_flags; Off p_offset; Addr p_vaddr, p_paddr; Xword p_filesz, p_memsz, p_align; }
    const at = i * sizeofPhdr;
    const start = headers.getBigUint64(at + 16, true);
    return {
      type: headers.getUint32(at, true),
      flags: headers.getUint32(at + 4, true),
      offset: Number(headers.getBigUint64(at + 8, true)),
      start,
      fileSize: Number(headers.getBigUint64(at + 32, true)),
      end: start + headers.getBigUint64(at + 40, true),
    };
  });
}

function wordAt(address: bigint): bigint {
  return BigInt(koffi.decode.uint64(address));
}

function stringAt(address: bigint): string {
  return koffi.decode.string(address);
}
