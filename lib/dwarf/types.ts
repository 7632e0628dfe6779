import {
  type CType,
  type PointerType,
  type QualifiedType,
  type Qualifier,
  type TypedefType,
  VOID,
} from '../ctypes/model.js';
import { readAlignment } from './alignment.js';
import { readArrayType, readStringType } from './array-type.js';
import { readBaseType, unsupported } from './base-type.js';
import { DW_AT, DW_LANG, DW_TAG, isFortran, nameOf } from './constants.js';
import { Die } from './die.js';
import { readEnumType } from './enum-type.js';
import { FinitenessCheck } from './finite.js';
import { readFunctionType } from './function-type.js';
import { readRecordType } from './record-type.js';

/** Languages that few libraries are written in. */
const fortran = () => require('./fortran.js') as typeof import('./fortran.js');
const go = () => require('./go.js') as typeof import('./go.js');
const rust = () => require('./rust.js') as typeof import('./rust.js');

/** Finds the entry that defines what `die` only declares; undefined if there is none, or more than one. */
export type Completer = (die: Die) => Die | undefined;

/** Entries → C types. The same entry gives the same object, so that `===` holds and cycles close. */
export class TypeReader {
  /** Called at the first look into an opaque type, since the search may read the whole file. */
  readonly complete: Completer;
  readonly finite: FinitenessCheck = new FinitenessCheck();
  /** Per language, since the same entry of a partial unit (dwz) can be used by C and by C++. */
  readonly #types = new Map<number | undefined, Map<number, CType>>();

  constructor(complete: Completer) {
    this.complete = complete;
  }

  /** The type that an entry describes. Reads the entry alone: what it refers to is read when looked at. */
  of(die: Die): CType {
    const { language, id } = die;
    let types = this.#types.get(language);
    if (types === undefined) this.#types.set(language, (types = new Map<number, CType>()));
    let type = types.get(id);
    if (type === undefined) {
      type = this.#read(die);
      types.set(id, type);
    }
    return type;
  }

  /** The `DW_AT.type` of an entry, or of the one it completes; none is `void` (DWARF v5 §5.2). */
  target(die: Die): CType {
    const holder = die.inherited(DW_AT.type);
    const reference = holder?.reference(DW_AT.type);
    if (reference instanceof Die) {
      this.finite.nameless(reference);
      return this.of(reference);
    }
    return reference === undefined ? VOID : unsupported('unknown type', reference.reason);
  }

