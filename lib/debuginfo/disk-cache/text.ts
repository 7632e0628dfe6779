import { gnuHash } from '../../elf/gnu-hash.js';
import { readEntry, writeEntry, type EntryName } from './entry.js';
import { cacheRoot } from './folder.js';

/**
 * What the cache remembers about a subject, which is a text that says of which files, and of what state of them. It comes first in the entry, so that no other
 * subject is taken for it; a checksum comes last.
 */
export class RememberedText {
  readonly #entry: EntryName | undefined;
  readonly #subject: string;

  constructor(folder: string, subject: string) {
    this.#subject = subject;
    const root = cacheRoot();
    if (root !== undefined) this.#entry = { root, folder, name: hashOf(subject) };
  }

  /** What was remembered; undefined if nothing was, or not soundly. */
  read(): string | undefined {
    const text = this.#entry && readEntry(this.#entry)?.toString();
    if (!text?.startsWith(this.#subject)) return undefined;
    const end = text.length - HASH_LENGTH;
    return hashOf(text.slice(0, end)) === text.slice(end) ? text.slice(this.#subject.length, end) : undefined;
  }

  write(text: string): void {
    if (this.#entry === undefined) return;
    const whole = this.#subject + text;
    writeEntry(this.#entry, [Buffer.from(whole + hashOf(whole))]);
  }
}

const HASH_LENGTH = 8;

function hashOf(text: string): string {
  return gnuHash(Buffer.from(text)).toString(16).padStart(HASH_LENGTH, '0');
}
