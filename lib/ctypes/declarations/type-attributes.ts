import { bare, type CType } from '../model.js';
import { typeOfWords } from '../names.js';

/** The integer modes of gcc (GCC internals "Machine Modes") and how C spells such an integer on a 64-bit machine. */
const MODES: ReadonlyMap<string, string> = new Map([
  ['QI', 'char'],
  ['byte', 'char'],
  ['HI', 'short'],
  ['SI', 'int'],
  ['DI', 'long'],
  ['word', 'long'],
  ['pointer', 'long'],
  ['TI', '__int128'],
]);

/** An integer type with another size: `typedef int register_t __attribute__((mode(word)))` in glibc. Undefined for what is none, and other modes. */
export function withMode(type: CType, mode: string): CType | undefined {
  const t = bare(type);
  const word = MODES.get(mode);
  if (t.kind !== 'int' || word === undefined) return undefined;
  return typeOfWords([t.signed ? 'signed' : 'unsigned', word]);
}

/** `vector_size(bytes)` of a number type; undefined if there is none (GCC manual "Vector Extensions"). */
export function vectorOf(element: CType, bytes: number): CType | undefined {
  const t = bare(element);
  if (t.kind !== 'int' && t.kind !== 'float') return undefined;
  const length = bytes / t.size;
  if (!Number.isInteger(Math.log2(length)) || length < 1) return undefined;
  return { kind: 'array', element, length, vector: true };
}
