import type { CType } from '../ctypes/model.js';
import { bare } from '../ctypes/model.js';
import { print } from '../ctypes/print.js';
import { INT, UNSIGNED, name, ref, variable, info, V, typeOf } from '../testing/dwarf-variable.js';
import {
  type AttributeTree,
  type DieTree,
  type UnitTree,
  baseType,
  writeDwarf,
} from '../testing/dwarf-writer.js';
import { DW_AT, DW_ATE, DW_END, DW_FORM, DW_LANG, DW_OP, DW_TAG } from './constants.js';
import { DwarfInfo } from './dwarf-info.js';

describe('bit-fields', () => {
  function bits(littleEndian: boolean, attributes: readonly AttributeTree[]) {
    const units: UnitTree[] = [
      {
        children: [
          UNSIGNED,
          {
            tag: DW_TAG.structure_type,
            attributes: [name('s'), [DW_AT.byte_size, DW_FORM.data1, 16]],
            children: [{ tag: DW_TAG.member, attributes: [name('b'), ref('unsigned int'), ...attributes] }],
          },
        ],
      },
    ];
    const type = info(units, { littleEndian }).typeNamed('struct', 's');
    return type?.kind === 'struct' ? type.members[0] : undefined;
  }
  const size: AttributeTree = [DW_AT.bit_size, DW_FORM.data1, 5];

  it('of DWARF 4 count from the start of the struct', () => {
    const attributes: AttributeTree[] = [size, [DW_AT.data_bit_offset, DW_FORM.data1, 35]];
    expect(bits(true, attributes)).toMatchObject({ offset: 4, bitOffset: 35, bitSize: 5 });
    expect(bits(false, attributes)).toMatchObject({ offset: 4, bitOffset: 35, bitSize: 5 });
  });

  it('of DWARF 2 count from the top of a storage unit, which the type may give the size of', () => {
    const at: AttributeTree = [DW_AT.data_member_location, DW_FORM.block1, [DW_OP.plus_uconst, 4]];
    const offset: AttributeTree = [DW_AT.bit_offset, DW_FORM.data1, 24];
    expect(bits(true, [size, at, offset])).toMatchObject({ offset: 4, bitOffset: 35 });
    expect(bits(false, [size, at, offset])).toMatchObject({ offset: 7, bitOffset: 56 });
    const bytes: AttributeTree = [DW_AT.byte_size, DW_FORM.data1, 8];
    expect(bits(true, [size, at, offset, bytes])).toMatchObject({ bitOffset: 67 });
  });

  it('of clang may stick out of their storage unit', () => {
    const attributes: AttributeTree[] = [size, [DW_AT.bit_offset, DW_FORM.sdata, -2]];
    expect(bits(true, attributes)).toMatchObject({ offset: 3, bitOffset: 29 });
  });

  it('without an offset start at their member', () => {
    const attributes: AttributeTree[] = [size, [DW_AT.data_member_location, DW_FORM.data1, 2]];
    expect(bits(true, attributes)).toMatchObject({ offset: 2, bitOffset: 16 });
  });
});

