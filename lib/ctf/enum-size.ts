import { CTF_K } from './constants.js';
import type { CtfType, Dictionary } from './dictionary.js';
import { readEnumerators, USUAL_SIZE } from './enum-type.js';
import { keyOf } from './finite.js';
import { elementsOf, naturalAlignment, roundUp, sizeToLinker } from './linker-size.js';
import { type MemberEntry, readMemberEntries, readSliceEntry } from './references.js';

/** A variable's type, and its size in bytes. */
export interface SizedType {
  readonly type: CtfType;
  readonly size: number;
}

/** What is known of an enum's size, in bytes. */
interface Evidence {
  /** What variables of it have. */
  readonly exact: Set<number>;
  /** What fits between it and the next member. */
  room: number;
  /** A struct is laid out as if it had eight. */
  seemsEight: boolean;
}

/**
 * The sizes of enums. gcc knows them, and GNU ld replaces each by that of `int`: one with `__attribute__((packed))` has less, one with an enumerator
 * past 32 bits has eight bytes. Variables show it, and the structs that such enums are members of. An enum that is in neither is an `int`.
 */
export class EnumSizes {
  readonly #addressSize: number;
  readonly #evidence = new Map<number, Evidence>();
  /** Of structs and unions, by their keys. */
  readonly #alignments = new Map<number, number>();

  constructor(dictionaries: readonly Dictionary[], variables: Iterable<SizedType>, addressSize: number) {
    this.#addressSize = addressSize;
    for (const { type, size } of variables) {
      const { type: element, count } = elementsOf(type, type.id);
      if (element?.kind === CTF_K.ENUM && count > 0) this.#of(element).exact.add(size / count);
    }
    for (const dictionary of dictionaries) {
      for (const type of dictionary.types()) {
        if (type.kind === CTF_K.STRUCT || type.kind === CTF_K.UNION) this.#addRecord(type);
      }
    }
  }

  /** In bytes. */
  sizeOf(type: CtfType): number {
    // As gcc wrote it: no linker that knows CTF came by.
    if (type.size !== USUAL_SIZE) return type.size;
    const evidence = this.#evidence.get(keyOf(type));
    if (evidence === undefined) return USUAL_SIZE;
    const [exact, ...others] = evidence.exact;
    if (exact !== undefined && others.length === 0 && [1, 2, 4, 8].includes(exact)) return exact;
    if (evidence.room < USUAL_SIZE) {
      const smallest = smallestSize(type);
      return smallest <= evidence.room ? smallest : USUAL_SIZE;
    }
    return evidence.seemsEight && evidence.room >= 8 ? 8 : USUAL_SIZE;
  }

  #of(type: CtfType): Evidence {
    const key = keyOf(type);
    let evidence = this.#evidence.get(key);
    if (evidence === undefined) {
      this.#evidence.set(key, (evidence = { exact: new Set(), room: Infinity, seemsEight: false }));
    }
    return evidence;
  }

  #addRecord(record: CtfType): void {
    let entries: readonly MemberEntry[] | undefined;
    let others: readonly number[] | undefined;
    const count = record.count;
    for (let i = 0; i < count; i++) {
      entries ??= readMemberEntries(record);
      const entry = entries[i];
      if (entry === undefined) return;
      const { type, count: elements } = elementsOf(record, entry.type);
      if (type?.kind === CTF_K.SLICE) this.#addSlice(type);
      if (type?.kind !== CTF_K.ENUM || elements === 0) continue;
      const next = record.kind === CTF_K.UNION ? undefined : entries[i + 1];
      const start = entry.offset / 8;
      const end = next === undefined ? record.size : Math.floor(next.offset / 8);
      const evidence = this.#of(type);
      evidence.room = Math.min(evidence.room, (end - start) / elements);
      if (record.kind === CTF_K.UNION) continue;
      others ??= greatestOfOthers(entries.map((each) => this.#alignmentOf(record, each)));
      const other = others[i] ?? 1;
      const fits = (size: number): boolean => this.#fits(record, entries ?? [], i, size, elements, other);
      evidence.seemsEight ||= !fits(USUAL_SIZE) && fits(8);
    }
  }

  /** A bit-field is no wider than its type. */
  #addSlice(slice: CtfType): void {
    const { type: id, bits } = readSliceEntry(slice);
    const { type } = elementsOf(slice, id);
    if (type?.kind === CTF_K.ENUM && bits > USUAL_SIZE * 8) this.#of(type).exact.add(8);
  }

  #alignmentOf(record: CtfType, { type }: MemberEntry): number {
    return naturalAlignment(record, type, this.#addressSize, this.#alignments);
  }

  /**
   * Whether a member lies, and what follows it lies, as they do by nature if it is of `count` enums of `size` bytes. `other`: the greatest alignment of the other
   * members.
   */
  #fits(
    record: CtfType,
    entries: readonly MemberEntry[],
    index: number,
    size: number,
    count: number,
    other: number,
  ): boolean {
    const [before, entry, next] = [entries[index - 1], entries[index], entries[index + 1]];
    if (entry === undefined) return false;
    const sizeOfMember = (m: MemberEntry): number => sizeToLinker(record, m.type, this.#addressSize);
    const start = entry.offset / 8;
    const startsAt = before === undefined ? 0 : roundUp(before.offset / 8 + sizeOfMember(before), size);
    const end = start + size * count;
    return (
      start === startsAt &&
      (next === undefined
        ? record.size === roundUp(end, Math.max(size, other))
        : next.offset / 8 === roundUp(end, this.#alignmentOf(record, next)))
    );
  }
}

/** For each of some numbers the greatest of the others, 1 at least. */
function greatestOfOthers(numbers: readonly number[]): number[] {
  let [greatest, where, next] = [1, -1, 1];
  for (const [i, number] of numbers.entries()) {
    if (number > greatest) [greatest, where, next] = [number, i, greatest];
    else next = Math.max(next, number);
  }
  return numbers.map((_, i) => (i === where ? next : greatest));
}

/** What gcc gives to a packed enum: the smallest integer that holds all enumerators. */
function smallestSize(type: CtfType): number {
  const values = readEnumerators(type).map(({ value }) => value);
  const isSigned = values.some((value) => value < 0n);
  const fits = (bits: number): boolean =>
    values.every((value) => (isSigned ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)) === value);
  return fits(8) ? 1 : fits(16) ? 2 : USUAL_SIZE;
}
