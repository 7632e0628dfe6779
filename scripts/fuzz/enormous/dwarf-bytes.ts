import { DW_TAG } from '../../../lib/dwarf/constants.js';

export const uleb = (...values: number[]): Buffer =>
  Buffer.from(
    values.flatMap((value) => {
      const bytes: number[] = [];
      for (let rest = value; ; rest >>>= 7) {
        if (rest < 0x80) return [...bytes, rest];
        bytes.push((rest & 0x7f) | 0x80);
      }
    }),
  );

/** A unit of DWARF 4 with these bytes behind its header. */
export function unit(body: Uint8Array, abbrevs = 0): Buffer {
  const header = Buffer.alloc(11);
  header.writeUInt32LE(7 + body.length, 0);
  header.writeUInt16LE(4, 4);
  header.writeUInt32LE(abbrevs, 6);
  header[10] = 8;
  return Buffer.concat([header, body]);
}

/** Abbreviation `code`: its tag, whether it has children, and its attributes with their forms. */
export const abbrev = (code: number, tag: number, hasChildren: boolean, ...attributes: number[]): Buffer =>
  Buffer.concat([
    uleb(code, tag),
    Buffer.from([hasChildren ? 1 : 0]),
    uleb(...attributes),
    Buffer.from([0, 0]),
  ]);

export const END = Buffer.from([0]);
export const ROOT = abbrev(1, DW_TAG.compile_unit, true);
export const times = (count: number, bytes: Uint8Array): Buffer =>
  Buffer.alloc(Math.floor(count) * bytes.length, bytes);
export const table = (...entries: Buffer[]): Buffer => Buffer.concat([ROOT, ...entries, END]);
