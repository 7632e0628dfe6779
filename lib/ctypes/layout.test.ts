import { alignOf, namedMembers, sizeOf } from './layout.js';
import type { ArrayType, CType, IntType, Member, RecordType, TypedefType } from './model.js';

const INT: IntType = { kind: 'int', name: 'int', size: 4, signed: true, text: false };
const LONG: IntType = { kind: 'int', name: 'long', size: 8, signed: true, text: false };

const array = (element: CType, length: number | undefined, vector = false): ArrayType => ({
  kind: 'array',
  element,
  length,
  vector,
});

const struct = (size: number, members: readonly Member[], alignment?: number): RecordType => ({
  kind: 'struct',
  tag: 's',
  size,
  members,
  alignment,
});

const member = (type: CType, offset: number): Member => ({ name: 'm', type, offset });

describe('sizeOf', () => {
  it('multiplies the dimensions of arrays', () => {
    expect(sizeOf(array(array(INT, 3), 5))).toBe(60);
    expect(sizeOf(array(array(INT, 0), 5))).toBe(0);
    expect(sizeOf(array(array(INT, undefined), 5))).toBeUndefined();
    expect(sizeOf(array({ kind: 'void' }, 5))).toBeUndefined();
    expect(sizeOf({ kind: 'void' })).toBeUndefined();
  });
});

describe('alignOf', () => {
  it("is the typedef's, where it asks for one, and otherwise the type's", () => {
    const typedef = (target: CType, alignment?: number): TypedefType => ({
      kind: 'typedef',
      name: 't',
      target,
      alignment,
    });
    expect(alignOf(typedef(INT))).toBe(4);
    expect(alignOf(typedef(typedef(INT, 64)))).toBe(64);
    expect(alignOf(typedef(LONG, 1))).toBe(1);
    expect(alignOf({ kind: 'qualified', qualifier: 'const', target: typedef(INT, 64) })).toBe(64);
    expect(alignOf(array(typedef(INT, 64), 2))).toBe(64);
    expect(alignOf(struct(64, [member(typedef(INT, 64), 0)]))).toBe(64);
  });

  it("is the definition's, where it says one, and otherwise what members need", () => {
    expect(alignOf(struct(16, [member(INT, 0), member(LONG, 8)]))).toBe(8);
    expect(alignOf(struct(64, [member(INT, 0)], 64))).toBe(64);
    expect(alignOf(struct(10, [member(LONG, 2)], 2))).toBe(2);
    expect(alignOf(struct(32, [member(INT, 0), { ...member(INT, 16), alignment: 16 }]))).toBe(16);
    expect(alignOf(struct(0, []))).toBe(1);
  });

  it('sees that a struct is packed', () => {
    expect(alignOf(struct(5, [member(INT, 0), member(INT, 1)]))).toBe(1);
    expect(alignOf(struct(12, [member(INT, 0), member(LONG, 4)]))).toBe(4);
    expect(alignOf(struct(9, [member(LONG, 0), member(INT, 5)]))).toBe(1);
  });

  it('is a power of two, also of what has an odd size', () => {
    const odd = (size: number | undefined): CType => ({ kind: 'unsupported', name: 'odd', size, reason: '' });
    expect([undefined, 0, 1, 3, 8, 24].map((size) => alignOf(odd(size)))).toEqual([1, 1, 1, 1, 8, 8]);
    expect(alignOf(array(INT, 4, true))).toBe(16);
  });
});

describe('types of any size', () => {
  it('have a layout where they have very many members', () => {
    const members = Array.from({ length: 300_000 }, (_, i) => member(INT, 4 * i));
    expect(alignOf(struct(1_200_000, members))).toBe(4);
    expect(namedMembers(members)).toHaveLength(300_000);
  });

  it('have none where arrays have no end, but an answer', () => {
    const deep = Array.from({ length: 50_000 }).reduce<CType>((inner) => array(inner, 1), INT);
    const round: { kind: 'typedef'; name: string; target: CType } = {
      kind: 'typedef',
      name: 't',
      target: INT,
    };
    round.target = array(round, 2);
    expect([sizeOf(deep), sizeOf(round)]).toEqual([undefined, undefined]);
    expect([alignOf(deep), alignOf(round)]).toEqual([1, 1]);
  });
});
