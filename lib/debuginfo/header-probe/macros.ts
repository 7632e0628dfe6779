import type { Macro } from './preprocess.js';
import { wordsOf } from './tokens.js';

/** What says where it stands, or when (C17 §6.10.8.1, §6.4.2.2; gcc: "Common Predefined Macros", "Function Names"): a constant of the probe, not of the header. */
const OF_ITS_PLACE = [
  ...['__FILE__', '__FILE_NAME__', '__BASE_FILE__', '__LINE__', '__INCLUDE_LEVEL__', '__COUNTER__'],
  ...['__func__', '__FUNCTION__', '__PRETTY_FUNCTION__', '__DATE__', '__TIME__', '__TIMESTAMP__'],
];

/**
 * The macros that may stand for a constant: object-like, not reserved (C17 §7.1.3), with a body that is an expression as far as brackets tell. One whose expansion opens
 * what it does not close would spoil all that the compiler reads behind it: those are left out with all that mention them, and so is
 * what depends on its place. One that is itself, `#define RED RED`, only tells `#ifdef` that there is an enumerator or a variable.
 */
export class ConstantMacros {
  /** By name, in order. */
  readonly names: readonly string[];
  readonly #mentionedBy = new Map<string, string[]>();

  constructor(macros: ReadonlyMap<string, Macro>) {
    const open: string[] = [];
    for (const { name, body } of macros.values()) {
      const words = wordsOf(body);
      if (!isClosed(words)) open.push(name);
      for (const word of new Set(words)) {
        const by = this.#mentionedBy.get(word);
        if (by === undefined) this.#mentionedBy.set(word, [name]);
        else by.push(name);
      }
    }
    const harmful = this.mentioning(...open, ...OF_ITS_PLACE);
    const isCandidate = ({ name, parameters, body }: Macro): boolean =>
      parameters === undefined && body !== '' && body !== name && !name.startsWith('_') && !harmful.has(name);
    this.names = Array.from(macros.values())
      .filter(isCandidate)
      .map((m) => m.name)
      .sort();
  }

  /** `words`, and the macros whose expansion mentions one of them. */
  mentioning(...words: readonly string[]): ReadonlySet<string> {
    const found = new Set(words);
    // A set that grows is gone through to its end.
    for (const name of found) for (const by of this.#mentionedBy.get(name) ?? []) found.add(by);
    return found;
  }
}

/** Whether every bracket is closed by its own, and none is of a block, a statement or a directive. */
function isClosed(words: readonly string[]): boolean {
  const open: string[] = [];
  for (const word of words) {
    if (word === '(') open.push(')');
    else if (word === '[') open.push(']');
    else if ((word === ')' || word === ']') && open.pop() !== word) return false;
    else if (['{', '}', ';', '#'].includes(word)) return false;
  }
  return open.length === 0;
}
