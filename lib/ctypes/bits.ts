/** The integer of `width` bits that starts at bit `shift` (0 to 7) of the byte at `offset`, little-endian: a bit-field, or a whole integer. */
export function readBits(
  data: DataView,
  offset: number,
  shift: number,
  width: number,
  signed: boolean,
): bigint {
  let bits = 0n;
  for (let i = Math.ceil((shift + width) / 8) - 1; i >= 0; i--) {
    bits = (bits << 8n) | BigInt(data.getUint8(offset + i));
  }
  const field = bits >> BigInt(shift);
  return signed ? BigInt.asIntN(width, field) : BigInt.asUintN(width, field);
}

/** An integer as a number where that is exact, else as it is. */
export function plainInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
