import { BloomFilter } from '../elf/gnu-hash.js';
import { copyOf, dataOver } from '../ffi/foreign.js';
import {
  gnuHashInMemory,
  iterateObjects,
  linkMap,
  loadedHandle,
  neededInMemory,
  rangeOf,
  type LoadedObject,
} from '../ffi/linker.js';
import type { Newcomers } from './newcomers.js';

/** The load bases of the main program and of what it needs; they stay where they are. */
let bases: Set<bigint> | undefined;

/** Whether `base` is that of the main program, or of a library that came with it: libc, libstdc++. Reads no file. */
export function isOfMainProgram(base: bigint): boolean {
  return (bases ??= findBases()).has(base);
}

/** An object that was there when the main program began: the linker looks into these first. */
export interface StartupObject {
  readonly start: bigint;
  readonly end: bigint;
  /** The program itself; what it needs; what LD_PRELOAD has put between the two. */
  readonly kind: 'program' | 'needed' | 'preloaded';
  /** Of the names that it exports: the linker need not be asked for most others, which takes microseconds each. */
  readonly filter: BloomFilter;
}

let atStart: readonly StartupObject[] | undefined;

/** The objects of the global scope as the main program began with it, in the linker's order. */
export function startupObjects(): readonly StartupObject[] {
  return (atStart ??= findStartupObjects());
}

function findStartupObjects(): StartupObject[] {
  const objects = iterateObjects();
  // The linker lists what is loaded later behind what was there at the start.
  const last = objects.findLastIndex((o) => isOfMainProgram(o.base));
  return objects.slice(0, last + 1).map((object, i) => {
    let filter: BloomFilter | undefined;
    return {
      ...rangeOf(object),
      kind: i === 0 ? 'program' : isOfMainProgram(object.base) ? 'needed' : 'preloaded',
      get filter() {
        return (filter ??= filterOf(object));
      },
    };
  });
}

/** One that lets everything through where there is none: DT_HASH has no filter. */
function filterOf(object: LoadedObject): BloomFilter {
  const address = gnuHashInMemory(object);
  const head = address === undefined ? undefined : dataOver(address, 16);
  const size = (head?.getUint32(8, true) ?? 0) * 8;
  const words = copyOf((address ?? 0n) + 16n, size);
  return new BloomFilter(words, head?.getUint32(12, true) ?? 0, { class: 64, littleEndian: true });
}

/** The load base of a library that is in the process; undefined if it is not. */
export function baseOf(name: string): bigint | undefined {
  const handle = loadedHandle(name);
  return handle === undefined ? undefined : linkMap(handle).base;
}

/** Whether a library needs one that did not come with the main program, and that it may have been compiled with another version of. */
export function mayDiffer({ library, dependencies }: Newcomers): boolean {
  if (dependencies.length > 0) return true;
  return library.needed.some((name) => {
    const base = baseOf(name);
    return base !== undefined && !isOfMainProgram(base);
  });
}

function findBases(): Set<bigint> {
  const objects = new Map(iterateObjects().map((o) => [o.base, o]));
  const [program] = objects.values();
  const found = new Set<bigint>();
  const names = new Set<string>();
  const queue: LoadedObject[] = program === undefined ? [] : [program];
  for (const object of queue) {
    found.add(object.base);
    for (const name of neededInMemory(object)) {
      if (names.has(name)) continue;
      names.add(name);
      const base = baseOf(name);
      const needed = base === undefined || found.has(base) ? undefined : objects.get(base);
      if (needed !== undefined) queue.push(needed);
    }
  }
  return found;
}
