/** Lines of text; those that are undefined are left out. */
export function lines(...texts: (string | undefined)[]): string {
  return texts.filter((text) => text !== undefined).join('\n');
}

/** The reason for a file in which something points where nothing is: what glibc has no words for, since it does not look. */
export function damaged(what: string): string {
  return lines('invalid ELF file', what, 'the dynamic linker does not check that: the process would end');
}

export function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}
