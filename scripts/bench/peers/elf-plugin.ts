import { open } from '../library.js';
import type { Peer } from './peer.js';

type Call<R = number> = (...args: unknown[]) => R;
interface Cell {
  value: number;
}

export const elfPlugin: Peer = {
  name: 'elf-plugin',
  start: { load: 'require(root)', first: "m.open(library).lookup('add')(1, 2)" },
  open({ library }) {
    const plugin = open(library);
    const add = plugin.lookup<Call>('add');
    const twice = plugin.lookup<Call>('twice');
    const nothing = plugin.lookup<Call>('nothing');
    const length = plugin.lookup<Call>('length');
    const text = plugin.lookup<Call<string>>('text');
    const addPair = plugin.lookup<Call<{ x: number; y: number }>>('add_pair');
    const addVector = plugin.lookup<Call<{ x: number; y: number }>>('add_vector');
    const addLongs = plugin.lookup<Call<{ a: bigint; b: bigint }>>('add_longs');
    const callBack = plugin.lookup<Call>('call_back');
    const count = plugin.lookup<Cell>('count');
    const ratio = plugin.lookup<Cell>('ratio');
    const numbers = plugin.lookup<{ value: Int32Array }>('numbers');
    const origin = plugin.lookup<{ value: { y: number } }>('origin');
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
        let result = { a: 0n, b: 0n };
        for (let i = 0; i < times; i++) result = addLongs(c, d);
        return Number(result.a + result.b);
      },
      call_back(times) {
        let sum = 0;
        for (let i = 0; i < times; i += 100) sum += callBack(100, double);
        return sum;
      },
      read_int(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum = (sum + count.value) | 0;
        return sum;
      },
      read_double(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum += ratio.value;
        return sum;
      },
      read_element(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum = (sum + (numbers.value[i & 15] ?? 0)) | 0;
        return sum;
      },
      read_field(times) {
        let sum = 0;
        for (let i = 0; i < times; i++) sum = (sum + origin.value.y) | 0;
        return sum;
      },
      write_int(times) {
        for (let i = 0; i < times; i++) count.value = i;
      },
      write_double(times) {
        for (let i = 0; i < times; i++) ratio.value = i;
      },
      write_element(times) {
        for (let i = 0; i < times; i++) numbers.value[i & 15] = i;
      },
      write_field(times) {
        for (let i = 0; i < times; i++) origin.value.y = i;
      },
    };
  },
};
