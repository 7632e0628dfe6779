import type { CType } from '../../lib/ctypes/model.js';
import { sizeOf } from '../../lib/ctypes/layout.js';
import { printDefinition } from '../../lib/ctypes/print.js';
import { isPluginError } from '../../lib/errors.js';

/** Types that are looked at of one symbol. */
const MAX_TYPES = 300;

/** What `action` gives; undefined if the bytes are not what their format says. Anything else that is thrown comes out. */
export function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (isPluginError(error)) return undefined;
    throw error;
  }
}

/** As `attempt`, of what reads C: a `TypeError` with a code is its answer. */
export function attemptC<T>(action: () => T): T | undefined {
  try {
    return attempt(action);
  } catch (error) {
    if (error instanceof TypeError && 'code' in error && error.code === 'ERR_INVALID_ARG_VALUE')
      return undefined;
    throw error;
  }
}

/** Looks at everything that a type leads to, within limits. */
export function visit(type: CType, seen = new Set<CType>()): void {
  if (seen.has(type) || seen.size > MAX_TYPES) return;
  seen.add(type);
  attempt(() => printDefinition(type));
  attempt(() => sizeOf(type));
  for (const key of Object.keys(type)) {
    const value = attempt(() => (type as unknown as Record<string, unknown>)[key]);
    const parts: unknown[] = Array.isArray(value) ? value.slice(0, 50) : [value];
    for (const part of parts) {
      if (isType(part)) visit(part, seen);
      else if (typeof part === 'object' && part !== null && 'type' in part && isType(part.type))
        visit(part.type, seen);
    }
  }
}

function isType(value: unknown): value is CType {
  return typeof value === 'object' && value !== null && 'kind' in value;
}
