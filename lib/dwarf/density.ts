import { FormatError } from '../errors.js';

/** What a file may have of a kind however small it is. */
const FREE = 1 << 16;

/**
 * Counts what a file has of a kind, and fails where that is more than any compiler writes into as many bytes: each costs time and memory, and a file that was made
 * to cost much has a hundred times as many.
 */
export class Density {
  readonly #section: string;
  readonly #what: string;
  readonly #bytes: number;
  #left: number;

  /** `bytes`: for so many of the file there may be one, besides the first 65,536. `size`: the bytes of the file, as far as they are known. */
  constructor(section: string, what: string, bytes: number, size = 0) {
    this.#section = section;
    this.#what = what;
    this.#bytes = bytes;
    this.#left = FREE + size / bytes;
  }

  /** Further bytes. */
  allow(size: number): void {
    this.#left += size / this.#bytes;
  }

  /** Another one. Throws a `TooDense`. */
  count(): void {
    if (--this.#left < 0)
      throw new TooDense(
        this.#section,
        undefined,
        `${this.#what} for fewer than ${this.#bytes} bytes each: more than ${FREE} are refused`,
      );
  }
}

/** The file has more of something than is read of any: what is in it is not looked for. */
export class TooDense extends FormatError {}

/** Units. dwz's partial ones, and skeletons, take 75 bytes and more in the mean of a file; others a thousand. */
export const unitDensity = (size: number): Density => new Density('.debug_info', 'units', 64, size);

/** Entries at file scope of functions, variables and types, and the places of functions. 33 bytes and more for each in the mean of a file, with what is in them. */
export const entryDensity = (size = 0): Density => new Density('.debug_info', 'entries', 16, size);

/** Ranges of addresses of all units. One takes three bytes at least, and those of units are a part of all. */
export const rangeDensity = (size: number): Density => new Density('.debug_ranges', 'ranges', 6, size);

/** Enumerators at file scope. 48 bytes and more for each in the mean of a file of any size. */
export const enumeratorDensity = (): Density => new Density('.debug_info', 'enumerators', 32);
