/** An integer constant of C (C17 §6.4.4.1). */
export interface IntegerLiteral {
  readonly value: bigint;
  readonly unsigned: boolean;
  /** Whether it is written in decimal, without which a large one may be unsigned. */
  readonly decimal: boolean;
  /** As many as the `l`s behind it. */
  readonly longs: number;
}

/** Characters of the longest constant that is read. 128 bits in binary, as GNU C has them, are 130. */
const MAX_LENGTH = 1000;

/** The integer constant that `word` is, C23's and GNU C's binary ones included; undefined if it is none. */
export function integerLiteral(word: string): IntegerLiteral | undefined {
  if (word.length > MAX_LENGTH) return undefined;
  const found = /^(0x[\da-f]+|0b[01]+|0[0-7]*|[1-9]\d*)(u?(?:ll?|LL)?|(?:ll?|LL)u)$/i.exec(word);
  const [, digits, suffix] = found ?? [];
  if (digits === undefined || suffix === undefined) return undefined;
  // A leading 0 means octal.
  return {
    value: BigInt(digits.replace(/^0(?=\d)/, '0o')),
    unsigned: /u/i.test(suffix),
    decimal: !digits.startsWith('0'),
    longs: suffix.replace(/u/i, '').length,
  };
}

/** A number that fits a double exactly. */
export function wholeNumber(word: string | undefined): number | undefined {
  const value = Number(integerLiteral(word ?? '')?.value ?? NaN);
  return Number.isSafeInteger(value) ? value : undefined;
}
