import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { BUILD, describeWith } from '../lib/testing/tools.js';
import { bases, opener } from './fuzz-open/libraries.js';
import { randomMutant, systematic, type Mutant, type Prepared } from './fuzz-open/mutants.js';
import { bundleChild, openAll, type Outcome } from './fuzz-open/run.js';
import { Unforeseen } from './fuzz-open/unforeseen.js';

let folder = '';
beforeAll(() => {
  mkdirSync(BUILD, { recursive: true });
  folder = mkdtempSync(join(BUILD, 'fuzz-open-test-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Kinds of which nearly all can be told from the file: truncated ones, hash tables, … */
const FORESEEABLE = new Set([
  'truncated',
  'ELF header',
  'notes',
  'versions',
  'alignment',
  'overlapping segments',
  'hash table',
  'packed relocations',
  'program header',
]);

/** `count` of them, spread evenly over the libraries and their fields. */
function some(mutants: readonly Mutant[], count: number): Mutant[] {
  const step = mutants.length / count;
  return Array.from({ length: count }, (_, i) => mutants[Math.floor(i * step)]).filter(
    (m) => m !== undefined,
  );
}

describeWith(process.arch === 'x64' ? ['gcc'] : ['x86-64'], 'open of a changed library', () => {
  const libraries = bases();
  const paths = libraries.map((base) => base.path);
  const unforeseen = new Unforeseen(paths);
  const all = libraries.flatMap(({ path }, base) => [...systematic(base, path)]);

  /** Those that ended the process by what could have been foreseen, or failed with an error that is none of ours. */
  const bad = (outcomes: readonly Outcome[]): string[] =>
    outcomes
      .filter(
        ({ outcome, mutant }) =>
          /^foreign/.test(outcome) ||
          (/^died in (open|exit)$/.test(outcome) && unforeseen.kindOf(mutant) === undefined),
      )
      .map(told);
  const count = (outcomes: readonly Outcome[], outcome: string): number =>
    outcomes.filter((o) => o.outcome === outcome).length;

  it('ends in a plugin or an error, and not the process', async () => {
    const cache = new Map<number, Prepared>();
    const mutants = [
      ...some(
        all.filter((m) => FORESEEABLE.has(m.kind)),
        1700,
      ),
      ...some(
        all.filter((m) => !FORESEEABLE.has(m.kind)),
        600,
      ),
      ...Array.from({ length: 100 }, (_, i) => randomMutant(1, i, paths, cache)),
    ];
    const outcomes = await openAll(bundleChild(folder), folder, paths, mutants, { atOnce: 2 });
    expect(outcomes).toHaveLength(mutants.length);
    expect(bad(outcomes)).toEqual([]);
    // Both happen, or nothing was tried.
    expect(count(outcomes, 'refused')).toBeGreaterThan(700);
    expect(count(outcomes, 'opened')).toBeGreaterThan(700);
    // What can't be foreseen is rare.
    expect(outcomes.filter((o) => o.outcome.startsWith('died')).length).toBeLessThan(mutants.length * 0.05);
  }, 400_000);

  it('and so does that of a sound one that needs it', async () => {
    const mutants = some(all, 250);
    const options = { atOnce: 2, opener: opener() };
    const outcomes = await openAll(bundleChild(folder), folder, paths, mutants, options);
    expect(outcomes).toHaveLength(mutants.length);
    expect(bad(outcomes)).toEqual([]);
    expect(count(outcomes, 'refused')).toBeGreaterThan(60);
    expect(count(outcomes, 'opened')).toBeGreaterThan(60);
  }, 200_000);
});

function told({ mutant, outcome, text }: Outcome): string {
  return `${mutant.base}: ${mutant.kind}: ${mutant.what}: ${outcome}: ${text}`;
}
