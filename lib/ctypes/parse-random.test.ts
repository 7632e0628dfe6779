import fc from 'fast-check';

import type { Variable } from '../index.js';
import { Library } from '../library/library.js';
import { openFixture } from '../testing/fixture.js';
import { compile } from '../testing/tools.js';
import { compatible, identical } from './compatible.js';
import { alignOf, sizeOf } from './layout.js';
import type { CType } from './model.js';
import { print } from './print.js';

/*
 * Random declarations, as text and by C's grammar alone, and what gcc makes of each: the type that the parser understands, printed, has to be the
 * type that gcc understands, by its own comparison, and the one that it writes into the debug info.
 */

const PREAMBLE = `
#include <stddef.h>
#include <stdint.h>
struct point { int x, y; };
struct opaque;
union number { char c; double d; };
enum color { RED, GREEN = -1 };
typedef struct point spot;
typedef int row[3];
typedef const char *text;
typedef int callback(int, void *);
typedef _Atomic(long) counter;
`;

const DATA = [
  '_Bool',
  'char',
  'signed char',
  'unsigned char',
  'short int',
  'unsigned',
  'int',
  'long unsigned int',
]
  .concat(['long long', 'int long unsigned long', '__int128', 'unsigned __int128', 'float', 'double'])
  .concat(['long double', '_Float16', '_Float128', 'double _Complex', '_Complex float', 'struct point'])
  .concat(['union number', 'enum color', 'spot', 'text', 'size_t', 'uint8_t', 'int_least16_t', 'uintptr_t']);

/** What a declarator is built of, from the name outwards, and what may come next. */
type Last = 'start' | 'pointer' | 'array' | 'function';

interface Draft {
  /** The declarator so far. */
  readonly text: string;
  readonly last: Last;
}

const qualifiers = (...of: string[]): fc.Arbitrary<string> =>
  fc
    .subarray(of)
    .chain((some) => fc.shuffledSubarray(some, { minLength: some.length }).map((s) => s.join(' ')));

const space = fc.constantFrom('', ' ', '  ', '/**/');

/** One more derivation around `draft`. */
function derive(draft: Draft, depth: number): fc.Arbitrary<Draft> {
  const { text, last } = draft;
  const inner = last === 'pointer' ? `(${text})` : text;
  const pointer = fc
    .tuple(qualifiers('const', 'volatile', 'restrict', '_Atomic'), space)
    .map(([q, gap]): Draft => {
      // A pointer to a function can't be restrict, and what is pointed to is drawn later: kept for those to data.
      const kept = q.replace(/restrict ?/, '');
      return { text: `*${gap}${kept} ${text}`, last: 'pointer' };
    });
  const array = fc
    .constantFrom('1', '2', '3u', '0x4', '07')
    .map((n): Draft => ({ text: `${inner}[${n}]`, last: 'array' }));
  const call = parameters(depth - 1).map((p): Draft => ({ text: `${inner}(${p})`, last: 'function' }));
  // No functions that return arrays or functions, no arrays of functions (C17 §6.7.6.2p1, §6.7.6.3p1).
  if (last === 'function') return pointer;
  if (last === 'array') return fc.oneof(pointer, array);
  return fc.oneof(pointer, array, call);
}

/** Parentheses that change nothing, where there is something to put in. */
const bracketed = (draft: Draft): fc.Arbitrary<Draft> =>
  fc
    .boolean()
    .map((yes) => (yes && draft.text.trim() !== '' ? { ...draft, text: `(${draft.text})` } : draft));

function declarator(name: string, depth: number): fc.Arbitrary<Draft> {
  return fc.nat({ max: depth }).chain((count) => {
    let drafts: fc.Arbitrary<Draft> = fc.constant({ text: name, last: 'start' });
    for (let i = 0; i < count; i++) drafts = drafts.chain((d) => derive(d, depth)).chain(bracketed);
    return drafts;
  });
}

/** A whole declaration. A function type has no qualifiers (C17 §6.7.3p9), and nothing holds or takes void and what has no size. */
function declaration(name: string, depth: number, isParameter: boolean): fc.Arbitrary<string> {
  return declarator(name, depth).chain(({ text, last }) => {
    const bases = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...DATA) },
      {
        weight: last === 'pointer' || last === 'function' ? 1 : 0,
        arbitrary: fc.constantFrom('void', 'struct opaque'),
      },
      { weight: last === 'pointer' ? 1 : 0, arbitrary: fc.constantFrom('callback') },
      { weight: last === 'function' || isParameter ? 0 : 1, arbitrary: fc.constantFrom('row', 'counter') },
    );
    return fc.tuple(bases, qualifiers('const', 'volatile'), fc.boolean()).map(([base, q, before]) => {
      const qualified = base === 'callback' || q === '' ? base : before ? `${q} ${base}` : `${base} ${q}`;
      return `${qualified} ${text}`;
    });
  });
}

