import { mkdtempSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { DENSE, DWARF } from './dwarf.js';
import { ELF } from './elf.js';
import type { Enormous } from './enormous.js';
import { LISTING } from './listing.js';
import { DENSE_CTF, OTHERS } from './others.js';

/** What became of a case: milliseconds of processor time, and MiB beyond what the process had. */
export interface Cost {
  readonly what: string;
  readonly milliseconds: number;
  readonly mebibytes: number;
  readonly error?: string;
}

const GROUPS: Readonly<Record<string, readonly Enormous[]>> = {
  elf: ELF,
  dwarf: DWARF,
  others: OTHERS,
  dense: [...DENSE, ...DENSE_CTF],
  listing: LISTING,
};

/** The most memory that the process has had since `clear_refs`, and what it has now, in KiB (proc(5)). */
function memory(): { peak: number; now: number } {
  const status = readFileSync('/proc/self/status', 'latin1');
  const field = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]);
  return { peak: field('VmHWM'), now: field('VmRSS') };
}

/** Reads the files of a group, one after the other. */
function main(): void {
  const [group = '', only = ''] = process.argv.slice(2);
  const folder = mkdtempSync(join(tmpdir(), 'enormous-'));
  const path = join(folder, 'file');
  for (const [what, make, ask] of GROUPS[group] ?? []) {
    if (!what.includes(only)) continue;
    print({ running: what });
    writeFileSync(path, make());
    // The costliest question.
    let cost: Cost = { what, milliseconds: 0, mebibytes: 0 };
    for (const question of ask) {
      const { error, ...next } = measured(what, () => {
        question(path);
      });
      cost = {
        what,
        milliseconds: Math.max(cost.milliseconds, next.milliseconds),
        mebibytes: Math.max(cost.mebibytes, next.mebibytes),
        ...(error === undefined ? cost.error !== undefined && { error: cost.error } : { error }),
      };
    }
    print(cost);
  }
  rmSync(folder, { recursive: true });
}

function measured(what: string, question: () => void): Cost {
  // What was there before is given back, and not counted.
  for (let round = 0; round < 3; round++) globalThis.gc?.();
  writeFileSync('/proc/self/clear_refs', '5');
  const before = memory().now;
  const start = process.cpuUsage();
  let error: string | undefined;
  try {
    question();
  } catch (thrown) {
    error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  }
  const { user, system } = process.cpuUsage(start);
  return {
    what,
    milliseconds: Math.round((user + system) / 1000),
    mebibytes: Math.round((memory().peak - before) / 1024),
    ...(error !== undefined && { error: error.slice(0, 600) }),
  };
}

function print(line: unknown): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

main();
