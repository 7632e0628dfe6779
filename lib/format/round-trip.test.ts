import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';

import { writeFloat } from '../ctypes/float-format.js';
import { sizeOf } from '../ctypes/layout.js';
import { bare, isText, type CType, type FloatFormat, type Member } from '../ctypes/model.js';
import { open, type Pointer } from '../index.js';
import { openFixture } from '../testing/fixture.js';
import { BUILD, describeWith, FIXTURES, run } from '../testing/tools.js';
import type { Memory } from './memory.js';
import { formatValue, type FormatOptions } from './value.js';

/** Gives random bytes. */
type Random = (size: number) => Uint8Array;

/** The bits of the exponent in the last two bytes of a number. */
const EXPONENTS: Readonly<Record<FloatFormat, number>> = {
  binary16: 0x7c00,
  binary32: 0x7f80,
  binary64: 0x7ff0,
  binary128: 0x7fff,
  x87: 0x7fff,
};

/** Random bits for a value of `type`, of those that C has a literal for: no NaN but one, no pointer but NULL, zeros behind a text. */
function fill(type: CType, data: DataView, at: number, random: Random): void {
  const t = bare(type);
  const size = sizeOf(type) ?? 0;
  switch (t.kind) {
    case 'bool':
      data.setUint8(at, (random(1)[0] ?? 0) & 1);
      break;
    case 'int':
    case 'enum':
      // There is no literal of 128 bits.
      put(data, at, random(Math.min(size, 8)));
      break;
    case 'float':
      fillFloat(t.format, data, at, t.format === 'x87' ? 10 : size, random);
      break;
    case 'complex':
      // As a sum, `a + bi` has no infinite parts, and no -0.0.
      for (const o of [0, size / 2]) {
        const number = (random(1)[0] ?? 0) / 7 - 20;
        if (t.format === 'binary32') data.setFloat32(at + o, number, true);
        else if (t.format === 'binary64') data.setFloat64(at + o, number, true);
        else writeFloat(t.format, data, at + o, number);
      }
      break;
    case 'array': {
      const step = sizeOf(t.element) ?? 0;
      if (isText(t.element)) {
        const bytes = random(size);
        const end = bytes.indexOf(0);
        put(data, at, end < 0 ? bytes : bytes.fill(0, end));
      } else for (let i = 0; i < (t.length ?? 0); i++) fill(t.element, data, at + i * step, random);
      break;
    }
    case 'struct':
      for (const member of t.members) fillMember(member, data, at, random);
      break;
    case 'union': {
      const sizes = t.members.map((m) => sizeOf(m.type) ?? 0);
      const largest = t.members[sizes.lastIndexOf(Math.max(...sizes))];
      if (largest !== undefined) fillMember(largest, data, at, random);
      break;
    }
    default:
      break;
  }
}

function put(data: DataView, at: number, bytes: Uint8Array): void {
  bytes.forEach((byte, i) => {
    data.setUint8(at + i, byte);
  });
}

function fillFloat(format: FloatFormat, data: DataView, at: number, size: number, random: Random): void {
  const [choice = 0] = random(1);
  if (choice < 40) {
    const value = [NaN, Infinity, -Infinity, -0, 1e20][choice % 5] ?? 0;
    if (format === 'binary32') data.setFloat32(at, value, true);
    else if (format === 'binary64') data.setFloat64(at, value, true);
    else writeFloat(format, data, at, value);
    return;
  }
  put(data, at, random(size));
  const top = data.getUint16(at + size - 2, true);
  const mask = EXPONENTS[format];
  if (format === 'x87') data.setUint8(at + 7, data.getUint8(at + 7) | 0x80);
  // Neither an infinite exponent nor, where it says so twice, that of a number without a leading 1.
  if ((top & mask) === mask || (format === 'x87' && (top & mask) === 0))
    data.setUint16(at + size - 2, 0x3c00, true);
}

