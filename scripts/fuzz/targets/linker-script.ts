import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { BufferSource } from '../../../lib/bytes/source.js';
import { describeForeign } from '../../../lib/elf/foreign.js';
import { preflight } from '../../../lib/elf/preflight.js';
import { inspect } from '../../../lib/library/inspect.js';
import { attempt } from '../oracle.js';
import { mutateText } from '../text.js';
import type { Target } from './target.js';

const TEXTS: readonly string[] = [
  '/* GNU ld script\n   Use the shared library, but some functions are only in\n   the static library, so try that secondarily.  */\nOUTPUT_FORMAT(elf64-x86-64)\nGROUP ( /lib/x86_64-linux-gnu/libc.so.6 /usr/lib/x86_64-linux-gnu/libc_nonshared.a  AS_NEEDED ( /lib64/ld-linux-x86-64.so.2 ) )\n',
  'INPUT(-lncurses -ltinfo)\n',
  'GROUP ( libm.so.6 AS_NEEDED ( libmvec.so.1 ) )',
  '#!/bin/sh\nexec true\n',
  '!<arch>\n/               1234\n',
];
const PARTS = [
  'GROUP',
  'INPUT',
  '(',
  ')',
  '/*',
  '*/',
  '.so',
  '.so.1',
  'lib',
  '/',
  '\0',
  '\n',
  ' ',
  'AS_NEEDED',
  'é',
  '\u007fELF',
  '!<thin>\n',
  'MZ',
];

/** What is given where a library is wanted, and is text: `libc.so` of a development package. */
export const linkerScript: Target = {
  name: 'linker-script',
  needs: [],
  prepare() {
    const folder = mkdtempSync(join(tmpdir(), 'fuzz-script-'));
    process.once('exit', () => {
      rmSync(folder, { recursive: true, force: true });
    });
    return (random) => {
      const text = mutateText(random, random.pick(TEXTS), PARTS);
      const source = new BufferSource(
        'libc.so',
        Buffer.from(text, random.pick(['utf8', 'latin1', 'utf16le'])),
      );
      attempt(() => describeForeign(source));
      attempt(() => preflight(source));
      if (!random.chance(0.1)) return;
      const path = join(folder, 'libx.so');
      writeFileSync(path, text);
      attempt(() => inspect(path).symbols);
    };
  },
};
