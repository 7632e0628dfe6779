import { EM } from '../constants.js';
import type { ElfFile } from '../file.js';

/** Machines on which the address of a function is that of a descriptor, which is data (their psABIs, "Function Descriptors"). */
const HAS_DESCRIPTORS: ReadonlySet<number> = new Set([EM.PPC64, EM.IA_64, EM.PARISC]);

/** Whether the address of a function is that of its code. */
export function isCodeAddress(file: ElfFile): boolean {
  return !HAS_DESCRIPTORS.has(file.header.machine);
}
