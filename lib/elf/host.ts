import { FileSource } from '../bytes/source.js';
import { EM, nameOf } from './constants.js';
import type { ElfEncoding } from './cursor.js';
import { readHeader } from './header.js';

/** What an ELF file must be like to be loaded into a process. */
export interface Host extends ElfEncoding {
  /** One of `EM`. */
  readonly machine: number;
}

let current: Host | undefined;

/** This process: what its executable is. `process.arch` does not tell the byte order, and not every machine. */
export function currentHost(): Host {
  if (current === undefined) {
    const source = new FileSource(process.execPath);
    const { class: elfClass, littleEndian, machine } = readHeader(source);
    source.close();
    current = { class: elfClass, littleEndian, machine };
  }
  return current;
}

/** Whether a file of that kind can be loaded into the host. */
export function fitsHost(file: Host, host: Host): boolean {
  return (
    file.class === host.class && file.littleEndian === host.littleEndian && file.machine === host.machine
  );
}

const MACHINE_NAMES: Readonly<Record<number, string>> = {
  [EM['386']]: 'i386',
  [EM.AARCH64]: 'AArch64',
  [EM.LOONGARCH]: 'LoongArch',
  [EM.PPC64]: 'PowerPC 64',
  [EM.RISCV]: 'RISC-V',
  [EM.S390]: 'S/390',
  [EM.X86_64]: 'x86-64',
};

/** `AArch64 (EM_AARCH64)`. */
export function machineName(machine: number): string {
  const name = nameOf(EM, machine);
  const constant = name.startsWith('0x') ? `e_machine ${name}` : `EM_${name}`;
  const words = MACHINE_NAMES[machine];
  return words === undefined ? constant : `${words} (${constant})`;
}
