import koffi from 'koffi';

import { compile } from '../../lib/testing/tools.js';
import { open } from './library.js';
import { measure, type Loop } from './measure.js';
import type { Row } from './row.js';

const TYPES = ['int', 'unsigned int', 'short', 'unsigned char', 'float', 'double'];

/**
 * Functions of one number of arguments, called by turns, as a program does. The engine learns of each place in the source whom it calls: what is compiled into
 * one loop of one function may cost twice as much where there are more.
 */
export async function benchSeveral(): Promise<Row[]> {
  const functions = TYPES.map((type, i) => ({
    name: `add${i}`,
    text: `${type} add${i}(${type} a, ${type} b)`,
  }));
  const path = compile(functions.map(({ text }) => `${text} { return a + b; }`).join('\n'), {
    flags: ['-g', '-O2', '-shared', '-fPIC'],
    output: 'several.so',
  });
  const [plugin, library] = [open(path), koffi.load(path)];
  const samples = await measure({
    ours: loop(
      'ours',
      functions.map(({ name }) => plugin.lookup(name)),
    ),
    theirs: loop(
      'theirs',
      functions.map(({ text }) => library.func(text)),
    ),
  });
  const { ours, theirs } = samples;
  const work = `call ${TYPES.length} functions of two numbers by turns`;
  return [{ work, peer: 'koffi', ours, theirs, unit: 'ns', atMost: 1.15 }];
}

/** A loop with source of its own, and a place in it for each call. */
function loop(name: string, calls: readonly unknown[]): Loop {
  const names = calls.map((_, i) => `f${i}`);
  const body = names.map((f) => `sum += ${f}(i & 15, 1);`).join(' ');
  const text = `/* ${name} */ return (times) => { let sum = 0; for (let i = 0; i < times; i++) { ${body} } return sum; };`;
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- a function's loops would share what the engine learns
  const made = (new Function(...names, text) as (...values: unknown[]) => Loop)(...calls);
  // The sum of i & 15, and one for each, of all the functions.
  if (made(100) !== calls.length * (6 * 120 + 6 + 100)) throw new Error(`${name}: ${String(made(100))}`);
  return made;
}
