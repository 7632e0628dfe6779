/** Rows 47 to 49 and 61 of the conformance table: what can't be opened, and the exact words for it. */
import { copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { buildConformance, host, hostResult, scratchFolder } from '../testing/conformance.js';
import { compile, run } from '../testing/tools.js';

const built = buildConformance();

/** What the dynamic linker says of each file: the words that ours must begin with. */
function dlerrors(paths: readonly string[]): string[] {
  const program = compile('elf/dlopen.c', { flags: [], output: 'dlopen' });
  return run(program, paths).trimEnd().split('\n');
}

interface Failure {
  name: string;
  code: string;
  first: string;
  more: string[];
}

/** How \`open\` fails for each file, in one process. */
function failures(paths: readonly string[], scratch: string): Failure[] {
  writeFileSync(join(scratch, 'paths.json'), JSON.stringify(paths));
  const body = `print(JSON.parse(fs.readFileSync(join(scratch, 'paths.json'), 'utf8')).map((path) => failure(() => open(path))));`;
  return host(body, { scratch }) as Failure[];
}

it('row 47: names that lead to no file', () => {
  const scratch = scratchFolder();
  writeFileSync(join(scratch, 'file'), '');
  const library = join(built, 'opened.so');
  const names: [string, RegExp][] = [
    ['', /empty/],
    ['/nonexistent/x.so', /ENOENT/],
    ['./missing', /ENOENT/],
    [join(scratch, 'file', 'x.so'), /ENOTDIR/],
    ['\0', /NUL/],
    [`${library}\0junk`, /NUL/],
    ['\0\0', /NUL/],
    ['a'.repeat(300), /ENAMETOOLONG/],
    [`${'./'.repeat(2048)}x.so`, /PATH_MAX/],
    // Shorter than PATH_MAX in characters, not in bytes. And koffi would cut this one to a library that is there.
    ['é'.repeat(2100), /PATH_MAX/],
    [library.padStart(4095 + library.length, '/'), /PATH_MAX/],
  ];
  const found = failures(
    names.map(([name]) => name),
    scratch,
  );
  for (const [i, [name, why]] of names.entries()) {
    const first = `plugin.Open("${name}"): realpath failed`;
    expect(found[i]).toMatchObject({ name: 'PluginError', code: 'ERR_PLUGIN_OPEN', first });
    expect(found[i]?.more.join()).toMatch(why);
  }
});

it('row 47: what is no name at all is a TypeError', () => {
  const result = host(`
    const values = [undefined, null, 5, {}, ['x'], Buffer.from('x'), new URL('file:///x')];
    print([...new Set(values.map((v) => { const { name, code } = failure(() => open(v)); return name + code; }))]);`);
  expect(result).toEqual(['TypeErrorERR_INVALID_ARG_TYPE']);
});

it('row 47: nothing has been loaded by a failure', () => {
  const result = host(`
    const maps = () => new Set(fs.readFileSync('/proc/self/maps', 'utf8').match(/\\/\\S+$/gm));
    failure(() => open('/nonexistent/x.so'));
    const before = maps();
    for (const name of ['', 'x.so', so('opened.so') + '\\0junk', built, so('dwarf.c')]) failure(() => open(name));
    print([...maps()].filter((file) => !before.has(file)));`);
  expect(result).toEqual([]);
});

it('row 48: the words are those of the dynamic linker', () => {
  const scratch = scratchFolder();
  const bytes = readFileSync(join(built, 'opened.so'));
  const file = (name: string, content: string | Uint8Array): string => {
    const path = join(scratch, name);
    writeFileSync(path, content);
    return path;
  };
  const patched = (name: string, ...patches: [offset: number, byte: number][]): string => {
    const copy = Uint8Array.from(bytes);
    for (const [offset, byte] of patches) copy[offset] = byte;
    return file(name, copy);
  };
  const paths = [
    scratch,
    file('empty.so', ''),
    file('tiny.so', 'text'),
    file('text.so', 'some text\n'.repeat(100)),
    file('short.so', bytes.subarray(0, 40)),
    // Offsets of Elf64_Ehdr (gABI ch. 4): e_ident[EI_CLASS], [EI_DATA], [EI_VERSION], [EI_OSABI], e_type, e_version
    patched('class.so', [4, 1]),
    patched('order.so', [5, 2]),
    patched('version.so', [6, 2]),
    patched('osabi.so', [7, 9]),
    patched('magic.so', [0, 0]),
    patched('type.so', [16, 1]),
    patched('core.so', [16, 4]),
    ...['program', 'program-nopie', 'program-static', 'dwarf.o', 'libdwarf.a', 'undefined.so'].map((f) =>
      join(built, f),
    ),
    ...['libneedsgone.so', 'needsneedsgone.so'].map((f) => join(built, f)),
  ];
  const words = dlerrors(paths);
  expect(failures(paths, scratch).map((f) => f.first)).toEqual(
    paths.map((path, i) => `plugin.Open("${path}"): ${words[i] ?? ''}`),
  );
  expect(words).toContain(`${scratch}: cannot read file data: Is a directory`);
});

it('row 48: another machine is told as that, which the linker does not', () => {
  const scratch = scratchFolder();
  const path = join(scratch, 'arm.so');
  const bytes = readFileSync(join(built, 'opened.so'));
  bytes.writeUInt16LE(183, 18);
  writeFileSync(path, bytes);
  const [found] = failures([path], scratch);
  expect(found?.first).toMatch(/^plugin\.Open\(".*"\): .*arm\.so: wrong ELF machine: AArch64 \(EM_AARCH64\)/);
});

it('row 48: a file that may not be read', () => {
  const result = host(
    `
    const path = join(fs.mkdtempSync('/tmp/elf-plugin-'), 'secret.so');
    fs.copyFileSync(so('opened.so'), path);
    fs.chmodSync(path, 0);
    fs.chmodSync(join(path, '..'), 0o755);
    // Root may read everything.
    if (process.getuid() === 0) process.setuid(65534);
    print({ path, first: firstLine(() => open(path)) });`,
    // Another user may not write what `npm run coverage` measures.
    { env: { NODE_V8_COVERAGE: '' } },
  ) as { path: string; first: string };
  rmSync(join(result.path, '..'), { recursive: true });
  // glibc elf/dl-load.c with strerror(EACCES)
  expect(result.first).toBe(
    `plugin.Open("${result.path}"): ${result.path}: cannot open shared object file: Permission denied`,
  );
});

it('row 48: a FIFO and a device are refused at once', () => {
  const scratch = scratchFolder();
  run('mkfifo', [join(scratch, 'fifo.so')]);
  const found = failures([join(scratch, 'fifo.so'), '/dev/zero'], scratch);
  expect(found.map((f) => f.first)).toEqual([
    expect.stringContaining('fifo.so: cannot read file data'),
    expect.stringContaining('/dev/zero: cannot read file data'),
  ]);
});

it('row 48: a library truncated anywhere is refused, or whole for the linker; the process lives', () => {
  const result = hostResult(`
    const bytes = fs.readFileSync(so('plugin2.so'));
    const ends = [];
    const wrong = [];
    const X = open(so('libcommon.so')).lookup('X');
    // What is needed is found beside it, so that only the truncation can be in the way.
    fs.symlinkSync(so('libcommon.so'), join(scratch, 'libcommon.so'));
    for (let length = 0; length < bytes.length; length += 512) {
      const path = join(scratch, length + '.so');
      fs.writeFileSync(path, bytes.subarray(0, length));
      try {
        const p = open(path, { copies: 'allow' });
        // The sections at the end are not loaded: without them it is whole, if without types.
        ends.push([length, p.has('inits'), p.lookup('inits', 'int').value]);
      } catch (error) {
        if (!plugin.isPluginError(error) || error.code !== 'ERR_PLUGIN_OPEN') wrong.push([length, String(error)]);
      }
    }
    const loads = ends.map(([length]) => length);
    const mapped = [...new Set(fs.readFileSync('/proc/self/maps', 'utf8').match(/\\d+(?=\\.so$)/gm) ?? [])].map(Number);
    print({ wrong, mapped: mapped.sort((a, b) => a - b), loads, ends, X: X.value, size: bytes.length });`);
  expect({ signal: result.signal, stderr: result.stderr }).toEqual({ signal: null, stderr: '' });
  const { wrong, mapped, loads, ends, X, size } = JSON.parse(result.stdout) as Record<string, unknown>;
  expect(wrong).toEqual([]);
  // What was refused is not mapped, what was mapped works.
  expect(mapped).toEqual(loads);
  expect(ends).toEqual((loads as number[]).map((length) => [length, true, 1]));
  expect(size).toBeGreaterThan(14_000);
  // The constructor of one that was loaded has set it.
  expect(X).toBe((loads as number[]).length === 0 ? 3 : 2);
});

it('row 48: a truncated dependency is refused before anything is loaded', () => {
  const scratch = scratchFolder();
  copyFileSync(join(built, 'plugin1.so'), join(scratch, 'plugin1.so'));
  const dependency = join(scratch, 'libcommon.so');
  writeFileSync(dependency, readFileSync(join(built, 'libcommon.so')).subarray(0, 8192));
  const result = host(
    `
    const path = join(scratch, 'plugin1.so');
    const refused = failure(() => open(path));
    fs.copyFileSync(so('libcommon.so'), join(scratch, 'libcommon.so'));
    print({ refused, then: open(path).lookup('ReadCommonX')() });`,
    { scratch },
  );
  expect(result).toEqual({
    refused: {
      name: 'PluginError',
      code: 'ERR_PLUGIN_OPEN',
      first: `plugin.Open("${scratch}/plugin1.so"): ${dependency}: file too short`,
      more: [expect.stringContaining('truncated'), `it is needed by ${scratch}/plugin1.so`],
    },
    then: 21,
  });
});

/** Makes what is no library at a path. */
const NO_LIBRARIES: Record<string, (path: string) => void> = {
  text: (path) => {
    writeFileSync(path, 'some text\n'.repeat(100));
  },
  empty: (path) => {
    writeFileSync(path, '');
  },
  directory: (path) => {
    mkdirSync(path);
  },
  object: (path) => {
    copyFileSync(join(built, 'dwarf.o'), path);
  },
  program: (path) => {
    copyFileSync(join(built, 'program'), path);
  },
  dangling: (path) => {
    symlinkSync('/nonexistent/libcommon.so', path);
  },
  // e_ident[EI_CLASS] and e_machine: the linker passes over such ones, and finds none.
  class: (path) => {
    writeFileSync(path, readFileSync(join(built, 'libcommon.so')).fill(1, 4, 5));
  },
  machine: (path) => {
    writeFileSync(path, readFileSync(join(built, 'libcommon.so')).fill(183, 18, 19));
  },
};

it('row 48: a dependency that is no library is told in the words of the dynamic linker', () => {
  const scratch = scratchFolder();
  const paths = Object.entries(NO_LIBRARIES).map(([kind, make]) => {
    mkdirSync(join(scratch, kind));
    make(join(scratch, kind, 'libcommon.so'));
    copyFileSync(join(built, 'plugin1.so'), join(scratch, kind, 'plugin1.so'));
    return join(scratch, kind, 'plugin1.so');
  });
  const words = dlerrors(paths);
  const found = failures(paths, scratch);
  for (const [i, path] of paths.entries()) {
    // Of a program glibc says no path, only the name; ours says where it is.
    const word = (words[i] ?? '').replace(/^libcommon\.so(?=: cannot dyn)/, join(path, '../libcommon.so'));
    expect(found[i]).toMatchObject({ code: 'ERR_PLUGIN_OPEN', first: `plugin.Open("${path}"): ${word}` });
    expect(found[i]?.more.join()).toMatch(`needed by ${path}`);
  }
});

it('row 48: a dependency in another version than is wanted', () => {
  const scratch = scratchFolder();
  writeFileSync(join(scratch, 'old.map'), 'V1 { global: *; };\n');
  writeFileSync(join(scratch, 'new.map'), 'V1 { };\nV2 { global: *; } V1;\n');
  writeFileSync(join(scratch, 'v.c'), 'int versioned(void) { return 1; }\n');
  writeFileSync(join(scratch, 'user.c'), 'int versioned(void);\nint F(void) { return versioned(); }\n');
  const gcc = (...args: string[]): string =>
    run('gcc', ['-g', '-shared', '-fPIC', ...args], { cwd: scratch });
  gcc('-o', 'libv.so', 'v.c', '-Wl,-soname,libv.so', '-Wl,--version-script=new.map');
  gcc('-o', 'user.so', 'user.c', '-L.', '-lv', '-Wl,-rpath,$ORIGIN');
  gcc('-o', 'libv.so', 'v.c', '-Wl,-soname,libv.so', '-Wl,--version-script=old.map');
  const path = join(scratch, 'user.so');
  const [words] = dlerrors([path]);
  expect(words).toMatch("version `V2' not found");
  expect(failures([path], scratch)[0]?.first).toBe(`plugin.Open("${path}"): ${words ?? ''}`);
});

it('row 49: a failure is not remembered: with the missing library in place it opens', () => {
  const scratch = scratchFolder();
  copyFileSync(join(built, 'plugin1.so'), join(scratch, 'plugin1.so'));
  const path = join(scratch, 'plugin1.so');
  const words = dlerrors([path])[0] ?? '';
  const result = host(
    `
    const path = join(scratch, 'plugin1.so');
    const refused = failure(() => open(path));
    const refusedAsync = await openAsync(path).catch((e) => e.message.split('\\n')[0]);
    fs.copyFileSync(so('libcommon.so'), join(scratch, 'libcommon.so'));
    const p = open(path);
    print({ refused, refusedAsync, X: p.lookup('ReadCommonX')(), inits: p.lookup('inits').value });`,
    { scratch },
  ) as { refused: Failure; refusedAsync: string };
  const first = `plugin.Open("${path}"): ${words}`;
  expect(words).toBe('libcommon.so: cannot open shared object file: No such file or directory');
  expect(result).toMatchObject({ refused: { first }, refusedAsync: first, X: 21, inits: 1 });
  expect(result.refused.more[0]).toBe(`libcommon.so is needed by ${path}; looked for in`);
  expect(result.refused.more).toContain(join(scratch, 'libcommon.so'));
});

it('row 49: opens that fail, and opening again, leave no file open', () => {
  const result = host(`
    const openFiles = () => fs.readdirSync('/proc/self/fd').flatMap((fd) => {
      // The descriptor of the folder itself is closed by now.
      try { return [fs.readlinkSync('/proc/self/fd/' + fd)]; } catch { return []; }
    }).filter((file) => file.startsWith(built) || file.startsWith(scratch)).map((file) => file.split('/').at(-1)).sort();
    fs.copyFileSync(so('opened.so'), join(scratch, 'dup.so'));
    const names = ['', so('dwarf.c'), so('undefined.so'), so('libneedsgone.so'), join(scratch, 'dup.so'), so('program')];
    open(so('opened.so'));
    for (let i = 0; i < 10; i++) for (const name of names) failure(() => open(name));
    for (let i = 0; i < 10; i++) open(so('opened.so'));
    await Promise.all(Array.from({ length: 20 }, () => openAsync(so('plugin1.so'))));
    print(openFiles());`);
  expect(result).toEqual(['opened.so', 'plugin1.so']);
});

it('row 49: who needs the missing library is named, also at second hand', () => {
  const result = host(`print(failure(() => open(so('needsneedsgone.so'))).more);`);
  expect(result).toEqual(
    expect.arrayContaining([`libgone.so is needed by ${built}/libneedsgone.so; looked for in`]),
  );
});

it('row 49: an undefined symbol is explained, and the library opens once another one has it', () => {
  const scratch = scratchFolder();
  writeFileSync(join(scratch, 'user.c'), 'int nosuch(void);\nint F(void) { return nosuch(); }\n');
  writeFileSync(join(scratch, 'definer.c'), 'int nosuch(void) { return 49; }\n');
  for (const name of ['user', 'definer']) {
    run('gcc', ['-g', '-shared', '-fPIC', '-o', `${name}.so`, `${name}.c`], { cwd: scratch });
  }
  const result = host(
    `
    const path = join(scratch, 'user.so');
    const refused = failure(() => open(path));
    open(join(scratch, 'definer.so'), { scope: 'global' });
    print({ refused, F: open(path).lookup('F')() });`,
    { scratch },
  );
  const path = join(scratch, 'user.so');
  expect(result).toMatchObject({
    refused: {
      first: `plugin.Open("${path}"): ${dlerrors([path])[0] ?? ''}`,
      more: [
        expect.stringMatching(/user\.so uses nosuch, and neither it nor what it needs \(.*\) defines it$/),
        expect.stringContaining("'global'"),
      ],
    },
    F: 49,
  });
});

it('row 61: ".so" is left away in what is found out after loading, and kept before', () => {
  const scratch = scratchFolder();
  mkdirSync(join(scratch, 'x'));
  for (const name of ['a.so', 'b.so', 'c.sox', '.so'])
    copyFileSync(join(built, 'opened.so'), join(scratch, name));
  const cwd = scratch;
  const result = host(
    `
    open('a.so');
    const names = ['missing.so', './x', 'b.so', 'b.so', 'c.sox', '.so', './.so'];
    print([...names.map((name) => firstLine(() => open(name))), firstLine(() => open('a.so', { init: 'none' })), firstLine(() => open('a.so').lookup('none'))]);`,
    { scratch, cwd },
  );
  expect(result).toEqual([
    'plugin.Open("missing.so"): realpath failed',
    `plugin.Open("./x"): ${scratch}/x: cannot read file data: Is a directory`,
    'plugin.Open("b"): plugin already loaded',
    'plugin.Open("b.so"): plugin already loaded (previous failure)',
    'plugin.Open("c.sox"): plugin already loaded',
    'plugin.Open(".so"): plugin already loaded',
    // The same file.
    'plugin.Open("./.so"): plugin already loaded (previous failure)',
    'plugin.Open("a"): could not find symbol none: the library does not export it',
    `plugin: symbol none not found in plugin ${scratch}/a.so`,
  ]);
});
