import type { RecordType, Type } from './model.js';

/*
 * Sizes and alignments (psABI x86-64 §3.1.2), by which the generator keeps to the sizes it aims at. Nothing is compared with them, and
 * bit-fields are counted roughly.
 */

export function sizeOf(type: Type): number {
  switch (type.kind) {
    case 'integer':
    case 'enum':
      return type.size;
    case 'float':
      return type.size === 10 ? 16 : type.size;
    case 'bool':
      return 1;
    case 'complex':
      return 2 * sizeOf(type.part);
    case 'pointer':
    case 'function':
      return 8;
    case 'array':
    case 'vector':
      return type.length * sizeOf(type.element);
    case 'struct':
    case 'union':
      return recordSize(type);
  }
}

export function alignmentOf(type: Type): number {
  switch (type.kind) {
    case 'array':
      return alignmentOf(type.element);
    case 'complex':
      return alignmentOf(type.part);
    case 'struct':
    case 'union':
      return Math.max(
        type.aligned ?? 1,
        ...type.members.map((m) => Math.max(m.aligned ?? 1, type.packed ? 1 : alignmentOf(m.type))),
      );
    default:
      return sizeOf(type);
  }
}

function recordSize(record: RecordType): number {
  let bits = 0;
  let largest = 0;
  for (const { type, bits: width, aligned = 1 } of record.members) {
    const size = width ?? sizeOf(type) * 8;
    largest = Math.max(largest, size);
    const alignment = 8 * Math.max(aligned, record.packed ? 1 : alignmentOf(type));
    const start = width === undefined ? roundUp(bits, alignment) : bits;
    bits = start + size;
  }
  return roundUp(Math.ceil((record.kind === 'union' ? largest : bits) / 8), alignmentOf(record));
}

function roundUp(n: number, to: number): number {
  return Math.ceil(n / to) * to;
}
