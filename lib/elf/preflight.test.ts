import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { BufferSource, FileSource } from '../bytes/source.js';
import { compile, describeWith } from '../testing/tools.js';
import { writeElf, type ElfSpec, type SegmentSpec } from '../testing/elf-writer.js';
import { DF_1, DT, EM, ET, SHT } from './constants.js';
import { ElfFile } from './file.js';
import type { Host } from './host.js';
import { preflight } from './preflight.js';

const X86_64: Host = { class: 64, littleEndian: true, machine: EM.X86_64 };

const elf = (spec: ElfSpec): Buffer => writeElf({ symbols: [{ name: 'foo' }], ...spec });
const load = (change: (load: SegmentSpec) => Partial<SegmentSpec>): Buffer =>
  elf({ segments: ([first, ...rest]) => (first ? [{ ...first, ...change(first) }, ...rest] : rest) });
const withDynamic = (change: Partial<SegmentSpec>): Buffer =>
  elf({ segments: (s) => s.map((p, i) => (i === 1 ? { ...p, ...change } : p)) });

/**
 * Files, what is said of them (`|` between lines), and whether glibc 2.36 has the same first line. It differs where it
 * dies (`dies`), where its words mislead, or where it does not notice.
 */
const CASES: [
  name: string,
  file: Buffer,
  said: string | RegExp | undefined,
  glibc: 'same' | 'dies' | 'other',
][] = [
  ['sound', elf({}), undefined, 'same'],
  ['of the GNU ABI', elf({ osabi: 3 }), undefined, 'same'],
  ['without symbols', writeElf({ hash: [] }), undefined, 'same'],
  ['empty', Buffer.alloc(0), 'file too short|it is empty', 'same'],
  ['a part of a header', elf({}).subarray(0, 63), 'file too short', 'same'],
  ['a short text', Buffer.from('hello\n'), 'file too short|it is a text file', 'same'],
  ['a text', Buffer.from('hello '.repeat(20)), 'invalid ELF header|it is a text file', 'same'],
  ['unknown bytes', Buffer.alloc(100, 0x80), 'invalid ELF header', 'same'],
  [
    'a script',
    Buffer.from(`#!/bin/sh\n${'# '.repeat(50)}`),
    'invalid ELF header|it is a script, for /bin/sh',
    'same',
  ],
  [
    'a static library',
    Buffer.from(`!<arch>\n${' '.repeat(90)}`),
    /^invalid ELF header\|it is a static library; .*gcc -shared/,
    'same',
  ],
  [
    'a linker script',
    Buffer.from(
      '/* GNU ld script: see libx.so.9 */\nOUTPUT_FORMAT(elf64-x86-64)\nGROUP ( /lib/libc.so.6 AS_NEEDED ( /lib/ld.so ) )\n',
    ),
    'invalid ELF header|it is a linker script, which only a linker reads; open the library that it names: /lib/libc.so.6',
    'same',
  ],
  [
    'a short linker script',
    Buffer.from('INPUT(libncurses.so.6 -ltinfo)\n'),
    /^file too short\|.*names: libncurses\.so\.6$/,
    'same',
  ],
  [
    'a linker script of archives',
    Buffer.from(`GROUP ( libm.a ${' '.repeat(60)})`),
    /only a linker reads$/,
    'same',
  ],
  [
    'a Windows DLL',
    Buffer.from(`MZ${'\0'.repeat(90)}`),
    'invalid ELF header|it is a Windows program or DLL',
    'same',
  ],
  ['of 32 bits', elf({ class: 32, machine: EM['386'] }), 'wrong ELF class: ELFCLASS32', 'same'],
  ['big-endian', elf({ littleEndian: false }), 'ELF file data encoding not little-endian', 'other'],
  [
    'of another ELF version',
    elf({ patch: { 6: 2 } }),
    'ELF file version ident does not match current one',
    'same',
  ],
  ['of FreeBSD', elf({ osabi: 9 }), 'ELF file OS ABI invalid|it is for FREEBSD', 'same'],
  ['of another ABI version', elf({ abiVersion: 9 }), 'ELF file ABI version invalid', 'same'],
  [
    'of another machine',
    elf({ machine: EM.AARCH64 }),
    'wrong ELF machine: AArch64 (EM_AARCH64), this process runs on x86-64 (EM_X86_64)',
    'other',
  ],
  ['of an unknown machine', elf({ machine: 0x1234 }), /^wrong ELF machine: e_machine 0x1234, /, 'other'],
  [
    'an object file',
    writeElf({ type: ET.REL }),
    /^only ET_DYN and ET_EXEC can be loaded\|.*gcc -shared/,
    'same',
  ],
  ['a core dump', elf({ type: ET.CORE }), 'only ET_DYN and ET_EXEC can be loaded|it is a core dump', 'same'],
  ['a program', elf({ type: ET.EXEC }), /^cannot dynamically load executable\|it is a program/, 'same'],
  [
    'a position-independent program',
    elf({ dynamic: [[DT.FLAGS_1, DF_1.PIE]] }),
    /^cannot dynamically load position-independent executable\|it is a program/,
    'same',
  ],
  [
    'not for dlopen',
    elf({ dynamic: [[DT.FLAGS_1, DF_1.NOOPEN]] }),
    /^shared object cannot be dlopen\(\)ed\|/,
    'same',
  ],
  ['cut behind the header', elf({}).subarray(0, 64), /^cannot read file data\|it is truncated/, 'same'],
  [
    'cut',
    elf({}).subarray(0, 0x240),
    /^file too short\|it is truncated: the segment at offset 0x0 \(rw-\) ends at 0x\w+, the file at 0x240$/,
    'dies',
  ],
  ['without segments', elf({ segments: () => [] }), 'object file has no loadable segments', 'same'],
  [
    'without PT_DYNAMIC',
    elf({ segments: (s) => s.slice(0, 1) }),
    'object file has no dynamic section',
    'same',
  ],
  [
    'debug info',
    elf({
      sections: [{ name: '.debug_info', type: SHT.PROGBITS, data: Buffer.alloc(8) }],
      segments: (s) => s.map((p, i) => (i === 1 ? { ...p, fileSize: 0 } : p)),
    }),
    'object file has no dynamic section|it is the debug info of a library',
    'same',
  ],
  [
    'with PT_DYNAMIC elsewhere',
    withDynamic({ address: 0x100000n }),
    /^invalid ELF file\|PT_DYNAMIC is outside every loadable segment\|the dynamic linker does not check/,
    'dies',
  ],
  ['with PT_DYNAMIC in zeros', load(() => ({ fileSize: 0 })), /PT_DYNAMIC is outside every/, 'dies'],
  [
    'not aligned',
    load(() => ({ address: 0x10n })),
    'ELF load command address/offset not page-aligned',
    'same',
  ],
  [
    'smaller in memory',
    load(() => ({ memorySize: 16 })),
    /^invalid ELF file\|.* smaller in memory than in the file$/,
    'other',
  ],
  [
    'with relocations elsewhere',
    elf({
      dynamic: [
        [DT.RELA, 0x900000],
        [DT.RELASZ, 24],
        [DT.RELAENT, 24],
      ],
    }),
    /DT_RELA is outside the file/,
    'dies',
  ],
  [
    'with the size of no table',
    elf({ dynamic: [[DT.RELASZ, 24]] }),
    /^invalid ELF file\|it has DT_RELASZ without DT_RELA\|/,
    'other',
  ],
  [
    'needing a library without a name',
    elf({ dynamic: [[DT.NEEDED, 0]] }),
    /^invalid ELF file\|DT_NEEDED: the library has no name\|/,
    'other',
  ],
  [
    'with a corrupt hash table',
    elf({ hash: [], dynamic: [[DT.GNU_HASH, 0x900000]] }),
    /^invalid ELF file\|DT_GNU_HASH is outside the file/,
    'dies',
  ],
  [
    'a Go plugin',
    elf({ symbols: [{ name: 'go:link.pkghashbytes.runtime' }] }),
    /^it is a Go plugin, which only a Go program can load\|.*-buildmode=c-shared/,
    'other',
  ],
  [
    'an older Go plugin',
    elf({ symbols: [{ name: 'go.link.pkghashbytes.runtime' }] }),
    /^it is a Go plugin/,
    'other',
  ],
  [
    'a Go library that opens plugins',
    elf({ symbols: [{ name: 'go:link.pkghashbytes.runtime' }, { name: 'main.main' }] }),
    undefined,
    'same',
  ],
];

