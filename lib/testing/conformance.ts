import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { childValue, runChild, type ChildOptions, type ChildResult } from './run-child.js';
import { BUILD, FIXTURES, hasTool, ROOT, run } from './tools.js';

/**
 * Builds all of `fixtures/conformance` and returns the folder: there lie the sources and what the command lines make that
 * stand at the top of each of them, after a `$`. Nothing is built again while no source changes, also not by tests that run at the same time.
 */
export function buildConformance(): string {
  const sources = join(FIXTURES, 'conformance');
  const files = readdirSync(sources, { recursive: true, encoding: 'utf8' })
    // Without a C++ compiler what needs one is left out, and so are the tests of it.
    .filter((name) => /\.\w+$/.test(name) && (hasTool('g++') || !name.endsWith('.cc')))
    // Libraries that others are linked with are called lib…
    .sort((a, b) => Number(b.startsWith('lib')) - Number(a.startsWith('lib')) || (a < b ? -1 : 1));
  const texts = files.map((name) => readFileSync(join(sources, name), 'utf8'));
  const key = createHash('sha256')
    .update(JSON.stringify([files, texts]))
    .digest('hex')
    .slice(0, 12);
  const folder = join(BUILD, 'fixtures', `conformance-${key}`);
  if (existsSync(folder)) return folder;
  mkdirSync(join(BUILD, 'fixtures'), { recursive: true });
  const temporary = mkdtempSync(join(BUILD, 'fixtures', 'building-'));
  cpSync(sources, temporary, { recursive: true });
  const commands = texts.flatMap(commandsOf);
  try {
    run('sh', ['-e', '-c', commands.join('\n')], { cwd: temporary });
    renameSync(temporary, folder);
  } catch (error) {
    rmSync(temporary, { recursive: true });
    // Else another test was faster, with the same result.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** The lines ` * $ gcc …` of the comment that a source begins with. */
function commandsOf(text: string): string[] {
  const comment = /^(?:\/\*[^]*?\*\/|(?:\/\/.*\n)+)/.exec(text)?.[0] ?? '';
  return [...comment.matchAll(/^\W*\$ (.*?)(?: \*\/)?$/gm)].map((m) => m[1] ?? '');
}

/** What the children below begin with. `built` is the folder of the fixtures, `scratch` an empty one of the child's own. */
const PRELUDE = `
const fs = require('node:fs');
const { join } = require('node:path');
const { isMainThread, parentPort, workerData, Worker } = require('node:worker_threads');
const plugin = require('#lib/index.js');
const { inWorkers } = require('#lib/testing/run-child.js');
const { open, openAsync } = plugin;
const [, , built, scratch] = process.argv;
const so = (name) => join(built, name);
const print = (value) => console.log(JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? Number(v) : v)));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
/** The class, code and first line of what \`f\` throws. */
const failure = (f) => {
  try {
    f();
  } catch (error) {
    const [first, ...more] = error.message.split('\\n');
    return { name: error.name, code: error.code, first, more: more.map((line) => line.trim()) };
  }
  throw new Error('it did not fail');
};
const firstLine = (f) => failure(f).first;
`;

const scratchFolders: string[] = [];

/** A new folder for what a test writes; it goes when all tests of the file have ended. */
export function scratchFolder(): string {
  const parent = join(BUILD, 'scratch');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'row-'));
  scratchFolders.push(folder);
  return folder;
}

afterAll(() => {
  for (const folder of scratchFolders) rmSync(folder, { recursive: true });
});

export interface HostOptions extends ChildOptions {
  /** What the workers that the child starts run, in place of the body. */
  worker?: string;
  /** The folder that is the child's `scratch`; a new one unless told otherwise. */
  scratch?: string;
}

/** Runs JavaScript in a process of its own, and gives the value that it passed to `print`. */
export function host(body: string, options: HostOptions = {}): unknown {
  return childValue(childFile(body, options.worker ?? ''), childOptions(options));
}

/** The same for a process that is expected to end or print in another way. */
export function hostResult(body: string, options: HostOptions = {}): ChildResult {
  return runChild(childFile(body, options.worker ?? ''), childOptions(options));
}

function childOptions({ scratch = scratchFolder(), ...options }: HostOptions): ChildOptions {
  return {
    ...options,
    javaScript: !IS_MEASURED,
    args: [buildConformance(), scratch, ...(options.args ?? [])],
  };
}

function childFile(body: string, worker: string): string {
  const text = `${PRELUDE}\nif (isMainThread) void (async () => {\n${body}\n})();\nelse void (async () => {\n${worker}\n})();\n`;
  return written(
    'children',
    'child.js',
    text.replaceAll(/'#lib\/(.*)\.js'/g, `'${bundle()}/$1.${IS_MEASURED ? 'ts' : 'js'}'`),
  );
}

let bundled: string | undefined;

/** Whether Node measures what runs, which it can't tell of sources that are one file (`npm run coverage`). */
const IS_MEASURED = process.env['NODE_V8_COVERAGE'] !== undefined;

/** The folder of this package, and of what children need of `testing`, as one file each: these children are many, and so start in a third of the time. */
function bundle(): string {
  if (IS_MEASURED) return join(ROOT, 'lib');
  if (bundled !== undefined) return bundled;
  const options = [
    '--bundle',
    '--packages=external',
    '--platform=node',
    '--target=node20',
    '--format=cjs',
    '--log-level=error',
  ];
  const [index, runChildText] = ['index.ts', 'testing/run-child.ts'].map((file) =>
    run(join(ROOT, 'node_modules/.bin/esbuild'), [join(ROOT, 'lib', file), ...options]),
  );
  const folder = join(written('lib', 'index.js', index ?? ''), '..');
  mkdirSync(join(folder, 'testing'), { recursive: true });
  replaceFile(join(folder, 'testing/run-child.js'), runChildText ?? '');
  return (bundled = folder);
}

/** Writes `text` to a file of that name in a folder of its own below `build/`; the same text is written once. */
function written(kind: string, name: string, text: string): string {
  const file = join(BUILD, kind, createHash('sha256').update(text).digest('hex').slice(0, 12), name);
  if (existsSync(file)) return file;
  mkdirSync(join(file, '..'), { recursive: true });
  replaceFile(file, text);
  return file;
}

/** In one step, for tests that run at the same time. */
function replaceFile(file: string, text: string): void {
  writeFileSync(`${file}.${process.pid}.tmp`, text);
  renameSync(`${file}.${process.pid}.tmp`, file);
}
