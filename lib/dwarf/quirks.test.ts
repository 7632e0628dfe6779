import type { CType } from '../ctypes/model.js';
import { bare } from '../ctypes/model.js';
import { print, printDefinition } from '../ctypes/print.js';
import { FormatError } from '../errors.js';
import {
  type AttributeTree,
  ByteWriter,
  type DieTree,
  type UnitTree,
  type WriteOptions,
  baseType,
  writeDwarf,
} from '../testing/dwarf-writer.js';
import { DW_AT, DW_ATE, DW_END, DW_FORM, DW_LANG, DW_OP, DW_TAG, DW_UT, nameOf } from './constants.js';
import { DwarfInfo, type SymbolQuery } from './dwarf-info.js';

const INT = baseType('int', 4, DW_ATE.signed);
const UNSIGNED = baseType('unsigned int', 4, DW_ATE.unsigned);

function name(text: string): AttributeTree {
  return [DW_AT.name, DW_FORM.string, text];
}

function ref(label: string): AttributeTree {
  return [DW_AT.type, DW_FORM.ref4, label];
}

/** An exported `v` at 0x1000, of the type that is labelled `label`. */
function variable(label = 't', attributes: readonly AttributeTree[] = [], addressSize = 8): DieTree {
  const address = [...new ByteWriter(true).uint(0x1000, addressSize).toBytes()];
  return {
    tag: DW_TAG.variable,
    attributes: [
      name('v'),
      ref(label),
      [DW_AT.external, DW_FORM.flag_present, true],
      [DW_AT.location, DW_FORM.exprloc, [DW_OP.addr, ...address]],
      ...attributes,
    ],
  };
}

function info(units: readonly UnitTree[], options: WriteOptions = {}): DwarfInfo {
  return new DwarfInfo(writeDwarf(units, options));
}

const V: SymbolQuery = { name: 'v', kind: 'variable', address: 0x1000n };

/** The type of `v` in a unit of these entries, of which one is labelled `t`. */
function typeOf(children: readonly DieTree[], unit: Partial<UnitTree> = {}): CType {
  const symbol = info([{ ...unit, children: [variable(), ...children] }]).symbol(V);
  if ('reason' in symbol) throw new Error(symbol.reason);
  return symbol.type;
}

/** Why `v` has no type. */
function reason(units: readonly UnitTree[], options: WriteOptions = {}): string {
  const symbol = info(units, options).symbol(V);
  return 'reason' in symbol ? symbol.reason : `typed: ${print(symbol.type)}`;
}

