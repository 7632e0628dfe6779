import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { BUILD, run } from '../../lib/testing/tools.js';

/** In every name of the template, and of one length, so that a copy is made of the object file's bytes. */
const MARK = 'u00000_';

const STRUCTS = 320;
/** Functions, and variables, of one unit; and how many of them are exported, since a library's own are few beside what it hides. */
const FUNCTIONS = 64;
export const EXPORTED = 4;

/** What the template takes in `.debug_info`, with gcc 12 and clang 14. */
const UNIT_BYTES = { gcc: 52_900, clang: 43_900 };

export type Compiler = keyof typeof UNIT_BYTES;

/** How a unit's names begin. */
export function unitPrefix(unit: number): string {
  return `u${String(unit).padStart(5, '0')}_`;
}

/** How many units `megabytes` of `.debug_info` are. */
export function unitCount(megabytes: number, compiler: Compiler): number {
  return Math.round((megabytes * 1e6) / UNIT_BYTES[compiler]);
}

/**
 * A shared object with that much `.debug_info` of a real compiler: one unit, compiled once, and as many copies of its object file as it takes,
 * each with names of its own. Made once, in `build/scale`; 1 GB takes two minutes, and 5 GB of disk until it is linked.
 */
export function bigLibrary(megabytes: number, compiler: Compiler = 'gcc'): string {
  const folder = join(BUILD, 'scale');
  const output = join(folder, `lib${compiler}-${megabytes}.so`);
  if (existsSync(output)) return output;
  const objects = join(folder, `objects-${compiler}-${megabytes}`);
  mkdirSync(objects, { recursive: true });
  const source = join(objects, 'unit.c');
  writeFileSync(source, template());
  const object = join(objects, 'unit.o');
  run(compiler, ['-g', '-fPIC', '-gno-column-info', '-c', source, '-o', object]);
  const bytes = readFileSync(object);
  const places: number[] = [];
  for (let at = bytes.indexOf(MARK); at >= 0; at = bytes.indexOf(MARK, at + 1)) places.push(at);
  const paths = Array.from({ length: unitCount(megabytes, compiler) }, (_, unit) => {
    for (const place of places) bytes.write(unitPrefix(unit), place, 'latin1');
    const path = join(objects, `${unit}.o`);
    writeFileSync(path, bytes);
    return path;
  });
  const list = join(objects, 'list');
  writeFileSync(list, paths.join('\n'));
  run('ld.lld', ['-shared', '--build-id=fast', '-o', `${output}.tmp`, `@${list}`]);
  rmSync(objects, { recursive: true });
  renameSync(`${output}.tmp`, output);
  return output;
}

const TYPES = ['int', 'unsigned', 'long', 'double', 'char', 'uint16_t', 'size_t', 'FILE *', 'const char *'];

/** C with many types and few instructions. The same text each time. */
function template(): string {
  let state = 1;
  const random = (n: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % n;
  };
  const lines = ['#include <stddef.h>', '#include <stdint.h>', '#include <stdio.h>'];
  for (let i = 0; i < STRUCTS; i++) {
    const members = Array.from({ length: 4 + random(9) }, (_, j) => {
      const other = `struct ${MARK}s${random(Math.max(i, 1))}`;
      const type = i > 0 && random(3) === 0 ? `${other} *` : (TYPES[random(TYPES.length)] ?? '');
      return `${type} m${random(400)}_${j};`;
    });
    lines.push(`typedef struct ${MARK}s${i} { ${members.join(' ')} } ${MARK}s${i};`);
  }
  for (let i = 0; i < FUNCTIONS; i++) {
    const type = `${MARK}s${random(STRUCTS)}`;
    const exported = i < EXPORTED ? '' : '__attribute__((visibility("hidden"))) ';
    lines.push(
      `${exported}${type} ${MARK}v${i};`,
      `${exported}int ${MARK}f${i}(${type} *self, const struct ${MARK}s${random(STRUCTS)} *other, int flags) {`,
      `  return self != 0 && other != 0 ? flags : 0; }`,
    );
  }
  // The rest of the types is used as well: gcc leaves out what is not.
  const all = Array.from({ length: STRUCTS }, (_, i) => `${MARK}s${i} *p${i};`);
  lines.push(`static struct { ${all.join(' ')} } all __attribute__((used));`);
  return lines.join('\n');
}
