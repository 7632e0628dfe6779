import type { Report, Token } from '../tokens.js';
import { below } from './source-lines.js';

/** `#pragma pack` (GCC manual "Structure-Layout Pragmas"): the alignment in bytes that members have at most, as it changes through a text. */
export class PackStack {
  readonly #stack: { readonly label: string | undefined; readonly limit: number | undefined }[] = [];
  readonly #changes: { readonly index: number; readonly limit: number | undefined }[] = [];

  /** What holds at the token with that index. */
  at(index: number): number | undefined {
    return this.#changes[below(this.#changes.length, (i) => (this.#changes[i]?.index ?? 0) <= index)]?.limit;
  }

  /** From the token with that index on. */
  set(limit: number | undefined, index: number): void {
    this.#changes.push({ index, limit });
  }

  push(label: string | undefined, index: number): void {
    this.#stack.push({ label, limit: this.at(index) });
  }

  /** Goes back to what was pushed last, or as `label`; false if there is none. */
  pop(label: string | undefined, index: number): boolean {
    const found =
      label === undefined ? this.#stack.length - 1 : this.#stack.findLastIndex((s) => s.label === label);
    if (found < 0) return false;
    this.set(this.#stack[found]?.limit, index);
    this.#stack.length = found;
    return true;
  }
}

/** Reads `pack(2)`, `pack()`, `pack(push)`, `pack(push, 2)`, `pack(push, label, 2)`, `pack(pop)` and `pack(pop, label)`. */
export function packPragma(line: readonly Token[], index: number, packs: PackStack, report: Report): void {
  const [pack, open, ...rest] = line;
  const words = rest.map((token) => token.text);
  const isList = words.every((word, i) =>
    i === words.length - 1 ? word === ')' : (i % 2 === 1) === (word === ','),
  );
  if (open?.text !== '(' || words.length === 0 || (words.length > 1 && !isList))
    throw report('#pragma pack has its arguments in parentheses', pack);
  const [first, ...more] = words.filter((word) => word !== ',' && word !== ')');
  if (first === undefined) packs.set(undefined, index);
  else if (first === 'push') {
    const label = more.find((word) => !/^\d/.test(word));
    packs.push(label, index);
    const limit = more.find((word) => /^\d/.test(word));
    if (limit !== undefined) packs.set(limitOf(limit), index);
  } else if (first === 'pop') {
    if (!packs.pop(more[0], index)) throw report('nothing was pushed that could be popped here', pack);
  } else packs.set(limitOf(first), index);

  function limitOf(word: string): number | undefined {
    if (!['0', '1', '2', '4', '8', '16'].includes(word))
      throw report('#pragma pack takes 1, 2, 4, 8 or 16', pack);
    return Number(word) === 0 ? undefined : Number(word);
  }
}
