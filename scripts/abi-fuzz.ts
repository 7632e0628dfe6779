// `npm run abi-fuzz`: calls by value on x86-64 (psABI §3.2.3), proved with random signatures against gcc and clang.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { BUILD } from '../lib/testing/tools.js';
import { optionsOf } from './command-line.js';
import {
  bundleChild,
  compileBatch,
  nameOfBuild,
  runTask,
  writeBatch,
  type Build,
} from './abi-fuzz/builds.js';
import { Report } from './abi-fuzz/report.js';
import { signatureOf } from './abi-fuzz/signature.js';

const USAGE = `npm run abi-fuzz -- [options]
  --count N            signatures (1000)
  --seed N             the same seed gives the same signatures (from the clock)
  --only INDEX         only this signature of the seed
  --compilers LIST     gcc,clang
  --levels LIST        O0,O2
  --exotic P           how many signatures may use long double, _Float16 and vectors (0.1)
  --node COMMAND       a Node of another machine: "qemu-aarch64 -L /usr/aarch64-linux-gnu ./node"
  --corrupt            pass one other value in each call, all of which must then be reported as wrong`;

/** Signatures in one library. */
const BATCH = 50;
/** Compilers and children at a time. */
const AT_ONCE = 2;

interface Settings {
  readonly seed: number;
  readonly indices: readonly number[];
  readonly builds: readonly Build[];
  readonly exotic: number;
  readonly corrupt: boolean;
  /** The words of the command that runs the calls. */
  readonly node: readonly string[];
}

/** What the command line says; undefined if it says nothing sensible. */
function settings(): Settings | undefined {
  const values = optionsOf(USAGE, {
    count: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    only: { type: 'string' },
    compilers: { type: 'string', default: 'gcc,clang' },
    levels: { type: 'string', default: 'O0,O2' },
    exotic: { type: 'string', default: '0.1' },
    corrupt: { type: 'boolean', default: false },
    node: { type: 'string', default: process.execPath },
  });
  const { count, seed, only, compilers, levels, exotic, corrupt, node } = values;
  const numbers = [count, seed, only ?? '0', exotic].map(Number);
  if (numbers.some((n) => !(n >= 0))) return undefined;
  return {
    seed: Number(seed),
    indices: only === undefined ? Array.from({ length: Number(count) }, (_, i) => i) : [Number(only)],
    builds: compilers
      .split(',')
      .flatMap((compiler) => levels.split(',').map((level) => ({ compiler, level }))),
    exotic: Number(exotic),
    corrupt,
    node: node.split(' '),
  };
}

type Job = () => Promise<void>;

/** What is to be done for one build after the other. The folder of a batch stays if anything in it failed. */
function* jobs(settings: Settings, child: string, folder: string, report: Report): Generator<Job> {
  const { seed, indices, builds, exotic, corrupt, node } = settings;
  for (let first = 0; first < indices.length; first += BATCH) {
    const batch = indices.slice(first, first + BATCH);
    const signatures = batch.map((index) => signatureOf(seed, index, exotic));
    const place = join(folder, `batch-${first / BATCH}`);
    writeBatch(place, signatures);
    let left = builds.length;
    let failed = false;
    for (const build of builds) {
      yield async () => {
        const library = await compileBatch(place, build);
        const task = { library, log: `${library}.log`, seed, exotic, indices: batch, corrupt };
        const outcomes = await runTask(node, child, task, signatures);
        const failures = report.add(nameOfBuild(build), outcomes, signatures);
        for (const text of failures) console.log(text);
        failed ||= failures.length > 0;
        if (--left === 0 && !failed) rmSync(place, { recursive: true });
      };
    }
  }
}

async function runAll(todo: Iterator<Job>): Promise<void> {
  for (let next = todo.next(); next.done !== true; next = todo.next()) await next.value();
}

async function main(): Promise<void> {
  const chosen = settings();
  if (chosen === undefined) {
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  if (chosen.node[0] === process.execPath && (process.arch !== 'x64' || process.platform !== 'linux')) {
    console.log(
      `skipped: the calls are those of x86-64 Linux, and this is ${process.arch} ${process.platform}`,
    );
    return;
  }
  const { seed, indices, builds } = chosen;
  console.log(`seed ${seed}: ${indices.length} signatures × ${builds.map(nameOfBuild).join(', ')}`);
  const parent = join(BUILD, 'abi-fuzz');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, `seed-${seed}-`));
  const report = new Report(seed);
  const todo = jobs(chosen, await bundleChild(folder), folder, report);
  await Promise.all(Array.from({ length: AT_ONCE }, () => runAll(todo)));
  console.log(report.summary());
  if (report.failed) console.log(`C text and libraries of what failed: ${folder}`);
  else rmSync(folder, { recursive: true });
  if (!report.ok) process.exitCode = 1;
}

void main();
