import { readFileSync } from 'node:fs';

import { PluginError } from '../errors.js';
import { libc } from './koffi.js';

/** What may be done with memory, as bits of a number. They are those of `mmap`: asm-generic/mman-common.h. */
export const PROT = { NONE: 0, READ: 1, WRITE: 2, EXEC: 4 } as const;

/** A run of memory of one kind. Addresses are numbers here, which compare fast: those of whole pages are exact. */
interface Range {
  readonly start: number;
  readonly end: number;
  readonly access: number;
  /** `cCalls.made` when it was last seen to be mapped, all of it. */
  seen: number;
}

/** Counts what may have changed the memory of this process: calls of C, and the ends of callbacks, after which C goes on. */
export const cCalls = {
  made: 0,
  /** Counts the looks. What was found out about the memory of this process holds until the next one. */
  looks: 0,
};

/** The smallest page there is. */
const PAGE = 4096;
/** What is above belongs to no process (Linux Documentation/arch/x86/x86_64/mm.rst). */
const HIGHEST = 2 ** 56;

/** The ranges of this process, sorted, as of the last look. */
let ranges: Range[] = [];
/** The range that the last answer was found in, by index: often it is the next one's. */
let last = 0;

const msync = libc('int msync(int64_t address, size_t length, int flags)') as (
  address: number,
  length: number,
  flags: number,
) => number;

/**
 * What may be done with all of the `size` bytes at `address`, by the kernel's own list (`/proc/self/maps`, proc(5)). The list is
 * cached, and read again when by it `wanted` is not allowed or, with `verify`, when C was called meanwhile and has unmapped the memory. What the
 * cached list can't tell is that C has taken a permission away (`mprotect`), that another thread has unmapped memory since the last call of C
 * from here, and without `verify` that C has.
 */
export function accessOf(address: bigint, size: number, wanted: number, verify: boolean): number {
  // Marks like (void *)-1.
  const at = Number(address);
  if (at < PAGE || at >= HIGHEST) return PROT.NONE;
  const found = search(at, size);
  if ((found & wanted) === wanted && !(verify && isUnmapped(ranges[last], at, size))) return found;
  ranges = readMaps();
  cCalls.looks++;
  return search(at, size);
}

/** The same, if that is at least `wanted`; throws `ERR_PLUGIN_BAD_ADDRESS` otherwise. What C has given out just now, `fresh`, it has not unmapped. */
export function checkAccess(address: bigint, size: number, wanted: number, fresh = false): number {
  const found = accessOf(address, Math.max(size, 1), wanted, !fresh);
  if ((found & wanted) === wanted) return found;
  const reason = wanted === PROT.EXEC ? 'no code is mapped there' : `${size} bytes there are not mapped`;
  throw badAddress(address, reason);
}

export function badAddress(address: bigint, reason: string): PluginError {
  return new PluginError('ERR_PLUGIN_BAD_ADDRESS', `bad address 0x${address.toString(16)}: ${reason}`);
}

/** Forgets what is known: after `dlopen`, whose relocations turn writable pages into read-only ones (RELRO). */
export function forgetMappings(): void {
  ranges = [];
  cCalls.looks++;
}

/** The run of memory of one kind that has the byte at `address`, as of the last look. */
export function rangeAround(address: bigint): Readonly<Pick<Range, 'start' | 'end' | 'access'>> | undefined {
  return search(Number(address), 1) === PROT.NONE ? undefined : ranges[last];
}

/** A number that changes when the memory of this process may be found to have changed. */
export function mappingsSeen(): number {
  return cCalls.looks;
}

/** What every range from `address` on for `size` bytes allows. */
function search(address: number, size: number): number {
  const end = address + size;
  const same = ranges[last];
  if (same !== undefined && same.start <= address && end <= same.end) return same.access;
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle]?.end ?? 0) <= address) low = middle + 1;
    else high = middle;
  }
  last = low;
  let access: number = PROT.READ | PROT.WRITE | PROT.EXEC;
  let at = address;
  for (let i = low; ; i++) {
    const range = ranges[i];
    if (range === undefined || range.start > at) return PROT.NONE;
    access &= range.access;
    if (range.end >= end) return access;
    at = range.end;
  }
}

