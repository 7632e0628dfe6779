import { endianness } from 'node:os';

import { EM, nameOf } from './constants.js';
import type { ElfEncoding } from './cursor.js';

/** What an ELF file must be like to be loaded into a process. */
export interface Host extends ElfEncoding {
  /** One of `EM`. */
  readonly machine: number;
}

/** `process.arch`, as ELF says it. */
const HOSTS: Readonly<Record<string, readonly [elfClass: 32 | 64, machine: number]>> = {
  arm: [32, EM.ARM],
  arm64: [64, EM.AARCH64],
  ia32: [32, EM['386']],
  loong64: [64, EM.LOONGARCH],
  mips: [32, EM.MIPS],
  mipsel: [32, EM.MIPS],
  ppc: [32, EM.PPC],
  ppc64: [64, EM.PPC64],
  riscv64: [64, EM.RISCV],
  s390: [32, EM.S390],
  s390x: [64, EM.S390],
  x64: [64, EM.X86_64],
};

/** This process. */
export function currentHost(): Host {
  const [elfClass, machine] = HOSTS[process.arch] ?? [64, EM.NONE];
  return { class: elfClass, littleEndian: endianness() === 'LE', machine };
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
