import type { Peer } from './peer.js';

/** What is used of `node:ffi`, which is in Node 26 and newer: https://nodejs.org/docs/latest-v26.x/api/ffi.html */
interface NodeFfi {
  dlopen(
    path: string,
    functions: Readonly<Record<string, { arguments: string[]; return: string }>>,
  ): {
    functions: Readonly<Record<string, (...args: unknown[]) => unknown>>;
    lib: {
      getSymbol(name: string): bigint;
      registerCallback(
        type: { arguments: string[]; return: string },
        callback: (...args: never[]) => unknown,
      ): bigint;
    };
  };
  toString: (pointer: bigint) => string;
  getInt32: (pointer: bigint, offset?: number) => number;
  setInt32: (pointer: bigint, offset: number, value: number) => void;
  getFloat64: (pointer: bigint, offset?: number) => number;
  setFloat64: (pointer: bigint, offset: number, value: number) => void;
}

type Call<R = number> = (...args: unknown[]) => R;

/** Node's own, with declarations by hand. */
export const nodeFfi: Peer = {
  name: 'node:ffi',
  start: {
    load: "require('node:ffi')",
    first:
      "m.dlopen(library, { add: { arguments: ['int32', 'int32'], return: 'int32' } }).functions.add(1, 2)",
  },
  open({ library }) {
    const ffi = require('node:ffi') as NodeFfi;
    const { lib, functions } = ffi.dlopen(library, {
      add: { arguments: ['int32', 'int32'], return: 'int32' },
      twice: { arguments: ['double'], return: 'double' },
      nothing: { arguments: [], return: 'void' },
      length: { arguments: ['string'], return: 'int32' },
      text: { arguments: [], return: 'pointer' },
      call_back: { arguments: ['int32', 'function'], return: 'int32' },
    });
    const { add, twice, nothing, length, call_back } = functions as Record<string, Call>;
    const { text } = functions as Record<string, Call<bigint>>;
    if (!add || !twice || !nothing || !length || !call_back || !text) throw new Error('not all was found');
    const { toString, getInt32, setInt32, getFloat64, setFloat64 } = ffi;
    const count = lib.getSymbol('count');
    const ratio = lib.getSymbol('ratio');
    const numbers = lib.getSymbol('numbers');
    const origin = lib.getSymbol('origin');
    const double = lib.registerCallback({ arguments: ['int32'], return: 'int32' }, (x: number) => 2 * x);
    const noStructs = 'no structs by value';
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
        for (let i = 0; i < times; i++) result = toString(text());
        return result;
      },
      add_pair: noStructs,
      add_vector: noStructs,
      add_longs: noStructs,
      call_back(times) {
        let sum = 0;
        for (let i = 0; i < times; i += 100) sum += call_back(100, double);
        return sum;
      },
      read_int(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum = (sum + getInt32(count)) | 0;
        return sum;
      },
      read_double(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum += getFloat64(ratio);
        return sum;
      },
      read_element(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum = (sum + getInt32(numbers, 4 * (i & 15))) | 0;
        return sum;
      },
      read_field(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum = (sum + getInt32(origin, 4)) | 0;
        return sum;
      },
      write_int(times) {
        for (let i = 0; i < times; i++) setInt32(count, 0, i);
      },
      write_double(times) {
        for (let i = 0; i < times; i++) setFloat64(ratio, 0, i);
      },
      write_element(times) {
        for (let i = 0; i < times; i++) setInt32(numbers, 4 * (i & 15), i);
      },
      write_field(times) {
        for (let i = 0; i < times; i++) setInt32(origin, 4, i);
      },
    };
  },
};
