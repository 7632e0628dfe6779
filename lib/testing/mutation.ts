import type { CType } from '../ctypes/model.js';
import { printDefinition } from '../ctypes/print.js';
import { isPluginError } from '../errors.js';

/** A small generator, so that a failure can be repeated (Park and Miller). */
export function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48271) % 0x7fffffff;
    return state % below;
  };
}

/** Looks at everything that a type leads to, within limits. */
export function visit(type: CType, seen: Set<CType>): void {
  if (seen.has(type) || seen.size > 300) return;
  seen.add(type);
  attempt(() => printDefinition(type));
  for (const key of Object.keys(type)) {
    const value = attempt(() => (type as unknown as Record<string, unknown>)[key]);
    const parts: unknown[] = Array.isArray(value) ? value.slice(0, 50) : [value];
    for (const part of parts) {
      if (isType(part)) visit(part, seen);
      else if (typeof part === 'object' && part !== null && 'type' in part && isType(part.type)) {
        visit(part.type, seen);
      }
    }
  }
}

function isType(value: unknown): value is CType {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

/** Only our own errors may come out. */
export function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (isPluginError(error) && error.code === 'ERR_FORMAT') return undefined;
    throw error;
  }
}
