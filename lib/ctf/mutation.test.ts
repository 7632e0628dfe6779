import { join } from 'node:path';

import { BufferSource } from '../bytes/source.js';
import { sizeOf } from '../ctypes/layout.js';
import { ctfSource } from '../debuginfo/ctf-source.js';
import { ElfFile } from '../elf/file.js';
import { ctfArchive, CtfWriter } from '../testing/ctf-writer.js';
import { attempt, random, visit } from '../testing/mutation.js';
import { compile, describeWith, FIXTURES } from '../testing/tools.js';
import { TypedFile } from '../testing/typed-file.js';
import { CtfInfo } from './ctf-info.js';
import type { CtfSymbol } from './symbol-slots.js';

/** Files tried per build. */
const ROUNDS = 600;
/** What a round may take, in milliseconds, on a machine that does other things as well. */
const LIMIT = 2000;

const BUILDS: readonly (readonly [what: string, flags: readonly string[], tools: readonly string[]])[] = [
  ['one dictionary', [], ['gcc']],
  ['dictionaries one behind the other', ['-fuse-ld=lld'], ['gcc', 'ld.lld']],
];

/** Damages some bytes, more often those of headers; returns what was asked of it. */
function tryAll(original: Uint8Array, dynstr: Uint8Array, symbols: readonly CtfSymbol[]): void {
  const next = random(20240301);
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = Buffer.from(original);
    const range = round % 4 === 0 ? Math.min(160, bytes.length) : bytes.length;
    for (let i = next(6); i >= 0; i--) bytes[next(range)] = next(256);
    const sections = new Map([
      ['.ctf', new BufferSource('.ctf', round % 9 === 0 ? bytes.subarray(0, next(bytes.length)) : bytes)],
      ['.dynstr', new BufferSource('.dynstr', dynstr)],
    ]);
    const info = new CtfInfo({
      addressSize: 8,
      longDouble: 'x87',
      section: (name) => sections.get(name),
      symbols: () => symbols,
    });
    const start = performance.now();
    for (let i = 0; i < 12; i++) {
      const symbol = symbols[next(symbols.length)];
      const found = symbol && info.symbol(symbol);
      if (found === undefined || 'reason' in found) continue;
      visit(found.type, new Set());
      attempt(() => sizeOf(found.type));
    }
    attempt(() => info.typeNamed('struct', 'handle'));
    attempt(() => info.constants());
    expect(performance.now() - start).toBeLessThan(LIMIT);
  }
}

describe.each(BUILDS)('%s, damaged', (_, flags, tools) => {
  describeWith(tools, 'by a linker', () => {
    it('gives types or our errors, in time', () => {
      const path = compile('dwarf/sample.c', {
        flags: ['-w', '-shared', '-fPIC', '-gctf', ...flags],
        libs: [join(FIXTURES, 'dwarf/sample2.c')],
      });
      using elf = ElfFile.open(path);
      const file = new TypedFile(path, ctfSource);
      const symbols = [...file.symbols.values()].map(({ name, type, value, size }): CtfSymbol => {
        return { name, kind: type === 2 ? 'function' : 'variable', address: value, size };
      });
      const [ctf, dynstr] = ['.ctf', '.dynstr'].map((name) => {
        const section = elf.section(name);
        return section === undefined ? new Uint8Array() : section.read(0, section.size);
      });
      expect(ctf?.length).toBeGreaterThan(4000);
      tryAll(ctf ?? new Uint8Array(), dynstr ?? new Uint8Array(), symbols);
    });
  });
});

describe('an archive, damaged', () => {
  it('gives types or our errors, in time', () => {
    const shared = new CtfWriter();
    const int = shared.type(1, 'int', 4, [0x01000020]);
    const symbols: CtfSymbol[] = [];
    const children = ['a', 'b', 'c'].map((name, i): [string, Buffer] => {
      const child = new CtfWriter({ parent: '.ctf' });
      const array = child.type(4, '', 0, [int, int, i + 1]);
      const record = child.type(6, 'handle', 24, [child.string('m'), 0, int, child.string('a'), 32, array], {
        count: 2,
      });
      child.functions.push([
        name,
        child.type(5, '', record, [record, child.type(3, '', record)], { count: 2 }),
      ]);
      symbols.push({ name, kind: 'function', address: BigInt(i), size: 1 });
      return [`${name}.c`, child.bytes()];
    });
    const archive = ctfArchive({ '.ctf': shared.bytes(), ...Object.fromEntries(children) });
    tryAll(archive, new Uint8Array(), symbols);
  });
});