describe('types', () => {
  function base(text: string, size: number, encoding: number, ...more: AttributeTree[]): CType {
    const die = baseType(text, size, encoding);
    return typeOf([{ ...die, label: 't', attributes: [...(die.attributes ?? []), ...more] }]);
  }

  it.each([
    ['long double', 16, DW_ATE.float, { kind: 'float', format: 'x87' }],
    ['_Float128', 16, DW_ATE.float, { kind: 'float', format: 'binary128' }],
    ['long double', 12, DW_ATE.float, { kind: 'float', format: 'x87' }],
    ['real(kind=10)', 16, DW_ATE.float, { kind: 'float', format: 'x87' }],
    ['real(kind=16)', 16, DW_ATE.float, { kind: 'float', format: 'binary128' }],
    [
      '__bf16',
      2,
      DW_ATE.float,
      { kind: 'unsupported', reason: 'an unknown floating-point format of 2 bytes' },
    ],
    [
      'complex',
      32,
      DW_ATE.complex_float,
      { kind: 'unsupported', reason: 'an unknown complex format of 32 bytes' },
    ],
    ['complex', 16, DW_ATE.complex_float, { kind: 'complex', name: 'double _Complex', format: 'binary64' }],
    ['logical(kind=4)', 4, DW_ATE.boolean, { kind: 'bool', size: 4 }],
    ['char', 1, DW_ATE.unsigned_char, { kind: 'int', text: true, signed: false }],
    ['u8', 1, DW_ATE.unsigned_char, { kind: 'int', text: false }],
    ['char32_t', 4, DW_ATE.UTF, { kind: 'int', text: false, signed: false }],
    ['__int24', 3, DW_ATE.signed, { kind: 'unsupported', reason: 'an integer of 3 bytes' }],
    [
      '_Decimal64',
      8,
      DW_ATE.decimal_float,
      { kind: 'unsupported', reason: 'encoded as DW_ATE.decimal_float' },
    ],
    ['odd', 8, 0x99, { kind: 'unsupported', reason: 'encoded as DW_ATE 0x99' }],
  ])('base type %s of %i bytes', (text, size, encoding, expected) => {
    expect(base(text, size, encoding)).toMatchObject(expected);
  });

  it.each(['_BitInt', 'unsigned _BitInt', '_BitInt(37)', 'unsigned _BitInt(64)', '_ExtInt'])(
    'does not take %s for the integer that it is stored in',
    (text) => {
      expect(base(text, 8, DW_ATE.signed)).toMatchObject({
        kind: 'unsupported',
        reason: 'an integer of which not every bit counts',
      });
    },
  );

  it('refuses integers of odd width and of the other byte order', () => {
    expect(base('_BitInt(7)', 1, DW_ATE.signed, [DW_AT.bit_size, DW_FORM.data1, 7])).toMatchObject({
      reason: 'an integer of 7 bits in 1 bytes',
    });
    expect(base('int', 4, DW_ATE.signed, [DW_AT.endianity, DW_FORM.data1, DW_END.big])).toMatchObject({
      reason: 'stored in the other byte order',
    });
  });

  it('knows `long double` of machines without an x87', () => {
    const written = writeDwarf([
      { children: [variable(), { ...baseType('long double', 16, DW_ATE.float), label: 't' }] },
    ]);
    const dwarf = new DwarfInfo({
      littleEndian: true,
      addressSize: 8,
      longDouble: 'binary128',
      section: (section) => written.section(section),
    });
    expect(dwarf.symbol(V)).toMatchObject({ type: { format: 'binary128' } });
  });

  it('makes an unknown tag unsupported', () => {
    expect(typeOf([{ tag: 0x9999, label: 't' }])).toMatchObject({
      kind: 'unsupported',
      name: 'DW_TAG 0x9999',
      reason: 'DW_TAG 0x9999 is not supported',
    });
  });

  function array(...bounds: readonly AttributeTree[][]): string {
    const type = typeOf([
      INT,
      {
        tag: DW_TAG.array_type,
        label: 't',
        attributes: [ref('int')],
        children: bounds.map((attributes) => ({ tag: DW_TAG.subrange_type, attributes })),
      },
    ]);
    return print(type);
  }

  it('reads the dimensions of arrays', () => {
    expect(array([[DW_AT.upper_bound, DW_FORM.data1, 2]], [[DW_AT.count, DW_FORM.udata, 5]])).toBe(
      'int[3][5]',
    );
    expect(array([])).toBe('int[]');
    expect(array([[DW_AT.count, DW_FORM.data1, 0]])).toBe('int[0]');
    expect(array([[DW_AT.upper_bound, DW_FORM.data8, -1n]])).toBe('int[0]');
    expect(array([[DW_AT.upper_bound, DW_FORM.sdata, -1]])).toBe('int[0]');
    expect(
      array([
        [DW_AT.lower_bound, DW_FORM.sdata, -5],
        [DW_AT.upper_bound, DW_FORM.data1, 5],
      ]),
    ).toBe('int[11]');
    // A variable length array.
    expect(
      array([[DW_AT.upper_bound, DW_FORM.exprloc, [0x91, 0x68]]], [[DW_AT.count, DW_FORM.data1, 2]]),
    ).toBe('int[][2]');
  });

  it('counts from 1 in Fortran', () => {
    const type = typeOf(
      [
        INT,
        {
          tag: DW_TAG.array_type,
          label: 't',
          attributes: [ref('int')],
          children: [{ tag: DW_TAG.subrange_type, attributes: [[DW_AT.upper_bound, DW_FORM.data1, 10]] }],
        },
      ],
      { attributes: [[DW_AT.language, DW_FORM.data2, DW_LANG.Fortran08]] },
    );
    expect(type).toMatchObject({ kind: 'array', length: 10 });
  });

  it('finds the sign of an enum in its type, its encoding or its values', () => {
    const enumeration = (attributes: readonly AttributeTree[], value: AttributeTree) => {
      const type = typeOf([
        UNSIGNED,
        INT,
        {
          tag: DW_TAG.enumeration_type,
          label: 't',
          attributes: [[DW_AT.byte_size, DW_FORM.data1, 4], ...attributes],
          children: [{ tag: DW_TAG.enumerator, attributes: [name('A'), value] }],
        },
      ]);
      return type.kind === 'enum' ? [type.signed, type.enumerators[0]?.value] : [];
    };
    const all: AttributeTree = [DW_AT.const_value, DW_FORM.data4, 0xffffffff];
    const minus: AttributeTree = [DW_AT.const_value, DW_FORM.sdata, -1];
    expect(enumeration([ref('unsigned int')], all)).toEqual([false, 0xffffffffn]);
    expect(enumeration([ref('int')], all)).toEqual([true, -1n]);
    expect(enumeration([[DW_AT.encoding, DW_FORM.data1, DW_ATE.unsigned]], minus)).toEqual([
      false,
      0xffffffffn,
    ]);
    expect(enumeration([], minus)).toEqual([true, -1n]);
    expect(enumeration([], all)).toEqual([false, 0xffffffffn]);
  });

  it('has a member for whatever place it can compute, and says which it can not', () => {
    const member = (expression: readonly number[]) => {
      const type = typeOf([
        INT,
        {
          tag: DW_TAG.structure_type,
          label: 't',
          attributes: [[DW_AT.byte_size, DW_FORM.data1, 16]],
          children: [
            {
              tag: DW_TAG.member,
              attributes: [name('m'), ref('int'), [DW_AT.data_member_location, DW_FORM.block1, expression]],
            },
          ],
        },
      ]);
      return type.kind === 'struct' ? type.members[0] : undefined;
    };
    expect(member([DW_OP.plus_uconst, 0x84, 0x01])).toMatchObject({ offset: 132 });
    expect(member([DW_OP.constu, 8, DW_OP.plus])).toMatchObject({ offset: 8 });
    expect(member([0x12, 0x06])).toMatchObject({
      type: { reason: 'its place in the struct has to be computed' },
    });
  });

  it('takes nothing but a power of two for an alignment', () => {
    const alignment = (value: number | bigint) => {
      const type = typeOf([
        INT,
        {
          tag: DW_TAG.typedef,
          label: 't',
          attributes: [name('t'), ref('int'), [DW_AT.alignment, DW_FORM.udata, value]],
        },
      ]);
      return type.kind === 'typedef' ? type.alignment : undefined;
    };
    expect([1, 64, 0, 48, 2 ** 40].map(alignment)).toEqual([1, 64, undefined, undefined, undefined]);
  });

  it('does not believe a struct with a variant part, as Rust has, and a calling convention it does not know', () => {
    const rust: AttributeTree = [DW_AT.language, DW_FORM.data2, DW_LANG.Rust];
    const record: DieTree = {
      tag: DW_TAG.structure_type,
      label: 't',
      attributes: [name('E'), [DW_AT.byte_size, DW_FORM.data1, 16]],
      children: [{ tag: DW_TAG.variant_part }],
    };
    expect(typeOf([record], { attributes: [rust] })).toMatchObject({
      kind: 'unsupported',
      name: 'E',
      size: 16,
      reason: 'an enum of Rust with data, which C does not have',
    });
    const called = (value: number) =>
      typeOf([
        {
          tag: DW_TAG.subroutine_type,
          label: 't',
          attributes: [[DW_AT.calling_convention, DW_FORM.data1, value]],
        },
      ]);
    expect(called(1)).toMatchObject({ kind: 'function', convention: undefined });
    expect(called(0x99)).toMatchObject({ kind: 'function', convention: 'DW_CC 0x99' });
  });

  it('ends at a typedef that names itself', () => {
    const type = typeOf([{ tag: DW_TAG.typedef, label: 't', attributes: [name('loop'), ref('t')] }]);
    expect(bare(type)).toMatchObject({ kind: 'unsupported' });
  });
});

