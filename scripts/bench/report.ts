import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';

import { ROOT } from '../../lib/testing/tools.js';
import { plot } from './plot.js';
import { makeRecord, RECORD } from './record.js';
import { figureOf, isRatio, isSlower, type Row } from './row.js';
import { digits, markdownTable } from './table.js';

/** Writes docs/benchmarks.md with its picture, and the record that later runs are compared with. */
export async function writeReport(rows: readonly Row[], machine: readonly string[]): Promise<void> {
  await write(join(ROOT, 'docs/benchmarks.md'), page(rows, machine));
  writeFileSync(join(ROOT, 'docs/benchmarks.svg'), plot(rows));
  await write(RECORD, JSON.stringify(makeRecord(rows, machine)));
}

async function write(path: string, text: string): Promise<void> {
  writeFileSync(path, await format(text, { ...(await resolveConfig(path)), filepath: path }));
}

function page(rows: readonly Row[], machine: readonly string[]): string {
  const ratios = rows.filter((row) => isRatio(row) || row.missing !== undefined);
  const own = rows.filter((row) => !ratios.includes(row));
  const slower = rows
    .filter(isSlower)
    .sort((a, b) => (figureOf(b)?.median ?? 0) - (figureOf(a)?.median ?? 0))
    .map((row) => {
      const { min, median, max } = figureOf(row) ?? { min: NaN, median: NaN, max: NaN };
      return `- ${row.work}, beside ${row.peer ?? ''}: ${digits(median)} (${digits(min)} to ${digits(max)})`;
    });
  return `# Benchmarks

<!-- Written by npm run bench (scripts/bench/report.ts): change that. -->

What \`elf-plugin\` takes beside what else there is: [koffi](https://koffi.dev) alone, an addon written by hand in C with Node-API (\`fixtures/bench-glue.c\`), [ffi-rs](https://www.npmjs.com/package/ffi-rs), Node 26's own \`node:ffi\`, and typed arrays over C's memory; for reading types, gdb, readelf, llvm-dwarfdump and pyelftools. All of it is measured in one run of \`npm run bench\`, which writes this page:

${machine.map((line) => `- ${line}`).join('\n')}

![The ratios of the table below](benchmarks.svg)

## How it is measured

- A **ratio** is this project's time divided by the other's: below 1 it is quicker. Those who are compared take turns, round by round, so that a slow moment of the machine meets all of them. \`ratio\` is that of the best rounds, and what a bar holds for; \`min\`, \`median\` and \`max\` are of the ratios of the single rounds.
- What each does is asserted before it is timed: what the C function returned, and what C then sees in a variable.
- \`elf-plugin\` checks every argument: how many, their kind, their range. koffi and ffi-rs convert what they are given, and the addon checks the kind.
- Only \`elf-plugin\` and gdb find out by themselves what is in a library and of which type. For the others somebody has written it down, and \`open and a first call\` is quicker for it.
- Nothing is read from the [cache on disk](debug-info.md#the-cache) unless a line says so. Such lines are of processes that are not the first ones: V8’s compiled code is there, too.
- What is not installed, and what a peer cannot do, has a line that says so.

\`npm run bench -- --only TEXT\` measures what has that text in its name, and writes nothing. \`npm run bench:check\` measures again, and fails if a ratio is more than 25 % worse than the one recorded in \`scripts/bench/record.json\`, twice in a row.

## Where it is slower

By the median of the rounds:

${slower.length > 0 ? slower.join('\n') : 'Nowhere in this run.'}

## Beside others

${markdownTable(ratios)}

## By itself

What is no ratio: what a process pays, and what it pays beyond what this project is built on.

${markdownTable(own)}
`;
}
