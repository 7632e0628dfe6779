/** One step of an expression: `.name`, `[…]` or `(…)`. */
export type Step =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'element' }
  | { readonly kind: 'call'; readonly args: string };

/** `p.value.from.` at the end of a line: a name, and the steps from there to what is to be completed. */
export interface Chain {
  readonly root: string;
  /** Where it begins. */
  readonly start: number;
  readonly steps: readonly Step[];
  /** What was typed behind the last dot; undefined if the text ends in the expression itself. */
  readonly partial: string | undefined;
}

const OPENING: Readonly<Record<string, string>> = { ')': '(', ']': '[' };

/** The expression of names, members, elements and calls that ends a text; undefined if there is none. */
export function chainAt(text: string): Chain | undefined {
  let at = text.length;
  const steps: Step[] = [];
  let partial: string | undefined;
  const open = /\??\.\s*([\w$]*)$/.exec(text);
  if (open !== null) {
    partial = open[1] ?? '';
    at = open.index;
  }
  for (;;) {
    const last = text[at - 1] ?? '';
    const start = OPENING[last] === undefined ? undefined : opening(text, at - 1);
    if (start !== undefined) {
      const inside = text.slice(start + 1, at - 1);
      steps.unshift(last === ')' ? { kind: 'call', args: inside } : { kind: 'element' });
      at = start;
      continue;
    }
    const name = /(\??\.\s*)?([A-Za-z_$][\w$]*)$/.exec(text.slice(0, at));
    if (name === null) return undefined;
    const [, dot, word = ''] = name;
    if (dot === undefined) return { root: word, start: name.index, steps, partial };
    steps.unshift({ kind: 'member', name: word });
    at = name.index;
  }
}

/** Where the bracket that `text[end]` closes was opened. Text between quotes has none. */
function opening(text: string, end: number): number | undefined {
  const close = text[end] ?? '';
  let depth = 0;
  for (let at = end; at >= 0; at--) {
    const character = text[at] ?? '';
    if (/['"`]/.test(character)) {
      at = text.lastIndexOf(character, at - 1);
      if (at < 0) return undefined;
    } else if (character === close) depth++;
    else if (character === OPENING[close] && --depth === 0) return at;
  }
  return undefined;
}

/** Where the text begins that is open at the end of a line: behind its quote. Undefined if none is. */
export function openQuote(line: string): number | undefined {
  let quote: string | undefined;
  let start = 0;
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? '';
    if (quote !== undefined && character === '\\') at++;
    else if (quote === undefined && /['"`]/.test(character)) {
      quote = character;
      start = at + 1;
    } else if (character === quote) quote = undefined;
  }
  return quote === undefined ? undefined : start;
}