describe('formats', () => {
  const CASES = [2, 3, 4, 5].flatMap((version) =>
    ([4, 8] as const).flatMap((offsetSize) =>
      ([4, 8] as const).flatMap((addressSize) =>
        [true, false].map((littleEndian) => ({ version, offsetSize, addressSize, littleEndian })),
      ),
    ),
  );

  it.each(CASES)(
    'DWARF $version, offsets of $offsetSize, addresses of $addressSize bytes, little-endian $littleEndian',
    ({ version, offsetSize, addressSize, littleEndian }) => {
      const address = (value: number) => new ByteWriter(littleEndian).uint(value, addressSize).toBytes();
      const units: UnitTree[] = [
        {
          version,
          offsetSize,
          children: [
            {
              tag: DW_TAG.structure_type,
              label: 's',
              attributes: [
                [DW_AT.name, DW_FORM.strp, 's'],
                [DW_AT.byte_size, DW_FORM.data2, 8],
              ],
            },
          ],
        },
        {
          version,
          offsetSize,
          attributes: [
            [DW_AT.low_pc, DW_FORM.addr, 0x2000],
            [DW_AT.high_pc, DW_FORM.addr, 0x3000],
          ],
          children: [
            INT,
            {
              tag: DW_TAG.variable,
              attributes: [
                name('v'),
                [DW_AT.type, DW_FORM.ref_addr, 's'],
                [DW_AT.location, DW_FORM.block1, [DW_OP.addr, ...address(0x1000)]],
              ],
            },
            {
              tag: DW_TAG.subprogram,
              attributes: [
                name('f'),
                ref('int'),
                [DW_AT.prototyped, DW_FORM.flag, 1],
                [DW_AT.low_pc, DW_FORM.addr, 0x2000],
              ],
            },
          ],
        },
      ];
      const dwarf = info(units, { littleEndian, addressSize });
      expect(dwarf.symbol(V)).toMatchObject({ match: 'exact', type: { kind: 'struct', tag: 's', size: 8 } });
      expect(dwarf.symbol({ name: 'f', kind: 'function', address: 0x2000n })).toMatchObject({
        match: 'exact',
        type: { kind: 'function', prototyped: true, result: { name: 'int' } },
      });
    },
  );

  it('reads values kept in the abbreviation, and forms kept in the entry', () => {
    const type = typeOf([
      INT,
      {
        tag: DW_TAG.enumeration_type,
        label: 't',
        attributes: [name('e'), [DW_AT.byte_size, DW_FORM.implicit_const, 4]],
        children: [
          {
            tag: DW_TAG.enumerator,
            attributes: [name('A'), [DW_AT.const_value, DW_FORM.implicit_const, -7]],
          },
        ],
      },
    ]);
    expect(printDefinition(type)).toBe('enum e {\n  A = -7,\n}');
    expect(type).toMatchObject({ size: 4, signed: true });
  });

  it('finds strings and addresses through the tables of DWARF 5', () => {
    const table = (...values: number[]) => {
      const writer = new ByteWriter(true).uint(0, 8);
      return (size: number) => {
        for (const value of values) writer.uint(value, size);
        return writer.toBytes();
      };
    };
    const units: UnitTree[] = [
      {
        attributes: [
          [DW_AT.addr_base, DW_FORM.sec_offset, 8],
          [DW_AT.str_offsets_base, DW_FORM.sec_offset, 8],
        ],
        children: [
          INT,
          {
            tag: DW_TAG.variable,
            attributes: [
              [DW_AT.name, DW_FORM.strx1, 1],
              ref('int'),
              [DW_AT.location, DW_FORM.exprloc, [DW_OP.addrx, 1]],
            ],
          },
          {
            tag: DW_TAG.subprogram,
            attributes: [
              [DW_AT.name, DW_FORM.strx3, 0],
              [DW_AT.prototyped, DW_FORM.flag_present, true],
              [DW_AT.low_pc, DW_FORM.addrx, 0],
              [DW_AT.external, DW_FORM.flag_present, true],
            ],
          },
        ],
      },
    ];
    const dwarf = info(units, {
      sections: {
        '.debug_str': Buffer.from('fun\0v\0'),
        '.debug_str_offsets': table(0, 4)(4),
        '.debug_addr': table(0x2000, 0x1000)(8),
      },
    });
    expect(dwarf.symbol(V)).toMatchObject({ match: 'exact', type: { name: 'int' } });
    // Without aranges and without the unit's own, the function is found by its name.
    expect(dwarf.symbol({ name: 'fun', kind: 'function', address: 0x2000n })).toMatchObject({
      match: 'name',
    });
  });

  it('takes an entry with a name in a supplementary file as nameless, and a type there as unsupported', () => {
    const type = typeOf([
      {
        tag: DW_TAG.pointer_type,
        label: 't',
        attributes: [
          [DW_AT.type, DW_FORM.GNU_ref_alt, 0x1234],
          [DW_AT.name, DW_FORM.GNU_strp_alt, 5],
        ],
      },
    ]);
    expect(type.kind === 'pointer' && type.target).toEqual({
      kind: 'unsupported',
      name: 'unknown type',
      size: undefined,
      reason: 'it is in a supplementary file (dwz), which is not read',
    });
  });

  it.each([4, 5])('follows signatures to type units: DWARF %i', (version) => {
    const unit: UnitTree = {
      version,
      signature: 0xfedcba9876543210n,
      typeLabel: 's',
      children: [
        INT,
        {
          tag: DW_TAG.structure_type,
          label: 's',
          attributes: [name('s'), [DW_AT.byte_size, DW_FORM.data1, 4]],
          children: [{ tag: DW_TAG.member, attributes: [name('m'), ref('int')] }],
        },
      ],
    };
    const user = (signature: bigint): UnitTree => ({
      version,
      children: [
        variable(),
        {
          tag: DW_TAG.structure_type,
          label: 't',
          attributes: [
            [DW_AT.declaration, DW_FORM.flag_present, true],
            [DW_AT.signature, DW_FORM.ref_sig8, signature],
          ],
        },
      ],
    });
    const found = info([unit, user(0xfedcba9876543210n)]).symbol(V);
    expect('type' in found && printDefinition(found.type)).toBe('struct s {\n  int m;\n}');
    expect(info([unit, user(1n)]).symbol(V)).toMatchObject({
      type: { kind: 'unsupported', reason: 'its type unit 0x1 is missing' },
    });
  });
});

