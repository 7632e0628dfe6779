import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/**
 * Who may import whom, a statement of policy: a line `a: b c` says that `a` may import `b` and `c` and whatever these may.
 * It is changed on purpose, never to make a build pass. Only tests import `testing`, only `ffi` imports koffi.
 */
const POLICY: Record<string, string> = {
  errors: '',
  bytes: 'errors',
  ctypes: 'errors',
  elf: 'bytes',
  dwarf: 'bytes ctypes',
  ctf: 'bytes ctypes',
  debuginfo: 'elf dwarf ctf',
  library: 'elf debuginfo',
  format: 'ctypes',
  ffi: 'ctypes format',
  symbols: 'library ffi',
  plugin: 'symbols',
  dts: 'library',
  gcc: 'plugin',
  register: 'plugin',
  cli: 'plugin dts gcc register',
  entry: 'plugin',
  'pack-loader': 'debuginfo',
  index: 'entry plugin dts gcc register',
};

const LIB = __dirname;

function allowed(layer: string): Set<string> {
  const direct = (POLICY[layer] ?? '').split(' ').filter(Boolean);
  return new Set([layer, ...direct, ...direct.flatMap((d) => [...allowed(d)])]);
}

function sources(): string[] {
  return readdirSync(LIB, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'));
}

/** `elf/symbol.ts` → `elf`, `errors.ts` → `errors`. */
function layerOf(file: string): string {
  return file.split('/')[0]?.replace(/\.ts$/, '') ?? '';
}

/** The specifiers of `import … from '…'`, `export … from '…'`, `import('…')` and `require('…')`. */
function imports(file: string): string[] {
  const text = readFileSync(join(LIB, file), 'utf8');
  return [...text.matchAll(/(?:\bfrom|\bimport|\brequire)[\s(]*'([^']+)'/g)].map((m) => m[1] ?? '');
}

const files = sources();

it('knows every folder of lib', () => {
  const layers = new Set(files.map(layerOf));
  layers.delete('testing');
  layers.delete('layers.test');
  expect([...layers].filter((l) => !(l in POLICY))).toEqual([]);
});

it('finds the imports of this very file', () => {
  expect(imports('layers.test.ts')).toEqual(expect.arrayContaining(['node:fs', 'node:path']));
});

it.each(files.filter((f) => !f.endsWith('.test.ts') && !f.startsWith('testing/')))(
  '%s imports what it may',
  (file) => {
    const may = allowed(layerOf(file));
    const targets = imports(file)
      // The package's own version.
      .filter((s) => s.startsWith('.') && !s.endsWith('/package.json'))
      .map((s) => layerOf(relative(LIB, resolve(LIB, dirname(file), s.replace(/\.js$/, '.ts')))));
    expect(targets.filter((t) => !may.has(t))).toEqual([]);
  },
);

it('lets only ffi import koffi', () => {
  expect(files.filter((f) => !f.startsWith('ffi/') && imports(f).includes('koffi'))).toEqual([]);
});
