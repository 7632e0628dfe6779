import { Library } from '../library/library.js';
import { compile, describeWith } from '../testing/tools.js';
import { LayoutComparison } from './layout-difference.js';
import type { CType } from './model.js';

/**
 * Declarations of one header in two versions; `use` is a function of it that a library imports. `@` stands for a name of the case's own: all
 * cases are compiled together.
 */
interface Case {
  readonly what: string;
  readonly ours: string;
  readonly theirs: string;
  /** Its parameters; `struct @ *` unless told otherwise. */
  readonly by?: string;
  /** In the words of the comparison; undefined where nothing breaks. */
  readonly difference?: [type: string, part: string | undefined, ours: string, theirs: string];
}

const CASES: readonly Case[] = [
  { what: 'equal', ours: 'struct @ { int x, y; };', theirs: 'struct @ { int x, y; };' },
  {
    what: 'a field was inserted',
    ours: 'struct @ { int x, y; };',
    theirs: 'struct @ { int x, z, y; };',
    difference: ['struct @', 'field y', 'at offset 4', 'at offset 8'],
  },
  {
    what: 'fields changed places',
    ours: 'struct @ { int x, y; };',
    theirs: 'struct @ { int y, x; };',
    difference: ['struct @', 'field x', 'at offset 0', 'at offset 4'],
  },
  {
    what: 'a field was added at the end',
    ours: 'struct @ { int x, y; };',
    theirs: 'struct @ { int x, y, z; };',
    difference: ['struct @', undefined, '8 bytes', '12 bytes'],
  },
  {
    what: 'a field was widened',
    ours: 'struct @ { int x, y; };',
    theirs: 'struct @ { int x; long y; };',
    difference: ['struct @', 'field y', 'at offset 4', 'at offset 8'],
  },
  {
    what: 'a field was widened into its padding',
    ours: 'struct @ { long x; int y; };',
    theirs: 'struct @ { long x; long y; };',
    difference: ['struct @', 'field y', 'int, 4 bytes', 'long, 8 bytes'],
  },
  {
    what: 'a field became a floating-point number',
    ours: 'struct @ { int x, y; };',
    theirs: 'struct @ { int x; float y; };',
    difference: ['struct @', 'field y', 'int, 4 bytes', 'float, 4 bytes'],
  },
  {
    what: 'by value',
    by: 'struct @ s',
    ours: 'struct @ { int x, y; };',
    theirs: 'struct @ { int x, z, y; };',
    difference: ['struct @', 'field y', 'at offset 4', 'at offset 8'],
  },
  {
    what: 'behind two pointers',
    by: 'struct @ **s',
    ours: 'struct @ { int x, y; };',
    theirs: 'struct @ { int x, z, y; };',
    difference: ['struct @', 'field y', 'at offset 4', 'at offset 8'],
  },
  {
    what: 'behind the pointers of other structs, in a circle',
    by: 'struct @a *s',
    ours: 'struct @ { int x, y; struct @a *up; }; struct @a { struct @a *next; struct @ *inner; };',
    theirs: 'struct @ { int y, x; struct @a *up; }; struct @a { struct @a *next; struct @ *inner; };',
    difference: ['struct @', 'field x', 'at offset 0', 'at offset 4'],
  },
  {
    what: 'inside an array inside a struct',
    by: 'struct @a *s',
    ours: 'struct @ { int x, y; }; struct @a { int n; struct @ items[4]; };',
    theirs: 'struct @ { int y, x; }; struct @a { int n; struct @ items[4]; };',
    difference: ['struct @', 'field x', 'at offset 0', 'at offset 4'],
  },
  {
    what: 'a struct inside that grew is what is named',
    by: 'struct @a *s',
    ours: 'struct @ { int x; }; struct @a { struct @ inner; int n; };',
    theirs: 'struct @ { int x, y; }; struct @a { struct @ inner; int n; };',
    difference: ['struct @', undefined, '4 bytes', '8 bytes'],
  },
  {
    what: 'a longer array',
    ours: 'struct @ { int n; char name[12]; };',
    theirs: 'struct @ { int n; char name[28]; };',
    difference: ['struct @', 'field name', 'char[12], 12 bytes', 'char[28], 28 bytes'],
  },
  {
    what: 'an array at the end that goes on',
    ours: 'struct @ { int n; char name[1]; };',
    theirs: 'struct @ { int n; char name[]; };',
  },
  {
    what: 'a union with a larger member',
    ours: 'union @ { int i; char c[4]; };',
    theirs: 'union @ { int i; char c[4]; double d; };',
    by: 'union @ *u',
    difference: ['union @', undefined, '4 bytes', '8 bytes'],
  },
  {
    what: 'a union with another member of no other size',
    ours: 'union @ { int i; char c[4]; };',
    theirs: 'union @ { int i; char c[4]; float f; };',
    by: 'union @ *u',
  },
  {
    what: 'a field of an anonymous union moved',
    ours: 'struct @ { int kind; union { int i; float f; }; };',
    theirs: 'struct @ { long kind; union { int i; float f; }; };',
    difference: ['struct @', 'field kind', 'int, 4 bytes', 'long, 8 bytes'],
  },
  {
    what: 'fields went into an anonymous struct',
    ours: 'struct @ { int x, y; };',
    theirs: 'struct @ { struct { int x, y; }; };',
  },
  {
    what: 'a bit-field moved',
    ours: 'struct @ { unsigned a : 3, b : 5; };',
    theirs: 'struct @ { unsigned a : 3, c : 1, b : 5; };',
    difference: ['struct @', 'field b', 'at offset 0, bit 3', 'at offset 0, bit 4'],
  },
  {
    what: 'a bit-field was widened',
    ours: 'struct @ { unsigned a : 3; };',
    theirs: 'struct @ { unsigned a : 4; };',
    difference: ['struct @', 'field a', 'unsigned int, 3 bits', 'unsigned int, 4 bits'],
  },
  {
    what: 'an enumerator has another value',
    by: 'enum @ e',
    ours: 'enum @ { @RED, @GREEN };',
    theirs: 'enum @ { @RED, @BLUE, @GREEN };',
    difference: ['enum @', '@GREEN', '1', '2'],
  },
  {
    what: 'enumerators were added at the end, with how many there are',
    by: 'enum @ e',
    ours: 'enum @ { @RED, @GREEN, @_COUNT };',
    theirs: 'enum @ { @RED, @GREEN, @BLUE, @_COUNT };',
  },
  {
    what: 'an enum of a field has another value',
    ours: 'enum @e { @A, @B }; struct @ { enum @e kind; };',
    theirs: 'enum @e { @B, @A }; struct @ { enum @e kind; };',
    difference: ['enum @e', '@A', '0', '1'],
  },
  {
    what: 'a parameter of a callback in a struct',
    ours: 'struct @ { int x, y; }; struct @a { void (*call)(void *, struct @ *); };',
    theirs: 'struct @ { int y, x; }; struct @a { void (*call)(void *, struct @ *); };',
    by: 'struct @a *s',
    difference: ['struct @', 'field x', 'at offset 0', 'at offset 4'],
  },
  {
    what: 'an alignment',
    ours: 'struct @ { int x; };',
    theirs: 'struct @ { int x; } __attribute__((aligned(16)));',
    difference: ['struct @', undefined, '4 bytes', '16 bytes'],
  },
  { what: 'a field was renamed', ours: 'struct @ { int x, y; };', theirs: 'struct @ { int x, z; };' },
  {
    what: 'a reserve is used',
    ours: 'struct @ { int x; void *reserved[3]; };',
    theirs: 'struct @ { int x; long count; double ratio; void *more; };',
  },
  {
    what: 'an opaque handle, on our side',
    ours: 'struct @;',
    theirs: 'struct @ { int x; };',
  },
  { what: 'an opaque handle, on theirs', ours: 'struct @ { int x; };', theirs: 'struct @;' },
  {
    what: 'a stand-in for what is private (zlib 1.2.3: struct internal_state)',
    ours: 'struct @ { int dummy; };',
    theirs: 'struct @ { void *stream; int status; };',
  },
  {
    what: 'bytes in place of a struct',
    ours: 'struct @ { int x; char lock[8]; };',
    theirs: 'struct @ { int x; struct { int a, b; } lock; };',
  },
  {
    what: 'integers and pointers of one size',
    ours: 'struct @ { long a; unsigned b; char *c; unsigned long d; };',
    theirs: 'struct @ { long long a; int b; void *c; void *d; };',
  },
  {
    what: 'a struct of another tag',
    by: 'struct @a *s',
    ours: 'struct @a { int x, y; };',
    theirs: '#define @a @b\nstruct @a { int y, x; };',
  },
  { what: 'no struct at all', by: 'long n', ours: '', theirs: '' },
];

