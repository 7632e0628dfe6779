import { vaList } from './va-list.js';
import { VOID, type CType, type FloatFormat, type IntType } from './model.js';

/*
 * The type names that C declarations may use without a library declaring them, as they are on 64-bit Linux (psABI x86-64 §3.1.2,
 * AArch64 LP64): int has 4 bytes, long and pointers 8.
 */

/** The machine that the code is for, as Node calls it. */
export type Machine = typeof process.arch;

const longDouble = (machine: Machine): FloatFormat => (machine === 'x64' ? 'x87' : 'binary128');

/** The floating-point types (C17 §6.2.5p10, C23 H.2.3) and GNU C's, by the word that names them. */
const FLOATS: ReadonlyMap<string, readonly [size: number, format: FloatFormat | 'long double']> = new Map([
  ['float', [4, 'binary32']],
  ['double', [8, 'binary64']],
  ['long double', [16, 'long double']],
  ['_Float16', [2, 'binary16']],
  ['_Float32', [4, 'binary32']],
  ['_Float32x', [8, 'binary64']],
  ['_Float64', [8, 'binary64']],
  ['_Float64x', [16, 'long double']],
  ['_Float128', [16, 'binary128']],
  ['__float128', [16, 'binary128']],
]);

/** Words of GNU C that mean the same as one of the standard, for headers that are compiled as any C. */
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ['__signed', 'signed'],
  ['__signed__', 'signed'],
  ['__complex', '_Complex'],
  ['__complex__', '_Complex'],
]);

/** The words that make up C's own types, in any order. */
export const TYPE_WORDS: ReadonlySet<string> = new Set([
  'void',
  '_Bool',
  'char',
  'short',
  'int',
  'long',
  'signed',
  'unsigned',
  '_Complex',
  '__int128',
  ...FLOATS.keys(),
  ...SPELLINGS.keys(),
]);

// Plain char has a sign on x86-64, and none on AArch64 (AAPCS64 §10.1.2).
const int = (name: string, size: number, signed: boolean): IntType => ({
  kind: 'int',
  name,
  size,
  signed,
  text: name === 'char',
});

/** C's own type that is spelled with these words (C17 §6.7.2p2); undefined for a list that means none. */
export function typeOfWords(words: readonly string[], machine: Machine = process.arch): CType | undefined {
  const left = words.map((word) => SPELLINGS.get(word) ?? word);
  const take = (word: string): number => {
    const before = left.length;
    for (let at = left.indexOf(word); at >= 0; at = left.indexOf(word)) left.splice(at, 1);
    return before - left.length;
  };
  const [signeds, unsigneds, complexes] = [take('signed'), take('unsigned'), take('_Complex')];
  const [longs, shorts, ints] = [take('long'), take('short'), take('int')];
  const [base, ...more] = left;
  if (more.length > 0 || signeds + unsigneds > 1 || complexes > 1 || ints > 1) return undefined;
  const isSigned = signeds > 0;
  const isUnsigned = unsigneds > 0;
  const hasSign = isSigned || isUnsigned;
  if (base !== undefined && FLOATS.has(base)) {
    if (hasSign || shorts + ints > 0 || longs > (base === 'double' ? 1 : 0)) return undefined;
    return floatOf(longs > 0 ? 'long double' : base, complexes > 0, machine);
  }
  if (complexes > 0) return undefined;
  if (base !== undefined) {
    if (longs + shorts + ints > 0) return undefined;
    if (base === 'char')
      return hasSign ? signedOrNot('char', 1, isSigned) : int('char', 1, machine !== 'arm64');
    if (base === '__int128') return int(isUnsigned ? 'unsigned __int128' : '__int128', 16, !isUnsigned);
    return hasSign ? undefined : NAMES.get(base);
  }
  if (shorts > 1 || longs > 2 || (shorts > 0 && longs > 0)) return undefined;
  const name = shorts > 0 ? 'short' : (['int', 'long', 'long long'][longs] ?? 'int');
  const size = shorts > 0 ? 2 : longs > 0 ? 8 : 4;
  return int(isUnsigned ? `unsigned ${name}` : name, size, !isUnsigned);
}

function signedOrNot(name: string, size: number, signed: boolean): IntType {
  return int(`${signed ? 'signed' : 'unsigned'} ${name}`, size, signed);
}

function floatOf(name: string, isComplex: boolean, machine: Machine): CType | undefined {
  const [size, stored] = FLOATS.get(name) ?? [];
  if (size === undefined || stored === undefined) return undefined;
  const format = stored === 'long double' ? longDouble(machine) : stored;
  return isComplex
    ? { kind: 'complex', name: `${name} _Complex`, size: size * 2, format }
    : { kind: 'float', name, size, format };
}

