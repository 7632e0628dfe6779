import { BufferSource } from '../bytes/source.js';
import { print } from '../ctypes/print.js';
import { INT, name, V } from '../testing/dwarf-variable.js';
import { ByteWriter, type DieTree, type UnitTree, writeDwarf } from '../testing/dwarf-writer.js';
import { DW_AT, DW_FORM, DW_LANG, DW_OP, DW_TAG, DW_UT } from './constants.js';
import { readDebugSup } from './debug-sup.js';
import { DwarfInfo } from './dwarf-info.js';
import { type DwarfSections, MissingFileError } from './sections.js';

/** A partial unit, as dwz writes them: in DWARF 5 the header says it, before the entry. */
function partial(version: number, children: readonly DieTree[]): UnitTree {
  return { version, tag: DW_TAG.partial_unit, ...(version >= 5 && { unitType: DW_UT.partial }), children };
}

function unit(version: number, language: number, children: readonly DieTree[]): UnitTree {
  return { version, attributes: [[DW_AT.language, DW_FORM.data1, language]], children };
}

/** Debug info whose supplementary file is `other`; counts how often that is asked for. */
function withSupplementary(
  units: readonly UnitTree[],
  other: () => DwarfSections,
): { info: DwarfInfo; opened: () => number } {
  const own = writeDwarf(units);
  let opened = 0;
  const info = new DwarfInfo({
    littleEndian: true,
    addressSize: 8,
    section: (section) => own.section(section),
    supplementary: () => {
      opened++;
      return other();
    },
  });
  return { info, opened: () => opened };
}

function variable(attributes: DieTree['attributes'] = []): DieTree {
  const address = new ByteWriter(true).uint(0x1000, 8).toBytes();
  return {
    tag: DW_TAG.variable,
    attributes: [
      ...attributes,
      [DW_AT.external, DW_FORM.flag_present, true],
      [DW_AT.location, DW_FORM.exprloc, [DW_OP.addr, ...address]],
    ],
  };
}

/** A unit whose first entry is `int`: at 12 in version 5, at 11 before. */
const COMMON = (version: number): DwarfSections =>
  writeDwarf([partial(version, [INT])], { sections: { '.debug_str': Buffer.from('\0v\0') } });
const intAt = (version: number): number => (version >= 5 ? 13 : 12);

describe('a supplementary file', () => {
  it.each([
    ['DWARF 5', 5, DW_FORM.ref_sup4, DW_FORM.strp_sup],
    ['DWARF 5, references of 8 bytes', 5, DW_FORM.ref_sup8, DW_FORM.strp_sup],
    ['the GNU extension', 4, DW_FORM.GNU_ref_alt, DW_FORM.GNU_strp_alt],
  ])('has entries and strings: %s', (_, version, reference, string) => {
    const { info } = withSupplementary(
      [
        unit(version, DW_LANG.C11, [
          variable([
            [DW_AT.name, string, 1],
            [DW_AT.type, reference, intAt(version)],
          ]),
        ]),
      ],
      () => COMMON(version),
    );
    const found = info.symbol(V);
    expect('type' in found ? print(found.type, 'v') : found.reason).toBe('int v');
  });

  it('is not opened for what does not refer to it', () => {
    const { info, opened } = withSupplementary(
      [unit(5, DW_LANG.C11, [INT, variable([name('v'), [DW_AT.type, DW_FORM.ref4, 'int']])])],
      () => COMMON(5),
    );
    expect(info.symbol(V)).toMatchObject({ type: { name: 'int' } });
    expect(opened()).toBe(0);
  });

  it('has only the names that are imported: others are of other libraries', () => {
    const struct = (tag: string): DieTree => ({
      tag: DW_TAG.structure_type,
      attributes: [name(tag), [DW_AT.byte_size, DW_FORM.data1, 4]],
      children: [],
    });
    const enumeration = (enumerator: string, value: number): DieTree => ({
      tag: DW_TAG.enumeration_type,
      attributes: [[DW_AT.byte_size, DW_FORM.data1, 4]],
      children: [
        { tag: DW_TAG.enumerator, attributes: [name(enumerator), [DW_AT.const_value, DW_FORM.data1, value]] },
      ],
    });
    const common = writeDwarf([
      partial(5, [struct('ours'), enumeration('OURS', 1)]),
      partial(5, [struct('theirs'), enumeration('THEIRS', 2)]),
    ]);
    const { info } = withSupplementary(
      [
        unit(5, DW_LANG.C11, [
          { tag: DW_TAG.imported_unit, attributes: [[DW_AT.import, DW_FORM.ref_sup4, 12]] },
          // Opaque here, as dwz leaves it where the definition is shared.
          {
            tag: DW_TAG.structure_type,
            label: 'opaque',
            attributes: [name('ours'), [DW_AT.declaration, DW_FORM.flag_present, true]],
          },
          variable([name('v'), [DW_AT.type, DW_FORM.ref4, 'opaque']]),
        ]),
      ],
      () => common,
    );
    expect(info.typeNamed('struct', 'ours')).toMatchObject({ size: 4 });
    expect(info.symbol(V)).toMatchObject({ type: { tag: 'ours', size: 4 } });
    expect(info.typeNamed('struct', 'theirs')).toBeUndefined();
    expect([...info.constants().keys()]).toEqual(['OURS']);
  });

  it('that is missing takes away what stands in it, and no more', () => {
    const { info, opened } = withSupplementary(
      [
        unit(5, DW_LANG.C11, [
          INT,
          variable([name('v'), [DW_AT.type, DW_FORM.ref_sup4, 13]]),
          { tag: DW_TAG.typedef, attributes: [name('here'), [DW_AT.type, DW_FORM.ref4, 'int']] },
          { tag: DW_TAG.typedef, attributes: [[DW_AT.name, DW_FORM.strp_sup, 1]] },
          {
            tag: DW_TAG.structure_type,
            attributes: [name('s'), [DW_AT.byte_size, DW_FORM.data1, 4]],
            children: [{ tag: DW_TAG.member, attributes: [name('m'), [DW_AT.type, DW_FORM.ref_sup4, 13]] }],
          },
          {
            tag: DW_TAG.enumeration_type,
            attributes: [[DW_AT.byte_size, DW_FORM.data1, 4]],
            children: [
              { tag: DW_TAG.enumerator, attributes: [name('A'), [DW_AT.const_value, DW_FORM.data1, 7]] },
            ],
          },
          {
            tag: DW_TAG.enumeration_type,
            attributes: [[DW_AT.byte_size, DW_FORM.data1, 4]],
            children: [
              {
                tag: DW_TAG.enumerator,
                attributes: [
                  [DW_AT.name, DW_FORM.strp_sup, 1],
                  [DW_AT.const_value, DW_FORM.data1, 8],
                ],
              },
            ],
          },
        ]),
      ],
      () => {
        throw new MissingFileError('common.debug was not found');
      },
    );
    expect(info.symbol(V)).toEqual({ reason: 'common.debug was not found' });
    expect(info.symbol({ name: 'w', kind: 'variable', address: 0x5000n })).toEqual({
      reason: 'common.debug was not found',
    });
    expect(info.typeNamed('typedef', 'here')).toMatchObject({ target: { name: 'int' } });
    expect(info.typeNamed('struct', 's')).toMatchObject({
      size: 4,
      members: [{ name: 'm', type: { kind: 'unsupported', reason: 'common.debug was not found' } }],
    });
    expect([...info.constants().keys()]).toEqual(['A']);
    expect(opened()).toBe(1);
  });
});

