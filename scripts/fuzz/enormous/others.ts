import { readFileSync } from 'node:fs';

import { BufferSource } from '../../../lib/bytes/source.js';
import { CtfInfo } from '../../../lib/ctf/ctf-info.js';
import { parseDeclarations } from '../../../lib/ctypes/declarations/declarations.js';
import { TypesFileReader } from '../../../lib/debuginfo/types-file/read.js';
import { LdCache } from '../../../lib/elf/ldcache.js';
import { CtfWriter } from '../../../lib/testing/ctf-writer.js';
import { attempt, attemptC, visit } from '../oracle.js';
import { SIZE, type Enormous } from './enormous.js';

/** Everything that is asked of CTF. */
const askCtf: readonly ((path: string) => void)[] = [
  (info: CtfInfo): void => {
    const found = info.symbol({ name: 'v', kind: 'variable', address: 16n });
    if (!('reason' in found)) visit(found.type);
  },
  (info: CtfInfo): unknown => info.typeNamed('struct', 's'),
  (info: CtfInfo): unknown => info.constants(),
  (info: CtfInfo): unknown => [...info.typeNames()],
].map((question) => (path) => {
  const bytes = readFileSync(path);
  const sections = new Map([
    ['.ctf', new BufferSource('.ctf', bytes)],
    ['.dynstr', new BufferSource('.dynstr', Buffer.from('\0'))],
  ]);
  const symbols = [{ name: 'v', kind: 'variable', address: 16n, size: 4 } as const];
  const info = new CtfInfo({
    addressSize: 8,
    longDouble: 'x87',
    section: (name) => sections.get(name),
    symbols: () => symbols,
  });
  attempt(() => {
    question(info);
  });
});

/** A dictionary of as many types as fit, which `make` writes; the variable `v` has the last. */
function ctf(bytes: number, make: (writer: CtfWriter, index: number) => number): Buffer {
  const writer = new CtfWriter();
  let last = writer.type(1, 'int', 4, [0x01000020]);
  const count = Math.floor(SIZE / bytes);
  for (let i = 0; i < count; i++) last = make(writer, i + 1);
  writer.objects.push(['v', last]);
  return writer.bytes();
}

function askDeclarations(path: string): void {
  const text = readFileSync(path, 'latin1');
  const found = attemptC(() => parseDeclarations(text));
  if (found === undefined) return;
  attemptC(() => found.constants());
  for (const [, { type }] of [...found.symbols].slice(-5)) visit(type);
}

/** Below the limit of a text, so that it is read. */
const TEXT = 8_000_000;
const declared = (
  what: string,
  part: string | ((i: number) => string),
  before = '',
  behind = '',
): Enormous => [
  `declarations: ${what}`,
  () => {
    if (typeof part === 'string')
      return Buffer.from(before + part.repeat(Math.floor(TEXT / part.length)) + behind);
    const parts: string[] = [];
    for (let i = 0, size = 0; size < TEXT; size += parts[i]?.length ?? 1, i++) parts.push(part(i));
    return Buffer.from(before + parts.slice(0, -1).join('') + behind);
  },
  [askDeclarations],
];

function askTypesFile(path: string): void {
  const reader = attempt(() => new TypesFileReader(readFileSync(path, 'utf8'), path));
  if (reader === undefined) return;
  const found = attempt(() => reader.symbol({ name: 'v', kind: 'variable', address: 0n }));
  if (found !== undefined && !('reason' in found)) visit(found.type);
  attempt(() => reader.constants());
  attempt(() => [...reader.typeNames()]);
}

/** A types file whose types are `node(i)`, as many as fit; `v` has the first. */
function types(what: string, node: (i: number) => string): Enormous {
  const make = (): Buffer => {
    const nodes: string[] = [];
    for (let size = 0; size < SIZE; size += (nodes.at(-1)?.length ?? 1) + 1) nodes.push(node(nodes.length));
    const head =
      '"format":"elf-plugin types","version":1,"library":{"soname":"x"},"source":{"from":"x"},"target":{"machine":"EM_X86_64","addressSize":8,"littleEndian":true}';
    nodes.push('{"kind":"void"}');
    return Buffer.from(
      `{${head},"types":[${nodes.join(',')}],"symbols":{"v":{"type":0}},"names":{},"constants":{}}`,
    );
  };
  return [`types file: ${what}`, make, [askTypesFile]];
}

