import type { EnumType } from '../ctypes/model.js';
import type { Word } from './layout.js';

/**
 * The value of an enum: its enumerator's name, several as `(A | B)` where the enumerators are flags, otherwise the number. Flags are, as to gdb
 * ("Print Settings", flag enums), those of which none has more than one bit or shares it with another.
 */
export function enumeratorText(type: EnumType, value: bigint): Word {
  const { enumerators } = type;
  const name = enumerators.find((e) => e.value === value)?.name;
  if (name !== undefined) return { text: name, style: 'symbol' };
  if (value > 0n && isFlags(type)) {
    const set = enumerators.filter((e) => (e.value & value) !== 0n);
    const rest = set.reduce((left, e) => left & ~e.value, value);
    const names = set.map((e) => e.name);
    if (rest !== 0n) names.push(`0x${rest.toString(16)}`);
    if (set.length > 0) return { text: `(${names.join(' | ')})`, style: 'symbol' };
  }
  return { text: String(value), style: 'number' };
}

function isFlags({ enumerators }: EnumType): boolean {
  let seen = 0n;
  for (const { value } of enumerators) {
    if (value < 0n || (value & (value - 1n)) !== 0n || (value & seen) !== 0n) return false;
    seen |= value;
  }
  return true;
}