const NAMES: ReadonlyMap<string, CType> = new Map<string, CType>([
  ['void', VOID],
  ['_Bool', { kind: 'bool', name: '_Bool', size: 1 }],
]);

/** `int16_t`, `uint16_t` and the like, of `bits` bits. */
function sized(prefix: string, bits: number): [string, CType][] {
  const name = bits === 8 ? 'char' : bits === 16 ? 'short' : bits === 32 ? 'int' : 'long';
  const signed = int(bits === 8 ? 'signed char' : name, bits / 8, true);
  return [
    typedef(`${prefix}${bits}_t`, signed),
    typedef(`u${prefix}${bits}_t`, int(`unsigned ${name}`, bits / 8, false)),
  ];
}

const typedef = (name: string, target: CType): [string, CType] => [name, { kind: 'typedef', name, target }];

/** A typedef of a struct of which nothing is known but its tag. */
const opaque = (name: string, tag: string): [string, CType] =>
  typedef(name, { kind: 'struct', tag, size: undefined, members: [] });

const LONG = int('long', 8, true);
const UNSIGNED_LONG = int('unsigned long', 8, false);

/**
 * The typedefs of <stddef.h>, <stdint.h>, <uchar.h> and <sys/types.h> whose meaning the machine's ABI fixes: a library's own say the same, so that
 * its debug info, where they would have to be searched for, is not asked.
 */
export const ABI_TYPEDEFS: ReadonlyMap<string, CType> = new Map([
  ...[8, 16, 32, 64].flatMap((bits) => [...sized('int', bits), ...sized('int_least', bits)]),
  typedef('intmax_t', LONG),
  typedef('uintmax_t', UNSIGNED_LONG),
  typedef('intptr_t', LONG),
  typedef('uintptr_t', UNSIGNED_LONG),
  typedef('size_t', UNSIGNED_LONG),
  typedef('ssize_t', LONG),
  typedef('ptrdiff_t', LONG),
  typedef('char16_t', int('unsigned short', 2, false)),
  typedef('char32_t', int('unsigned int', 4, false)),
  typedef('__int128_t', int('__int128', 16, true)),
  typedef('__uint128_t', int('unsigned __int128', 16, false)),
]);

/**
 * Names that a library may well mean otherwise, and what they mean if it says nothing: `bool` is a byte or an int in old C, `wchar_t` has two bytes
 * with -fshort-wchar, and the fast integers are glibc's here, of which musl has smaller ones. What `FILE` and `DIR` consist of nobody needs to know.
 */
const COMMON_TYPEDEFS: ReadonlyMap<string, CType> = new Map([
  typedef('bool', { kind: 'bool', name: '_Bool', size: 1 }),
  ...['wint_t', 'mode_t', 'uid_t', 'gid_t', 'socklen_t'].map((name) =>
    typedef(name, int('unsigned int', 4, false)),
  ),
  typedef('pid_t', int('int', 4, true)),
  ...['off_t', 'off64_t', 'time_t', 'clock_t', 'suseconds_t'].map((name) => typedef(name, LONG)),
  ...['dev_t', 'ino_t'].map((name) => typedef(name, UNSIGNED_LONG)),
  opaque('FILE', '_IO_FILE'),
  opaque('DIR', '__dirstream'),
  typedef('int_fast8_t', int('signed char', 1, true)),
  typedef('uint_fast8_t', int('unsigned char', 1, false)),
  ...[16, 32, 64].flatMap((bits) => [
    typedef(`int_fast${bits}_t`, LONG),
    typedef(`uint_fast${bits}_t`, UNSIGNED_LONG),
  ]),
]);

/** `wchar_t` has a sign where `int` is the cheapest (psABI x86-64 §3.1.2, AAPCS64 §10.1.2); what a `va_list` is only the machine knows. */
export function defaultTypedef(name: string, machine: Machine = process.arch): CType | undefined {
  if (name === 'wchar_t')
    return typedef(name, machine === 'arm64' ? int('unsigned int', 4, false) : int('int', 4, true))[1];
  if (VA_LISTS.has(name)) return typedef(name, vaList(machine))[1];
  return COMMON_TYPEDEFS.get(name);
}

/** C's name for it, glibc's and GNU C's own. */
const VA_LISTS: ReadonlySet<string> = new Set(['va_list', '__gnuc_va_list', '__builtin_va_list']);
