import { join } from 'node:path';

import { compile, describeWith, run } from '../../testing/tools.js';
import { alignOf, namedMembers, sizeOf } from '../layout.js';
import type { RecordType } from '../model.js';
import { parseDeclarations } from './declarations.js';

/*
 * Random structs and unions, with everything that has a say in their layout, and what gcc makes of each: the sizes, the alignments and the places of the
 * members that a C program reports have to be those that are read from the text.
 */

const COUNT = 1200;
const PER_FILE = 400;

/** mulberry32: the same texts each time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const PREAMBLE = `
typedef int low __attribute__((aligned(1)));
typedef int high __attribute__((aligned(8)));
typedef long wide __attribute__((aligned(32)));
typedef long even __attribute__((aligned(16)));
typedef float quad __attribute__((vector_size(16)));
typedef short halves __attribute__((__vector_size__(8)));
typedef int row[3];
enum small { ONE, TWO } __attribute__((packed));
enum large { HUGE_ONE = 0x100000000, LESS = -1 };
enum plain { THREE = 3 };
`;

const SCALARS = [
  ...[
    'char',
    'signed char',
    'short',
    'unsigned short',
    'int',
    'unsigned',
    'long',
    'unsigned long long',
    '_Bool',
  ],
  ...[
    'float',
    'double',
    'long double',
    '__int128',
    '_Float128',
    '_Float16',
    'float _Complex',
    'double _Complex',
  ],
  ...['void *', 'const char *', 'enum small', 'enum large', 'enum plain', 'row', 'quad', 'halves'],
  ...['_Atomic(int)', '_Atomic long', '_Atomic(signed char)', 'volatile short'],
];
const ALIGNED = ['low', 'high', 'even', 'wide'];
const WIDE_BITS: readonly [type: string, bits: number][] = [
  ['int', 32],
  ['unsigned', 32],
  ['char', 8],
  ['signed char', 8],
  ['unsigned short', 16],
  ['long', 64],
  ['unsigned long long', 64],
  ['_Bool', 1],
  ['enum small', 8],
  ['enum large', 64],
  ['enum plain', 32],
  ['low', 32],
  ['high', 32],
  ['even', 64],
  ['__int128', 128],
];

interface Draft {
  readonly name: string;
  readonly text: string;
  /** The members by the names that C has for them, and whether they are bit-fields. */
  readonly members: readonly (readonly [name: string, isBits: boolean])[];
}

class Generator {
  readonly #next = random(20_261_122);
  readonly #done: string[] = [];
  #member = 0;

  /** A whole type, with a name, and pragmas around it. */
  draft(index: number): Draft {
    this.#member = 0;
    const members: [string, boolean][] = [];
    const kind = this.#of(['struct', 'struct', 'struct', 'union']);
    const name = `${kind} t${index}`;
    const isFlexible = kind === 'struct' && this.#chance(0.1);
    const before = this.#attributes();
    const body = this.#body(3, members);
    const tail = isFlexible
      ? `${this.#of(['char', 'int', 'long'])} tail[${members.length === 0 ? '0' : this.#of(['', '0'])}]; `
      : '';
    if (isFlexible) members.push(['tail', false]);
    const definition = `${kind} ${before}t${index} { ${body}${tail}} ${this.#attributes()};`;
    const pack = this.#of(['1', '2', '4', '8', '16']);
    const text = this.#chance(0.25)
      ? this.#chance(0.5)
        ? `#pragma pack(push, ${pack})\n${definition}\n#pragma pack(pop)`
        : `#pragma pack(${pack})\n${definition}\n#pragma pack()`
      : definition;
    if (!isFlexible) this.#done.push(name);
    return { name, text, members };
  }

