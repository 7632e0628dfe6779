// `npm run false-refusals -- [FOLDER…]`: looks at every library of this machine as `open` does, and asks the dynamic linker about those that it would refuse.
import { spawnSync } from 'node:child_process';
import { openSync, readdirSync, readSync, closeSync } from 'node:fs';
import { join } from 'node:path';

import { neededClosure } from '../lib/elf/closure.js';
import { ElfFile } from '../lib/elf/file.js';
import { preflight } from '../lib/elf/preflight.js';
import { checkNeededVersions } from '../lib/elf/preflight/versions.js';
import { messageOf } from '../lib/errors.js';
import { compile } from '../lib/testing/tools.js';

/** The regular files below `folder` that begin as ELF files do and are called as libraries are. */
function* librariesIn(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* librariesIn(path);
    else if (entry.isFile() && /\.so(\.|$)/.test(entry.name) && isElf(path)) yield path;
  }
}

function isElf(path: string): boolean {
  const magic = Buffer.alloc(4);
  const fd = openSync(path, 'r');
  readSync(fd, magic, 0, 4, 0);
  closeSync(fd);
  return magic.equals(Buffer.from('\x7fELF', 'latin1'));
}

/** Why `open` would refuse the file; undefined if it would hand it to the linker. */
function whyRefused(path: string): string | undefined {
  using file = ElfFile.open(path);
  const reason = preflight(file);
  if (reason !== undefined) return reason;
  const names = new Set(neededClosure(file).map(({ name }) => name));
  return checkNeededVersions(file, (name) => names.has(name));
}

function main(): void {
  const folders = process.argv.length > 2 ? process.argv.slice(2) : ['/usr/lib'];
  const paths = folders.flatMap((folder) => [...librariesIn(folder)]);
  const refused = new Map<string, string>();
  for (const path of paths) {
    try {
      const reason = whyRefused(path);
      if (reason !== undefined) refused.set(path, reason);
    } catch (error) {
      refused.set(path, messageOf(error));
    }
  }
  const program = compile('elf/dlopen.c', { flags: [], output: 'dlopen' });
  let wrong = 0;
  for (const [path, reason] of refused) {
    const { stdout } = spawnSync(program, [path], { encoding: 'utf8' });
    const said = stdout.trim().split('\n').at(-1) ?? '';
    if (said === 'loaded') wrong++;
    console.log(`${path}\n  ${reason.replaceAll('\n', '\n  ')}\n  dlopen: ${said}`);
  }
  console.log(
    `${paths.length} libraries, ${refused.size} refused, ${wrong} of which the dynamic linker loads`,
  );
  process.exitCode = wrong === 0 ? 0 : 1;
}

main();
