import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runInThisContext, Script } from 'node:vm';

import { fileIdentity, isSettled } from './bytes/file-identity.js';
import { cacheRoot } from './debuginfo/disk-cache/folder.js';
import { Remembered } from './debuginfo/disk-cache/remembered.js';

/** What a pack is to whoever requires it: it gives what a module of it exports. */
type Pack = (module: string) => unknown;

/** The first line of each pack: scripts/pack writes it. A bundler's file that happens to be where one was has another. */
export const FIRST_LINE = '/* elf-plugin: modules that are loaded together */';

/** As Node wraps a CommonJS module; on a line of its own, so that all columns are the file's. */
const WRAPPER = ['(function (exports, require, module) {\n', '\n})'] as const;
/** Milliseconds after which the code that a process has compiled is kept: V8 drops what was not called for long. */
const KEPT_AFTER = 1000;

interface LoadedScript {
  readonly script: Script;
  readonly file: string;
  readonly remembered: Remembered;
  /** V8 has compiled it here. */
  isNew: boolean;
}

const packs: Record<string, Pack> = Object.create(null) as typeof packs;
const scripts: LoadedScript[] = [];

/**
 * Gives a pack, with the code that V8 compiled from it in an earlier process, if the cache on disk has it: half of the first `open` is spent on compiling
 * otherwise. `required` loads it as Node does, which is what bundlers see, and what is done wherever the code can't be had.
 */
export function loadPack(name: string, required: () => Pack): Pack {
  return (packs[name] ??= compiledBefore(name) ?? required());
}

function compiledBefore(name: string): Pack | undefined {
  if (!isPossible()) return undefined;
  try {
    const file = join(__dirname, `${name}.js`);
    const remembered = new Remembered('code', subjectOf(file));
    const text = readFileSync(file, 'latin1');
    if (!text.startsWith(FIRST_LINE)) return undefined;
    const cachedData = remembered.read();
    const script = new Script(WRAPPER.join(text), { filename: file, lineOffset: -1, cachedData });
    const isNew = cachedData === undefined || script.cachedDataRejected === true;
    if (isNew && !scripts.some((s) => s.isNew)) keepLater();
    scripts.push({ script, file, remembered, isNew });
    const module: { exports: unknown } = { exports: {} };
    (script.runInThisContext() as (...args: unknown[]) => void)(module.exports, require, module);
    return module.exports as Pack;
  } catch {
    return undefined;
  }
}

/** Not in a realm of its own, as Jest's tests are; and not where it is counted which functions run, for V8 counts none of those. */
function isPossible(): boolean {
  if (cacheRoot() === undefined || process.env['NODE_V8_COVERAGE'] !== undefined) return false;
  return runInThisContext('globalThis') === globalThis;
}

/** V8 itself refuses the code of another version, and of other options: these are told apart so that neither takes the other's place. */
function subjectOf(file: string): string {
  const { arch, env, execArgv, execPath, version, versions } = process;
  const options = [...execArgv, env['NODE_OPTIONS'] ?? ''].join(' ').match(/(?<!\S)--[\w-]+/g) ?? [];
  const engine = [execPath, version, versions.v8, arch, ...options];
  return ['elf-plugin code', ...engine, file, fileIdentity(file)].join('\n');
}

function keepLater(): void {
  process.once('exit', keep);
  setTimeout(keep, KEPT_AFTER).unref();
}

/** Once a library was opened: what is compiled until then is what an `open` needs. With a new pack also the others are kept anew, which now have more. */
function keep(): void {
  if (!('open' in packs) || !scripts.some((s) => s.isNew)) return;
  for (const loaded of scripts) {
    loaded.isNew = false;
    if (isSettled(statSync(loaded.file, { bigint: true }).ctimeNs))
      loaded.remembered.write(loaded.script.createCachedData());
  }
}
