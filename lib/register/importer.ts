import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A module that imports a library. */
export interface Importer {
  /** Its URL; undefined for the program that Node was started with. */
  readonly url?: string | undefined;
  /** What it calls the library. */
  readonly specifier: string;
}

/** Where a library is imported. */
export interface Place {
  /** A URL or a path, as stacks have it. */
  readonly file: string;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
}

/** Where `importer` names the library. Undefined if its text does not: it may not be a file, or the specifier be computed. */
export function placeOf({ url, specifier }: Importer): Place | undefined {
  if (url === undefined) return undefined;
  const text = textOf(url);
  const quoted = specifier.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern = new RegExp(`(?:\\bfrom|\\bimport|\\brequire)[\\s(]*(?=(['"\`])${quoted}\\1)`, 'g');
  for (const match of text?.matchAll(pattern) ?? []) {
    const before = text?.slice(0, match.index + match[0].length) ?? '';
    const start = text?.slice(0, match.index).split('\n').at(-1) ?? '';
    // An import that is commented out.
    if (/^\s*\*|\/[/*]/.test(start)) continue;
    const lines = before.split('\n');
    return { file: url, line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
  }
  return undefined;
}

/** The text of a line, as Node shows it above a stack: the line and a caret under the column. Undefined if the file can't be read. */
export function excerpt({ file, line, column }: Place): string | undefined {
  const text = textOf(file)?.split('\n')[line - 1];
  if (text === undefined) return undefined;
  // Tabs stay, so that the caret is where the column is.
  const caret = `${text.slice(0, column - 1).replace(/[^\t]/g, ' ')}^`;
  return `${file}:${line}\n${text}\n${caret}\n`;
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file.startsWith('file:') ? fileURLToPath(file) : file, 'utf8');
  } catch {
    return undefined;
  }
}
