import { gnuHash } from '../../elf/gnu-hash.js';
import { readEntry, writeEntry, type EntryName } from './entry.js';
import { cacheRoot } from './folder.js';

/**
 * What the cache remembers about a subject, which is a text that says of which files, and of what state of them. It comes first in the entry, so that no other
 * subject is taken for it. What was remembered follows twice: two halves that are alike are whole, and to compare them takes less than any checksum of
 * which Node has not to load a module first.
 */
export class Remembered {
  readonly #entry: EntryName | undefined;
  readonly #subject: Buffer;

  constructor(folder: string, subject: string) {
    const length = Buffer.byteLength(subject);
    this.#subject = Buffer.from(subject + '\0'.repeat(ALIGNMENT - (length % ALIGNMENT)));
    const root = cacheRoot();
    const name = gnuHash(this.#subject).toString(16).padStart(8, '0');
    if (root !== undefined) this.#entry = { root, folder, name };
  }

  /** What was remembered; undefined if nothing was, or not soundly. */
  read(): Buffer | undefined {
    const whole = this.#entry && readEntry(this.#entry);
    const start = this.#subject.length;
    if (whole?.subarray(0, start).equals(this.#subject) !== true) return undefined;
    const middle = start + (whole.length - start) / 2;
    if (!Number.isInteger(middle)) return undefined;
    const [first, second] = [whole.subarray(start, middle), whole.subarray(middle)];
    return first.equals(second) ? first : undefined;
  }

  write(bytes: Uint8Array): void {
    if (this.#entry !== undefined) writeEntry(this.#entry, [this.#subject, bytes, bytes]);
  }
}

/** Bytes: V8 copies code that does not lie at a multiple of its words (`AlignedCachedData`). */
const ALIGNMENT = 16;
