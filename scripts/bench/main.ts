import { compile } from '../../lib/testing/tools.js';
import { benchDiskCache } from './cache.js';
import { worseTwice } from './check.js';
import { benchCommandLine } from './command-line.js';
import { benchList, benchSort } from './compound.js';
import { benchImports } from './imports.js';
import { describeMachine } from './machine.js';
import { benchPeers } from './peers.js';
import { benchReading } from './reading.js';
import { benchFreshProcesses } from './real.js';
import { readRecord, unmatched } from './record.js';
import { benchRepl } from './repl.js';
import { writeReport } from './report.js';
import { meets, type Row } from './row.js';
import { benchSeveral } from './several.js';
import { printTable } from './table.js';
import { benchVersionCheck } from './versions.js';

type Part = (library: string, isAsked: (work: string) => boolean) => Row[] | Promise<Row[]>;

const PARTS: Readonly<Record<string, Part>> = {
  peers: benchPeers,
  several: benchSeveral,
  compound: (library) => [benchSort(library), benchList(library)],
  imports: benchImports,
  'fresh processes': benchFreshProcesses,
  repl: benchRepl,
  cache: benchDiskCache,
  'command line': benchCommandLine,
  versions: benchVersionCheck,
  reading: (_, isAsked) => benchReading(isAsked),
};
/** Parts that can do a piece of their work alone; of the others the name has to be given. */
const DIVISIBLE = ['peers', 'reading'];

/**
 * `npm run bench`: each piece of work beside what else there is, in one run. The ratios are the result; times move with the machine. Prints a table,
 * writes docs/benchmarks.md, and ends with exit code 1 if a bar is missed. `--only TEXT` measures the part of that name, or the work that has it in its
 * name, and writes nothing. `--check`, which is `npm run bench:check`, compares with what was written instead.
 */
async function main(args: readonly string[]): Promise<void> {
  // What is measured with the cache says which one; the user's is left alone.
  process.env['ELF_PLUGIN_CACHE'] = '';
  const machine = describeMachine();
  const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : undefined;
  const library = compile('bench.c', { flags: ['-g', '-O2', '-shared', '-fPIC'] });
  const measured = new Map<string, readonly Row[]>();
  for (const [name, part] of Object.entries(PARTS)) {
    if (only !== undefined && only !== name && !DIVISIBLE.includes(name)) continue;
    // On the other stream: what is printed is the result.
    console.error(`measuring: ${name}`);
    measured.set(
      name,
      await part(library, (work) => only === undefined || only === name || work.includes(only)),
    );
  }
  const rows = [...measured.values()].flat();
  console.log(`${machine.join('\n')}\n\n${printTable(rows)}`);
  if (args.includes('--check')) {
    const record = readRecord();
    if (only === undefined) for (const line of unmatched(rows, record)) console.log(line);
    const failures = await worseTwice(
      measured,
      record,
      async (part, isAsked) => (await PARTS[part]?.(library, isAsked)) ?? [],
    );
    for (const line of failures) console.log(line);
    if (failures.length > 0) process.exitCode = 1;
  } else {
    if (only === undefined) await writeReport(rows, machine);
    if (!rows.every(meets)) process.exitCode = 1;
  }
}

void main(process.argv.slice(2));
