import type { Peer } from './peer.js';

interface Pair<T = number> {
  x: T;
  y: T;
}

/** What fixtures/bench-glue.c exports. */
interface Glue {
  add: (a: number, b: number) => number;
  twice: (x: number) => number;
  nothing: () => void;
  length: (text: string) => number;
  text: () => string;
  add_pair: (a: Pair, b: Pair) => Pair;
  add_vector: (a: Pair, b: Pair) => Pair;
  add_longs: (a: { a: bigint; b: bigint }, b: { a: bigint; b: bigint }) => { a: bigint; b: bigint };
  call_back: (times: number, f: (x: number) => number) => number;
  getCount: () => number;
  setCount: (value: number) => void;
  getRatio: () => number;
  setRatio: (value: number) => void;
  getOriginY: () => number;
  setOriginY: (value: number) => void;
  getNumber: (index: number) => number;
  setNumber: (index: number, value: number) => void;
}

/** An addon written by hand in C. To load it is to load the library. */
export const nodeApi: Peer = {
  name: 'Node-API',
  start: { first: 'require(glue).add(1, 2)' },
  open({ glue }) {
    const addon = require(glue) as Glue;
    const { add, twice, nothing, length, text, add_pair, add_vector, add_longs, call_back } = addon;
    const { getCount, setCount, getRatio, setRatio, getOriginY, setOriginY, getNumber, setNumber } = addon;
    const [a, b] = [
      { x: 1, y: 2 },
      { x: 3, y: 4 },
    ] as const;
    const [c, d] = [
      { a: 1n, b: 2n },
      { a: 3n, b: 4n },
    ] as const;
    const double = (x: number): number => 2 * x;
    return {
      add(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum += add(i, 1);
        return sum;
      },
      twice(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum += twice(i + 0.5);
        return sum;
      },
      nothing(times) {
        for (let i = 0; i < times; i++) nothing();
      },
      length(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum += length('hello, world');
        return sum;
      },
      text(times) {
        let result = '';
        for (let i = 0; i < times; i++) result = text();
        return result;
      },
      add_pair(times) {
        let result = { x: 0, y: 0 };
        for (let i = 0; i < times; i++) result = add_pair(a, b);
        return result.x + result.y;
      },
      add_vector(times) {
        let result = { x: 0, y: 0 };
        for (let i = 0; i < times; i++) result = add_vector(a, b);
        return result.x + result.y;
      },
      add_longs(times) {
        let result = { a: 0n, b: 0n };
        for (let i = 0; i < times; i++) result = add_longs(c, d);
        return Number(result.a + result.b);
      },
      call_back(times) {
        let sum = 0;
        for (let i = 0; i < times; i += 100) sum += call_back(100, double);
        return sum;
      },
      read_int(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum = (sum + getCount()) | 0;
        return sum;
      },
      read_double(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum += getRatio();
        return sum;
      },
      read_element(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum = (sum + getNumber(i & 15)) | 0;
        return sum;
      },
      read_field(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum = (sum + getOriginY()) | 0;
        return sum;
      },
      write_int(times) {
        for (let i = 0; i < times; i++) setCount(i);
      },
      write_double(times) {
        for (let i = 0; i < times; i++) setRatio(i);
      },
      write_element(times) {
        for (let i = 0; i < times; i++) setNumber(i & 15, i);
      },
      write_field(times) {
        for (let i = 0; i < times; i++) setOriginY(i);
      },
    };
  },
};
