// `npm run fuzz`: damaged files, for every reader. Only this project's errors may come out, in time and within memory (docs/security.md).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { hasTool } from '../lib/testing/tools.js';
import { optionsOf } from './command-line.js';
import { TARGETS } from './fuzz/targets/index.js';
import { watch } from './fuzz/watch.js';

const USAGE = `npm run fuzz -- [options]
  --time SECONDS   for all targets together (60)
  --cases N        for each target, in place of a time
  --seed N         the same seed gives the same cases (from the clock)
  --target NAME    ${TARGETS.map((t) => t.name).join(', ')}; all unless told otherwise
  --case N         only this case of the target`;

interface Settings {
  readonly seed: number;
  readonly targets: readonly string[];
  readonly first: number;
  readonly end: number;
  /** Milliseconds for each target. */
  readonly time: number;
}

/** What the command line says; undefined if it says nothing sensible. */
function settings(): Settings | undefined {
  const values = optionsOf(USAGE, {
    time: { type: 'string', default: '60' },
    cases: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    target: { type: 'string', multiple: true, default: TARGETS.map((t) => t.name) },
    case: { type: 'string' },
  });
  const { time, cases, seed, target: targets, case: only } = values;
  if ([time, cases ?? '0', seed, only ?? '0'].some((n) => !(Number(n) >= 0))) return undefined;
  if (targets.some((name) => !TARGETS.some((t) => t.name === name))) return undefined;
  const first = Number(only ?? 0);
  return {
    seed: Number(seed),
    targets,
    first,
    end: only !== undefined ? first + 1 : cases !== undefined ? Number(cases) : Number.MAX_SAFE_INTEGER,
    time: cases !== undefined || only !== undefined ? Infinity : (Number(time) * 1000) / targets.length,
  };
}

async function main(): Promise<void> {
  const chosen = settings();
  if (chosen === undefined) {
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  const { seed, targets, first, end, time } = chosen;
  console.log(`seed ${seed}: ${targets.join(', ')}`);
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
  let [total, failed] = [0, 0];
  for (const target of targets) {
    const missing = TARGETS.find((t) => t.name === target)?.needs.filter((tool) => !hasTool(tool)) ?? [];
    if (missing.length > 0) {
      console.log(`${target}: skipped, it needs ${missing.join(', ')}`);
      continue;
    }
    const deadline = Math.min(Date.now() + time, Number.MAX_SAFE_INTEGER);
    const { cases, slowest, failures } = await watch({
      target,
      seed,
      first,
      end,
      deadline,
      state: join(folder, 'state'),
    });
    total += cases;
    failed += failures.length;
    console.log(
      `${target}: ${cases} cases, the slowest took ${Math.round(slowest)} ms, ${failures.length} failed`,
    );
    for (const { index, reason } of failures)
      console.log(
        `  npm run fuzz -- --seed ${seed} --target ${target} --case ${index}\n    ${reason.trim().replaceAll('\n', '\n    ')}`,
      );
  }
  rmSync(folder, { recursive: true });
  console.log(`${total} cases, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

void main();
