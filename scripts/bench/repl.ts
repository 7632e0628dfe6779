import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { findLibrary } from '../../lib/index.js';
import { Terminal } from '../../lib/testing/terminal.js';
import { compile, ROOT, run } from '../../lib/testing/tools.js';
import type { Row } from './row.js';

const RUNS = 5;
const SYMBOLS = 10_000;

/** The first Tab of a session, which has to find the names, and the next one; the worst of both. */
const COMPLETE = `
  const { PassThrough } = require('node:stream');
  const { Session } = require(process.argv[1] + '/dist/packs/cli-repl.js')('cli/repl/session.js');
  const session = new Session([process.argv[2]], { input: new PassThrough(), output: process.stdout, open: {} });
  const lines = ["plugin.lookup('function_12", 'function_12', "alloc('struct rec", 'variable.value.'];
  let worst = 0;
  const next = (left) => {
    if (left.length === 0) { console.log(worst); process.exit(); }
    const start = performance.now();
    session.server.completer(left[0], (error, [found]) => {
      if (error || found.length === 0) throw error ?? new Error('nothing completes ' + left[0]);
      worst = Math.max(worst, performance.now() - start);
      next(left.slice(1));
    });
  };
  next([...lines, ...lines]);`;

/** What somebody waits for who sits at a terminal. */
export async function benchRepl(): Promise<Row[]> {
  const rows: Row[] = [];
  const libpython = findLibrary('libpython3.11d.so.1.0');
  if (libpython !== undefined) {
    const times: number[] = [];
    for (let i = 0; i < RUNS; i++) times.push(await promptTime(libpython));
    rows.push({
      work: 'the prompt of the REPL, with libpython3.11d',
      ours: times,
      unit: 'ms',
      atMost: 400,
      note: 'in a terminal, from the start of the process',
    });
  }
  const path = manySymbols();
  rows.push({
    work: `Tab among ${SYMBOLS} symbols`,
    ours: Array.from({ length: RUNS }, () => Number(run(process.execPath, ['-e', COMPLETE, ROOT, path]))),
    unit: 'ms',
    atMost: 50,
    note: 'symbols, types and fields, the first time and again',
  });
  return rows;
}

async function promptTime(path: string): Promise<number> {
  const start = performance.now();
  const env = { ELF_PLUGIN_REPL_HISTORY: '' };
  const terminal = new Terminal([process.execPath, join(ROOT, 'dist/cli/main.js'), 'repl', path], { env });
  await terminal.until(/\n>$/);
  const time = performance.now() - start;
  terminal.close();
  return time;
}

function manySymbols(): string {
  const functions = Array.from(
    { length: SYMBOLS },
    (_, i) => `int function_${i}(int x) { return x + ${i}; }`,
  );
  return compile(`struct record { int a; double b; } variable;\n${functions.join('\n')}\n`, {
    output: 'many.so',
  });
}
