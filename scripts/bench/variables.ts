import koffi from 'koffi';

import { open } from './library.js';
import { measure, REPEAT as SHARED } from './measure.js';
import type { Row } from './table.js';

/** A constant of this module: the loops would ask the other one for its export each time. */
const REPEAT = SHARED;

/** Variables and struct fields, against koffi's decode and encode and against a plain typed array. */
export async function benchVariables(path: string): Promise<Row[]> {
  const plugin = open(path);
  const library = koffi.load(path);
  return [
    ...(await benchInt(plugin.lookup<{ value: number }>('count'), library.symbol('count'))),
    ...(await benchDouble(plugin.lookup<{ value: number }>('ratio'), library.symbol('ratio'))),
    await benchField(plugin.lookup<{ value: { y: number } }>('origin'), library.symbol('origin')),
  ];
}

/** Where a variable is: koffi gives its address. */
type Address = ReturnType<ReturnType<typeof koffi.load>['symbol']>;

async function benchInt(count: { value: number }, address: Address): Promise<Row[]> {
  const plain = new Int32Array(4);
  const read = await measure({
    ours() {
      let sum = 0;
      for (let i = 0; i < REPEAT; i++) sum = (sum + count.value) | 0;
      return sum;
    },
    plain() {
      let sum = 0;
      for (let i = 0; i < REPEAT; i++) sum = (sum + (plain[i & 3] ?? 0)) | 0;
      return sum;
    },
    koffi() {
      let sum = 0;
      for (let i = 0; i < REPEAT; i++) sum = (sum + (koffi.decode(address, 'int') as number)) | 0;
      return sum;
    },
  });
  const write = await measure({
    ours() {
      for (let i = 0; i < REPEAT; i++) count.value = i;
    },
    plain() {
      for (let i = 0; i < REPEAT; i++) plain[i & 3] = i;
    },
    koffi() {
      for (let i = 0; i < REPEAT; i++) koffi.encode(address, 'int', i);
    },
  });
  return [...rows('read an int variable', read), ...rows('write an int variable', write)];
}

async function benchDouble(ratio: { value: number }, address: Address): Promise<Row[]> {
  const plain = new Float64Array(4);
  const read = await measure({
    ours() {
      let sum = 0;
      for (let i = 0; i < REPEAT; i++) sum += ratio.value;
      return sum;
    },
    plain() {
      let sum = 0;
      for (let i = 0; i < REPEAT; i++) sum += plain[i & 3] ?? 0;
      return sum;
    },
    koffi() {
      let sum = 0;
      for (let i = 0; i < REPEAT; i++) sum += koffi.decode(address, 'double') as number;
      return sum;
    },
  });
  const write = await measure({
    ours() {
      for (let i = 0; i < REPEAT; i++) ratio.value = i;
    },
    plain() {
      for (let i = 0; i < REPEAT; i++) plain[i & 3] = i;
    },
    koffi() {
      for (let i = 0; i < REPEAT; i++) koffi.encode(address, 'double', i);
    },
  });
  return [...rows('read a double variable', read), ...rows('write a double variable', write)];
}

async function benchField(origin: { value: { y: number } }, address: Address): Promise<Row> {
  const text = koffi.array('char', 16, 'String');
  const type = koffi.struct({ x: 'int', y: 'int', weight: 'double', name: text });
  const { ours = NaN, decode = NaN } = await measure({
    ours() {
      let sum = 0;
      for (let i = 0; i < REPEAT; i++) sum = (sum + origin.value.y) | 0;
      return sum;
    },
    decode() {
      let sum = 0;
      for (let i = 0; i < REPEAT; i++) sum = (sum + (koffi.decode(address, type) as { y: number }).y) | 0;
      return sum;
    },
  });
  const detail = `${ours.toFixed(1)} ns, koffi.decode of the struct ${decode.toFixed(0)} ns`;
  return {
    work: 'read a field of a struct variable',
    detail,
    value: decode / ours,
    unit: '× faster',
    bar: { atLeast: 20 },
  };
}

function rows(
  work: string,
  { ours = NaN, plain = NaN, koffi: decoded = NaN }: Record<string, number>,
): Row[] {
  const time = `${ours.toFixed(2)} ns`;
  return [
    {
      work,
      detail: `${time}, koffi ${decoded.toFixed(0)} ns`,
      value: decoded / ours,
      unit: '× faster',
      bar: { atLeast: 10 },
    },
    {
      work,
      detail: `${time}, typed array ${plain.toFixed(2)} ns`,
      value: ours / plain,
      unit: '× typed array',
      bar: { atMost: 3 },
    },
  ];
}
