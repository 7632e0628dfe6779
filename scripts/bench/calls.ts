import koffi from 'koffi';

import { open } from './library.js';
import { measure, REPEAT as SHARED } from './measure.js';
import type { Row } from './table.js';

type Call = (...args: unknown[]) => number;

/** A constant of this module: the loops would ask the other one for its export each time. */
const REPEAT = SHARED;

/** Calls with all checks on, against koffi's own of the same C function. */
export async function benchCalls(path: string): Promise<Row[]> {
  const plugin = open(path);
  const library = koffi.load(path);
  const rows = [];

  const add = plugin.lookup<Call>('add');
  const rawAdd = library.func('int add(int, int)') as unknown as Call;
  rows.push(
    await ratio('call int add(int, int)', 1.15, {
      ours() {
        let sum = 0;
        for (let i = 0; i < REPEAT; i++) sum += add(i, 1);
        return sum;
      },
      raw() {
        let sum = 0;
        for (let i = 0; i < REPEAT; i++) sum += rawAdd(i, 1);
        return sum;
      },
    }),
  );

  const twice = plugin.lookup<Call>('twice');
  const rawTwice = library.func('double twice(double)') as unknown as Call;
  rows.push(
    await ratio('call double twice(double)', 1.15, {
      ours() {
        let sum = 0;
        for (let i = 0; i < REPEAT; i++) sum += twice(i + 0.5);
        return sum;
      },
      raw() {
        let sum = 0;
        for (let i = 0; i < REPEAT; i++) sum += rawTwice(i + 0.5);
        return sum;
      },
    }),
  );

  const nothing = plugin.lookup<Call>('nothing');
  const rawNothing = library.func('void nothing(void)') as unknown as Call;
  rows.push(
    await ratio('call void nothing(void)', 1.15, {
      ours() {
        for (let i = 0; i < REPEAT; i++) nothing();
      },
      raw() {
        for (let i = 0; i < REPEAT; i++) rawNothing();
      },
    }),
  );

  const length = plugin.lookup<Call>('length');
  const rawLength = library.func('int length(const char *)') as unknown as Call;
  rows.push(
    await ratio('call int length(const char *)', 1.3, {
      ours() {
        let sum = 0;
        for (let i = 0; i < REPEAT; i++) sum += length('hello, world');
        return sum;
      },
      raw() {
        let sum = 0;
        for (let i = 0; i < REPEAT; i++) sum += rawLength('hello, world');
        return sum;
      },
    }),
  );
  return rows;
}

async function ratio(
  work: string,
  atMost: number,
  loops: { ours: () => unknown; raw: () => unknown },
): Promise<Row> {
  const { ours = NaN, raw = NaN } = await measure(loops);
  const detail = `${ours.toFixed(1)} ns, koffi ${raw.toFixed(1)} ns`;
  return { work, detail, value: ours / raw, unit: '× koffi', bar: { atMost } };
}
