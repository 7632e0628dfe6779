import { print, printDefinition } from '../ctypes/print.js';
import { INT, name, ref, variable, info, V, typeOf, reason } from '../testing/dwarf-variable.js';
import { type AttributeTree, ByteWriter, type UnitTree } from '../testing/dwarf-writer.js';
import { DW_AT, DW_FORM, DW_OP, DW_TAG, DW_UT, nameOf } from './constants.js';

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
      expect(dwarf.symbol(V)).toMatchObject({ type: { kind: 'struct', tag: 's', size: 8 } });
      expect(dwarf.symbol({ name: 'f', kind: 'function', address: 0x2000n })).toMatchObject({
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
    expect(dwarf.symbol(V)).toMatchObject({ type: { name: 'int' } });
    // Without aranges and without the unit's own, the function is found by its name, and it is at that address.
    const fun = (address: bigint) => dwarf.symbol({ name: 'fun', kind: 'function', address });
    expect(fun(0x2000n)).toMatchObject({ type: { kind: 'function' } });
    expect(fun(0x2001n)).toEqual({ reason: 'what the debug info calls fun is another symbol, at 0x2000' });
  });

  it('takes a type in a supplementary file that is not named as unsupported', () => {
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
      reason: 'it is in a supplementary file (dwz), and none is named',
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
      return 'reason' in symbol ? symbol.reason : print(symbol.type);
    };
  }

  it('of DWARF 4 are relative to the unit, or to a base that is set', () => {
    const list = new ByteWriter(true);
    for (const value of [0x10n, 0x20n, 0x30n, 0x30n, -1n, 0x4000n, 0x5n, 0x6n, 0n, 0n]) list.uint(value, 8);
    const found = functionWithRanges(4, [DW_AT.ranges, DW_FORM.sec_offset, 0], {
      '.debug_ranges': list.toBytes(),
    });
    expect([found(0x1010n), found(0x4005n)]).toEqual(['void (void)', 'void (void)']);
    // An empty range is none.
    expect(found(0x1030n)).toBe('it has no entry in the debug info');
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
    const found = functionWithRanges(5, [DW_AT.ranges, DW_FORM.rnglistx, 0], {
      '.debug_rnglists': list.toBytes(),
      '.debug_addr': addresses.toBytes(),
    });
    const starts = [0x1010n, 0x2001n, 0x3001n, 0x4000n, 0x5000n, 0x6000n, 0x7000n];
    expect(starts.map(found)).toEqual(starts.map(() => 'void (void)'));
  });

  it('with an unknown entry are refused', () => {
    const found = functionWithRanges(5, [DW_AT.ranges, DW_FORM.sec_offset, 0], {
      '.debug_rnglists': Uint8Array.of(0x42),
    });
    expect(found(0x1010n)).toBe(
      'decoding .debug_rnglists at offset 0x0: unknown range list entry: DW_RLE 0x42',
    );
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