function fillMember(member: Member, data: DataView, at: number, random: Random): void {
  const { type, offset, bitOffset = 0, bitSize } = member;
  if (bitSize === undefined) {
    fill(type, data, at + offset, random);
    return;
  }
  for (let bit = bitOffset; bit < bitOffset + Math.min(bitSize, 64); bit++) {
    const byte = at + Math.floor(bit / 8);
    if ((random(1)[0] ?? 0) & 1) data.setUint8(byte, data.getUint8(byte) | (1 << (bit % 8)));
  }
}

const SOURCES = ['arrays', 'const', 'format', 'literals', 'records', 'scalars', 'text', 'unions'];

/** Larger variables are left out. In bytes. */
const MOST = 4096;
const OPTIONS: FormatOptions = {
  depth: Infinity,
  elements: Infinity,
  characters: Infinity,
  breakLength: 80,
  compact: 3,
  stylize: (text) => text,
};

interface Value {
  /** The name of a variable that has its type. */
  readonly variable: string;
  readonly text: string;
  readonly bytes: readonly number[];
}

/** A random value of the type of each variable of a fixture, with what is printed of it. */
function printed(source: string, random: Random): Value[] {
  const plugin = openFixture(`values/${source}.c`);
  const values: Value[] = [];
  for (const { name, kind, type } of plugin) {
    const size = type?.size;
    if (kind !== 'variable' || type === undefined || size === undefined || type.kind === 'pointer') continue;
    if (size > MOST || type.length === 0) continue;
    const page = new Uint8Array(2 * MOST);
    fill(type.ctype, new DataView(page.buffer), 0, random);
    const read: Memory['read'] = (at, count) => page.slice(Number(at), Number(at) + count);
    const head = `(${String(type)})`;
    const shown = formatValue(type.ctype, 0n, { read }, OPTIONS);
    const text = shown.startsWith(head) ? shown.slice(head.length) : shown;
    values.push({ variable: name, text, bytes: [...page.subarray(0, size)] });
  }
  return values;
}

/** What gcc makes of the text of each value. */
function compiled(source: string, values: readonly Value[]): number[][] {
  mkdirSync(BUILD, { recursive: true });
  const folder = mkdtempSync(join(BUILD, 'round-trip-'));
  try {
    const lines = ['math', 'stdbool', 'stddef'].map((header) => `#include <${header}.h>`);
    lines.push(`#include "${join(FIXTURES, 'values', source)}.c"`);
    values.forEach((v, i) => lines.push(`__typeof__(${v.variable}) value_${i} = ${v.text};`));
    writeFileSync(join(folder, 'values.c'), lines.join('\n'));
    run('gcc', ['-w', '-g', '-shared', '-fPIC', '-o', 'values.so', 'values.c'], { cwd: folder });
    const plugin = open(join(folder, 'values.so'));
    return values.map(({ bytes }, i) => {
      const pointer = plugin.lookup<Pointer>(`value_${i}`);
      return Array.from(pointer.cast('unsigned char *').view(bytes.length) as Uint8Array);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describeWith(['gcc'], 'what is printed, read by gcc', () => {
  it.each(SOURCES)('is the same value: %s', (source) => {
    const pool = fc.uint8Array({ minLength: 997, maxLength: 997 });
    const property = fc.property(pool, (bytes) => {
      let at = 0;
      const random: Random = (size) =>
        Uint8Array.from({ length: size }, () => bytes[at++ % bytes.length] ?? 0);
      const values = Array.from({ length: 10 }, () => printed(source, random)).flat();
      const read = compiled(source, values);
      const wrong = values.flatMap((v, i) =>
        v.bytes.every((byte, j) => byte === read[i]?.[j])
          ? []
          : [{ ...v, bytes: String(v.bytes), read: String(read[i]) }],
      );
      expect(wrong).toEqual([]);
    });
    fc.assert(property, { numRuns: 3, endOnFailure: true });
  });
});
