import { caches } from './caches.js';
import { compressed } from './compressed.js';
import { ctf } from './ctf.js';
import { debuginfod } from './debuginfod.js';
import { declarations } from './declarations.js';
import { dwarf } from './dwarf.js';
import { elf } from './elf.js';
import { linkerScript } from './linker-script.js';
import type { Target } from './target.js';
import { typesFile } from './types-file.js';

/** Every reader. */
export const TARGETS: readonly Target[] = [
  elf,
  dwarf,
  ctf,
  typesFile,
  declarations,
  compressed,
  caches,
  linkerScript,
  debuginfod,
];
