import { Tokens, type Token } from '../tokens.js';
import { stringText, type Macro, type Macros } from './preprocess.js';

/** Longer macros are code. */
const MAX_BODY = 100;

/** What stops the reading of a macro that is no constant. */
class NoConstant extends Error {}

const noConstant = new NoConstant();

/**
 * The number or the text that a macro stands for: `#define MAX (4 * 1024)`, `#define VERSION "1.2" SUFFIX`, `#define PI 3.14`. Undefined if it is none of these.
 * `integer` reads an integer constant expression.
 */
export function macroValue(
  macro: Macro,
  macros: Macros,
  integer: (tokens: Tokens) => bigint,
): bigint | number | string | undefined {
  const body: Token[] = [];
  try {
    macros.expand(macro.name, undefined, body);
    if (body.length === 0 || body.length > MAX_BODY) return undefined;
    const tokens = new Tokens(body, () => noConstant);
    const value = textOf(body) ?? floatOf(body) ?? integer(tokens);
    // An integer that something follows is none.
    return typeof value === 'bigint' && tokens.peek() !== undefined ? undefined : value;
  } catch {
    return undefined;
  }
}

function textOf(body: readonly Token[]): string | undefined {
  const parts = body.map(({ text }) => (text.startsWith('"') ? stringText(text) : undefined));
  return parts.includes(undefined) ? undefined : parts.join('');
}

/** `3.14`, `-1e-9f`, `(0.5)`; C's other suffixes say how it is stored. */
function floatOf(body: readonly Token[]): number | undefined {
  const text = body
    .map((token) => token.text)
    .join('')
    .replace(/^\((.*)\)$/, '$1');
  const [, number] = /^([+-]?(?:\d+\.\d*|\.\d+|\d+(?=e))(?:e[+-]?\d+)?)[fl]?$/i.exec(text) ?? [];
  return number === undefined ? undefined : Number(number);
}
