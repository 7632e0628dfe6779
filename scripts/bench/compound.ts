import koffi, { type LibraryHandle } from 'koffi';

import type { Pointer } from '../../lib/index.js';
import { open } from './library.js';
import { measure, REPEAT as SHARED } from './measure.js';
import type { Row } from './table.js';

type Call<R = unknown> = (...args: unknown[]) => R;

/** A constant of this module: the loops would ask the other one for its export each time. */
const REPEAT = SHARED;

/** A typical small struct: two numbers. */
type Pair = Readonly<Record<string, number | bigint>>;

/** Structs by value, in and out, against koffi's own structs. */
export async function benchStructs(path: string): Promise<Row[]> {
  const plugin = open(path);
  const library = koffi.load(path);
  const rows: Row[] = [];
  const add = async (
    name: string,
    fields: Readonly<Record<string, string>>,
    a: Pair,
    b: Pair,
    atLeast: number,
  ): Promise<void> => {
    const ours = plugin.lookup<Call>(`add_${name}`);
    const type = koffi.struct(fields);
    const raw = library.func(`add_${name}`, type, [type, type]) as unknown as Call;
    const { ours: mine = NaN, raw: theirs = NaN } = await measure({
      ours() {
        for (let i = 0; i < REPEAT; i++) ours(a, b);
      },
      raw() {
        for (let i = 0; i < REPEAT; i++) raw(a, b);
      },
    });
    const detail = `${mine.toFixed(0)} ns, koffi's struct ${theirs.toFixed(0)} ns`;
    const [work, unit] = [`call struct ${name} add_${name}(2 by value)`, '× faster'];
    rows.push({ work, detail, value: theirs / mine, unit, bar: { atLeast } });
  };
  await add('pair', { x: 'int', y: 'int' }, { x: 1, y: 2 }, { x: 3, y: 4 }, 2);
  // Two registers come back as a struct of koffi's, which takes it as long as the rest.
  await add('vector', { x: 'double', y: 'double' }, { x: 1, y: 2 }, { x: 3, y: 4 }, 1);
  await add('longs', { a: 'int64', b: 'int64' }, { a: 1n, b: 2n }, { a: 3n, b: 4n }, 1);
  return rows;
}

/** JavaScript called by C. */
export async function benchCallbacks(path: string): Promise<Row[]> {
  const plugin = open(path);
  const library = koffi.load(path);
  const TIMES = 100;
  const twice = (x: number): number => 2 * x;
  const callBack = plugin.lookup<Call>('call_back');
  const callbackType = koffi.pointer(koffi.proto('int', ['int']));
  const rawCallBack = library.func('call_back', 'int', ['int', callbackType]) as unknown as Call;
  const times = await measure({
    ours() {
      for (let i = 0; i < REPEAT / TIMES; i++) callBack(TIMES, twice);
    },
    raw() {
      for (let i = 0; i < REPEAT / TIMES; i++) rawCallBack(TIMES, twice);
    },
  });
  const { ours = NaN, raw = NaN } = times;
  return [
    {
      work: `int (*)(int) called ${TIMES} times by C`,
      detail: `${ours.toFixed(0)} ns each, koffi ${raw.toFixed(0)} ns`,
      value: ours / raw,
      unit: '× koffi',
      bar: { atMost: 1.5 },
    },
    benchSort(plugin.lookup<Call>('sort'), library),
  ];
}

/** C's qsort with a comparator in JavaScript. */
function benchSort(sort: Call, library: LibraryHandle): Row {
  const COUNT = 100_000;
  const type = koffi.pointer(koffi.proto('int', ['void *', 'void *']));
  const rawSort = library.func('sort', 'void', ['void *', 'size_t', type]) as unknown as Call;
  const { int } = koffi.decode as unknown as { int: (address: unknown) => number };
  const numbers = Int32Array.from({ length: COUNT }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 2);
  const time = (work: (copy: Int32Array) => void): number => {
    const copy = numbers.slice();
    const start = performance.now();
    work(copy);
    return performance.now() - start;
  };
  let [ours, raw] = [Infinity, Infinity];
  for (let round = 0; round < 5; round++) {
    ours = Math.min(
      ours,
      time((copy) => sort(copy, COUNT, (a: Pointer<number>, b: Pointer<number>) => a.value - b.value)),
    );
    raw = Math.min(
      raw,
      time((copy) => rawSort(copy, COUNT, (a: unknown, b: unknown) => int(a) - int(b))),
    );
  }
  return {
    work: 'qsort of 100,000 ints, compared in JavaScript',
    detail: `${ours.toFixed(0)} ms, koffi with koffi.decode.int ${raw.toFixed(0)} ms`,
    value: ours / raw,
    unit: '× koffi',
    bar: { atMost: 1.6 },
  };
}

interface Node {
  readonly value: bigint;
  readonly next: Pointer<Node> | null;
}

/** A linked list, node by node. */
export function benchList(path: string): Row {
  const LENGTH = 1_000_000;
  const plugin = open(path);
  const first = plugin.lookup<Call<Pointer<Node>>>('make_list')(LENGTH);
  const node = koffi.struct({ value: 'int64', next: 'void *' });
  let [ours, raw] = [Infinity, Infinity];
  for (let round = 0; round < 8; round++) {
    let start = performance.now();
    let count = 0;
    for (let at: Pointer<Node> | null = first; at !== null; at = at.value.next) count++;
    ours = Math.min(ours, performance.now() - start);
    start = performance.now();
    for (let at: bigint | null = first.address; at !== null; count--) {
      at = (koffi.decode(at, node) as { next: bigint | null }).next;
    }
    raw = Math.min(raw, performance.now() - start);
    if (count !== 0) throw new Error('the lists differ');
  }
  return {
    work: 'a list of 1,000,000 nodes through .value.next',
    detail: `${ours.toFixed(0)} ns a node, koffi.decode of the struct ${raw.toFixed(0)} ns`,
    value: raw / ours,
    unit: '× faster',
    bar: { atLeast: 3 },
  };
}

/** Text that C returns. */
export async function benchText(path: string): Promise<Row> {
  const text = open(path).lookup<Call>('text');
  const rawText = koffi.load(path).func('const char *text(void)') as unknown as Call;
  const { ours = NaN, raw = NaN } = await measure({
    ours() {
      for (let i = 0; i < REPEAT; i++) text();
    },
    raw() {
      for (let i = 0; i < REPEAT; i++) rawText();
    },
  });
  return {
    work: 'call const char *text(void)',
    detail: `${ours.toFixed(1)} ns, koffi ${raw.toFixed(1)} ns`,
    value: ours / raw,
    unit: '× koffi',
    bar: { atMost: 1.15 },
  };
}
