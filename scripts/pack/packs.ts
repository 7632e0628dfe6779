import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** What loads the other packs. It is where they are, and finds them there. */
const LOADER = 'pack-loader.js';
const START = 'start';

/** The modules that each pack is made of, with all that they import and no earlier pack has. */
const PACKS: Readonly<Record<string, readonly string[]>> = {
  [START]: [LOADER],
  import: ['index.js'],
  // Many libraries need another one that is compared with it; many symbols are variables, or functions of `void (void)`.
  open: ['plugin/open.js', 'plugin/verdict.js', 'dwarf/unit-index.js', 'dwarf/variable-search.js'],
  // A library that has a name in common with Node.
  deep: ['plugin/live-symbols.js'],
  // Two libraries that meet for the first time.
  versions: ['plugin/versions.js', 'dwarf/declarations.js'],
  // Debian's debug info is in separate files, compressed.
  debugFile: ['debuginfo/separate-file.js', 'debuginfo/disk-cache/sections.js'],
  // What any pointer parameter may be given.
  pointers: ['ffi/calls/pointer-argument.js'],
};

/** Folders of what few programs need, each a pack of what no earlier one has: a file costs a tarball a hundred bytes, too. */
const FOLDERS = [
  'bytes',
  'bytes/zstd',
  'cli',
  'cli/commands',
  'cli/completion',
  'cli/call',
  'cli/inspection',
  'cli/repl',
  'ctf',
  'ctypes',
  'ctypes/declarations',
  'debuginfo',
  'debuginfo/debuginfod',
  'debuginfo/header-probe',
  'debuginfo/types-file',
  'dts',
  'format',
  'gcc',
  'library',
  'symbols',
];

/** What says where it is has to be there, and so does a program of its own. */
const isFixed = (text: string, module: string): boolean =>
  (/\b__(?:dir|file)name\b/.test(text) && module !== LOADER) || module.endsWith('/child.js');

/** Calls of `require` for a module of the package, as `tsc` writes them; and those that are made as soon as the module is loaded. */
const REQUIRE = /\brequire\((['"])(\.[^'"]+)\1\)/g;
const IMPORT = /^(?:(?:const|var) \w+ = (?:__importStar\()?)?require\((['"])(\.[^'"]+)\1\)/gm;

/** How each module begins that `tsc` has written: a pack says the first line once, and `load` the second; the third declares what is set below. */
const PROLOGUE =
  /^"use strict";\nObject\.defineProperty\(exports, "__esModule", \{ value: true \}\);\n(?:exports\.\w+ = (?:exports\.\w+ = )*void 0;\n)?/;

/** What gives a module of the pack to whoever asks for it, as `require` does. */
const LOAD = `const loaded = Object.create(null);
function load(name) {
  if (name in loaded) return loaded[name];
  const exports = (loaded[name] = { __esModule: true });
  try {
    modules[name](exports);
  } catch (error) {
    delete loaded[name];
    throw error;
  }
  return exports;
}
module.exports = load;
`;

/**
 * Puts the modules in `dist` that are loaded together into one file, a pack: finding, reading and compiling a file costs 0.3 ms, so the import of the package
 * takes a third of the time, and the first open two thirds. What is loaded when it is met stays a file of its own, and so do the `entries`.
 */
export function pack(dist: string, entries: readonly string[]): void {
  const names = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.js'));
  const texts = new Map(names.map((name) => [name, readFileSync(join(dist, name), 'utf8')]));
  const textOf = (module: string): string => {
    const text = texts.get(module);
    if (text === undefined) throw new Error(`there is no ${join(dist, module)}`);
    return text;
  };

  const packOf = new Map<string, string>();
  const seen = new Set<string>();
  const add = (module: string, name: string): void => {
    if (seen.has(module)) return;
    seen.add(module);
    const text = textOf(module);
    if (isFixed(text, module)) throw new Error(`${module} has to be where it is`);
    if (!entries.includes(module)) packOf.set(module, name);
    for (const [, , path = ''] of text.matchAll(IMPORT)) add(join(dirname(module), path), name);
  };
  for (const [name, modules] of Object.entries(PACKS)) for (const module of modules) add(module, name);
  for (const folder of FOLDERS)
    for (const module of names)
      if (dirname(module) === folder && !seen.has(module) && !entries.includes(module))
        if (!isFixed(textOf(module), module)) packOf.set(module, folder.replace('/', '-'));

  const earlier: string[] = [];
  /** The text of a module in a file of `folder`, which may be a pack. */
  const placed = (module: string, folder: string, within?: string): string =>
    textOf(module).replace(REQUIRE, (_call, _quote, path: string) => {
      const target = join(dirname(module), path);
      const name = packOf.get(target);
      if (name === undefined) return requireFrom(folder, target);
      if (name === within) return `load("${target}")`;
      // A pack asks for an earlier one once, if it surely needs it: fifty calls take half a millisecond.
      const file =
        within !== undefined && within in PACKS && earlier.includes(name)
          ? `packs.${name}`
          : loadFrom(folder, name);
      return `${file}("${target}")`;
    });

  mkdirSync(join(dist, 'packs'));
  for (const name of new Set(packOf.values())) {
    const modules = [...packOf.keys()].filter((module) => packOf.get(module) === name);
    // V8 compiles a function in parentheses as it reads it; any other it skips first, which takes as long, and reads again.
    const bodies = modules
      .map((m) => [m, placed(m, 'packs', name).replace(PROLOGUE, '')])
      .map(([m, text]) => `"${m}": (function (exports) {\n${text}\n}),\n`)
      .join('');
    const used = earlier.filter((pack) => bodies.includes(`packs.${pack}(`));
    const packs = used.map((pack) => `${pack}: ${loadFrom('packs', pack)}`);
    const head = `"use strict";\nconst packs = { ${packs.join(', ')} };\n`;
    writeFileSync(join(dist, packFile(name)), `${head}const modules = {\n${bodies}};\n${LOAD}`);
    if (name in PACKS) earlier.push(name);
  }
  for (const module of names) {
    if (packOf.has(module)) rmSync(join(dist, module));
    else writeFileSync(join(dist, module), placed(module, dirname(module)));
  }
}

function packFile(name: string): string {
  return `packs/${name}.js`;
}

/** What gives a pack: a bundler, too, has to find its file in the text. */
function loadFrom(folder: string, pack: string): string {
  const required = requireFrom(folder, packFile(pack));
  if (pack === START) return required;
  return `${requireFrom(folder, packFile(START))}("${LOADER}").loadPack("${pack}", () => ${required})`;
}

function requireFrom(folder: string, file: string): string {
  const path = relative(folder, file);
  return `require("${path.startsWith('.') ? path : `./${path}`}")`;
}
