import { BloomFilter, gnuHash } from './gnu-hash.js';

const hashOf = (name: string): number => gnuHash(Buffer.from(name));

it('is the hash that linkers write', () => {
  // The values of https://flapenguin.me/elf-dt-gnu-hash.
  expect([hashOf(''), hashOf('printf'), hashOf('exit'), hashOf('syscall'), hashOf('flapenguin.me')]).toEqual([
    0x00001505, 0x156b2bb8, 0x7c967e3f, 0xbac212a0, 0x8ae9f18e,
  ]);
});

describe.each([
  { class: 64, littleEndian: true },
  { class: 64, littleEndian: false },
  { class: 32, littleEndian: true },
  { class: 32, littleEndian: false },
] as const)('a filter of $class bits, little-endian: $littleEndian', (encoding) => {
  const names = Array.from({ length: 200 }, (_, i) => `symbol_${i * 7919}`);
  const [members, others] = [names.slice(0, 40), names.slice(40)];
  const bits = BigInt(encoding.class);
  const count = 16n;
  const shift = 6;

  /** As glibc describes a filter (elf/dl-lookup.c), with words that are big integers. */
  const words = Array.from({ length: Number(count) }, () => 0n);
  for (const name of members) {
    const hash = hashOf(name);
    const at = Number((BigInt(hash) / bits) % count);
    words[at] = (words[at] ?? 0n) | (1n << (BigInt(hash) % bits)) | (1n << (BigInt(hash >>> shift) % bits));
  }
  const bytes = Buffer.alloc(words.length * (encoding.class / 8));
  words.forEach((word, i) => {
    if (encoding.class === 32)
      bytes[encoding.littleEndian ? 'writeUInt32LE' : 'writeUInt32BE'](Number(word), i * 4);
    else bytes[encoding.littleEndian ? 'writeBigUInt64LE' : 'writeBigUInt64BE'](word, i * 8);
  });
  const filter = new BloomFilter(bytes, shift, encoding);
  const passes = (name: string): boolean => filter.mayContain(hashOf(name));
  const selected = (lowest: (hash: number) => number): string[] =>
    filter.select(Uint32Array.from(names, (name) => lowest(hashOf(name)))).map((i) => names[i] ?? '');

  it('lets its members through, and few others', () => {
    expect(members.filter(passes)).toEqual(members);
    expect(others.filter(passes).length).toBeLessThan(others.length / 2);
  });

  it('selects them by hashes without their lowest bit', () => {
    const without = selected((hash) => (hash & ~1) >>> 0);
    expect(without.slice(0, members.length)).toEqual(members);
    expect(selected((hash) => (hash | 1) >>> 0)).toEqual(without);
    expect(without).toEqual(expect.arrayContaining(names.filter(passes)));
    expect(without.length).toBeLessThan(names.length * 0.75);
  });
});

it('lets everything through without words', () => {
  const filter = new BloomFilter(Buffer.alloc(0), 6, { class: 64, littleEndian: true });
  expect(filter.mayContain(1)).toBe(true);
  expect(filter.select(Uint32Array.of(1, 2))).toEqual([0, 1]);
});