  #body(depth: number, members: [string, boolean][]): string {
    const count = 1 + Math.floor(this.#next() * 6);
    return Array.from({ length: count }, () => this.#one(depth, members)).join('');
  }

  #one(depth: number, members: [string, boolean][]): string {
    const which = this.#next();
    const name = `m${this.#member++}`;
    if (which < 0.38) return this.#bits(name, members);
    if (which < 0.5 && depth > 0) {
      const inner = this.#of(['struct', 'union']);
      const isAnonymous = this.#chance(0.6);
      const names: [string, boolean][] = [];
      const head = `${inner} ${this.#attributes()}`;
      const body = this.#body(depth - 1, names);
      const text = `${head}{ ${body}} ${this.#attributes()}`;
      members.push(...(isAnonymous ? names : [[name, false] as [string, boolean]]));
      return isAnonymous ? `${text}; ` : `${text} ${name}${this.#suffix()}; `;
    }
    members.push([name, false]);
    if (which < 0.6 && this.#done.length > 0) return `${this.#of(this.#done)} ${name}${this.#suffix()}; `;
    if (which < 0.65)
      return `int (*${name}${this.#chance(0.5) ? '[2]' : ''})(void)${this.#memberAttributes()}; `;
    if (which < 0.75) return `${this.#of(ALIGNED)} ${name}${this.#memberAttributes()}; `;
    if (which < 0.8)
      return `_Alignas(${this.#of(['16', '32', 'long double'])}) ${this.#of(SCALARS)} ${name}; `;
    if (which < 0.83) return `${this.#memberAttributes()} ${this.#of(SCALARS)} ${name}; `;
    const more = this.#chance(0.2) ? `, *${name}p` : '';
    if (more !== '') members.push([`${name}p`, false]);
    return `${this.#of(SCALARS)} ${name}${this.#suffix()}${more}; `;
  }

  #bits(name: string, members: [string, boolean][]): string {
    const [type, most] = this.#of(WIDE_BITS);
    const width = this.#chance(0.3)
      ? this.#of([8, 16, 32, 64, 1, most])
      : 1 + Math.floor(this.#next() * most);
    const bits = Math.min(width, most);
    const unnamed = this.#next();
    if (unnamed < 0.1) return `${type} : 0; `;
    if (unnamed < 0.2) return `${type} : ${bits}; `;
    members.push([name, true]);
    return `${type} ${name} : ${bits}${this.#chance(0.15) ? this.#memberAttributes() : ''}; `;
  }

  #suffix(): string {
    const dimensions = this.#of(['', '', '', '[3]', '[2][2]', '[0]', '[sizeof(int) - 1]', "['a' % 5 | 1]"]);
    return dimensions + (this.#chance(0.15) ? this.#memberAttributes() : '');
  }

  #memberAttributes(): string {
    return this.#of([
      ' __attribute__((packed))',
      ' __attribute__((aligned(2)))',
      ' __attribute__((aligned(16)))',
      ' __attribute__((__packed__, __aligned__(4)))',
      ' __attribute__((aligned))',
      ' __attribute__((deprecated("no"), unused))',
    ]);
  }

  #attributes(): string {
    if (this.#chance(0.75)) return '';
    return this.#of([
      '__attribute__((packed)) ',
      '__attribute__((packed, aligned(2))) ',
      '__attribute__((aligned(16))) ',
      '__attribute__((aligned(4))) ',
      '__attribute__((__packed__)) __attribute__((aligned)) ',
    ]);
  }

  #chance(of: number): boolean {
    return this.#next() < of;
  }

  #of<T>(list: readonly T[]): T {
    return list[Math.floor(this.#next() * list.length)] as T;
  }
}

/** A C program that writes a line for each type, and one for each member: its first bit and how many it has, or 0 for a bit-field alone. */
function program(drafts: readonly Draft[], all: readonly Draft[]): string {
  const reports = drafts.map(({ name, members }) => {
    const lines = members.map(([member, isBits]) =>
      isBits ? `BITS(${name}, ${member})` : `printf("%zu 0\\n", __builtin_offsetof(${name}, ${member}) * 8);`,
    );
    return `static void report_${name.replace(' ', '_')}(void) { printf("%zu %zu\\n", sizeof(${name}), _Alignof(${name})); ${lines.join(' ')} }`;
  });
  return `#include <stdio.h>
#include <string.h>
static _Alignas(64) unsigned char memory[1 << 20];
static void bits(size_t size) {
  size_t first = 0, count = 0;
  for (size_t i = 0; i < size * 8; i++)
    if (memory[i / 8] >> i % 8 & 1) { if (count++ == 0) first = i; }
  printf("%zu %zu\\n", first, count);
}
#define BITS(T, member) memset(memory, 0, sizeof(T)); ((T *)memory)->member = -1; bits(sizeof(T));
${PREAMBLE}${all.map((d) => d.text).join('\n')}
${reports.join('\n')}
int main(void) {
${drafts.map(({ name }) => `  report_${name.replace(' ', '_')}();`).join('\n')}
  return 0;
}
`;
}

describeWith(['gcc'], 'random structs and unions', () => {
  const generator = new Generator();
  const drafts = Array.from({ length: COUNT }, (_, i) => generator.draft(i));
  const text = PREAMBLE + drafts.map((d) => d.text).join('\n');
  const { typeNamed } = parseDeclarations(text);

  it.each(Array.from({ length: COUNT / PER_FILE }, (_, i) => i * PER_FILE))(
    'from %d on are laid out as gcc does it',
    (from) => {
      const some = drafts.slice(from, from + PER_FILE);
      const binary = compile(program(some, drafts.slice(0, from + PER_FILE)), {
        flags: ['-w', '-O0'],
        output: 'report',
      });
      const lines = run(join(binary), []).trimEnd().split('\n');
      const differ: string[] = [];
      for (const { name, text: source, members } of some) {
        const [kind, tag] = name.split(' ') as ['struct' | 'union', string];
        const type = typeNamed(kind, tag) as RecordType;
        const places = new Map(namedMembers(type.members).map((m) => [m.name, m]));
        const ours = [
          `${sizeOf(type)} ${alignOf(type)}`,
          ...members.map(([member]) => {
            const place = places.get(member);
            return place && `${place.bitOffset ?? place.offset * 8} ${place.bitSize ?? 0}`;
          }),
        ];
        const theirs = lines.splice(0, ours.length);
        if (ours.join() !== theirs.join()) differ.push(`${source}\n  ${ours.join()}\n  ${theirs.join()}`);
      }
      expect(differ.slice(0, 10)).toEqual([]);
      expect(lines).toEqual([]);
    },
  );
});
