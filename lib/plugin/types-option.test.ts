/** `open(path, { types })`: a debug file or a types file that the caller names. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { inspect, open, openAsync, type Variable } from '../index.js';
import { Library } from '../library/library.js';
import { makeTypesFile } from '../library/types-file.js';
import { scratchFolder } from '../testing/conformance.js';
import { thrownBy, type Thrown } from '../testing/fixture.js';
import { childValue } from '../testing/run-child.js';
import { compile, describeWith, run } from '../testing/tools.js';

/** Whoever loads it can see that: its constructor makes a file. */
const source = (mark: string): string => `
#include <stddef.h>
#include <stdio.h>
enum color { RED, GREEN = 5 };
struct point { char tag; double x; int y : 5; };
struct point origin = { 'o', 1.5, -3 };
enum color color = GREEN;
int starts;
size_t size(void) { return sizeof(struct point); }
size_t offset(void) { return offsetof(struct point, x); }
double abscissa(const struct point *p) { return p->x; }
struct point moved(struct point p, double by) { p.x += by; return p; }
int start(void) { return starts++; }
__attribute__((constructor)) static void constructed(void) { fclose(fopen("${mark}", "w")); }
`;
const FLAGS = ['-g', '-shared', '-fPIC', '-Wl,--build-id', '-Wl,-soname,libpoint.so.1'];

interface Made {
  readonly folder: string;
  /** Where the library's constructor writes. */
  readonly mark: string;
  readonly full: string;
  readonly stripped: string;
  readonly debugFile: string;
  readonly typesFile: string;
}

/** A library that nobody has loaded yet, and its types in files of their own. */
function newLibrary(): Made {
  const folder = scratchFolder();
  const mark = join(folder, 'constructed');
  const [full, stripped, debugFile, typesFile] = ['full.so', 'stripped.so', 'x.debug', 'x.types.json'].map(
    (name) => join(folder, name),
  ) as [string, string, string, string];
  copyFileSync(compile(source(mark), { flags: FLAGS }), full);
  run('strip', ['-o', stripped, full]);
  run('objcopy', ['--only-keep-debug', full, debugFile]);
  const library = Library.open(full);
  writeFileSync(typesFile, makeTypesFile(library).text);
  library.file.close();
  return { folder, mark, full, stripped, debugFile, typesFile };
}

type Symbols = Record<string, ((...args: unknown[]) => unknown) & { value: unknown }>;

const cwd = process.cwd();

// Other tests run in this process.
afterEach(() => {
  process.chdir(cwd);
});

