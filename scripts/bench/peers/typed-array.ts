import koffi from 'koffi';

import type { Peer } from './peer.js';

/** Typed arrays over C's memory, with each place worked out by hand: as quick as JavaScript can be. koffi, ffi-rs and node:ffi all can make them. */
export const typedArray: Peer = {
  name: 'typed array',
  open({ library }) {
    const lib = koffi.load(library);
    const memory = (name: string, bytes: number): ArrayBuffer => koffi.view(lib.symbol(name), bytes);
    const count = new Int32Array(memory('count', 4));
    const ratio = new Float64Array(memory('ratio', 8));
    const numbers = new Int32Array(memory('numbers', 64));
    const origin = new Int32Array(memory('origin', 32));
    return {
      read_int(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum = (sum + (count[0] ?? 0)) | 0;
        return sum;
      },
      read_double(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum += ratio[0] ?? 0;
        return sum;
      },
      read_element(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum = (sum + (numbers[i & 15] ?? 0)) | 0;
        return sum;
      },
      read_field(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum = (sum + (origin[1] ?? 0)) | 0;
        return sum;
      },
      write_int(times) {
        for (let i = 0; i < times; i++) count[0] = i;
      },
      write_double(times) {
        for (let i = 0; i < times; i++) ratio[0] = i;
      },
      write_element(times) {
        for (let i = 0; i < times; i++) numbers[i & 15] = i;
      },
      write_field(times) {
        for (let i = 0; i < times; i++) origin[1] = i;
      },
    };
  },
};
