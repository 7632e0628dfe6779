/** What C writes with a letter (C17 §6.4.4.4); other bytes that do not print are written in octal. */
const ESCAPES: Readonly<Record<number, string>> = {
  0x07: '\\a',
  0x08: '\\b',
  0x09: '\\t',
  0x0a: '\\n',
  0x0b: '\\v',
  0x0c: '\\f',
  0x0d: '\\r',
  0x22: '\\"',
  0x5c: '\\\\',
};

/** Control and format characters, what has no character, and separators: printed they would act on the terminal, or not be seen. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/**
 * Bytes as a C string literal: `"caf\303"`. UTF-8 stays as it is. An octal escape has three digits, so that a digit behind it is none of
 * it; a hexadecimal one would take all that follow.
 */
export function quote(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length;) {
    const byte = bytes[i] ?? 0;
    const sequence = bytes.subarray(i, i + sequenceLength(byte));
    const character = decode(sequence);
    // What is no character may have the first byte of one behind it.
    const taken = character === undefined ? 1 : sequence.length;
    if (byte in ESCAPES) text += ESCAPES[byte] ?? '';
    else if (character !== undefined && !UNPRINTABLE.test(character)) text += character;
    else for (const b of sequence.subarray(0, taken)) text += octal(b);
    i += taken;
  }
  return `"${text}"`;
}

function decode(sequence: Uint8Array): string | undefined {
  try {
    return decoder.decode(sequence);
  } catch {
    return undefined;
  }
}

/** `bytes` without the beginning of a character at the end. */
export function wholeCharacters(bytes: Uint8Array): Uint8Array {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) !== 0x80) return sequenceLength(byte) > back ? bytes.subarray(0, -back) : bytes;
  }
  return bytes;
}

/** How many bytes a character of UTF-8 has that begins with `byte` (RFC 3629 §3); 1 for what begins none. */
function sequenceLength(byte: number): number {
  return byte >= 0xf5 || byte < 0xc2 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
}

function octal(byte: number): string {
  return `\\${byte.toString(8).padStart(3, '0')}`;
}
