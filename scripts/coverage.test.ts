/*
 * How `npm run coverage` finds out what ran: against Node's own measure of a program whose ways are known.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import ts from 'typescript';

import { reasonOf } from './coverage/reason.js';
import { unitsOf } from './coverage/units.js';
import { compiledPlace, countAt, placesOf, type Written } from './coverage/v8.js';

const SOURCE = `
function f(n: number): number {
  if (n > 1) return 1;
  const m = n < 0 ? -1 : 2;
  if (m === 2) g(m);
  switch (n) {
    case 0: return m || h();
    case 1: return h();
  }
  return 5;
}
function g(n: number): void { if (n < 0) { throw new Error(); } }
const h = (): number => 3;
f(0); f(0);
`;

it('what ran and what did not, by the source map', () => {
  const folder = mkdtempSync(join(tmpdir(), 'coverage-'));
  try {
    const source = ts.createSourceFile('f.ts', SOURCE, ts.ScriptTarget.ES2023, true);
    const { outputText } = ts.transpileModule(SOURCE, {
      compilerOptions: { target: ts.ScriptTarget.ES2023, inlineSourceMap: true },
    });
    const path = join(folder, 'f.js');
    writeFileSync(path, outputText);
    const { status } = spawnSync(process.execPath, [path], {
      env: { ...process.env, NODE_V8_COVERAGE: join(folder, 'out') },
    });
    expect(status).toBe(0);
    const [name = ''] = readdirSync(join(folder, 'out'));
    const written = JSON.parse(readFileSync(join(folder, 'out', name), 'utf8')) as Written;
    const { href } = pathToFileURL(path);
    const script = written.result.find(({ url }) => url === href);
    const compiled = written['source-map-cache']?.[href];
    if (script === undefined || compiled === undefined) throw new Error('nothing was measured');
    const places = placesOf(compiled, source.getLineStarts());
    const count = (start: number, end: number): number =>
      countAt(script, compiledPlace(places, start, end) ?? NaN);
    const unseen = unitsOf(source)
      .filter(({ kind }) => kind !== 'statement')
      .filter(({ start, end, missingElse }) =>
        missingElse === undefined
          ? count(start, end) === 0
          : count(missingElse, end) - count(start, end) === 0,
      )
      .map(({ kind, start, end, missingElse }) => [
        missingElse === undefined ? kind : 'else',
        SOURCE.slice(missingElse ?? start, end),
      ]);
    expect(unseen).toEqual([
      ['branch', 'return 1;'],
      ['branch', '-1'],
      ['else', 'if (m === 2) g(m);'],
      ['branch', 'h()'],
      ['branch', 'return h();'],
      ['branch', 'throw new Error(); }'],
      ['function', '3'],
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it.each<[string, string[], string | undefined]>([
  ['nothing', ['a();', 'b();'], undefined],
  ['another comment', ['// Faster.', 'b();'], undefined],
  ['above it', ['// No test gets here: it ends the process.', 'b();'], 'it ends the process.'],
  [
    'above it, in two lines',
    ['// Seen once. No test gets here: it ends', '// the process.', 'b();'],
    'it ends the process.',
  ],
  ['at its end', ['a();', 'b(); // No test gets here: musl.'], 'musl.'],
  ['inside', ['a();', 'x ?? /* No test gets here: musl. */ b();'], 'musl.'],
  ['of another line', ['// No test gets here: musl.', 'a();', 'b();'], undefined],
  ['in a string', ["// 'x'", "b('No test gets here: x');"], undefined],
])('the reason, %s', (_, lines, reason) => {
  expect(reasonOf(lines, lines.length - 1)).toBe(reason);
});
