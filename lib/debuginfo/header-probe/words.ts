import { typeError } from '../../errors.js';

/** A word as a POSIX shell takes it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The words of `text`, as a POSIX shell splits them: blanks, `'…'`, `"…"` and `\` (POSIX XCU §2.2), nothing is expanded. Throws `ERR_INVALID_ARG_VALUE` for a quote that is not closed. */
export function words(text: string): string[] {
  const parts = /'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])|([^\s'"\\]+)|(\s+)|([^])/g;
  const list: string[] = [];
  let word: string | undefined;
  for (const [, single, double, escaped, plain, blank, unclosed] of text.matchAll(parts)) {
    if (unclosed !== undefined)
      throw typeError('ERR_INVALID_ARG_VALUE', `nothing closes the ${unclosed} in ${text}`);
    if (blank !== undefined) {
      if (word !== undefined) list.push(word);
      word = undefined;
    } else
      word = (word ?? '') + (single ?? double?.replace(/\\([\\"$`\n])/g, '$1') ?? escaped ?? plain ?? '');
  }
  if (word !== undefined) list.push(word);
  return list;
}