/** As `DENSE` of DWARF. */
export const DENSE_CTF: readonly Enormous[] = [
  ['CTF: typedefs of typedefs', () => ctf(12, (w, i) => w.type(10, '', i)), askCtf],
  ['CTF: pointers to pointers', () => ctf(12, (w, i) => w.type(3, '', i)), askCtf],
  ['CTF: arrays of arrays', () => ctf(24, (w, i) => w.type(4, '', 0, [i, 1, 0xffffffff])), askCtf],
  [
    'CTF: a struct of 100,000 members',
    () => {
      const writer = new CtfWriter();
      const int = writer.type(1, 'int', 4, [0x01000020]);
      const members = Array.from({ length: 100_000 * 3 }, (_, i) => (i % 3 === 2 ? int : 0));
      writer.objects.push(['v', writer.type(6, 's', 4, members, { count: 100_000 })]);
      return writer.bytes();
    },
    askCtf,
  ],
  [
    'CTF: a struct of enums',
    () => {
      const writer = new CtfWriter();
      const one = writer.type(8, 'e', 4, [writer.string('A'), 1], { count: 1 });
      const members = Array.from({ length: 60_000 * 3 }, (_, i) =>
        i % 3 === 2 ? one : Math.floor(i / 3) * 32,
      );
      writer.objects.push(['v', writer.type(6, 's', 240_000, members, { count: 60_000 })]);
      return writer.bytes();
    },
    askCtf,
  ],
  ['CTF: small types', () => ctf(12, (w) => w.type(9, '', 1)), askCtf],
];

export const OTHERS: readonly Enormous[] = [
  types('typedefs of typedefs', (i) => `{"kind":"typedef","name":"t","target":${i + 1}}`),
  types('pointers to pointers', (i) => `{"kind":"pointer","size":8,"target":${i + 1}}`),
  types('arrays of arrays', (i) => `{"kind":"array","length":9007199254740991,"element":${i + 1}}`),
  types('one that is itself', () => '{"kind":"pointer","size":8,"target":0}'),
  types(
    'functions that take two',
    (i) =>
      `{"kind":"function","result":${i + 1},"parameters":[{"type":${i + 1}},{"type":${i + 1}}],"prototyped":true}`,
  ),
  types(
    'structs in structs',
    (i) => `{"kind":"struct","size":8,"members":[{"type":${i + 1},"offset":0},{"type":${i + 1},"offset":0}]}`,
  ),
  ['types file: nested arrays', () => Buffer.from('{"types":' + '['.repeat(SIZE)), [askTypesFile]],
  [
    'types file: nested objects that end',
    () => Buffer.from('{"a":'.repeat(SIZE / 6) + '1' + '}'.repeat(SIZE / 6)),
    [askTypesFile],
  ],
  ['types file: numbers', () => Buffer.from(`{"types":[${'1,'.repeat(SIZE / 2)}1]}`), [askTypesFile]],
  declared('parentheses', '('),
  declared('parentheses of a declarator', '(*', 'int '),
  declared('comments', '/**/'),
  declared('a comment', 'x', '/*'),
  declared('a comment with an end', 'x', '/*', '*/ int x;'),
  declared('names', 'a '),
  declared('signs', ';'),
  declared('one name', 'a'),
  declared('one number', '9', 'int a['),
  declared('lines', '\n'),
  declared('macros', (i) => `#define m${i} ${i}\n`),
  declared('macros of macros', (i) => `#define m${i + 1} m${i}\n`, '#define m0 1\n'),
  declared('macros that double', (i) => `#define m${i + 1} m${i} m${i}\n`, '#define m0 1\n', 'int a[m60];'),
  declared('structs', (i) => `struct s${i}{int a;};`),
  declared('functions', (i) => `int f${i}(int a,struct s*b);`),
  declared('typedefs of typedefs', (i) => `typedef t${i} *t${i + 1};`, 'typedef int t0;', `t100 x;`),
  declared('members', (i) => `int m${i};`, 'struct s {', '};'),
  declared('enumerators', (i) => `E${i},`, 'enum e {', '};'),
  declared('arithmetic', '1+', 'int a[', '1];'),
  declared('text', '\\', '"'),
  declared('strings', '"x"', '#define A '),
  [
    'ld.so.cache: entries of one name',
    () => {
      const cache = Buffer.alloc(SIZE, 'x');
      cache.write('glibc-ld.so.cache1.1');
      cache.writeUInt32LE(Math.floor((SIZE / 2 - 48) / 24), 20);
      cache[28] = 2;
      for (let at = 48; at < SIZE / 2; at += 24) {
        cache.writeUInt32LE(SIZE / 2 + 1, at + 4);
        cache.writeUInt32LE(SIZE / 2 + 1, at + 8);
      }
      cache[SIZE - 1] = 0;
      return cache;
    },
    [
      (path) => {
        const cache = attempt(() => LdCache.read(path));
        attempt(() => cache?.find('x'));
        attempt(() => cache?.entries);
      },
    ],
  ],
];
