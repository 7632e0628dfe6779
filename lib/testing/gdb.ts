import type { CType } from '../ctypes/model.js';
import { print } from '../ctypes/print.js';
import { run } from './tools.js';

/** The types that gdb gives to symbols of a library, as `plain` makes them comparable. */
export function gdbTypes(library: string, names: readonly string[]): string[] {
  const commands = names.flatMap((name) => ['-ex', `whatis '${name}'`]);
  const lines = run('gdb', ['-nx', '-batch', ...commands, library]).match(/(?<=^type = ).*$/gm) ?? [];
  return lines.map(plain);
}

/** A type as gdb prints it: without the names of parameters. */
export function asGdb(type: CType): string {
  if (type.kind !== 'function') return plain(print(type));
  return plain(print({ ...type, parameters: type.parameters.map((p) => ({ ...p, name: undefined })) }));
}

/** gdb's spelling and ours, less what does not count: spaces, the word order of integers. */
function plain(text: string): string {
  return text
    .replaceAll('long unsigned int', 'unsigned long')
    .replaceAll('short unsigned int', 'unsigned short')
    .replaceAll('long long int', 'long long')
    .replaceAll(/\b(long|short) int\b/g, '$1')
    .replaceAll(/\s+/g, '');
}
