import { readFileSync } from 'node:fs';

/** What may be done with an address range of this process: nothing, reading, or reading and writing. */
export type Access = 'none' | 'read' | 'write';

interface Range {
  readonly start: bigint;
  readonly end: bigint;
  readonly access: Access;
}

/** The ranges of this process, sorted, as of the last look. */
let ranges: Range[] = [];

/**
 * What may be done with all of the `size` bytes at `address`, by the kernel's own list (`/proc/self/maps`, proc(5)). The list is
 * cached, and read again only when the address is not in it, so that a look costs less than a microsecond. What has
 * been unmapped since then is the one thing it can't tell.
 */
export function accessOf(address: bigint, size: number): Access {
  const end = address + BigInt(size);
  let found = search(address, end);
  if (found === 'none') {
    ranges = readMaps();
    found = search(address, end);
  }
  return found;
}

/** Forgets what is known: after `dlopen`, whose relocations turn writable pages into read-only ones (RELRO). */
export function forgetMappings(): void {
  ranges = [];
}

/** The least that every range between `address` and `end` allows. */
function search(address: bigint, end: bigint): Access {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle]?.end ?? 0n) <= address) low = middle + 1;
    else high = middle;
  }
  let least: Access = 'write';
  let at = address;
  for (let i = low; ; i++) {
    const range = ranges[i];
    if (range === undefined || range.start > at || range.access === 'none') return 'none';
    if (range.access === 'read') least = 'read';
    if (range.end >= end) return least;
    at = range.end;
  }
}

function readMaps(): Range[] {
  const lines = readFileSync('/proc/self/maps', 'latin1').split('\n');
  return lines.flatMap((line): Range[] => {
    const match = /^([0-9a-f]+)-([0-9a-f]+) (r|-)(w|-)/.exec(line);
    if (match === null) return [];
    const [, start = '', end = '', read, write] = match;
    const access = read !== 'r' ? 'none' : write === 'w' ? 'write' : 'read';
    return [{ start: BigInt(`0x${start}`), end: BigInt(`0x${end}`), access }];
  });
}

/** The inode of the file that is mapped at `address`; undefined for memory of no file. */
export function inodeAt(address: bigint): bigint | undefined {
  for (const line of readFileSync('/proc/self/maps', 'latin1').split('\n')) {
    // start-end perms offset dev inode path
    const match = /^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ (\d+)/.exec(line);
    if (match === null || BigInt(`0x${match[1] ?? ''}`) > address || BigInt(`0x${match[2] ?? ''}`) <= address)
      continue;
    return match[3] === '0' ? undefined : BigInt(match[3] ?? '0');
  }
  return undefined;
}
