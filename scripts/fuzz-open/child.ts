// Opens mutants one after another and writes down how each went. What it dies of, its parent sees.
import { readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { isPluginError } from '../../lib/errors.js';
import { open } from '../../lib/plugin/open.js';
import { DEPENDENCY } from './libraries.js';
import { apply, type Mutant } from './mutants.js';

/** What a child is to do. */
export interface Task {
  readonly folder: string;
  readonly paths: readonly string[];
  readonly mutants: readonly (readonly [index: number, mutant: Mutant])[];
  /** A sound library that needs `DEPENDENCY`, where that is to be opened, and the mutants are what it needs. */
  readonly opener?: string;
}

/** A line of its output: a mutant is begun, comes to a step, or is done. */
export type Line =
  { index: number; stage: 'open' | 'use' } | { index: number; outcome: string; text: string };

const [, , file = ''] = process.argv;
const task = JSON.parse(readFileSync(file, 'utf8')) as Task;
const sound = task.paths.map((path) => readFileSync(path));

function say(line: Line): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

/** `refused`, by an error of ours; `opened`, with what the symbols give, or `wrong` if it is something else than they are. */
function attempt(path: string, index: number): { outcome: string; text: string } {
  let plugin: ReturnType<typeof open>;
  try {
    plugin = open(path, { copies: 'allow', versionCheck: false });
  } catch (error) {
    return isPluginError(error)
      ? { outcome: 'refused', text: error.message }
      : { outcome: 'foreign error', text: String(error) };
  }
  say({ index, stage: 'use' });
  try {
    const number: unknown =
      task.opener === undefined ? plugin.lookup('number', 'int').value : plugin.lookup('get', 'int (void)')();
    const answer: unknown = plugin.lookup(task.opener === undefined ? 'sum' : 'call', 'int (void)')();
    const asBuilt = number === 42 && typeof answer === 'number';
    return {
      outcome: asBuilt ? 'opened' : 'opened, other values',
      text: `${String(number)} ${String(answer)}`,
    };
  } catch (error) {
    const ours = isPluginError(error) || error instanceof TypeError || error instanceof RangeError;
    return { outcome: ours ? 'opened, symbols refused' : 'foreign error', text: String(error) };
  }
}

/** The file to be opened for a mutant that is in `folder` under `name`. */
function openerOf(name: string): string {
  if (task.opener === undefined) return join(task.folder, name);
  const bytes = readFileSync(task.opener);
  const at = bytes.indexOf(DEPENDENCY);
  if (at < 0) throw new Error(`${task.opener} does not need ${DEPENDENCY}`);
  bytes.write(name, at);
  const path = join(task.folder, `opener-${name}`);
  writeFileSync(path, bytes);
  return path;
}

for (const [index, mutant] of task.mutants) {
  const bytes = sound[mutant.base];
  if (bytes === undefined) continue;
  // The linker knows libraries by the names by which they are needed: each has its own.
  const name = `${String(index).padStart(DEPENDENCY.length - 3, '0')}.so`;
  const path = join(task.folder, name);
  writeFileSync(path, apply(bytes, mutant));
  const opened = openerOf(name);
  say({ index, stage: 'open' });
  say({ index, ...attempt(opened, index) });
  rmSync(path, { force: true });
  rmSync(opened, { force: true });
}