describe('range lists', () => {
  function functionWithRanges(
    version: number,
    attribute: AttributeTree,
    sections: Record<string, Uint8Array>,
  ) {
    const unit: UnitTree = {
      version,
      attributes: [
        [DW_AT.low_pc, DW_FORM.addr, 0x1000],
        [DW_AT.high_pc, DW_FORM.addr, 0x9000],
        [DW_AT.rnglists_base, DW_FORM.sec_offset, 12],
        [DW_AT.addr_base, DW_FORM.sec_offset, 8],
      ],
      children: [
        {
          tag: DW_TAG.subprogram,
          attributes: [name('f'), [DW_AT.prototyped, DW_FORM.flag_present, true], attribute],
        },
      ],
    };
    const dwarf = info([unit], { sections });
    return (address: bigint) => {
      const symbol = dwarf.symbol({ name: 'f', kind: 'function', address });
      return 'match' in symbol ? symbol.match : symbol.reason;
    };
  }

  it('of DWARF 4 are relative to the unit, or to a base that is set', () => {
    const list = new ByteWriter(true);
    for (const value of [0x10n, 0x20n, 0x30n, 0x30n, -1n, 0x4000n, 0x5n, 0x6n, 0n, 0n]) list.uint(value, 8);
    const match = functionWithRanges(4, [DW_AT.ranges, DW_FORM.sec_offset, 0], {
      '.debug_ranges': list.toBytes(),
    });
    expect([match(0x1010n), match(0x4005n)]).toEqual(['exact', 'exact']);
    // An empty range is none.
    expect(match(0x1030n)).toBe('it has no entry in the debug info');
  });

  it('of DWARF 5 know eight kinds of entries', () => {
    const list = new ByteWriter(true);
    list.uint(0, 12).uint(4, 4); // the header, and the only offset: behind itself
    list.raw([4]).uleb(0x10).uleb(0x20); // offset_pair, from the unit's low_pc
    list.raw([5]).uint(0x2000, 8).raw([4]).uleb(1).uleb(2); // base_address
    list.raw([1]).uleb(0).raw([4]).uleb(1).uleb(2); // base_addressx: 0x3000
    list.raw([2]).uleb(1).uleb(2); // startx_endx: 0x4000
    list.raw([3]).uleb(2).uleb(8); // startx_length: 0x5000
    list.raw([6]).uint(0x6000, 8).uint(0x6001, 8).raw([7]).uint(0x7000, 8).uleb(4); // start_end, start_length
    list.raw([0]);
    const addresses = new ByteWriter(true).uint(0, 8);
    for (const value of [0x3000, 0x4000, 0x5000]) addresses.uint(value, 8);
    const match = functionWithRanges(5, [DW_AT.ranges, DW_FORM.rnglistx, 0], {
      '.debug_rnglists': list.toBytes(),
      '.debug_addr': addresses.toBytes(),
    });
    const starts = [0x1010n, 0x2001n, 0x3001n, 0x4000n, 0x5000n, 0x6000n, 0x7000n];
    expect(starts.map(match)).toEqual(starts.map(() => 'exact'));
  });

  it('with an unknown entry are refused', () => {
    const match = functionWithRanges(5, [DW_AT.ranges, DW_FORM.sec_offset, 0], {
      '.debug_rnglists': Uint8Array.of(0x42),
    });
    expect(match(0x1010n)).toBe(
      'decoding .debug_rnglists at offset 0x0: unknown range list entry: DW_RLE 0x42',
    );
  });
});

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
    ['_BitInt(24)', 3, DW_ATE.signed, { kind: 'unsupported', reason: 'an integer of 3 bytes' }],
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