it.each(CASES)('a file that is %s', (_, bytes, said) => {
  const reason = preflight(new BufferSource('test.so', bytes), X86_64)?.replaceAll('\n', '|');
  if (said instanceof RegExp) expect(reason).toMatch(said);
  else expect(reason).toBe(said);
});

it('takes an open file, and says what it is not for', () => {
  const file = new ElfFile(
    new BufferSource('test.so', elf({ class: 32, machine: EM['386'], littleEndian: false })),
  );
  expect(preflight(file, X86_64)).toBe('wrong ELF class: ELFCLASS32');
  expect(preflight(file, { class: 32, littleEndian: false, machine: EM['386'] })).toBeUndefined();
  expect(preflight(file, { class: 32, littleEndian: true, machine: EM['386'] })).toMatch('not little-endian');
});

it('refuses a directory', () => {
  expect(preflight(new FileSource(tmpdir()))).toBe('cannot read file data: Is a directory');
});

interface Report {
  header: { glibcVersionRuntime?: string };
}

const isGlibc = (process.report.getReport() as unknown as Report).header.glibcVersionRuntime !== undefined;
const canCompare = isGlibc && process.arch === 'x64';

describeWith(canCompare ? ['gcc'] : ['glibc on x86-64'], 'the dynamic linker', () => {
  it('says the same first line', () => {
    const program = compile('elf/dlopen.c', { flags: [], output: 'dlopen' });
    const dir = mkdtempSync(join(tmpdir(), 'elf-preflight-'));
    const paths = CASES.map(([name, bytes]) => {
      const path = join(dir, `${name}.so`);
      writeFileSync(path, bytes);
      return path;
    });
    const { stdout } = spawnSync(program, paths, { encoding: 'utf8' });
    rmSync(dir, { recursive: true });
    const theirs = stdout
      .trim()
      .split('\n')
      .map((line, i) => line.replace(`${paths[i] ?? ''}: `, ''));
    const table = CASES.map(([name, bytes, , glibc], i) => {
      const said = theirs[i] ?? '';
      const ours = preflight(new BufferSource('', bytes), X86_64)?.split('\n')[0] ?? 'loaded';
      if (glibc === 'dies') return [name, said.startsWith('signal') ? 'dies' : said];
      return [name, glibc === 'same' ? said === ours || `${said} / ${ours}` : said !== ours || said];
    });
    expect(table).toEqual(CASES.map(([name, , , glibc]) => [name, glibc === 'dies' ? 'dies' : true]));
  });
});
