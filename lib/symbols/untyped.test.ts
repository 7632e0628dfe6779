import { ElfFile } from '../elf/file.js';
import { Library } from '../library/library.js';
import { compile } from '../testing/tools.js';
import { untyped } from './untyped.js';

const SAY = 'say it';
const SOURCE = 'int add(int a, int b) { return a + b; }\n';

function text(library: Library): string[] {
  const elf = library.find('add');
  if (elf === undefined) throw new Error('there is no add');
  return untyped(library, library.typed(elf), SAY).split('\n  ');
}

describe('the error about a symbol whose type is not known', () => {
  const flags = ['-shared', '-fPIC', '-Wl,--build-id=sha1'];

  it('lists what was tried, and how to get the type of a library of your own', () => {
    const path = compile(SOURCE, { flags });
    const library = Library.open(path);
    const id = library.buildId ?? '';
    expect(text(library)).toEqual([
      `plugin: the type of symbol add of plugin ${path} is not known`,
      `DWARF in ${path}: it has no .debug_info`,
      `debug file /usr/lib/debug/.build-id/${id.slice(0, 2)}/${id.slice(2)}.debug: there is no such file`,
      expect.stringMatching(`^debuginfod cache /.*/${id}/debuginfo: there is no such file$`) as unknown,
      `CTF in ${path}: it has no .ctf`,
      'debuginfod: not asked; open takes debuginfod: true, the command line DEBUGINFOD_URLS',
      `compile the library with -g, or ${SAY}`,
      'all the ways: docs/debug-info.md in the package elf-plugin',
    ]);
  });

  it('says how to make a types file for a library that was installed', () => {
    const library = new Library(ElfFile.open(compile(SOURCE, { flags })), '/usr/lib/libadd.so.1');
    const command = 'elf-plugin types --header add.h /usr/lib/libadd.so.1 -o add.types.json';
    expect(text(library).at(-2)).toBe(`make a types file from its header: ${command}, or ${SAY}`);
  });

  it.each(['/usr/local/lib/libadd.so', '/home/me/libadd.so', '/opt/library/libadd.so'])(
    'takes %s for your own',
    (path) => {
      const library = new Library(ElfFile.open(compile(SOURCE, { flags })), path);
      expect(text(library).at(-2)).toBe(`compile the library with -g, or ${SAY}`);
    },
  );

  it('asks for a declaration of what the debug info leaves out', () => {
    const assembler = '__asm__(".globl add\\n.type add, @function\\nadd: ret\\n.size add, 1");\nint V;\n';
    const library = Library.open(compile(assembler));
    expect(text(library).slice(-2)).toEqual([
      SAY,
      'all the ways: docs/debug-info.md in the package elf-plugin',
    ]);
  });
});