const name = (i: number): string => `case${i}`;

/** All cases in one version, and functions that take them. */
function source(version: 'ours' | 'theirs'): string {
  const parts = CASES.map(({ [version]: header, by = 'struct @ *s' }, i) =>
    `${header}\nvoid use${i}(${by}) { (void)0; }\n`.replaceAll('@', name(i)),
  );
  return parts.join('');
}

function typeOf(library: Library, symbol: string): CType {
  const elf = library.find(symbol);
  const type = elf && library.typed(elf).type;
  if (type === undefined) throw new Error(`${symbol} has no type`);
  return type;
}

const COMPILERS: [compiler: string, flags: string[]][] = [
  ['gcc', ['-O0']],
  ['gcc', ['-O2', '-gdwarf-3']],
  ['clang', ['-O0']],
  ['clang', ['-O2', '-gdwarf-4', '-fdebug-types-section']],
];

describe.each(COMPILERS)('%s %j', (compiler, flags) => {
  describeWith([compiler], 'versions of a header', () => {
    let libraries: Library[] = [];
    beforeAll(() => {
      libraries = (['ours', 'theirs'] as const).map((version) =>
        Library.open(
          compile(source(version), { compiler, flags: ['-g', ...flags, '-shared', '-fPIC', '-w'] }),
        ),
      );
    });
    afterAll(() => {
      for (const { file } of libraries) file.close();
    });

    it.each(CASES.map((c, i) => [c.what, i] as const))('%s', (_, i) => {
      const [ours, theirs] = libraries.map((library) => typeOf(library, `use${i}`));
      if (ours === undefined || theirs === undefined) throw new Error('no libraries');
      const found = new LayoutComparison().compare(ours, theirs);
      const expected = CASES[i]?.difference?.map((text) => text?.replaceAll('@', name(i)));
      // gcc calls it long int.
      const theirText = found?.theirs.replace('long int', 'long');
      expect(found && [found.type, found.part, found.ours, theirText]).toEqual(expected);
    });

    it('a type that was compared is not wanted again, also by other symbols', () => {
      const [ours, theirs] = libraries.map((library) => typeOf(library, 'use0'));
      if (ours === undefined || theirs === undefined) throw new Error('no libraries');
      const comparison = new LayoutComparison();
      expect(comparison.wants(ours)).toBe(true);
      comparison.compare(ours, theirs);
      expect(comparison.wants(ours)).toBe(false);
      expect(comparison.wants({ kind: 'array', element: ours, length: 2, vector: false })).toBe(false);
    });
  });
});
