import { iterateObjects, linkMap, loadedHandle, neededInMemory, type LoadedObject } from '../ffi/linker.js';
import type { Newcomers } from './newcomers.js';

/** The load bases of the main program and of what it needs; they stay where they are. */
let bases: Set<bigint> | undefined;

/** Whether `base` is that of the main program, or of a library that came with it: libc, libstdc++. Reads no file. */
export function isOfMainProgram(base: bigint): boolean {
  return (bases ??= findBases()).has(base);
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
