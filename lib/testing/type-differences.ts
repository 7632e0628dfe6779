import { copyOf, type CType } from '../ctypes/model.js';

/** Types that are compared, at most: headers of the system lead far. */
const MOST = 2000;

/**
 * Where two descriptions of one type are not the same, all that they lead to included: `struct s.m: size 8, 4`. Names of parameters are not compared, nor
 * what compiled a function.
 */
export function typeDifferences(a: CType, b: CType): string[] {
  const found: string[] = [];
  const seen = new Map<CType, Set<CType>>();
  const pending: [CType, CType, string][] = [[a, b, '']];
  for (let next = pending.pop(); next !== undefined && seen.size < MOST; next = pending.pop()) {
    const [x, y, path] = next;
    const before = seen.get(x) ?? new Set();
    if (before.has(y)) continue;
    seen.set(x, before.add(y));
    const [plainX, plainY] = [plain(x), plain(y)];
    for (const key of new Set([...Object.keys(plainX), ...Object.keys(plainY)])) {
      const [one, other] = [plainX[key], plainY[key]];
      if (isType(one) && isType(other)) pending.push([one, other, `${path}.${key}`]);
      else if (text(one) !== text(other)) found.push(`${path}.${key}: ${text(one)}, ${text(other)}`);
    }
  }
  return found;
}

/** What does not belong to the type itself, or is only in CTF. */
const NOT_COMPARED: readonly string[] = ['compiler', 'nonTrivial', 'alignmentInDoubt', 'declared'];

/** A type's own properties, those of its members and parameters among them. */
function plain(type: CType): Record<string, unknown> {
  const all: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(copyOf(type)) as [string, unknown][]) {
    if (value === undefined || NOT_COMPARED.includes(key)) continue;
    if (key === 'members' || key === 'parameters') {
      for (const [i, part] of (value as Record<string, unknown>[]).entries()) {
        const name = key === 'members' ? `${i} ${(part['name'] as string | undefined) ?? ''}` : String(i);
        for (const [property, of] of Object.entries(part)) {
          if (of !== undefined && property !== 'name') all[`${name}.${property}`] = of;
        }
      }
    } else all[key] = value;
  }
  return all;
}

function isType(value: unknown): value is CType {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

function text(value: unknown): string {
  if (isType(value)) return value.kind;
  if (value === undefined) return 'none';
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each));
}
