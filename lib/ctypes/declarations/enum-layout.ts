import { bare, type CType, type Enumerator } from '../model.js';
import type { EnumBody } from './scope.js';

/**
 * The integer that holds an enum, as gcc and clang choose it: an `unsigned int`, an `int` where a value is negative, or as many bytes as the values need, which
 * may be fewer where it is packed (gcc c-decl.cc, `finish_enum`). C23's `underlying` type says it. A text is why there is none.
 */
export function layoutEnum(
  enumerators: readonly Enumerator[],
  packed: boolean,
  underlying: CType | undefined,
): EnumBody | string {
  const fits = (size: number, signed: boolean): boolean =>
    enumerators.every(
      ({ value }) => (signed ? BigInt.asIntN(size * 8, value) : BigInt.asUintN(size * 8, value)) === value,
    );
  if (underlying !== undefined) {
    const t = bare(underlying);
    if (t.kind !== 'int' && t.kind !== 'bool') return 'the type of an enum is an integer';
    const signed = t.kind === 'int' && t.signed;
    return fits(t.size, signed)
      ? { size: t.size, signed, enumerators }
      : 'there are enumerators that its type can not hold';
  }
  const signed = enumerators.some(({ value }) => value < 0n);
  const size = (packed ? [1, 2, 4, 8] : [4, 8]).find((bytes) => fits(bytes, signed));
  return size === undefined
    ? 'there is no integer that can hold all of its enumerators'
    : { size, signed, enumerators };
}