  #read(die: Die): CType {
    switch (die.tag) {
      case DW_TAG.base_type:
        return this.#base(die);
      case DW_TAG.pointer_type:
        return this.#pointer(die);
      case DW_TAG.reference_type:
        return this.#pointer(die, '&');
      case DW_TAG.rvalue_reference_type:
        return this.#pointer(die, '&&');
      case DW_TAG.const_type:
        return new DwarfQualified(this, die, 'const');
      case DW_TAG.volatile_type:
        return new DwarfQualified(this, die, 'volatile');
      case DW_TAG.restrict_type:
        return new DwarfQualified(this, die, 'restrict');
      case DW_TAG.atomic_type:
        return new DwarfQualified(this, die, '_Atomic');
      case DW_TAG.typedef:
      case DW_TAG.template_alias:
        return this.#typedef(die);
      case DW_TAG.string_type:
        return readStringType(die);
      case DW_TAG.array_type:
        return readArrayType(this, die);
      case DW_TAG.structure_type:
      case DW_TAG.class_type:
      case DW_TAG.union_type:
        return this.#defined(die) ?? readRecordType(this, die);
      case DW_TAG.enumeration_type:
        return this.#defined(die) ?? readEnumType(this, die);
      case DW_TAG.subroutine_type:
      case DW_TAG.subprogram:
        return readFunctionType(this, die);
      case DW_TAG.unspecified_type:
        return unsupported(die.string(DW_AT.name) ?? 'unspecified type', 'not a type of C');
      default: {
        const name = nameOf(DW_TAG, die.tag);
        return unsupported(
          die.string(DW_AT.name) ?? name,
          `${name} is not supported`,
          die.number(DW_AT.byte_size),
        );
      }
    }
  }

  #base(die: Die): CType {
    const type = readBaseType(die);
    const { language } = die;
    return isFortran(language) ? fortran().asC(type) : language === DW_LANG.Rust ? rust().asC(type) : type;
  }

  /** A declaration that names its definition's type unit (`-fdebug-types-section`): the definition's type. */
  #defined(die: Die): CType | undefined {
    const definition = die.reference(DW_AT.signature);
    if (definition === undefined) return undefined;
    if (!(definition instanceof Die)) return unsupported(die.string(DW_AT.name) ?? '', definition.reason);
    if (definition.has(DW_AT.signature)) {
      definition.unit.cursor.fail('a type unit that refers to a type unit', definition.pos);
    }
    return this.of(definition);
  }

  #pointer(die: Die, reference?: '&' | '&&'): CType {
    const size = die.number(DW_AT.byte_size) ?? die.unit.addressSize;
    if (die.language === DW_LANG.Rust) return this.rustPointer(die, size, false);
    return new DwarfPointer(this, die, size, { reference });
  }

  /** A pointer, reference, `Box` or function pointer of Rust; of these only raw pointers may be null, unless there is an `Option` around them. */
  rustPointer(die: Die, size: number, isOptional: boolean): PointerType {
    const { readTarget, isOwner, isRaw } = rust();
    return new DwarfPointer(this, die, size, {
      reference: isOptional || isRaw(die) ? undefined : '&',
      owned: isOwner(die),
      read: readTarget,
    });
  }

  #typedef(die: Die): CType {
    const name = die.string(DW_AT.name) ?? '';
    const read = name === '_GoString_' ? (_: Die, target: CType) => go().withoutText(target) : undefined;
    return new DwarfTypedef(this, die, name, readAlignment(die), read);
  }
}

/** Makes of the type that an entry refers to what its language means. */
type ReadTarget = (die: Die, target: CType) => CType;

/**
 * What refers to another type, which is read at the first look. The types of a library are many, and JavaScript makes an instance of a class ten times as fast
 * as an object with a getter of its own.
 */
abstract class Referring {
  readonly #reader: TypeReader;
  readonly #die: Die;
  readonly #read: ReadTarget | undefined;
  #target: CType | undefined;

  constructor(reader: TypeReader, die: Die, read?: ReadTarget) {
    this.#reader = reader;
    this.#die = die;
    this.#read = read;
  }

  get target(): CType {
    return (this.#target ??= this.#readTarget());
  }

  #readTarget(): CType {
    const target = this.#reader.target(this.#die);
    return this.#read === undefined ? target : this.#read(this.#die, target);
  }
}

class DwarfPointer extends Referring implements PointerType {
  readonly kind = 'pointer';
  readonly size: number;
  readonly reference?: '&' | '&&';
  readonly owned?: boolean;

  constructor(reader: TypeReader, die: Die, size: number, how: Pointing) {
    super(reader, die, how.read);
    this.size = size;
    if (how.reference !== undefined) this.reference = how.reference;
    if (how.owned === true) this.owned = true;
  }
}

/** What a pointer is besides. */
interface Pointing {
  readonly reference?: '&' | '&&' | undefined;
  readonly owned?: boolean;
  readonly read?: ReadTarget;
}

class DwarfQualified extends Referring implements QualifiedType {
  readonly kind = 'qualified';
  readonly qualifier: Qualifier;

  constructor(reader: TypeReader, die: Die, qualifier: Qualifier) {
    super(reader, die);
    this.qualifier = qualifier;
  }
}

class DwarfTypedef extends Referring implements TypedefType {
  readonly kind = 'typedef';
  readonly name: string;
  readonly alignment: number | undefined;

  constructor(
    reader: TypeReader,
    die: Die,
    name: string,
    alignment: number | undefined,
    read: ReadTarget | undefined,
  ) {
    super(reader, die, read);
    this.name = name;
    this.alignment = alignment;
  }
}

/** `read`, called at the first call; a failure is not kept. */
export function once<T>(read: () => T): () => T {
  let value: { of: T } | undefined;
  return () => (value ??= { of: read() }).of;
}
