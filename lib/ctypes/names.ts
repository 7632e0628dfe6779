import { VOID, type CType, type IntType } from './model.js';

/*
 * The type names that C declarations may use without a library declaring them, as they are on 64-bit Linux (psABI x86-64 §3.1.2,
 * AArch64 LP64): int has 4 bytes, long and pointers 8.
 */

/** The words that make up C's arithmetic types, in any order. */
export const INT_NAMES: ReadonlySet<string> = new Set([
  'char',
  'short',
  'int',
  'long',
  'signed',
  'unsigned',
  'float',
  'double',
  '_Complex',
  '__int128',
]);

const int = (name: string, size: number, signed: boolean): IntType => ({
  kind: 'int',
  name,
  size,
  signed,
  text: name === 'char',
});

/** How many times `long` may stand with each. */
const LONGS: Readonly<Record<string, number>> = { int: 2, double: 1 };

/** The arithmetic type of a list of words (C17 §6.7.2p2); undefined for a list that means none. */
export function integerOf(words: readonly string[]): CType | undefined {
  const count = (word: string): number => words.filter((w) => w === word).length;
  const longs = count('long');
  const isUnsigned = count('unsigned') > 0;
  const sorted = words.filter((w) => !['signed', 'unsigned', 'long', '_Complex'].includes(w));
  const [base = 'int', ...others] = sorted.filter((w, _, all) => !(w === 'int' && all.includes('short')));
  const isFloat = base === 'float' || base === 'double';
  if (others.length > 0 || count('int') > 1 || longs > (LONGS[base] ?? 0)) return undefined;
  if (count('signed') + count('unsigned') > (isFloat ? 0 : 1) || count('_Complex') > (isFloat ? 1 : 0))
    return undefined;
  if (isFloat) return floatOf(base, longs, count('_Complex') > 0);
  const sign = isUnsigned ? 'unsigned ' : '';
  switch (base) {
    case 'char':
      if (isUnsigned) return int('unsigned char', 1, false);
      return count('signed') > 0 ? int('signed char', 1, true) : int('char', 1, true);
    case 'short':
      return int(`${sign}short`, 2, !isUnsigned);
    case '__int128':
      return int(`${sign}__int128`, 16, !isUnsigned);
    default:
      return int(`${sign}${['int', 'long', 'long long'][longs] ?? 'int'}`, longs === 0 ? 4 : 8, !isUnsigned);
  }
}

function floatOf(base: 'float' | 'double', longs: number, isComplex: boolean): CType {
  const name = longs > 0 ? 'long double' : base;
  const size = base === 'float' ? 4 : longs > 0 ? 16 : 8;
  const long = process.arch === 'x64' ? 'x87' : 'binary128';
  const format = base === 'float' ? 'binary32' : longs > 0 ? long : 'binary64';
  if (isComplex) return { kind: 'complex', name: `${name} _Complex`, size: size * 2, format };
  return { kind: 'float', name, size, format };
}

const typedef = (name: string, target: CType): [string, CType] => [name, { kind: 'typedef', name, target }];

/** Names of one word: `void`, `_Bool`, and the typedefs of <stddef.h>, <stdint.h> and <sys/types.h>. */
export const SIMPLE_TYPES: ReadonlyMap<string, CType> = new Map<string, CType>([
  ['void', VOID],
  ['_Bool', { kind: 'bool', name: '_Bool', size: 1 }],
  ['bool', { kind: 'bool', name: '_Bool', size: 1 }],
  ['_Float16', { kind: 'float', name: '_Float16', size: 2, format: 'binary16' }],
  ['_Float128', { kind: 'float', name: '_Float128', size: 16, format: 'binary128' }],
  ...[8, 16, 32, 64].flatMap((bits) => {
    const [signed, unsigned] = {
      8: ['signed char', 'unsigned char'],
      16: ['short', 'unsigned short'],
      32: ['int', 'unsigned int'],
    }[bits] ?? ['long', 'unsigned long'];
    return [
      typedef(`int${bits}_t`, int(signed ?? '', bits / 8, true)),
      typedef(`uint${bits}_t`, int(unsigned ?? '', bits / 8, false)),
    ];
  }),
  typedef('size_t', int('unsigned long', 8, false)),
  typedef('ssize_t', int('long', 8, true)),
  typedef('ptrdiff_t', int('long', 8, true)),
  typedef('intptr_t', int('long', 8, true)),
  typedef('uintptr_t', int('unsigned long', 8, false)),
]);
