import { inflateSync } from 'node:zlib';

import { BufferSource } from '../../../lib/bytes/source.js';
import { CtfInfo } from '../../../lib/ctf/ctf-info.js';
import type { CtfSymbol } from '../../../lib/ctf/symbol-slots.js';
import { ElfFile } from '../../../lib/elf/file.js';
import { DynamicSymbols } from '../../../lib/elf/symbol.js';
import { ctfArchive, CtfWriter } from '../../../lib/testing/ctf-writer.js';
import { mutate, numbersIn, type Field } from '../bytes.js';
import { sample } from '../fixtures.js';
import { attempt, visit } from '../oracle.js';
import type { Target } from './target.js';

interface Sound {
  readonly ctf: Uint8Array;
  readonly strings: Uint8Array;
  readonly symbols: readonly CtfSymbol[];
  readonly fields: readonly Field[];
}

/** Bytes of `ctf_header_t`, and in it the flag of compression. */
const [HEADER, FLAGS] = [52, 3];

function compiled(...flags: string[]): Sound[] {
  const path = sample('gcc', '-gctf', ...flags);
  if (path === undefined) return [];
  using file = ElfFile.open(path);
  const [ctf, strings] = ['.ctf', '.dynstr'].map((name) => {
    const section = file.section(name);
    return section === undefined ? Buffer.alloc(0) : Buffer.from(section.read(0, section.size));
  });
  if (ctf === undefined || strings === undefined) return [];
  const symbols = [...DynamicSymbols.of(file).exported()].map(({ name, type, value, size }): CtfSymbol => {
    return { name, kind: type === 2 ? 'function' : 'variable', address: value, size };
  });
  const made = { strings, symbols };
  const plain = (ctf[FLAGS] ?? 0) & 1 ? uncompressed(ctf) : ctf;
  return [ctf, plain].map((bytes) => ({ ctf: bytes, fields: numbersIn(0, bytes.length, 4), ...made }));
}

/** A dictionary whose every number can be changed. */
function uncompressed(ctf: Buffer): Buffer {
  const header = Buffer.from(ctf.subarray(0, HEADER));
  header[FLAGS] = (header[FLAGS] ?? 0) & ~1;
  return Buffer.concat([header, inflateSync(ctf.subarray(HEADER))]);
}

/** Dictionaries that share one, as the linker writes them where types of one name differ. */
function archive(): Sound {
  const shared = new CtfWriter();
  const int = shared.type(1, 'int', 4, [0x01000020]);
  const symbols: CtfSymbol[] = [];
  const children = ['a', 'b', 'c'].map((name, i): [string, Buffer] => {
    const child = new CtfWriter({ parent: '.ctf' });
    const array = child.type(4, '', 0, [int, int, i + 1]);
    const members = [child.string('m'), 0, int, child.string('a'), 32, array];
    const record = child.type(6, 'handle', 24, members, { count: 2 });
    const pointer = child.type(3, '', record);
    child.functions.push([name, child.type(5, '', record, [record, pointer], { count: 2 })]);
    symbols.push({ name, kind: 'function', address: BigInt(i), size: 1 });
    return [`${name}.c`, child.bytes()];
  });
  const ctf = ctfArchive({ '.ctf': shared.bytes(), ...Object.fromEntries(children) });
  return { ctf, strings: new Uint8Array(), symbols, fields: numbersIn(0, ctf.length, 4) };
}

export const ctf: Target = {
  name: 'ctf',
  needs: ['gcc'],
  prepare() {
    const sounds = [...compiled(), ...compiled('-O2'), archive(), archive()];
    return (random) => {
      const sound = random.pick(sounds);
      const sections = new Map([
        ['.ctf', new BufferSource('.ctf', mutate(random, Buffer.from(sound.ctf), sound.fields))],
        ['.dynstr', new BufferSource('.dynstr', sound.strings)],
      ]);
      const info = new CtfInfo({
        addressSize: 8,
        longDouble: 'x87',
        section: (name) => sections.get(name),
        symbols: () => sound.symbols,
      });
      for (let i = random.between(1, 6); i > 0; i--) {
        const found = info.symbol(random.pick(sound.symbols));
        if (!('reason' in found)) visit(found.type);
      }
      const rare = random.below(4);
      if (rare === 0) attempt(() => info.constants());
      else if (rare === 1) attempt(() => [...info.typeNames()]);
      else {
        const type = attempt(() => info.typeNamed('struct', 'handle'));
        if (type !== undefined) visit(type);
      }
    };
  },
};
