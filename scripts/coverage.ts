/*
 * `npm run coverage`: what the tests run of each folder, and by name the branches in `ffi/`, `plugin/` and `elf/preflight` that they do not, with the reason that a comment gives: "No test gets here: …". Much of it runs
 * in processes and workers that tests start, and so V8 measures all of them: Jest's own by its V8 provider, the others by NODE_V8_COVERAGE. A process that
 * ends by a signal, and a worker that is terminated, writes nothing. Arguments are Jest's: `-- lib/ffi lib/plugin`.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { BUILD, ROOT } from '../lib/testing/tools.js';
import { Merge } from './coverage/merge.js';
import { reasonOf } from './coverage/reason.js';
import type { Unit } from './coverage/units.js';
import type { Written } from './coverage/v8.js';

/** Whose branches are named where no test takes them: what can end the process. */
const NAMED = /^lib\/(ffi\/|plugin\/|elf\/preflight)/;

const folder = join(BUILD, 'coverage', String(process.pid));
mkdirSync(folder, { recursive: true });

const merge = new Merge(
  readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' })
    .filter((path) => /^(?!testing\/).*(?<!\.test)\.ts$/.test(path))
    .map((path) => `lib/${path}`)
    .sort(),
);

/** Takes what was written since the last time: all of it would be gigabytes. */
function collect(isLast: boolean): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    try {
      merge.add(JSON.parse(readFileSync(path, 'utf8')) as Written);
    } catch (error) {
      // Another process is just writing it, or was ended while it did.
      if (!(error instanceof SyntaxError)) throw error;
      if (!isLast) continue;
    }
    rmSync(path);
  }
}

function print(): void {
  const totals = new Map<string, Record<Unit['kind'], [run: number, all: number]>>();
  for (const [path, { units, unseen }] of merge.files) {
    const [, parent = ''] = /^lib\/(elf\/preflight|[^/]*)/.exec(path) ?? [];
    const total = totals.get(parent) ?? { statement: [0, 0], branch: [0, 0], function: [0, 0] };
    totals.set(parent, total);
    for (const unit of units) {
      total[unit.kind][1]++;
      if (!unseen.has(unit)) total[unit.kind][0]++;
    }
  }
  const percent = ([run, all]: [number, number]): string =>
    `${all === 0 ? '–' : ((100 * run) / all).toFixed(1)} % of ${all}`.padStart(18);
  console.log(
    ['folder'.padEnd(16), ...['statements', 'branches', 'functions'].map((text) => text.padStart(18))].join(
      '',
    ),
  );
  for (const [name, { statement, branch, function: functions }] of totals)
    console.log([name.padEnd(16), ...[statement, branch, functions].map(percent)].join(''));

  console.log('\nBranches and functions that no test runs:');
  let [explained, unexplained] = [0, 0];
  for (const [path, { source, unseen }] of merge.files) {
    if (!NAMED.test(path)) continue;
    const lines = source.text.split('\n');
    const isInside = ({ start, end }: Unit, other: Unit): boolean =>
      other.missingElse === undefined && other.start <= start && end <= other.end;
    const branches = [...unseen].filter(({ kind }) => kind !== 'statement');
    for (const unit of branches) {
      // Of one inside another, the outer one says it.
      if (branches.slice(0, branches.indexOf(unit)).some((other) => isInside(unit, other))) continue;
      const { line } = source.getLineAndCharacterOfPosition(unit.missingElse ?? unit.start);
      const note = unit.missingElse === undefined ? '' : ' (always taken)';
      const reason = reasonOf(lines, line);
      if (reason === undefined) unexplained++;
      else explained++;
      console.log(`${path}:${line + 1}:${note} ${lines[line]?.trim() ?? ''}`);
      console.log(`    ${reason ?? 'not explained'}`);
    }
  }
  console.log(`${explained} explained, ${unexplained} not explained`);
}

const jest = spawn(
  process.execPath,
  [
    // For the reporter, which is TypeScript.
    ...['--require', require.resolve('tsx/cjs'), join(ROOT, 'node_modules/jest/bin/jest.js')],
    ...['--reporters=default', `--reporters=${join(__dirname, 'coverage/reporter.ts')}`],
    // The last takes no list, which would take the arguments that follow.
    ...['--coverageReporters=none', '--coverageProvider=v8', '--coverage'],
    ...process.argv.slice(2),
  ],
  { cwd: ROOT, stdio: 'inherit', env: { ...process.env, NODE_V8_COVERAGE: folder } },
);
const timer = setInterval(collect, 1000, false);
jest.once('exit', (status) => {
  clearInterval(timer);
  collect(true);
  rmSync(folder, { recursive: true });
  print();
  process.exitCode = status ?? 1;
});