describe('a partial unit', () => {
  /** `void f()` has no prototype in C, and none to say in C++. */
  const SHARED = partial(5, [
    { tag: DW_TAG.subroutine_type, label: 'function', children: [] },
    {
      tag: DW_TAG.pointer_type,
      label: 'pointer',
      attributes: [
        [DW_AT.byte_size, DW_FORM.data1, 8],
        [DW_AT.type, DW_FORM.ref4, 'function'],
      ],
    },
    {
      tag: DW_TAG.typedef,
      attributes: [name('callback'), [DW_AT.type, DW_FORM.ref4, 'pointer']],
    },
  ]);
  const user = (language: number, symbol: string, address: number): UnitTree =>
    unit(5, language, [
      { tag: DW_TAG.imported_unit, attributes: [[DW_AT.import, DW_FORM.ref_addr, 'shared']] },
      {
        tag: DW_TAG.variable,
        attributes: [
          name(symbol),
          [DW_AT.type, DW_FORM.ref_addr, 'pointer'],
          [DW_AT.location, DW_FORM.exprloc, [DW_OP.addr, ...new ByteWriter(true).uint(address, 8).toBytes()]],
        ],
      },
    ]);

  it('is in the language of the unit that an entry is reached from', () => {
    const units = [{ ...SHARED, label: 'shared' }, user(DW_LANG.C11, 'c', 0x1000), user(0x1a, 'cxx', 0x2000)];
    const info = new DwarfInfo(writeDwarf(units));
    const prototyped = (symbol: string, address: bigint): unknown => {
      const found = info.symbol({ name: symbol, kind: 'variable', address });
      if ('reason' in found) return found.reason;
      const target = found.type.kind === 'pointer' ? found.type.target : undefined;
      return target?.kind === 'function' && target.prototyped;
    };
    expect([prototyped('c', 0x1000n), prototyped('cxx', 0x2000n), prototyped('c', 0x1000n)]).toEqual([
      false,
      true,
      false,
    ]);
    // Found by its name, in that of the first that imports it.
    expect(info.typeNamed('typedef', 'callback')).toMatchObject({
      target: { target: { kind: 'function', prototyped: false } },
    });
  });
});

describe('.debug_sup', () => {
  const section = (bytes: readonly number[]) => new BufferSource('.debug_sup', Uint8Array.from(bytes));

  it('names the supplementary file', () => {
    const bytes = new ByteWriter(true)
      .uint(5, 2)
      .raw([0])
      .text('c.debug')
      .uleb(3)
      .raw([0xab, 1, 2])
      .toBytes();
    expect(readDebugSup(section([...bytes]), true)).toEqual({
      isSupplementary: false,
      path: 'c.debug',
      checksum: 'ab0102',
    });
  });

  it.each([
    [[], '2 bytes wanted'],
    [[4, 0, 0, 0, 0], 'version 4'],
    [[5, 0, 0, 0x61], 'string without an end'],
    [[5, 0, 0, 0, 9, 1], '9 bytes wanted'],
  ])('of %j is refused', (bytes, message) => {
    expect(() => readDebugSup(section(bytes), true)).toThrow(message);
  });
});
