import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

import { crc32 } from '../elf/debuglink.js';
import { ElfFile } from '../elf/file.js';
import { print } from '../ctypes/print.js';
import { Library } from '../library/library.js';
import { BUILD, compile, describeWith, run } from '../testing/tools.js';
import { debugFileSource } from './debug-file.js';
import { DebugInfo } from './debug-info.js';
import { findDebugFile } from './separate-file.js';

const SOURCE = `
struct point { short x; long y; };
struct point origin = { 1, 2 };
long add(struct point *p, int count) { return p->x + count; }
`;
const WITH_ID = ['-g', '-shared', '-fPIC', '-Wl,--build-id=sha1'];
const WITHOUT_ID = ['-g', '-shared', '-fPIC', '-Wl,--build-id=none'];

/** A stripped library and its debug file in a folder of their own; neither is where the other is looked for. */
interface Pair {
  readonly folder: string;
  readonly library: string;
  readonly debug: string;
}

const folders: string[] = [];

function scratch(): string {
  mkdirSync(join(BUILD, 'scratch'), { recursive: true });
  // Without links, so that it is its own real path.
  const folder = mkdtempSync(join(BUILD, 'scratch', 'separate-'));
  folders.push(folder);
  return folder;
}

function pair(flags: readonly string[] = WITH_ID, source = SOURCE): Pair {
  const whole = compile(source, { flags });
  const folder = scratch();
  const [library, debug] = [join(folder, 'lib', 'libp.so'), join(folder, 'store', 'libp.debug')];
  mkdirSync(dirname(library));
  mkdirSync(dirname(debug));
  run('objcopy', ['--only-keep-debug', whole, debug]);
  run('objcopy', ['--strip-all', `--add-gnu-debuglink=${debug}`, whole, library]);
  return { folder, library, debug };
}

function put(from: string, to: string): string {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
  return to;
}

/** Where the types of `library` come from, with `debug` in the pair's folder as the debug directory; `@` stands for that folder. */
function search(
  { folder }: Pair,
  library: string,
): { found: string | undefined; tried: string[]; type: string } {
  const { file, path, buildId } = Library.open(library);
  const info = new DebugInfo({ file, path, buildId, debugDirectories: [join(folder, 'debug')] });
  const found = info.source?.replace('DWARF in ', '').replace(`${folder}/`, '');
  const symbol = info.typeNamed('struct', 'point');
  return {
    found,
    // The sources behind it say why they have nothing, too.
    tried: info.tried
      .filter((line) => !/^(?:CTF in|debuginfod:) /.test(line))
      .map((line) => line.replaceAll(`${folder}/`, '@')),
    type: symbol === undefined ? '' : print(symbol),
  };
}

const buildIdOf = (path: string): string => Library.open(path).buildId ?? '';
const idPath = (id: string): string => join('.build-id', id.slice(0, 2), `${id.slice(2)}.debug`);

const environment = { ...process.env };

beforeEach(() => {
  process.env['DEBUGINFOD_CACHE_PATH'] = '/nowhere/cache';
});

afterAll(() => {
  process.env = environment;
  for (const folder of folders) rmSync(folder, { recursive: true });
});