/**
 * Whether some of this memory, which begins in `range`, is gone: ENOMEM of msync(2), which with MS_ASYNC does nothing else since Linux 2.6.19. It is
 * asked of all of a range at once, once after each call of C: 0.4 µs, which a loop along a list can't take for each of its nodes.
 */
function isUnmapped(range: Range | undefined, address: number, size: number): boolean {
  const MS_ASYNC = 1;
  if (range === undefined || address + size > range.end) {
    const skipped = address % PAGE;
    return msync(address - skipped, skipped + size, MS_ASYNC) !== 0;
  }
  if (range.seen === cCalls.made) return false;
  if (msync(range.start, range.end - range.start, MS_ASYNC) !== 0) return true;
  range.seen = cCalls.made;
  return false;
}

function readMaps(): Range[] {
  const lines = readFileSync('/proc/self/maps', 'latin1').split('\n');
  return lines.flatMap((line): Range[] => {
    const match = /^([0-9a-f]+)-([0-9a-f]+) (r|-)(w|-)(x|-)/.exec(line);
    if (match === null) return [];
    const [, start = '', end = '', read, write, execute] = match;
    const access =
      (read === 'r' ? PROT.READ : 0) | (write === 'w' ? PROT.WRITE : 0) | (execute === 'x' ? PROT.EXEC : 0);
    return [{ start: parseInt(start, 16), end: parseInt(end, 16), access, seen: cCalls.made }];
  });
}

/** A file as `fs` has it: `identity` is device and inode, `2049:131`, and `descriptor` that of the open file. */
interface OpenFile {
  readonly identity: string;
  readonly descriptor: number;
}

/** Whether what is mapped at `address` is that file; undefined where that can't be told. */
export function isFileAt(address: bigint, { identity, descriptor }: OpenFile): boolean | undefined {
  const mapped = fileAt(address);
  if (mapped === undefined) return undefined;
  const [device = '', inode = ''] = identity.split(':');
  if (mapped === `${deviceInMaps(BigInt(device))} ${inode}`) return true;
  // btrfs and overlayfs say another device to stat(2) than the list has, and overlayfs another inode, too: what does the list say of this file?
  const own = mapFile(descriptor);
  if (own !== undefined) return own === mapped;
  return mapped.endsWith(` ${inode}`) ? undefined : false;
}

/** As the kernel's list writes a device (proc(5)): `fe:00`. Its number is that of <sys/sysmacros.h>. */
function deviceInMaps(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
  return [major, minor].map((n) => n.toString(16).padStart(2, '0')).join(':');
}

/** Device and inode of an open file as the kernel's list has them; undefined if it can't be mapped. */
function mapFile(descriptor: number): string | undefined {
  const MAP_PRIVATE = 2;
  const mmap = libc(
    'int64_t mmap(int64_t, size_t length, int access, int flags, int fd, int64_t offset)',
  ) as (...args: number[]) => number | bigint;
  const munmap = libc('int munmap(int64_t address, size_t length)') as (a: bigint, length: number) => number;
  const address = BigInt(mmap(0, PAGE, PROT.READ, MAP_PRIVATE, descriptor, 0));
  if (address < 0n) return undefined;
  try {
    return fileAt(address);
  } finally {
    munmap(address, PAGE);
  }
}

/** Device and inode of what is mapped at `address`, `fe:00 131`; undefined for memory of no file. */
function fileAt(address: bigint): string | undefined {
  for (const line of readFileSync('/proc/self/maps', 'latin1').split('\n')) {
    // start-end perms offset dev inode path
    const match = /^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ (\S+) (\d+)/.exec(line);
    if (match === null || BigInt(`0x${match[1] ?? ''}`) > address || BigInt(`0x${match[2] ?? ''}`) <= address)
      continue;
    return match[4] === '0' ? undefined : `${match[3] ?? ''} ${match[4] ?? ''}`;
  }
  return undefined;
}
