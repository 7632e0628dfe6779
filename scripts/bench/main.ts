import { compile } from '../../lib/testing/tools.js';
import { benchDiskCache } from './cache.js';
import { benchCalls } from './calls.js';
import { benchCommandLine } from './command-line.js';
import { benchCallbacks, benchList, benchStructs, benchText } from './compound.js';
import { benchImports } from './imports.js';
import { benchFreshProcesses } from './real.js';
import { benchRepl } from './repl.js';
import { meets, printTable } from './table.js';
import { benchVariables } from './variables.js';
import { benchVersionCheck } from './versions.js';

/**
 * `npm run bench`: each piece of work beside what a user would write with koffi alone, in one run. The ratios are the result; times move
 * with the machine. Ends with exit code 1 if a bar is missed.
 */
async function main(): Promise<void> {
  // What is measured with the cache says which one; the user's is left alone.
  process.env['ELF_PLUGIN_CACHE'] = '';
  const path = compile('bench.c', { flags: ['-g', '-O2', '-shared', '-fPIC'] });
  const rows = [
    ...(await benchCalls(path)),
    await benchText(path),
    ...(await benchStructs(path)),
    ...(await benchCallbacks(path)),
    ...(await benchVariables(path)),
    ...benchImports(path),
    benchList(path),
    ...benchFreshProcesses(),
    ...(await benchRepl()),
    ...benchDiskCache(),
    ...benchCommandLine(),
    ...benchVersionCheck(),
  ];
  console.log(printTable(rows));
  if (!rows.every(meets)) process.exitCode = 1;
}

void main();