describeWith(['gcc', 'objcopy', 'readelf'], 'the separate debug file', () => {
  it.each([
    ['by build-id', (p: Pair) => join('debug', idPath(buildIdOf(p.library)))],
    ['beside the library', () => 'lib/libp.debug'],
    ['in .debug', () => 'lib/.debug/libp.debug'],
    ['below the debug directory', (p: Pair) => join('debug', p.folder, 'lib/libp.debug')],
    ["in debuginfod's cache", (p: Pair) => join('cache', buildIdOf(p.library), 'debuginfo')],
  ])('is found %s', (_, place) => {
    const p = pair();
    process.env['DEBUGINFOD_CACHE_PATH'] = join(p.folder, 'cache');
    expect(search(p, p.library).found).toBeUndefined();
    put(p.debug, join(p.folder, place(p)));
    expect(search(p, p.library)).toMatchObject({ found: place(p), type: 'struct point' });
  });

  it('is looked for in the order of gdb, and each place says what is wrong there', () => {
    const p = pair();
    const id = buildIdOf(p.library);
    const places = [
      `debug file @debug/${idPath(id)}`,
      'debug file @lib/libp.debug',
      'debug file @lib/.debug/libp.debug',
      `debug file @debug@lib/libp.debug`,
      `debuginfod cache /nowhere/cache/${id}/debuginfo`,
    ];
    expect(search(p, p.library).tried).toEqual([
      'DWARF in @lib/libp.so: it has no .debug_info',
      ...places.map((place) => `${place}: there is no such file`),
    ]);
  });

  it('is looked for beside a link to the library, too, and in the folder that usrmerge has moved', () => {
    const p = pair();
    mkdirSync(join(p.folder, 'usr'));
    const links = join(p.folder, 'links');
    mkdirSync(links);
    symlinkSync('../lib/libp.so', join(links, 'libp.so.1'));
    put(p.debug, join(links, 'libp.debug'));
    expect(search(p, join(links, 'libp.so.1')).found).toBe('links/libp.debug');
    expect(search(p, relative(process.cwd(), join(links, 'libp.so.1'))).found).toBe('links/libp.debug');
    rmSync(join(links, 'libp.debug'));
    put(p.debug, join(p.folder, 'lib/libp.debug'));
    expect(search(p, join(links, 'libp.so.1')).found).toBe('lib/libp.debug');
    // For /usr/lib/libp.so Debian's packages from before have /usr/lib/debug/lib/libp.debug.
    const { file, buildId } = Library.open(p.library);
    const tried: string[] = [];
    findDebugFile({ file, path: '/usr/lib/a/libp.so', buildId, debugDirectories: ['/nowhere'] }, tried);
    expect(tried).toContain('debug file /nowhere/lib/a/libp.debug: there is no such file');
  });

  it.each<[string, (p: Pair, place: string) => void, string]>([
    ['is not there', () => undefined, 'there is no such file'],
    [
      'is empty',
      (_, place) => {
        writeFileSync(place, '');
      },
      'it is empty',
    ],
    [
      'is a folder',
      (_, place) => {
        mkdirSync(place);
      },
      'it is no regular file',
    ],
    ['is a FIFO', (_, place) => void run('mkfifo', [place]), 'it is no regular file'],
    [
      'is a link to itself',
      (_, place) => {
        symlinkSync(basename(place), place);
      },
      'ELOOP',
    ],
    [
      'is text',
      (_, place) => {
        writeFileSync(place, 'INPUT(x)');
      },
      'not an ELF file',
    ],
    [
      'is cut off',
      (p, place) => {
        writeFileSync(place, readFileSync(p.debug).subarray(0, 900));
      },
      'decoding',
    ],
    [
      'is a stripped library',
      (p, place) => {
        cpSync(p.library, place);
      },
      'it has no .debug_info',
    ],
  ])('is refused where it %s', (_, make, reason) => {
    const p = pair();
    const place = join(p.folder, 'lib/libp.debug');
    make(p, place);
    const { found, tried } = search(p, p.library);
    expect(found).toBeUndefined();
    expect(tried.find((line) => line.startsWith('debug file @lib/libp.debug: '))).toContain(reason);
  });

  it('is refused with another build-id, and both are told', () => {
    const [p, other] = [pair(), pair(WITH_ID, `${SOURCE}int more;\n`)];
    put(other.debug, join(p.folder, 'lib/libp.debug'));
    const { found, tried } = search(p, p.library);
    const ids = `its build-id is ${buildIdOf(other.library)}, the library has ${buildIdOf(p.library)}`;
    expect(found).toBeUndefined();
    expect(tried).toContain(`debug file @lib/libp.debug: ${ids}`);
    const none = pair(WITHOUT_ID);
    put(none.debug, join(p.folder, 'lib/libp.debug'));
    expect(search(p, p.library).tried).toContain(
      `debug file @lib/libp.debug: it has no build-id, the library has ${buildIdOf(p.library)}`,
    );
  });

  it('goes by its CRC where the library has no build-id', () => {
    const p = pair(WITHOUT_ID);
    const place = put(p.debug, join(p.folder, 'lib/libp.debug'));
    expect(search(p, p.library)).toMatchObject({ found: 'lib/libp.debug', type: 'struct point' });
    const bytes = readFileSync(place);
    writeFileSync(place, Buffer.concat([bytes, Buffer.from([0])]));
    const dump = run('readelf', ['--string-dump=.gnu_debuglink', p.library]);
    expect(dump).toContain('libp.debug');
    const crc = crc32(ElfFile.open(p.debug).source).toString(16);
    expect(search(p, p.library).tried).toEqual([
      'DWARF in @lib/libp.so: it has no .debug_info',
      expect.stringMatching(
        new RegExp(`^debug file @lib/libp.debug: its CRC is 0x\\w+, the library's debug link says 0x${crc}$`),
      ) as unknown,
      expect.stringContaining('@lib/.debug/libp.debug') as unknown,
      expect.stringContaining('@debug@lib/libp.debug') as unknown,
    ]);
  });

  it('is for the same machine', () => {
    const p = pair(WITHOUT_ID);
    const bytes = readFileSync(p.debug);
    bytes.writeUInt16LE(183, 18);
    writeFileSync(join(p.folder, 'lib/libp.debug'), bytes);
    expect(search(p, p.library).tried[1]).toBe(
      'debug file @lib/libp.debug: it is for 64-bit little-endian EM_AARCH64, the library for 64-bit little-endian EM_X86_64',
    );
  });

  it('an empty file in the cache of debuginfod is a remembered "not found"', () => {
    const p = pair();
    process.env['DEBUGINFOD_CACHE_PATH'] = join(p.folder, 'cache');
    const place = join(p.folder, 'cache', buildIdOf(p.library), 'debuginfo');
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, '');
    expect(search(p, p.library).tried.at(-1)).toMatch(/debuginfo: it is empty: no server had it$/);
  });

  it('is not looked for where the library has DWARF itself', () => {
    const p = pair();
    const whole = compile(SOURCE, { flags: WITH_ID });
    put(p.debug, join(p.folder, 'debug', idPath(buildIdOf(whole))));
    expect(search(p, whole).found).toBe(whole);
  });

  it('gives an error for each kind of damaged debug link, and no other', () => {
    const p = pair();
    const bytes = readFileSync(p.library);
    const at = bytes.indexOf('libp.debug\0');
    const section = ElfFile.open(p.library).sections.find((s) => s.name === '.gnu_debuglink');
    bytes.fill(0x61, at, at + (section?.size ?? 0));
    writeFileSync(p.library, bytes);
    expect(search(p, p.library).tried).toContain(
      'debug link of @lib/libp.so: decoding .gnu_debuglink at offset 0x0: string without an end',
    );
  });
});

