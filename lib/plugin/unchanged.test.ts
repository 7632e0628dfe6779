import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { childValue } from '../testing/run-child.js';
import { compile, describeWith, ROOT } from '../testing/tools.js';

/** Preloaded: does what `$SWAP` says, a shell command, just before the linker opens `p.so`. */
const SHIM = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
void *dlopen(const char *path, int flags) {
  void *(*real)(const char *, int) = dlsym(RTLD_NEXT, "dlopen");
  if (path && strstr(path, "/p.so") && !(flags & RTLD_NOLOAD) && getenv("SWAP")) {
    char command[4096];
    strcpy(command, getenv("SWAP"));
    unsetenv("SWAP");
    unsetenv("LD_PRELOAD");
    if (system(command)) abort();
  }
  return real(path, flags);
}
`;

const CHILD = `
import { open } from '#lib/index.js';
const say = [];
for (let i = 0; i < 2; i++) {
  try {
    const p = open('./p.so');
    say.push([p.lookup('which', 'int (void)')(), p.stale]);
  } catch (error) {
    say.push(error.code + ' ' + error.message.replaceAll(process.cwd(), '').replaceAll('\\n', '|'));
  }
}
console.log(JSON.stringify(say));
`;

/** Root may; a container may hold it back. As what is not installed it is a reason to skip, but not in CI. */
const canMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
const itWithMounts = canMount || process.env['ELF_PLUGIN_NO_SKIP'] ? it : it.skip;
if (!canMount) console.warn('skipped, unless in CI: devices that differ: mounting is not allowed');

describeWith(['gcc'], 'a file that changes between the look at it and dlopen', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'elf-plugin-unchanged-'));
    copyFileSync(compile('\nint which(void) { return 1; }\n'), join(folder, 'p.so'));
    copyFileSync(compile('\nint which(void) { return 2; }\n'), join(folder, 'other.so'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const refused = (what: string): RegExp =>
    new RegExp(`^ERR_PLUGIN_OPEN .*/p\\.so: the file was changed while it was opened\\|  ${what}\\|`);

  it.each([
    ['replaced', 'mv other.so p.so', 'what is loaded has another build-id', [2, false]],
    ['replaced by a copy', 'cp p.so c.so; mv c.so p.so', 'what is loaded is another file', [1, false]],
    ['written to', 'cat other.so > p.so', 'what is loaded has another build-id', [2, false]],
    ['touched', 'sleep 0.02; touch p.so', 'it was written to meanwhile', [1, false]],
  ])('that is %s is refused, and taken as it is when asked again', (_, swap, what, then) => {
    const env = { LD_PRELOAD: compile(SHIM), SWAP: swap };
    expect(childValue(CHILD, { cwd: folder, env })).toEqual([expect.stringMatching(refused(what)), then]);
  });

  it('that is gone is the linker’s to say', () => {
    const env = { LD_PRELOAD: compile(SHIM), SWAP: 'rm p.so' };
    const [first] = childValue(CHILD, { cwd: folder, env }) as string[];
    expect(first).toMatch(/cannot open shared object file: No such file or directory/);
  });

  /** Runs the child where `mounts`, a shell script, has mounted something over the empty folder `m`; which nobody else sees. */
  const mounted = (mounts: string, swap: string): unknown => {
    const env = { LD_PRELOAD: compile(SHIM), SWAP: swap };
    const script = `import { spawnSync } from 'node:child_process';
      const [command = '', file = ''] = process.argv.slice(2);
      const { LD_PRELOAD: _, ...plain } = process.env;
      const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-ec', command, process.execPath, require.resolve('tsx/cjs'), file], { encoding: 'utf8', env: plain });
      if (stderr !== '') throw new Error(stderr);
      process.stdout.write(stdout);`;
    const file = join(folder, 'child.ts');
    writeFileSync(file, CHILD.replace('#lib/', `${ROOT}/lib/`));
    const { LD_PRELOAD, SWAP } = env;
    const command = `${mounts}\ncd m\nexport SWAP='${SWAP}'\nLD_PRELOAD=${LD_PRELOAD} exec "$0" --require "$1" "$2"`;
    return childValue(script, { cwd: folder, args: [command, file] });
  };

  itWithMounts('that is another one of the same inode, on another device, is refused', () => {
    // Inodes of a new tmpfs are counted from the same number on.
    const mounts =
      'mkdir m n; for d in m n; do mount -t tmpfs none $d; cp other.so $d/p.so; done; stat -c %i */p.so | uniq | wc -l > count';
    const swap = 'mount --bind ../n/p.so p.so';
    const [first] = mounted(mounts, swap) as string[];
    expect(readFileSync(join(folder, 'count'), 'utf8')).toBe('1\n');
    expect(first).toMatch(refused('what is loaded is another file'));
  });

  itWithMounts.each([
    ['', ''],
    [', the parts on other devices', 'mount -t tmpfs none upper; mount -t tmpfs none lower;'],
  ])('is none on an overlay%s, whose devices are others in memory', (_, parts) => {
    const overlay = 'mount -t overlay none -o lowerdir=lower,upperdir=upper/u,workdir=upper/w m';
    const mounts = `mkdir m upper lower; ${parts} mkdir upper/u upper/w; cp p.so lower; ${overlay}`;
    expect(mounted(mounts, ':')).toEqual([
      [1, false],
      [1, false],
    ]);
  });
});
