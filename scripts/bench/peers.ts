import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { compile, ROOT, run } from '../../lib/testing/tools.js';
import { ROUNDS, type Samples } from './measure.js';
import { nodeProgram } from '../node-program.js';
import { type Operation, type OperationName, OPERATIONS } from './operations.js';
import { elfPlugin } from './peers/elf-plugin.js';
import { NEW_PEERS, PEERS } from './peers/index.js';
import type { Files, Peer } from './peers/peer.js';
import type { Order, Results } from './peers/worker.js';
import type { Row } from './row.js';

/** The first line with `node:ffi`. */
const NEW_NODE = '26';
const NAMES = Object.keys(OPERATIONS) as OperationName[];

/** Every piece of work of operations.ts beside every peer, and what a fresh process pays for each. Of what is asked for only. */
export function benchPeers(library: string, isAsked: (work: string) => boolean): Row[] {
  const operations = NAMES.filter((name) => isAsked(OPERATIONS[name].work));
  const files: Files = { library, glue: compileGlue(library) };
  const sides: (readonly [string, readonly Peer[], string])[] = [[process.execPath, PEERS, '']];
  const start = isAsked(IMPORT) || isAsked(FIRST);
  if (operations.length === 0 && !start) return [];
  const newNode = newNodeProgram();
  if (newNode.program !== undefined) {
    const version = run(newNode.program, ['--version']).trim().slice(1);
    sides.push([newNode.program, NEW_PEERS, `both on Node ${version}`]);
  }
  const rows: Row[] = [];
  for (const [program, peers, note] of sides) {
    const names = peers.map(({ name }) => name);
    const order: Order = { ...files, peers: names, operations };
    const results = JSON.parse(
      run(program, ['--no-warnings', '--import', 'tsx', WORKER, JSON.stringify(order)], { cwd: ROOT }),
    ) as Results;
    for (const name of operations) rows.push(...operationRows(name, peers, results[name] ?? {}, note));
    if (start) rows.push(...startRows(program, peers, files, note).filter(({ work }) => isAsked(work)));
  }
  if (newNode.missing !== undefined) {
    for (const { name } of NEW_PEERS)
      rows.push({ work: 'all of it', peer: name, ours: [], unit: 'ns', missing: newNode.missing });
  }
  // One piece of work after the other, with all that it is compared with.
  const order = [...NAMES.map((name) => OPERATIONS[name].work), IMPORT, FIRST];
  return rows.sort((a, b) => order.indexOf(a.work) - order.indexOf(b.work));
}

const WORKER = join(__dirname, 'peers/worker.ts');

/** The Node that runs this one, if it is new enough; one of the registry otherwise. */
function newNodeProgram(): { program?: string; missing?: string } {
  if (Number.parseInt(process.versions.node) >= Number(NEW_NODE)) return { program: process.execPath };
  try {
    return { program: nodeProgram(NEW_NODE) };
  } catch (error) {
    return { missing: `not installed: Node ${NEW_NODE}: ${String(error).split('\n')[0] ?? ''}` };
  }
}

/** The addon, or a path that is none if Node came without headers: then that peer says so. */
function compileGlue(library: string): string {
  const include = join(dirname(process.execPath), '../include/node');
  if (!existsSync(join(include, 'node_api.h'))) return join(include, 'node_api.h');
  return compile('bench-glue.c', {
    flags: ['-O2', '-shared', '-fPIC', `-I${include}`],
    libs: [library],
    output: 'bench-glue.node',
  });
}

function operationRows(
  name: OperationName,
  peers: readonly Peer[],
  results: Readonly<Record<string, Samples | string>>,
  onNode: string,
): Row[] {
  const { work, atMost, notes }: Operation = OPERATIONS[name];
  const ours = results[elfPlugin.name] ?? [];
  if (typeof ours === 'string') throw new Error(`${work}: ${ours}`);
  const rows: Row[] = [];
  for (const { name: peer } of peers) {
    const theirs = results[peer];
    if (theirs === undefined) continue;
    const bar = atMost?.[peer];
    const note = [onNode, notes?.[peer] ?? ''].filter((text) => text !== '').join('; ');
    rows.push({
      work,
      peer,
      ours,
      unit: 'ns',
      ...(typeof theirs === 'string' ? { missing: theirs } : { theirs }),
      ...(bar !== undefined && { atMost: bar }),
      ...(note !== '' && { note }),
    });
  }
  return rows;
}

const IMPORT = 'import of the package, in a fresh process';
const FIRST = 'open and a first call, in a fresh process';

/** Milliseconds for the import, and for opening the library and calling a function of it; they take turns. */
function startRows(program: string, peers: readonly Peer[], files: Files, onNode: string): Row[] {
  const samples: Record<string, { load: number[]; first: number[] }> = {};
  const missing: Record<string, string> = {};
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, start } of [elfPlugin, ...peers]) {
      if (start === undefined || name in missing) continue;
      try {
        const [load, first] = startOnce(program, start, files);
        const { load: loads, first: firsts } = (samples[name] ??= { load: [], first: [] });
        if (start.load !== undefined) loads.push(load);
        firsts.push(first);
      } catch (error) {
        if (name === elfPlugin.name) throw error;
        missing[name] = `not installed: ${/^\w*Error: .*/m.exec(String(error))?.[0] ?? ''}`;
      }
    }
  }
  const rows: Row[] = [];
  for (const [work, part] of [
    [IMPORT, 'load'],
    [FIRST, 'first'],
  ] as const) {
    const ours = samples[elfPlugin.name]?.[part] ?? [];
    for (const { name: peer, start } of peers) {
      const theirs = samples[peer]?.[part] ?? [];
      const note = onNode === '' ? {} : { note: onNode };
      const why = missing[peer];
      if (theirs.length > 0) rows.push({ work, peer, ours, theirs, unit: 'ms', ...note });
      else if (why !== undefined && start?.[part] !== undefined)
        rows.push({ work, peer, ours, unit: 'ms', missing: why });
    }
  }
  return rows;
}

function startOnce(program: string, start: NonNullable<Peer['start']>, files: Files): [number, number] {
  const script = `
    const { library, glue, root } = JSON.parse(process.argv[1]);
    const start = performance.now();
    const m = ${start.load ?? 'undefined'};
    const loaded = performance.now();
    const sum = ${start.first};
    const called = performance.now();
    if (sum !== 3) throw new Error('add(1, 2) is ' + sum);
    console.log(JSON.stringify([loaded - start, called - loaded]));`;
  const args = ['--no-warnings', '-e', script, JSON.stringify({ ...files, root: ROOT })];
  return JSON.parse(run(program, args, { cwd: ROOT })) as [number, number];
}