describeWith(['gcc', 'objcopy'], 'a debug file that the caller names', () => {
  it.each([
    ['with build-ids', WITH_ID],
    ['without', WITHOUT_ID],
  ])('gives the types of its library, %s', (_, flags) => {
    const p = pair(flags);
    const library = Library.open(p.library);
    for (const path of [p.debug, relative(process.cwd(), p.debug), compile(SOURCE, { flags })]) {
      const source = debugFileSource(path, library);
      const symbol = library.find('add');
      const found = source.symbol({ name: 'add', kind: 'function', address: symbol?.value });
      expect('reason' in found ? found.reason : print(found.type, 'add')).toBe(
        'long int add(struct point *p, int count)',
      );
    }
  });

  it.each([
    ['another build-id', WITH_ID, WITH_ID, /its build-id is \w{40}, the library has \w{40}\n/],
    ['no build-id', WITH_ID, WITHOUT_ID, /it has no build-id, the library has \w{40}\n/],
    [
      'a build-id where the library has none',
      WITHOUT_ID,
      WITH_ID,
      /its build-id is \w{40}, the library has none\n/,
    ],
    [
      'other addresses',
      WITHOUT_ID,
      WITHOUT_ID,
      /neither has a build-id, and it has \.\S+ of \d+ bytes at 0x\w+ where the library has \.\S+ of \d+ bytes at 0x\w+\n/,
    ],
  ])('is refused with %s', (_, flags, others, reason) => {
    const library = Library.open(pair(flags).library);
    const { debug } = pair(others, `${SOURCE}int more[100];\n`);
    const code = 'ERR_PLUGIN_TYPE';
    expect(() => debugFileSource(debug, library)).toThrow(expect.objectContaining({ code }) as Error);
    expect(() => debugFileSource(debug, library)).toThrow(reason);
  });

  it('is compared by segments with a library whose section headers were cut off', () => {
    const p = pair(WITHOUT_ID);
    const bytes = readFileSync(p.library);
    // Elf64_Ehdr: e_shoff, e_shnum, e_shstrndx.
    bytes.writeBigUInt64LE(0n, 0x28);
    bytes.writeUInt32LE(0, 0x3c);
    writeFileSync(p.library, bytes);
    const library = Library.open(p.library);
    expect(debugFileSource(p.debug, library).name).toBe(`DWARF in ${p.debug}`);
    const other = pair(WITHOUT_ID, `${SOURCE}int more[100];\n`);
    expect(() => debugFileSource(other.debug, library)).toThrow(/it has a segment of \d+ bytes/);
  });

  it.each([
    ['is not there', '/nowhere/x.debug', 'there is no such file'],
    ['is no ELF file', __filename, 'not an ELF file'],
  ])('is refused if it %s', (_, path, reason) => {
    const library = Library.open(pair().library);
    expect(() => debugFileSource(path, library)).toThrow(
      `plugin: debug file ${path} is not that of plugin ${library.path}: `,
    );
    expect(() => debugFileSource(path, library)).toThrow(reason);
  });
});
