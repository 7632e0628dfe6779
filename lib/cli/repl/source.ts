import { readFileSync } from 'node:fs';

import type { SourceLocation } from '../../ctypes/type-source.js';

/** Lines that are shown of what does not end before. */
const MAX_LINES = 30;

/** The lines of a definition, numbered: up to the one that closes it. Undefined if the file is not there. */
export function sourceLines({ file, line }: SourceLocation): string[] | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const all = text.split('\n');
  const shown: string[] = [];
  let depth = 0;
  for (let at = line - 1; at < all.length && shown.length < MAX_LINES; at++) {
    const code = all[at] ?? '';
    shown.push(`${String(at + 1).padStart(5)}  ${code}`);
    const bare = withoutText(code);
    depth += count(bare, '{') - count(bare, '}');
    if (depth <= 0 && /[;}]/.test(bare)) break;
  }
  return shown;
}

/** Braces in text and comments close nothing. */
function withoutText(code: string): string {
  return code.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\/\/.*|\/\*.*?\*\//g, '');
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}
