import { type CType, type EnumType, type Enumerator, bare } from '../ctypes/model.js';
import { DW_AT, DW_ATE, DW_TAG } from './constants.js';
import type { Die } from './die.js';
import type { TypeReader } from './types.js';

/** `DW_TAG.enumeration_type` (DWARF v5 §5.7). */
export function readEnumType(reader: TypeReader, die: Die): EnumType {
  return new DwarfEnum(reader, die);
}

class DwarfEnum implements EnumType {
  readonly kind = 'enum';
  readonly tag: string | undefined;
  readonly declared: boolean;
  readonly #reader: TypeReader;
  readonly #die: Die;
  #content: { readonly of: EnumContent | undefined } | undefined;

  constructor(reader: TypeReader, die: Die) {
    this.#reader = reader;
    this.#die = die;
    this.tag = die.string(DW_AT.name);
    // gcc gives an enum that is only declared a size, too.
    this.declared = die.flag(DW_AT.declaration);
  }

  get size(): number | undefined {
    return this.#read()?.size;
  }

  get signed(): boolean {
    return this.#read()?.signed ?? false;
  }

  get enumerators(): readonly Enumerator[] {
    return this.#read()?.enumerators ?? [];
  }

  #read(): EnumContent | undefined {
    if (this.#content === undefined) {
      const from = this.declared ? this.#reader.complete(this.#die) : this.#die;
      this.#content = { of: from && enumContent(this.#reader, from) };
    }
    return this.#content.of;
  }
}

type EnumContent = EnumStorage & { readonly enumerators: readonly Enumerator[] };

function enumContent(reader: TypeReader, die: Die): EnumContent {
  const stored = die
    .children()
    .filter((child) => child.tag === DW_TAG.enumerator)
    .map((child) => ({
      name: child.string(DW_AT.name) ?? '',
      value: child.constant(DW_AT.const_value) ?? 0n,
    }));
  const storage = enumStorage(
    reader,
    die,
    stored.map(({ value }) => value),
  );
  const enumerators = stored.map(({ name, value }) => ({ name, value: enumeratorValue(value, storage) }));
  return { ...storage, enumerators };
}

/** How the values of an enum are stored. */
export interface EnumStorage {
  /** In bytes. */
  readonly size: number | undefined;
  readonly signed: boolean;
}

/** What an enum's entry says, or its enumerators' values, as they are stored, show. */
export function enumStorage(reader: TypeReader, die: Die, stored: readonly bigint[]): EnumStorage {
  const underlying = die.has(DW_AT.type) ? bare(reader.target(die)) : undefined;
  const encoding = die.number(DW_AT.encoding);
  // Strict DWARF 2 says neither: gcc then writes negative values, and only these, as signed.
  const signed =
    underlying?.kind === 'int'
      ? underlying.signed
      : encoding === undefined
        ? stored.some((value) => value < 0n)
        : encoding === DW_ATE.signed || encoding === DW_ATE.signed_char;
  return { size: die.number(DW_AT.byte_size) ?? sizeOf(underlying), signed };
}

/** DW_FORM.data… does not say its sign (DWARF v5 §7.5.5): a value too large for the type was negative. */
export function enumeratorValue(stored: bigint, { size, signed }: EnumStorage): bigint {
  const bits = (size ?? 4) * 8;
  return signed ? BigInt.asIntN(bits, stored) : stored < 0n ? BigInt.asUintN(bits, stored) : stored;
}

function sizeOf(type: CType | undefined): number | undefined {
  return type?.kind === 'int' || type?.kind === 'bool' ? type.size : undefined;
}
