import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { BUILD, describeWith } from '../lib/testing/tools.js';
import { bases } from './fuzz-open/libraries.js';
import { systematic, type Mutant } from './fuzz-open/mutants.js';
import { bundleChild, openAll, type Outcome } from './fuzz-open/run.js';

let folder = '';
beforeAll(() => {
  mkdirSync(BUILD, { recursive: true });
  folder = mkdtempSync(join(BUILD, 'fuzz-open-test-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/**
 * What can be told from the file. A relocation or symbol that is wrong and yet possible can't: the linker puts an address into another place, or another
 * address into its place.
 */
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

describeWith(process.arch === 'x64' ? ['gcc'] : ['x86-64'], 'open of a changed library', () => {
  it('ends in a plugin or an error, and not the process', async () => {
    const libraries = bases();
    const all: Mutant[] = libraries.flatMap(({ path }, base) => [...systematic(base, path)]);
    const foreseeable = all.filter((m) => FORESEEABLE.has(m.kind));
    // Spread evenly over the libraries and their fields.
    const step = Math.max(1, Math.floor(foreseeable.length / 2100));
    const mutants = foreseeable.filter((_, i) => i % step === 0);
    expect(mutants.length).toBeGreaterThanOrEqual(2000);
    const paths = libraries.map((base) => base.path);
    const outcomes = await openAll(bundleChild(folder), folder, paths, mutants, 2);
    expect(outcomes).toHaveLength(mutants.length);
    const bad = outcomes.filter(
      (o) => /^(died in open|died in exit|foreign)/.test(o.outcome) && !isOtherBytes(o.mutant),
    );
    expect(bad.map(told)).toEqual([]);
    // Both happen, or nothing was tried.
    expect(outcomes.filter((o) => o.outcome === 'refused').length).toBeGreaterThan(500);
    expect(outcomes.filter((o) => o.outcome === 'opened').length).toBeGreaterThan(500);
  }, 400_000);
});

/** A segment, or the part of it that becomes read-only, of another size: other bytes of code or data, all of them in the file. */
function isOtherBytes({ kind, what }: Mutant): boolean {
  return kind === 'program header' && /^p_(filesz|memsz)/.test(what);
}

function told({ mutant, outcome, text }: Outcome): string {
  return `${mutant.base}: ${mutant.kind}: ${mutant.what}: ${outcome}: ${text}`;
}
