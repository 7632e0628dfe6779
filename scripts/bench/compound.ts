import koffi, { type LibraryHandle } from 'koffi';

import type { Pointer } from '../../lib/index.js';
import { open } from './library.js';
import { timed, told } from './measure.js';
import type { Row } from './row.js';

type Call<R = unknown> = (...args: unknown[]) => R;

/** C's qsort with a comparator in JavaScript. */
export function benchSort(path: string): Row {
  const COUNT = 100_000;
  const sort = open(path).lookup<Call>('sort');
  const library: LibraryHandle = koffi.load(path);
  const type = koffi.pointer(koffi.proto('int', ['void *', 'void *']));
  const rawSort = library.func('sort', 'void', ['void *', 'size_t', type]) as unknown as Call;
  const { int } = koffi.decode as unknown as { int: (address: unknown) => number };
  const numbers = Int32Array.from({ length: COUNT }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 2);
  const sorted = numbers.toSorted();
  const time = (work: (copy: Int32Array) => void): number => {
    const copy = numbers.slice();
    const start = performance.now();
    work(copy);
    const end = performance.now();
    if (!copy.every((number, i) => number === sorted[i])) throw new Error('not sorted');
    return end - start;
  };
  const { ours, theirs } = told(
    {
      ours: () =>
        time((copy) => sort(copy, COUNT, (a: Pointer<number>, b: Pointer<number>) => a.value - b.value)),
      theirs: () => time((copy) => rawSort(copy, COUNT, (a: unknown, b: unknown) => int(a) - int(b))),
    },
    5,
  );
  const work = 'qsort of 100,000 ints, compared in JavaScript';
  return { work, peer: 'koffi', ours, theirs, unit: 'ms', atMost: 1.6, note: 'with koffi.decode.int' };
}

interface Node {
  readonly value: bigint;
  readonly next: Pointer<Node> | null;
}

/** A linked list, node by node. */
export function benchList(path: string): Row {
  const LENGTH = 1_000_000;
  const first = open(path).lookup<Call<Pointer<Node>>>('make_list')(LENGTH);
  const node = koffi.struct({ value: 'int64', next: 'void *' });
  const expectAll = (count: number): void => {
    if (count !== LENGTH) throw new Error(`${count} nodes`);
  };
  const { ours, theirs } = timed(
    {
      ours() {
        let count = 0;
        for (let at: Pointer<Node> | null = first; at !== null; at = at.value.next) count++;
        expectAll(count);
      },
      theirs() {
        let count = 0;
        for (let at: bigint | null = first.address; at !== null; count++) {
          at = (koffi.decode(at, node) as { next: bigint | null }).next;
        }
        expectAll(count);
      },
    },
    8,
  );
  const work = 'a list of 1,000,000 nodes through .value.next';
  return { work, peer: 'koffi', ours, theirs, unit: 'ms', atMost: 1 / 3, note: 'koffi.decode of the struct' };
}