function parameters(depth: number): fc.Arbitrary<string> {
  const one = fc.constantFrom('', 'a', 'size').chain((name) => declaration(name, Math.max(depth, 0), true));
  const named = (list: string[]): string =>
    list.map((p, i) => p.replace(/\b(a|size)\b/, `$1${i}`)).join(', ');
  return fc.oneof(
    fc.constantFrom('void', ''),
    fc.array(one, { minLength: 1, maxLength: depth > 1 ? 3 : 1 }).map(named),
    fc.array(one, { minLength: 1, maxLength: 2 }).map((list) => `${named(list)}, ...`),
  );
}

const COUNT = 600;

describe('random declarations', () => {
  const texts = fc.sample(declaration('', 5, false), { numRuns: COUNT, seed: 20_261_122 });
  const printer = Library.open(
    compile(`${PREAMBLE}struct point p; union number n; enum color c; text t; row r;
    spot s; callback *f; counter k; struct opaque *o;\n`),
  );
  const types = texts.map((text): CType => printer.parse(text));
  const printed = types.map((type) => print(type));
  const source = [
    PREAMBLE,
    ...texts.map((text, i) => `__typeof__(${text}) *v${i};`),
    ...printed.map((text, i) => `__typeof__(${text}) *w${i};`),
    `int same[] = { ${texts.map((_, i) => `__builtin_types_compatible_p(__typeof__(v${i}), __typeof__(w${i}))`).join()} };`,
    // GNU C's sizeof of void and of functions is 1, of opaque structs an error.
    `size_t sizes[] = { ${types.map((type, i) => (sizeOf(type) === undefined ? '0' : `sizeof *v${i}`)).join()} };`,
    `size_t alignments[] = { ${types.map((type, i) => (sizeOf(type) === undefined ? '1' : `_Alignof(__typeof__(*v${i}))`)).join()} };`,
    '',
  ].join('\n');
  const plugin = openFixture(source);
  const library = Library.open(plugin.path);

  it('are of all kinds and depths', () => {
    const all = texts.join('\n');
    for (const part of [
      /\(\*/,
      /\)\[/,
      /\)\(/,
      /\.\.\./,
      /\*\s*const/,
      /_Atomic/,
      /\[\w+\]\[/,
      /\(void\)/,
      /\(\)/,
    ])
      expect(all).toMatch(part);
    expect(new Set(printed).size).toBeGreaterThan(COUNT / 2);
  });

  it('are the types that gcc takes them for', () => {
    const same = plugin.lookup<Variable<Int32Array>>('same').value;
    expect(texts.filter((_, i) => same[i] !== 1)).toEqual([]);
  });

  it('have the sizes and alignments that gcc gives them', () => {
    const [sizes, alignments] = ['sizes', 'alignments'].map(
      (n) => plugin.lookup<Variable<BigUint64Array>>(n).value,
    );
    expect(types.map((type) => BigInt(sizeOf(type) ?? 0))).toEqual([...(sizes ?? [])]);
    const ours = types.map((type) => BigInt(sizeOf(type) === undefined ? 1 : alignOf(type)));
    expect(ours).toEqual([...(alignments ?? [])]);
  });

  // Compatible, not identical: gcc 12 leaves a const out here and there when it shares entries, as gdb shows, too.
  it('are what gcc writes into the debug info', () => {
    const differ = texts.filter((text, i) => {
      const symbol = library.find(`v${i}`);
      const typed = symbol && library.typed(symbol).type;
      return typed?.kind !== 'pointer' || !compatible(typed.target, library.parse(text));
    });
    expect(differ).toEqual([]);
  });

  it('print as what is understood as the same type again', () => {
    const again = printed.map((text) => printer.parse(text));
    expect(again.map((type) => print(type))).toEqual(printed);
    expect(again.filter((type, i) => !identical(type, types[i] ?? type))).toEqual([]);
    const named = types.map((type) => print(type, 'name'));
    expect(named.map((text) => print(printer.parse(text)))).toEqual(printed);
  });
});
