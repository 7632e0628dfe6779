import koffi from 'koffi';

import type { Peer } from './peer.js';

type Call<R = number> = (...args: unknown[]) => R;

/** koffi alone, with declarations by hand. */
export const rawKoffi: Peer = {
  name: 'koffi',
  start: { load: "require('koffi')", first: "m.load(library).func('int add(int, int)')(1, 2)" },
  open({ library }) {
    const lib = koffi.load(library);
    const declare = <R = number>(text: string): Call<R> => lib.func(text);
    const add = declare('int add(int, int)');
    const twice = declare('double twice(double)');
    const nothing = declare('void nothing(void)');
    const length = declare('int length(const char *)');
    const text = declare<string>('const char *text(void)');
    const struct = <R>(name: string, fields: Readonly<Record<string, string>>): Call<R> => {
      const type = koffi.struct(fields);
      return lib.func(name, type, [type, type]);
    };
    const addPair = struct<{ x: number; y: number }>('add_pair', { x: 'int', y: 'int' });
    const addVector = struct<{ x: number; y: number }>('add_vector', { x: 'double', y: 'double' });
    const addLongs = struct<{ a: number; b: number }>('add_longs', { a: 'int64', b: 'int64' });
    const callbackType = koffi.pointer(koffi.proto('int', ['int']));
    const callBack = lib.func('call_back', 'int', ['int', callbackType]) as unknown as Call;
    const count: unknown = lib.symbol('count');
    const ratio: unknown = lib.symbol('ratio');
    const numbers: unknown = lib.symbol('numbers');
    const origin: unknown = lib.symbol('origin');
    const point = koffi.struct({
      x: 'int',
      y: 'int',
      weight: 'double',
      name: koffi.array('char', 16, 'String'),
    });
    // Quicker than koffi.decode(address, 'int'); there are no such functions for writing.
    const decode = koffi.decode as unknown as {
      int: (address: unknown) => number;
      double: (address: unknown) => number;
    };
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
        for (let i = 0; i < times; i++) result = addPair(a, b);
        return result.x + result.y;
      },
      add_vector(times) {
        let result = { x: 0, y: 0 };
        for (let i = 0; i < times; i++) result = addVector(a, b);
        return result.x + result.y;
      },
      add_longs(times) {
        let result = { a: 0, b: 0 };
        for (let i = 0; i < times; i++) result = addLongs(c, d);
        return result.a + result.b;
      },
      call_back(times) {
        let sum = 0;
        for (let i = 0; i < times; i += 100) sum += callBack(100, double);
        return sum;
      },
      read_int(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum = (sum + decode.int(count)) | 0;
        return sum;
      },
      read_double(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum += decode.double(ratio);
        return sum;
      },
      read_element(times) {
        let sum = 0;
        for (let i = 0; i < times; i++)
          sum = (sum + (koffi.decode(numbers, 4 * (i & 15), 'int') as number)) | 0;
        return sum;
      },
      read_field(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum = (sum + (koffi.decode(origin, point) as { y: number }).y) | 0;
        return sum;
      },
      write_int(times) {
        for (let i = 0; i < times; i++) koffi.encode(count, 'int', i);
      },
      write_double(times) {
        for (let i = 0; i < times; i++) koffi.encode(ratio, 'double', i);
      },
      write_element(times) {
        for (let i = 0; i < times; i++) koffi.encode(numbers, 4 * (i & 15), 'int', i);
      },
      write_field(times) {
        for (let i = 0; i < times; i++) koffi.encode(origin, 4, 'int', i);
      },
    };
  },
};
