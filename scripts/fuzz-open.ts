// `npm run fuzz:open`: opens libraries that are changed in every way a dynamic linker could notice, in child processes that must not die.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { BUILD } from '../lib/testing/tools.js';
import { optionsOf } from './command-line.js';
import { bases, opener } from './fuzz-open/libraries.js';
import { randomMutant, systematic, type Mutant, type Prepared } from './fuzz-open/mutants.js';
import { bundleChild, openAll } from './fuzz-open/run.js';
import { printTable } from './fuzz-open/table.js';
import { Unforeseen } from './fuzz-open/unforeseen.js';

const USAGE = `npm run fuzz:open -- [options]
  --random N       mutants at random beside the systematic ones (2000)
  --seed N         the same seed gives the same ones (from the clock)
  --every N        only each N-th of the systematic ones (1)
  --only KIND      only this kind: 'relocations'
  --needed         opens a library that needs the mutant
  --deaths FILE    where those that died are written, as JSON
  --jobs N         children at a time (2)`;

function numberOf(text: string): number {
  const number = Number(text);
  if (!(number >= 0)) {
    console.error(USAGE);
    process.exit(2);
  }
  return number;
}

async function main(): Promise<void> {
  const values = optionsOf(USAGE, {
    random: { type: 'string', default: '2000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    every: { type: 'string', default: '1' },
    only: { type: 'string' },
    needed: { type: 'boolean' },
    deaths: { type: 'string' },
    jobs: { type: 'string', default: '2' },
  });
  const [random, seed, every, jobs] = [values.random, values.seed, values.every, values.jobs].map(numberOf);
  const libraries = bases();
  const paths = libraries.map((base) => base.path);
  let mutants: Mutant[] = libraries.flatMap(({ path }, base) => [...systematic(base, path)]);
  mutants = mutants.filter((_, i) => i % (every ?? 1) === 0);
  const prepared = new Map<number, Prepared>();
  for (let i = 0; i < (random ?? 0); i++) mutants.push(randomMutant(seed ?? 0, i, paths, prepared));
  if (values.only !== undefined) mutants = mutants.filter((m) => m.kind === values.only);
  console.log(`seed ${String(seed)}: ${mutants.length} mutants of ${libraries.length} libraries`);
  mkdirSync(BUILD, { recursive: true });
  const folder = mkdtempSync(join(BUILD, 'fuzz-open-'));
  try {
    const outcomes = await openAll(bundleChild(folder), folder, paths, mutants, {
      atOnce: jobs ?? 1,
      opener: values.needed === true ? opener() : undefined,
    });
    console.log(printTable(outcomes));
    const unforeseen = new Unforeseen(paths);
    console.log('\ndied, and could not be foreseen:   in open, at exit, in use');
    for (const [kind, { open, exit, use }] of unforeseen.count(outcomes)) {
      console.log(`${(kind ?? 'all else').padEnd(52)}${open}, ${exit}, ${use}`);
    }
    const bad = outcomes.filter((o) => /^(died|foreign)/.test(o.outcome));
    const foreseeable = bad.filter(
      ({ outcome, mutant }) =>
        /^foreign/.test(outcome) ||
        (/^died in (open|exit)$/.test(outcome) && unforeseen.kindOf(mutant) === undefined),
    );
    console.log(`\nforeseeable: ${foreseeable.length}`);
    for (const { mutant, outcome, text } of foreseeable) {
      console.log(
        `${libraries[mutant.base]?.name ?? ''}: ${mutant.kind}: ${mutant.what}: ${outcome}: ${text}`,
      );
    }
    if (values.deaths !== undefined) writeFileSync(values.deaths, JSON.stringify(bad, undefined, 1));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();