describeWith(['gcc', 'objcopy', 'strip'], 'open(path, { types })', () => {
  const made = newLibrary();

  it.each([
    ['a debug file', made.debugFile, `DWARF in ${made.debugFile}`],
    ['the library from before it was stripped', made.full, `DWARF in ${made.full}`],
    ['a types file', made.typesFile, `types file ${made.typesFile} (DWARF in ${made.full})`],
  ])('%s types all of it', async (_, types, typeSource) => {
    const p = open(made.stripped, { types });
    expect([p.typeSource, await openAsync(made.stripped, { types })]).toEqual([typeSource, p]);
    const { origin, color, abscissa, moved, size, offset } = p.symbols as Symbols;
    expect(BigInt(p.type('struct point').size ?? 0)).toBe(size?.());
    expect(BigInt(p.type('struct point').members?.find((m) => m.name === 'x')?.offset ?? 0)).toBe(offset?.());
    expect(origin?.value).toMatchObject({ tag: 111, x: 1.5, y: -3 });
    expect(abscissa?.({ tag: 0, x: 2.5, y: 0 })).toBe(2.5);
    expect(moved?.({ tag: 1, x: 2.5, y: 3 }, 1)).toEqual({ tag: 1, x: 3.5, y: 3 });
    expect([color?.value, { ...p.constants }]).toEqual([5, { RED: 0, GREEN: 5 }]);
    const shown = (path: string): unknown =>
      inspect(path).symbols.map((s) => [s.name, s.kind, String(s.type)]);
    expect([...p].map((s) => [s.name, s.kind, String(s.type)])).toEqual(shown(made.full));
    // The library itself has no types, and so has whoever gives none.
    expect([open(made.stripped).typeSource, inspect(made.stripped).typeSource]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('the same options give the same plugin, others another one over the same memory', () => {
    process.chdir(made.folder);
    const path = made.stripped;
    const p = open(path, { types: made.debugFile, init: 'start' });
    for (const same of [{ types: 'x.debug' }, { types: './x.debug', debuginfod: false }])
      expect(open(path, same)).toBe(p);
    const others = [
      { declarations: 'int start(void);' },
      { types: 'x.types.json' },
      { types: 'x.debug', declarations: 'extern int starts;' },
      { declarations: 'int start(void); extern int starts;' },
      { types: 'x.debug', int64: 'number' as const },
    ].map((options) => open(path, { ...options, init: 'start' }));
    expect(new Set([p, ...others]).size).toBe(6);
    p.lookup<Variable<number>>('starts').value = 41;
    const [, ...typed] = others;
    expect(typed.map((other) => (other.symbols as Symbols)['starts']?.value)).toEqual([41, 41, 41, 41]);
    // The constructor made one file, and the init function has run once.
    expect(others.map((other) => other.lookup<() => number>('start', 'int (void)')())).toEqual([
      41, 42, 43, 44, 45,
    ]);
  });

  it('a relative path is one of the working directory', () => {
    const other = newLibrary();
    const relative = { types: 'x.debug' };
    process.chdir(made.folder);
    const p = open(made.stripped, relative);
    process.chdir(other.folder);
    expect(thrownBy(() => open(made.stripped, relative)).message).toContain('its build-id is');
    process.chdir(made.folder);
    expect(open(made.stripped, relative)).toBe(p);
  });

  it('works in a worker, over the same memory', () => {
    const { stripped, debugFile, typesFile } = newLibrary();
    const seen = childValue(
      `
      import { isMainThread, parentPort, workerData } from 'node:worker_threads';
      import { open } from '#lib/index.js';
      import { inWorkers } from '#lib/testing/run-child.js';
      const [path, ...types] = process.argv.slice(2);
      if (isMainThread) {
        const p = open(path, { types: types[0], init: 'start' });
        void inWorkers(2, __filename).then((workers) => console.log(JSON.stringify([workers, p.symbols.origin.value.x > 100, p.symbols.starts.value])));
      } else {
        const p = open(path, { types: types[workerData.index], declarations: 'extern int starts;', init: 'start' });
        const { origin, moved } = p.symbols;
        origin.value.x += 100;
        parentPort.postMessage([p.typeSource, moved({ tag: 0, x: 1, y: 0 }, 1).x]);
      }
      `,
      { args: [stripped, debugFile, typesFile] },
    );
    expect(seen).toEqual([
      [
        [`declarations, DWARF in ${debugFile}`, 2],
        [expect.stringMatching(/^declarations, types file .*x\.types\.json /), 2],
      ],
      true,
      1,
    ]);
  });
});

describeWith(['gcc', 'objcopy', 'strip', 'mkfifo'], 'types that are not those of the library', () => {
  const { folder, mark, stripped, debugFile, typesFile } = newLibrary();
  const other = newLibrary();
  const at = (name: string): string => join(folder, name);
  mkdirSync(at('folder'));
  run('mkfifo', [at('fifo')]);
  writeFileSync(at('text'), 'int f(void);\n');
  writeFileSync(at('list.json'), '[]');
  writeFileSync(at('empty'), '');
  writeFileSync(at('cut.debug'), readFileSync(debugFile).subarray(0, 200));
  writeFileSync(at('cut.json'), readFileSync(typesFile, 'utf8').slice(0, -20));
  writeFileSync(at('other.json'), '{ "name": "elf-plugin" }');
  const { version, ...head } = JSON.parse(readFileSync(typesFile, 'utf8')) as { version: number };
  writeFileSync(at('newer.json'), JSON.stringify({ version: version + 1, ...head }));
  writeFileSync(at('graph.json'), JSON.stringify({ version, ...head, types: [{ kind: 'nothing' }] }));
  const [its, the] = [other.stripped, stripped].map((path) => inspect(path).buildId);

  /** What is said of a file that is read, and of a debug file; behind them comes the reason. */
  const unread = (name: string): string => `plugin: types ${at(name)} of plugin ${stripped} can't be read: `;
  const unlike = (path: string): string => `plugin: debug file ${path} is not that of plugin ${stripped}: `;

  it.each([
    ['no-such-file', 'ERR_PLUGIN_TYPE', `${unread('no-such-file')}ENOENT: no such file or directory`],
    ['folder', 'ERR_PLUGIN_TYPE', `${unread('folder')}it is no regular file`],
    ['fifo', 'ERR_PLUGIN_TYPE', `${unread('fifo')}it is no regular file`],
    [
      'text',
      'ERR_PLUGIN_TYPE',
      `plugin: types ${at('text')} of plugin ${stripped}: it is neither an ELF file nor `,
    ],
    [
      'list.json',
      'ERR_PLUGIN_TYPE',
      `plugin: types ${at('list.json')} of plugin ${stripped}: it is neither `,
    ],
    ['empty', 'ERR_PLUGIN_TYPE', `${unlike(at('empty'))}it is empty`],
    ['cut.debug', 'ERR_PLUGIN_TYPE', unlike(at('cut.debug'))],
    ['the stripped library', 'ERR_PLUGIN_TYPE', `${unlike(stripped)}it has no .debug_info`],
    [
      "another's debug file",
      'ERR_PLUGIN_TYPE',
      `${unlike(other.debugFile)}its build-id is ${its ?? ''}, the library has ${the ?? ''}`,
    ],
    [
      "another's types file",
      'ERR_PLUGIN_TYPE',
      `types file ${other.typesFile} is not for ${stripped}: it was made for the build-id ${its ?? ''}, and the library has ${the ?? ''}\nmake it again, from the library before it was stripped: elf-plugin types ${stripped} -o ${other.typesFile}`,
    ],
    ['cut.json', 'ERR_FORMAT', `decoding ${at('cut.json')}: not JSON: `],
    ['other.json', 'ERR_FORMAT', `decoding ${at('other.json')}: not a types file: `],
    ['newer.json', 'ERR_FORMAT', `decoding ${at('newer.json')}: version 2 of the types file; `],
  ])('%s: %s', async (name, code, message) => {
    const named: Record<string, string> = {
      'the stripped library': stripped,
      "another's debug file": other.debugFile,
      "another's types file": other.typesFile,
    };
    const options = { types: named[name] ?? at(name) };
    const thrown = thrownBy(() => open(stripped, options));
    expect(thrown).toEqual({ name: 'PluginError', code, message: expect.any(String) as string });
    expect(thrown.message.slice(0, message.length)).toBe(message);
    const later = await openAsync(stripped, options).catch((error: unknown) => error as Thrown);
    expect(later).toMatchObject({ name: 'PluginError', code, message: thrown.message });
    expect(existsSync(mark)).toBe(false);
  });

  it('what is damaged inside a types file is said of the symbol that needs it', () => {
    const p = open(stripped, { types: at('graph.json') });
    expect(existsSync(mark)).toBe(true);
    const { code, message } = thrownBy(() => (p.symbols as Symbols)['size']?.());
    expect([code, message]).toEqual([
      'ERR_PLUGIN_TYPE',
      expect.stringContaining(`decoding ${at('graph.json')}.symbols.size.type: not the number of a type`),
    ]);
  });

  it('a library that is loaded already keeps its plugins', () => {
    const p = open(stripped);
    expect(thrownBy(() => open(stripped, { types: at('text') })).code).toBe('ERR_PLUGIN_TYPE');
    expect(open(stripped)).toBe(p);
  });
});
