import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { askGdb } from '../../../lib/testing/gdb.js';
import { run } from '../../../lib/testing/tools.js';
import type { Typed } from '../survey.js';

/** What gdb says of the symbols that `headers` declare, compiled by gcc. */
export function askHeaders(headers: readonly string[], symbols: readonly Typed[]): (string | undefined)[] {
  const names = [...new Set(symbols.map((s) => s.elf.name))];
  const undeclared = new Set(
    [...gccErrors(cText(headers, names)).matchAll(/'(\w+)' undeclared/g)].map((m) => m[1]),
  );
  const declared = names.filter((name) => !undeclared.has(name));
  const folder = mkdtempSync(join(tmpdir(), 'coverage-'));
  try {
    const object = join(folder, 'declared.o');
    writeFileSync(join(folder, 'declared.c'), cText(headers, declared));
    run('gcc', ['-g', '-c', '-o', object, join(folder, 'declared.c')]);
    const answers = askGdb(
      object,
      declared.map((name) => `whatis *pointer_to_${name}`),
    );
    const types = new Map(declared.map((name, i) => [name, /^type = (.*)/.exec(answers[i] ?? '')?.[1]]));
    return symbols.map((s) => types.get(s.elf.name));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Debug info has what a program defines: a pointer to each. */
function cText(headers: readonly string[], names: readonly string[]): string {
  return [
    '#define _GNU_SOURCE',
    ...headers.map((header) => `#include <${header}>`),
    ...names.map((name) => `__typeof__(${name}) *pointer_to_${name};`),
    '',
  ].join('\n');
}

function gccErrors(text: string): string {
  return spawnSync('gcc', ['-fsyntax-only', '-xc', '-'], {
    input: text,
    encoding: 'utf8',
    // Its quotes are those of the locale.
    env: { ...process.env, LC_ALL: 'C' },
  }).stderr;
}