describe('symbols', () => {
  const at = (location: readonly number[], kind: SymbolQuery['kind'] = 'variable', address = 0x1000n) => {
    const die: DieTree = {
      tag: DW_TAG.variable,
      attributes: [
        name('x'),
        ref('int'),
        [DW_AT.external, DW_FORM.flag_present, true],
        [DW_AT.location, DW_FORM.exprloc, location],
      ],
    };
    const symbol = info([{ children: [INT, die] }]).symbol({ name: 'x', kind, address });
    return 'match' in symbol ? symbol.match : symbol.reason;
  };
  const address = (value: number) => [...new ByteWriter(true).uint(value, 8).toBytes()];

  it('of variables are matched by their place', () => {
    expect(at([DW_OP.addr, ...address(0x1000)])).toBe('exact');
    expect(at([DW_OP.addr, ...address(0x2000)])).toBe('name');
    expect(at([DW_OP.const8u, ...address(8), DW_OP.form_tls_address], 'tls', 8n)).toBe('name');
    expect(at([DW_OP.addr, ...address(8), DW_OP.GNU_push_tls_address], 'tls', 8n)).toBe('name');
  });

  it('are found by a declaration whose hidden alias goes by their name', () => {
    const declaration = (linkageName: string): DieTree => ({
      tag: DW_TAG.subprogram,
      attributes: [
        name('open'),
        [DW_AT.linkage_name, DW_FORM.string, linkageName],
        [DW_AT.external, DW_FORM.flag_present, true],
        [DW_AT.declaration, DW_FORM.flag_present, true],
        [DW_AT.prototyped, DW_FORM.flag_present, true],
      ],
    });
    const open: SymbolQuery = { name: 'open', kind: 'function', address: 0x10n };
    expect(info([{ children: [declaration('__GI_open')] }]).symbol(open)).toMatchObject({
      match: 'declaration',
    });
    // With 64-bit offsets `open` is another function.
    expect(info([{ children: [declaration('open64')] }]).symbol(open)).toHaveProperty('reason');
  });

  it('of variables have name and type on the declaration that the definition completes', () => {
    const declaration: DieTree = {
      tag: DW_TAG.variable,
      label: 'declaration',
      attributes: [
        name('v'),
        ref('int'),
        [DW_AT.external, DW_FORM.flag_present, true],
        [DW_AT.declaration, DW_FORM.flag_present, true],
      ],
    };
    const completion: DieTree = {
      tag: DW_TAG.variable,
      attributes: [
        [DW_AT.specification, DW_FORM.ref4, 'declaration'],
        [DW_AT.location, DW_FORM.exprloc, [DW_OP.addr, ...address(0x1000)]],
      ],
    };
    expect(info([{ children: [INT, declaration, completion] }]).symbol(V)).toMatchObject({ match: 'exact' });
    expect(info([{ children: [INT, declaration] }]).symbol(V)).toMatchObject({ match: 'declaration' });
  });
});

