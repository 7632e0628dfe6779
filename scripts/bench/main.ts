import { compile, ROOT, run } from '../../lib/testing/tools.js';
import { benchCalls } from './calls.js';
import { benchFreshProcesses } from './real.js';
import { meets, printTable } from './table.js';
import { benchVariables } from './variables.js';

/**
 * `npm run bench`: each piece of work beside what a user would write with koffi alone, in one run. The ratios are the result; times move
 * with the machine. Ends with exit code 1 if a bar is missed.
 */
async function main(): Promise<void> {
  run('npm', ['run', '--silent', 'build'], { cwd: ROOT });
  const path = compile('bench.c', { flags: ['-g', '-O2', '-shared', '-fPIC'] });
  const rows = [...(await benchCalls(path)), ...(await benchVariables(path)), ...benchFreshProcesses()];
  console.log(printTable(rows));
  if (!rows.every(meets)) process.exitCode = 1;
}

void main();
