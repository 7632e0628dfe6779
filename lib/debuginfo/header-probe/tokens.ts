/** A token of preprocessed C, and where it stands. */
export interface Token {
  readonly text: string;
  readonly file: string;
  readonly line: number;
}

/** Names (`$` is GNU C's), numbers, strings and characters, `...`, and signs one by one (C17 §6.4). */
const TOKENS =
  /[\p{XID_Start}_$][\p{XID_Continue}$]*|\.?\d(?:[eEpP][+-]|[\w.])*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\.\.\.|\S/gu;

/** Adds the tokens of a line to `tokens`. */
export function tokensOf(text: string, file: string, line: number, tokens: Token[]): void {
  for (const match of text.match(TOKENS) ?? []) tokens.push({ text: match, file, line });
}

export function wordsOf(text: string): string[] {
  return text.match(TOKENS) ?? [];
}

export function isIdentifier(text: string): boolean {
  return /^[\p{XID_Start}_$]/u.test(text);
}

/** The index behind the bracket that closes the one at `start`; the end if none does. */
export function behindGroup(tokens: readonly Token[], start: number): number {
  let depth = 0;
  for (let i = start; i < tokens.length; i++) {
    const text = tokens[i]?.text ?? '';
    if ('([{'.includes(text)) depth++;
    else if (')]}'.includes(text) && --depth === 0) return i + 1;
  }
  return tokens.length;
}
