import { readFileSync } from 'node:fs';

import { BufferSource } from '../../lib/bytes/source.js';
import { DT, PT } from '../../lib/elf/constants.js';
import { ElfFile } from '../../lib/elf/file.js';
import type { ProgramHeader } from '../../lib/elf/segment.js';
import { Random } from '../abi-fuzz/random.js';
import { fieldsOf, type Field } from './fields.js';

/** A library that is changed: a number, some bytes, or cut off. */
export interface Mutant {
  /** The library that it is made from, by its number. */
  readonly base: number;
  readonly kind: string;
  readonly what: string;
  /** Its length in bytes, where it is cut. */
  readonly length?: number;
  readonly changes?: readonly (readonly [at: number, bytes: readonly number[]])[];
}

export function apply(bytes: Uint8Array, { length = bytes.length, changes = [] }: Mutant): Uint8Array {
  const mutant = Uint8Array.from(bytes.subarray(0, length));
  for (const [at, values] of changes) mutant.set(values.slice(0, Math.max(0, length - at)), at);
  return mutant;
}

/** One change at a time, of everything that a dynamic linker looks at. */
export function* systematic(base: number, path: string): Generator<Mutant> {
  const bytes = readFileSync(path);
  const file = new ElfFile(new BufferSource(path, bytes));
  for (let length = 0; length < bytes.length; length += 512) {
    yield { base, kind: 'truncated', what: `cut at ${length}`, length };
  }
  for (const field of fieldsOf(file)) {
    for (const value of valuesFor(field, bytes)) {
      yield {
        base,
        kind: field.kind,
        what: `${field.name} = 0x${value.toString(16)}`,
        changes: [[field.at, littleEndian(value, field.width)]],
      };
    }
  }
  yield* segmentMutants(base, file);
}

function valuesFor({ at, width, name }: Field, bytes: Buffer): Set<bigint> {
  const old = readNumber(bytes, at, width);
  const values = [0n, 1n, old + 1n, old - 1n, old ^ (1n << BigInt(width * 8 - 1)), -1n];
  if (width === 2) values.push(old + 8n, old ^ 0x8000n, 0x7fffn);
  if (width >= 4)
    values.push(old + 8n, old - 8n, old + 0x1000n, old - 0x1000n, old + 0x10000n, old * 2n, 0x7fffffffn);
  if (width === 8) values.push(1n << 47n, -0x1000n, old + (1n << 32n), BigInt(bytes.length));
  if (name.startsWith('d_tag')) values.push(...Object.values(DT).map(BigInt));
  if (name.startsWith('p_type')) values.push(...Object.values(PT).map(BigInt));
  if (name.startsWith('p_flags')) values.push(2n, 3n, 4n, 5n, 6n, 7n);
  if (name.startsWith('r_type')) for (let type = 2n; type < 40n; type++) values.push(type);
  if (name.startsWith('st_info'))
    for (const type of [2n, 6n, 10n]) values.push(0x10n | type, 0x20n | type, type);
  return new Set(values.map((value) => BigInt.asUintN(width * 8, value)).filter((value) => value !== old));
}

/** Segments over each other, and huge alignments. */
function* segmentMutants(base: number, file: ElfFile): Generator<Mutant> {
  const { phoff } = file.header;
  const field = (index: number, at: number, value: bigint): [number, number[]] => [
    phoff + index * 56 + at,
    littleEndian(BigInt.asUintN(64, value), 8),
  ];
  const all = file.programHeaders.map((segment, index) => ({ segment, index }));
  const loads = all.filter(({ segment }) => segment.type === PT.LOAD);
  for (const one of loads) {
    for (const other of loads) {
      if (one === other) continue;
      for (const shift of [0n, 0x1000n, -0x1000n, BigInt(one.segment.memorySize & ~0xfff)]) {
        const address =
          one.segment.address + shift + (BigInt(other.segment.offset - one.segment.offset) & 0xfffn);
        const what = `segment ${other.index} at 0x${BigInt.asUintN(64, address).toString(16)}`;
        yield { base, kind: 'overlapping segments', what, changes: [field(other.index, 16, address)] };
      }
      yield {
        base,
        kind: 'overlapping segments',
        what: `segments ${one.index} and ${other.index} in place of each other`,
        changes: [
          [phoff + one.index * 56, headerBytes(other.segment)],
          [phoff + other.index * 56, headerBytes(one.segment)],
        ],
      };
    }
    for (let bit = 0n; bit < 64n; bit++) {
      yield {
        base,
        kind: 'alignment',
        what: `segment ${one.index} aligned to 2^${bit}`,
        changes: [field(one.index, 48, 1n << bit)],
      };
    }
  }
  for (const { segment, index } of all) {
    if (segment.type !== PT.TLS) continue;
    for (let bit = 0n; bit < 64n; bit++) {
      yield {
        base,
        kind: 'alignment',
        what: `PT_TLS aligned to 2^${bit}`,
        changes: [field(index, 48, 1n << bit)],
      };
    }
  }
}

function headerBytes(segment: ProgramHeader): number[] {
  const { type, flags, offset, address, fileSize, memorySize, align } = segment;
  return [
    ...littleEndian(BigInt(type), 4),
    ...littleEndian(BigInt(flags), 4),
    ...[BigInt(offset), address, address, BigInt(fileSize), BigInt(memorySize), align].flatMap((n) =>
      littleEndian(n, 8),
    ),
  ];
}

/** Some bytes or fields at a time, anywhere, mostly where the linker looks. The same seed and index give the same mutant. */
export function randomMutant(
  seed: number,
  index: number,
  paths: readonly string[],
  cache: Map<number, Prepared>,
): Mutant {
  const random = new Random(seed, index);
  const base = random.below(paths.length);
  let prepared = cache.get(base);
  if (prepared === undefined) {
    const bytes = readFileSync(paths[base] ?? '');
    prepared = { bytes, fields: fieldsOf(new ElfFile(new BufferSource('', bytes))) };
    cache.set(base, prepared);
  }
  const { bytes, fields } = prepared;
  const changes = Array.from({ length: random.between(1, 4) }, (): [number, number[]] => {
    if (random.chance(0.7)) {
      const field = random.pick(fields);
      const value = random.chance(0.5) ? random.pick([...valuesFor(field, bytes)]) : BigInt(random.bits());
      return [field.at, littleEndian(BigInt.asUintN(field.width * 8, value), field.width)];
    }
    return [
      random.below(bytes.length),
      Array.from({ length: random.between(1, 4) }, () => random.below(256)),
    ];
  });
  return { base, kind: 'random', what: `seed ${seed}, number ${index}`, changes };
}

export interface Prepared {
  readonly bytes: Buffer;
  readonly fields: readonly Field[];
}

function readNumber(bytes: Buffer, at: number, width: number): bigint {
  let value = 0n;
  for (let i = width - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i] ?? 0);
  return value;
}

function littleEndian(value: bigint, width: number): number[] {
  return Array.from({ length: width }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
}