describe('corrupt debug info', () => {
  it('names what is wrong, and where', () => {
    expect(reason([{ children: [variable(), { ...INT, label: 't' }] }])).toBe('typed: int');
    expect(reason([{ version: 6, children: [variable('int'), INT] }])).toBe(
      'decoding .debug_info at offset 0x0: unit of version 6',
    );
    expect(reason([{ children: [{ tag: 1, attributes: [[1, 0x99, 0]] }] }])).toBe(
      'decoding .debug_abbrev at offset 0x8: unknown form: DW_FORM 0x99',
    );
    expect(
      reason([{ children: [variable('int'), INT] }], { sections: { '.debug_abbrev': new Uint8Array() } }),
    ).toBe('decoding .debug_abbrev at offset 0x0: behind the end of the section');
    expect(
      reason([{ children: [variable('int'), INT] }], { sections: { '.debug_abbrev': Uint8Array.of(0) } }),
    ).toBe('decoding .debug_info at offset 0xc: unknown abbreviation 1');
  });

  it('has an end where references go round in circles', () => {
    const circle = (at: number): DieTree => ({
      tag: DW_TAG.variable,
      label: 'circle',
      attributes: [
        [at, DW_FORM.ref4, 'circle'],
        [DW_AT.location, DW_FORM.exprloc, [DW_OP.addr, 0, 0x10, 0, 0, 0, 0, 0, 0]],
      ],
    });
    for (const at of [DW_AT.abstract_origin, DW_AT.specification]) {
      expect(reason([{ children: [circle(at)] }])).toBe(
        'decoding .debug_info at offset 0xd: more than 16 links from entry to entry',
      );
    }
  });

  it('has an end where types contain themselves', () => {
    const pointer: DieTree = { tag: DW_TAG.pointer_type, label: 't', attributes: [ref('t')] };
    expect(reason([{ children: [variable(), pointer] }])).toMatch('a type that contains itself');
    const takesItself: DieTree = {
      tag: DW_TAG.subroutine_type,
      label: 't',
      children: [{ tag: DW_TAG.formal_parameter, attributes: [ref('t')] }],
    };
    expect(reason([{ children: [variable(), takesItself] }])).toMatch('a type that contains itself');
    const record = typeOf([
      {
        tag: DW_TAG.structure_type,
        label: 't',
        attributes: [[DW_AT.byte_size, DW_FORM.data1, 8]],
        children: [{ tag: DW_TAG.member, attributes: [name('m'), ref('t')] }],
      },
    ]);
    expect(() => record.kind === 'struct' && record.members).toThrow('a type that contains itself');
    const deep = Array.from({ length: 300 }, (_, i): DieTree => ({
      tag: DW_TAG.const_type,
      label: i === 0 ? 't' : `${i}`,
      attributes: [ref(`${i + 1}`)],
    }));
    expect(reason([{ children: [variable(), ...deep, { ...INT, label: '300' }] }])).toMatch(
      'types nested more than 200 deep',
    );
  });

  it('does not walk backwards', () => {
    const back: DieTree = {
      tag: DW_TAG.structure_type,
      label: 'back',
      attributes: [[DW_AT.sibling, DW_FORM.ref4, 'back']],
      children: [],
    };
    expect(reason([{ children: [back, variable('int'), INT] }])).toBe(
      'decoding .debug_info at offset 0xe: DW_AT.sibling does not lead forward',
    );
  });

  it('stays inside the unit and the file', () => {
    const far = (form: number, value: number): DieTree => ({
      tag: DW_TAG.variable,
      attributes: [
        name('v'),
        [DW_AT.type, form, value],
        [DW_AT.location, DW_FORM.exprloc, [DW_OP.addr, 0, 0x10, 0, 0, 0, 0, 0, 0]],
      ],
    });
    expect(reason([{ children: [far(DW_FORM.ref4, 0x12345)] }])).toMatch(
      /reference to 0x12345, outside the unit/,
    );
    expect(reason([{ children: [far(DW_FORM.ref_addr, 0x12345)] }])).toMatch(/outside every unit/);
  });

  it('fails in the getter of a type, and again when asked again', () => {
    const type = typeOf([
      { tag: DW_TAG.typedef, label: 't', attributes: [name('t'), [DW_AT.type, DW_FORM.ref2, 0x7fff]] },
    ]);
    const target = () => type.kind === 'typedef' && type.target;
    expect(target).toThrow(FormatError);
    expect(target).toThrow('reference to 0x7fff, outside the unit');
  });

  it('skips padding between units', () => {
    const written = writeDwarf([{ children: [variable('int'), INT] }]);
    const bytes = written.section('.debug_info')?.read(0, written.section('.debug_info')?.size ?? 0) ?? [];
    written.bytes.set('.debug_info', Uint8Array.from([0, 0, 0, 0, ...bytes]));
    expect(new DwarfInfo(written).symbol(V)).toMatchObject({ match: 'exact' });
  });
});

it('does not find types in a skeleton', () => {
  const skeleton: UnitTree = {
    unitType: DW_UT.skeleton,
    attributes: [[DW_AT.dwo_name, DW_FORM.line_strp, 'lib.dwo']],
    children: [],
  };
  expect(reason([skeleton])).toBe('its debug info is in a split file, lib.dwo, which is not read');
});

it('names constants for messages', () => {
  expect(nameOf(DW_TAG, DW_TAG.member)).toBe('DW_TAG.member');
  expect(nameOf(DW_FORM, 0x99)).toBe('DW_FORM 0x99');
});
