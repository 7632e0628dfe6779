import { FormatError } from '../errors.js';
import { print } from '../ctypes/print.js';
import { INT, UNSIGNED, name, ref, variable, info, V, typeOf, reason } from '../testing/dwarf-variable.js';
import { ByteWriter, type DieTree, type UnitTree, writeDwarf } from '../testing/dwarf-writer.js';
import { DW_AT, DW_FORM, DW_LANG, DW_OP, DW_TAG } from './constants.js';
import type { SymbolQuery } from '../ctypes/type-source.js';
import { DwarfInfo } from './dwarf-info.js';

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
    return 'reason' in symbol ? symbol.reason : print(symbol.type);
  };
  const address = (value: number) => [...new ByteWriter(true).uint(value, 8).toBytes()];

  it('of variables are matched by their place', () => {
    expect(at([DW_OP.addr, ...address(0x1000)])).toBe('int');
    expect(at([DW_OP.addr, ...address(0x2000)])).toBe(
      'what the debug info calls x is another symbol, at 0x2000',
    );
  });

  it('that have no place of their own are matched by their name', () => {
    expect(at([DW_OP.const8u, ...address(8), DW_OP.form_tls_address], 'tls', 8n)).toBe('int');
    expect(at([DW_OP.addr, ...address(8), DW_OP.GNU_push_tls_address], 'tls', 8n)).toBe('int');
    // What linkers leave of what they removed.
    expect(at([DW_OP.addr, ...address(0)])).toBe('int');
    expect(at([DW_OP.addr, ...new Array<number>(8).fill(0xff)])).toBe('int');
  });

  it('are found by the entry that has an address, where the first of their name has none', () => {
    const die = (type: string, location?: readonly number[]): DieTree => ({
      tag: DW_TAG.variable,
      attributes: [
        [DW_AT.name, DW_FORM.strp, 'x'],
        ref(type),
        [DW_AT.external, DW_FORM.flag_present, true],
        ...(location === undefined ? [] : [[DW_AT.location, DW_FORM.exprloc, location] as const]),
      ],
    });
    const children = [INT, UNSIGNED, die('int'), die('unsigned int', [DW_OP.addr, ...address(0x2000)])];
    expect(info([{ children }]).symbol({ name: 'x', kind: 'variable', address: 0x1000n })).toHaveProperty(
      'reason',
    );
  });

  it('need no index of names where nothing has theirs', () => {
    const alias = { name: 'alias', kind: 'variable', address: 0x1000n } as const;
    // A unit that can't be read, which an index of all of them would run into.
    const units = (text: string): UnitTree[] => [
      { children: [variable('int'), INT] },
      {
        children: [
          { tag: DW_TAG.base_type, attributes: [name(text), [DW_AT.sibling, DW_FORM.ref4, 0]], children: [] },
        ],
      },
    ];
    expect(info(units('other')).symbol(alias)).toMatchObject({ type: { name: 'int' } });
    expect(info(units('alias')).symbol(alias)).toMatchObject({
      reason: expect.stringContaining('DW_AT.sibling does not lead forward') as string,
    });
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
      type: { kind: 'function' },
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
    expect(info([{ children: [INT, declaration, completion] }]).symbol(V)).toMatchObject({
      type: { name: 'int' },
    });
    expect(info([{ children: [INT, declaration] }]).symbol(V)).toMatchObject({ type: { name: 'int' } });
  });
});

describe('functions of Rust', () => {
  // What rustc writes, with debuginfo=2 and, less the types, with 1.
  const unit = (children: readonly DieTree[]): UnitTree => ({
    version: 4,
    attributes: [
      [DW_AT.language, DW_FORM.data2, DW_LANG.Rust],
      [DW_AT.producer, DW_FORM.string, 'clang LLVM (rustc version 1.95.0)'],
      [DW_AT.low_pc, DW_FORM.addr, 0x1000],
      [DW_AT.high_pc, DW_FORM.data4, 0x100],
    ],
    children,
  });
  const nothing: DieTree = {
    tag: DW_TAG.namespace,
    attributes: [name('krate')],
    children: [
      {
        tag: DW_TAG.subprogram,
        attributes: [
          [DW_AT.low_pc, DW_FORM.addr, 0x1000],
          name('nothing'),
          [DW_AT.external, DW_FORM.flag_present, true],
        ],
      },
    ],
  };
  const query: SymbolQuery = { name: 'nothing', kind: 'function', address: 0x1000n };

  it('all have prototypes', () => {
    const symbol = info([unit([nothing, INT])]).symbol(query);
    expect(symbol).toMatchObject({ language: DW_LANG.Rust });
    expect('type' in symbol && print(symbol.type)).toBe('void (void)');
  });

  it('are not void where there are no types', () => {
    expect(info([unit([nothing])]).symbol(query)).toEqual({ reason: 'its debug info has no types (-g1)' });
  });
});

describe('corrupt debug info', () => {
  it('names what is wrong, and where', () => {
    expect(reason([{ children: [variable(), { ...INT, label: 't' }] }])).toBe('typed: int');
    expect(reason([{ version: 6, children: [variable('int'), INT] }])).toBe(
      'decoding .debug_info at offset 0x0: unit of version 6',
    );
    expect(reason([{ children: [variable('int'), INT, { tag: 1, attributes: [[1, 0x99, 0]] }] }])).toMatch(
      /^decoding \.debug_abbrev at offset 0x\w+: unknown form: DW_FORM 0x99$/,
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
    // Through a function that stands where a type should, and takes it.
    const toFunction: DieTree = { tag: DW_TAG.pointer_type, label: 't', attributes: [ref('f')] };
    const taker: DieTree = { ...takesItself, tag: DW_TAG.subprogram, label: 'f' };
    expect(reason([{ children: [variable(), toFunction, taker] }])).toMatch('a type that contains itself');
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
    expect(new DwarfInfo(written).symbol(V)).toMatchObject({ type: { name: 'int' } });
  });
});