describe('opaque types', () => {
  const opaque = (...units: readonly (readonly DieTree[])[]) => {
    const declaration: DieTree = {
      tag: DW_TAG.structure_type,
      label: 't',
      attributes: [name('s'), [DW_AT.declaration, DW_FORM.flag_present, true]],
    };
    const dwarf = info([
      { children: [variable(), declaration] },
      ...units.map((children): UnitTree => ({ children })),
    ]);
    const symbol = dwarf.symbol(V);
    if ('reason' in symbol) throw new Error(symbol.reason);
    return symbol.type;
  };
  const definition = (size: number, line = 1): DieTree => ({
    tag: DW_TAG.structure_type,
    attributes: [name('s'), [DW_AT.byte_size, DW_FORM.data1, size], [DW_AT.decl_line, DW_FORM.data1, line]],
  });

  it('are completed from another unit, also if several have the same', () => {
    expect(opaque([definition(8)])).toMatchObject({ size: 8 });
    expect(opaque([definition(8)], [definition(8)])).toMatchObject({ size: 8 });
  });

  it('stay opaque if nothing, or more than one type, has their name', () => {
    expect(opaque()).toMatchObject({ kind: 'struct', tag: 's', size: undefined, members: [] });
    expect(opaque([definition(8)], [definition(16)])).toMatchObject({ size: undefined });
    expect(opaque([definition(8)], [definition(8, 2)])).toMatchObject({ size: undefined });
    expect(opaque([{ ...definition(8), tag: DW_TAG.union_type }])).toMatchObject({ size: undefined });
    expect(opaque([{ tag: DW_TAG.namespace, children: [definition(8)] }])).toMatchObject({ size: undefined });
  });
});
