import type { JsExternal } from 'ffi-rs';

import type { Peer } from './peer.js';

type Call<R = number> = (values: unknown[]) => R;

/** ffi-rs, with declarations by hand. A variable's address comes from the C library's own `dlsym`. */
export const ffiRs: Peer = {
  name: 'ffi-rs',
  start: {
    load: "require('ffi-rs')",
    first: `(m.open({ library: 'bench', path: library }), m.load({
      library: 'bench', funcName: 'add', retType: m.DataType.I32, paramsType: [m.DataType.I32, m.DataType.I32], paramsValue: [1, 2],
    }))`,
  },
  open({ library }) {
    const ffi = require('ffi-rs') as typeof import('ffi-rs');
    const { I32, I64, Double, String, Void, External } = ffi.DataType;
    ffi.open({ library: 'bench', path: library });
    const declare = <R = number>(name: string, retType: unknown, ...paramsType: unknown[]): Call<R> => {
      const declaration = { library: 'bench', retType, paramsType };
      return ffi.define({ [name]: declaration as never })[name] as unknown as Call<R>;
    };
    const struct = (fields: Readonly<Record<string, number>>): unknown => ({
      ...fields,
      ffiTypeTag: ffi.DataType.StackStruct,
    });
    const [pair, vector] = [struct({ x: I32, y: I32 }), struct({ x: Double, y: Double })];
    const longs = struct({ a: I64, b: I64 });
    const add = declare('add', I32, I32, I32);
    const twice = declare('twice', Double, Double);
    const nothing = declare('nothing', Void);
    const length = declare('length', I32, String);
    const text = declare<string>('text', String);
    const addPair = declare<{ x: number; y: number }>('add_pair', pair, pair, pair);
    const addVector = declare<{ x: number; y: number }>('add_vector', vector, vector, vector);
    const addLongs = declare<{ a: number; b: number }>('add_longs', longs, longs, longs);

    // A library without a path is the process, libc in it.
    ffi.open({ library: 'libc', path: '' });
    const { dlopen, dlsym } = ffi.define({
      dlopen: { library: 'libc', retType: External, paramsType: [String, I32] },
      dlsym: { library: 'libc', retType: External, paramsType: [External, String] },
    } as never) as unknown as Record<'dlopen' | 'dlsym', Call<JsExternal>>;
    const handle = dlopen([library, 2]);
    const memory = (name: string, bytes: number): Buffer =>
      ffi.createExternalBuffer(dlsym([handle, name]), bytes);
    const count = memory('count', 4);
    const ratio = memory('ratio', 8);
    const numbers = memory('numbers', 64);
    const origin = memory('origin', 32);
    const [a, b] = [
      { x: 1, y: 2 },
      { x: 3, y: 4 },
    ] as const;
    const [c, d] = [
      { a: 1, b: 2 },
      { a: 3, b: 4 },
    ] as const;
    return {
      add(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum += add([i, 1]);
        return sum;
      },
      twice(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum += twice([i + 0.5]);
        return sum;
      },
      nothing(times) {
        for (let i = 0; i < times; i++) nothing([]);
      },
      length(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum += length(['hello, world']);
        return sum;
      },
      text(times) {
        let result = '';
        for (let i = 0; i < times; i++) result = text([]);
        return result;
      },
      add_pair(times) {
        let result = { x: 0, y: 0 };
        for (let i = 0; i < times; i++) result = addPair([a, b]);
        return result.x + result.y;
      },
      add_vector(times) {
        let result = { x: 0, y: 0 };
        for (let i = 0; i < times; i++) result = addVector([a, b]);
        return result.x + result.y;
      },
      add_longs(times) {
        let result = { a: 0, b: 0 };
        for (let i = 0; i < times; i++) result = addLongs([c, d]);
        return result.a + result.b;
      },
      call_back: 'calls JavaScript when C has returned: no results',
      read_int(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum = (sum + count.readInt32LE(0)) | 0;
        return sum;
      },
      read_double(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum += ratio.readDoubleLE(0);
        return sum;
      },
      read_element(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum = (sum + numbers.readInt32LE(4 * (i & 15))) | 0;
        return sum;
      },
      read_field(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum = (sum + origin.readInt32LE(4)) | 0;
        return sum;
      },
      write_int(times) {
        for (let i = 0; i < times; i++) count.writeInt32LE(i, 0);
      },
      write_double(times) {
        for (let i = 0; i < times; i++) ratio.writeDoubleLE(i, 0);
      },
      write_element(times) {
        for (let i = 0; i < times; i++) numbers.writeInt32LE(i, 4 * (i & 15));
      },
      write_field(times) {
        for (let i = 0; i < times; i++) origin.writeInt32LE(i, 4);
      },
    };
  },
};
