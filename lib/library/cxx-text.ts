/** What the names of C++ are made of: the codes of the Itanium C++ ABI §5.1, and types as text that grows around a declarator. */

/** A type in the two parts that C writes around a declarator: `int (*` and `)(double)`. */
export interface Text {
  readonly left: string;
  readonly right: string;
  /** A function or an array, whose pointers need parentheses. */
  readonly binds?: 'function' | 'array';
  readonly reference?: '&' | '&&';
  /** A parameter pack: what stands for it. */
  readonly pack?: readonly Text[];
}

/** Builtin types (§5.1.5.2). */
export const BUILTIN: Readonly<Record<string, string>> = {
  v: 'void',
  w: 'wchar_t',
  b: 'bool',
  c: 'char',
  a: 'signed char',
  h: 'unsigned char',
  s: 'short',
  t: 'unsigned short',
  i: 'int',
  j: 'unsigned int',
  l: 'long',
  m: 'unsigned long',
  x: 'long long',
  y: 'unsigned long long',
  n: '__int128',
  o: 'unsigned __int128',
  f: 'float',
  d: 'double',
  e: 'long double',
  g: '__float128',
  z: '...',
  Di: 'char32_t',
  Ds: 'char16_t',
  Du: 'char8_t',
  Da: 'auto',
  Dc: 'decltype(auto)',
  Dn: 'decltype(nullptr)',
};

/** Literals that are written with a suffix; `int` has none, others are casts. */
export const LITERAL_SUFFIX: Readonly<Record<string, string>> = {
  i: '',
  j: 'u',
  l: 'l',
  m: 'ul',
  x: 'll',
  y: 'ull',
};

/** Itanium C++ ABI §5.1.3.3. */
export const OPERATORS: Readonly<Record<string, string>> = {
  ...{ nw: ' new', na: ' new[]', dl: ' delete', da: ' delete[]', aw: ' co_await', ps: '+', ng: '-', ad: '&' },
  ...{ de: '*', co: '~', pl: '+', mi: '-', ml: '*', dv: '/', rm: '%', an: '&', or: '|', eo: '^', aS: '=' },
  ...{ pL: '+=', mI: '-=', mL: '*=', dV: '/=', rM: '%=', aN: '&=', oR: '|=', eO: '^=', ls: '<<', rs: '>>' },
  ...{ lS: '<<=', rS: '>>=', eq: '==', ne: '!=', lt: '<', gt: '>', le: '<=', ge: '>=', ss: '<=>', nt: '!' },
  ...{ aa: '&&', oo: '||', pp: '++', mm: '--', cm: ',', pm: '->*', pt: '->', cl: '()', ix: '[]', qu: '?' },
};

/** Abbreviations of §5.1.8, written out, and what the constructors of such a class are called. */
export const STANDARD: Readonly<Record<string, readonly [text: string, last: string]>> = {
  a: ['std::allocator', 'allocator'],
  b: ['std::basic_string', 'basic_string'],
  s: ['std::basic_string<char, std::char_traits<char>, std::allocator<char> >', 'basic_string'],
  i: ['std::basic_istream<char, std::char_traits<char> >', 'basic_istream'],
  o: ['std::basic_ostream<char, std::char_traits<char> >', 'basic_ostream'],
  d: ['std::basic_iostream<char, std::char_traits<char> >', 'basic_iostream'],
};

export const plain = (left: string): Text => ({ left, right: '' });

export function written(type: Text): string {
  if (type.pack !== undefined) return type.pack.map(written).join(', ');
  return type.left + type.right;
}

/** ` const volatile`, as `VK` is printed. */
export function withQualifiers(codes: string): string {
  return (
    (codes.includes('K') ? ' const' : '') +
    (codes.includes('V') ? ' volatile' : '') +
    (codes.includes('r') ? ' __restrict' : '')
  );
}

/** What is made of a type; of a pack, of each of its types. */
export function mapped(type: Text, make: (type: Text) => Text): Text {
  return type.pack === undefined ? make(type) : { ...type, pack: type.pack.map(make) };
}

export function qualifiedBy(type: Text, suffix: string): Text {
  // Qualifiers of a function are those of the member that is pointed to, of an array those of its elements.
  if (type.binds === 'function') return { ...type, right: type.right + suffix };
  // A reference can't be qualified, and what is const already is so once.
  if (type.reference !== undefined || type.left.endsWith(suffix)) return type;
  return { ...type, left: type.left + suffix };
}

export function pointer(type: Text, star: string): Text {
  const space = star.length > 2 && !type.binds ? ' ' : '';
  if (type.binds === undefined) return { left: type.left + space + star, right: type.right };
  const open = type.binds === 'array' ? ' (' : '(';
  return { left: type.left + open + star, right: `)${type.right}` };
}

/** References to references collapse: `&&` of `&` is `&`. */
export function reference(type: Text, sign: '&' | '&&'): Text {
  if (type.reference === undefined) return { ...pointer(type, sign), reference: sign };
  if (type.reference === sign || sign === '&&') return type;
  return { ...type, left: type.left.replace(/&&$/, '&'), reference: '&' };
}

/** The part of a result that stands in front of the function: `int `, and `int (*` of one that returns a function pointer. */
export function inFront(result: Text): string {
  return result.right.startsWith(')') ? result.left : `${result.left} `;
}
