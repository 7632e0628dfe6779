import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

import { findLibrary } from '../../lib/index.js';
import { installedDebugFile } from '../../lib/testing/debug-file.js';
import { hasTool } from '../../lib/testing/tools.js';
import { MAIN } from './command-line.js';
import { ROUNDS } from './measure.js';
import type { Row } from './row.js';

/** The symbols and, of each unit, the functions and variables with what their types refer to. */
export const PYELFTOOLS = `
import sys
from elftools.elf.elffile import ELFFile
def text(die, depth=0):
    if depth > 4: return ''
    name = die.attributes.get('DW_AT_name')
    parts = [name.value.decode() if name else die.tag]
    if 'DW_AT_type' in die.attributes: parts.append(text(die.get_DIE_from_attribute('DW_AT_type'), depth + 1))
    return ' '.join(parts)
elf = ELFFile(open(sys.argv[1], 'rb'))
for unit in elf.get_dwarf_info().iter_CUs():
    for die in unit.get_top_DIE().iter_children():
        if die.tag not in ('DW_TAG_subprogram', 'DW_TAG_variable'): continue
        print(text(die), *[text(c) for c in die.iter_children() if c.tag == 'DW_TAG_formal_parameter'])`;

interface Program {
  readonly peer: string;
  readonly command: string;
  /** Before the file's path. */
  readonly args: readonly string[];
  readonly atMost?: number;
  readonly note?: string;
  /** Reads no types, so that it is no debug file that it is given. */
  readonly untyped?: true;
}

/** The Python that has pyelftools. */
export const PYTHON: string | undefined = ['python3', '/usr/bin/python3'].find(
  (python) => spawnSync(python, ['-c', 'import elftools']).status === 0,
);

/** How others list what is in a library. Two of them write everything there is in `.debug_info`; it is what they have. */
const PROGRAMS: readonly Program[] = [
  {
    peer: 'gdb',
    command: 'gdb',
    args: ['-batch', '-nx', '-ex', 'info functions'],
    atMost: 0.2,
    note: "-ex 'info functions'",
  },
  { peer: 'readelf', command: 'readelf', args: ['-W', '--debug-dump=info'], note: '--debug-dump=info' },
  {
    peer: 'readelf, symbols',
    command: 'readelf',
    args: ['-W', '--dyn-syms'],
    note: '--dyn-syms, which reads no types',
    untyped: true,
  },
  {
    peer: 'llvm-dwarfdump',
    command: ['llvm-dwarfdump', 'llvm-dwarfdump-14'].find(hasTool) ?? 'llvm-dwarfdump',
    args: ['--debug-info'],
    note: '--debug-info',
  },
  {
    peer: 'pyelftools',
    command: PYTHON ?? 'pyelftools',
    args: ['-c', PYELFTOOLS],
    note: 'functions, parameters and variables with their types',
  },
];

/** A program that has taken so long altogether, in milliseconds, is not run again. */
const ENOUGH = 10_000;

/** All symbols of large libraries with their types, each by a fresh process. */
export function benchReading(isAsked: (work: string) => boolean): Row[] {
  const rows: Row[] = [];
  const python = findLibrary('libpython3.11d.so.1.0');
  const libc = findLibrary('c');
  for (const { library, types, symbol, needs } of [
    { library: python, types: python, symbol: 'PyLong_FromLong', needs: 'libpython3.11-dbg' },
    { library: libc, types: installedDebugFile(libc), symbol: 'qsort', needs: 'libc6-dbg' },
  ]) {
    const name = needs.startsWith('libc6') ? 'libc, separate debug info' : 'libpython3.11d';
    const work = `all symbols with their types of ${name}`;
    if (!isAsked(work)) continue;
    if (library === undefined || types === undefined || !existsSync(types)) {
      rows.push({ work, peer: 'gdb', ours: [], unit: 'ms', missing: `not installed: Debian's ${needs}` });
      continue;
    }
    const samples: Record<string, number[]> = { ours: [] };
    const missing: Record<string, string> = {};
    for (const { peer, command } of PROGRAMS) if (!hasTool(command)) missing[peer] = 'not installed';
    for (let round = 0; round < ROUNDS; round++) {
      samples['ours']?.push(list(process.execPath, [MAIN, 'symbols', library], symbol));
      for (const { peer, command, args, untyped } of PROGRAMS) {
        const taken = (samples[peer] ??= []);
        if (peer in missing || taken.reduce((sum, time) => sum + time, 0) > ENOUGH) continue;
        taken.push(list(command, [...args, untyped ? library : types], symbol));
      }
    }
    for (const { peer, atMost, note } of PROGRAMS) {
      const { ours = [], [peer]: theirs = [] } = samples;
      const why = missing[peer];
      rows.push({
        work,
        peer,
        ours,
        unit: 'ms',
        ...(why === undefined ? { theirs } : { missing: why }),
        ...(atMost !== undefined && { atMost }),
        ...(note !== undefined && { note }),
      });
    }
  }
  return rows;
}

/** Milliseconds of a program, all of whose output is read; `symbol` has to be in it. */
function list(command: string, args: readonly string[], symbol: string): number {
  const start = performance.now();
  // Some write hundreds of megabytes.
  const { stdout, stderr } = spawnSync('sh', ['-c', '"$@" | grep -c "$0"', symbol, command, ...args]);
  const time = performance.now() - start;
  if (!/^[1-9]/.test(stdout.toString()))
    throw new Error(`${command} does not list ${symbol}: ${stderr.toString()}`);
  return time;
}
