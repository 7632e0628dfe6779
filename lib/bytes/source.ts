import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs';

import { FormatError } from '../errors.js';

/** Bytes that are read where they are needed: a file, a section of it, or a buffer. Offsets and sizes are in bytes. */
export interface ByteSource {
  /** What error messages call it: `.debug_info`, `libz.so.1`. */
  readonly name: string;
  readonly size: number;
  /**
   * `length` bytes from `offset`; a `FormatError` if they are not all there. The result is not to be written to.
   * `scratch`: memory of at least that length, of somebody who is done with the result before its next use. A file is read into it, past its cache.
   */
  read(offset: number, length: number, scratch?: Uint8Array): Uint8Array;
}

/** Bytes in memory. */
export class BufferSource implements ByteSource {
  readonly name: string;
  readonly #bytes: Uint8Array;

  constructor(name: string, bytes: Uint8Array) {
    this.name = name;
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  read(offset: number, length: number): Uint8Array {
    checkRange(this, offset, length);
    return this.#bytes.subarray(offset, offset + length);
  }
}

/** A part of another source; `size` bytes from `start`, which need not all exist. */
export class SourceSlice implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #parent: ByteSource;
  readonly #start: number;

  constructor(name: string, parent: ByteSource, start: number, size: number) {
    this.name = name;
    this.size = size;
    this.#parent = parent;
    this.#start = start;
  }

  read(offset: number, length: number, scratch?: Uint8Array): Uint8Array {
    checkRange(this, offset, length);
    return this.#parent.read(this.#start + offset, length, scratch);
  }
}

/** Bytes that are fetched at a time for one who hops through a source. */
const STEP = 1 << 12;

/** A large source of which little is read, from front to back: a few bytes here and there. What `read` returns is good until the next call. */
export class ForwardSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #parent: ByteSource;
  readonly #scratch = new Uint8Array(STEP);
  #start = 0;
  #bytes: Uint8Array = this.#scratch.subarray(0, 0);

  constructor(parent: ByteSource) {
    this.name = parent.name;
    this.size = parent.size;
    this.#parent = parent;
  }

  read(offset: number, length: number): Uint8Array {
    checkRange(this, offset, length);
    if (length > STEP) return this.#parent.read(offset, length);
    if (offset < this.#start || offset + length > this.#start + this.#bytes.length) {
      this.#bytes = this.#parent.read(offset, Math.min(STEP, this.size - offset), this.#scratch);
      this.#start = offset;
    }
    return this.#bytes.subarray(offset - this.#start, offset - this.#start + length);
  }
}

/** Bytes that are read at once: a sparse file may say that its table of strings has 8 GiB. The largest, of browsers with debug info, have half of it. */
const MAX_READ = 1 << 30;
/** A FIFO would be waited for. */
const WITHOUT_WAITING = constants.O_RDONLY | constants.O_NONBLOCK;
/** A page of a `FileSource`, in bytes. One system call fetches it (9 µs, whatever its size up to here). */
export const PAGE = 1 << 14;
/** Pages kept, 2 MiB in all; the oldest goes first. */
const PAGES = 128;

/**
 * A file, read by position. Small reads go through a cache of pages, large ones straight to the file.
 * The descriptor stays open, so that a file that is replaced under its name is still the one that was opened.
 */
export class FileSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  /** Device and inode: what the file is, whatever it is called. */
  readonly identity: string;
  /** Inode, size and time of modification: what tells whether a file is still the same one. */
  readonly state: string;
  /** When its bytes, or what is said of it, were changed: `st_ctime` in nanoseconds. */
  readonly changed: bigint;
  #fd: number;
  readonly #pages = new Map<number, Uint8Array>();

  /**
   * Opens `path`; throws the system's error (`ENOENT`, `EACCES`, `EISDIR` at the first read), a `FormatError` for a FIFO or a device. `fd`: of a file that is
   * open already.
   */
  constructor(path: string, fd: number = openSync(path, WITHOUT_WAITING)) {
    this.name = path;
    this.#fd = fd;
    const stat = fstatSync(this.#fd, { bigint: true });
    if (!stat.isFile() && !stat.isDirectory()) {
      this.close();
      throw new FormatError(path, undefined, 'it is no regular file');
    }
    this.size = Number(stat.size);
    this.identity = `${String(stat.dev)}:${String(stat.ino)}`;
    this.state = stateOf(stat);
    this.changed = stat.ctimeNs;
  }

  read(offset: number, length: number, scratch?: Uint8Array): Uint8Array {
    checkRange(this, offset, length);
    if (scratch !== undefined) return this.#load(offset, length, scratch.subarray(0, length));
    const page = Math.floor(offset / PAGE);
    if (offset + length > (page + 1) * PAGE) return this.#load(offset, length);
    const start = offset - page * PAGE;
    return this.#page(page).subarray(start, start + length);
  }

  /** Whether the file was written to, or cut, since it was opened. A closed one can't tell. */
  get isChanged(): boolean {
    return this.#fd >= 0 && stateOf(fstatSync(this.#fd, { bigint: true })) !== this.state;
  }

  /** Of the open file; -1 once it is closed. */
  get descriptor(): number {
    return this.#fd;
  }

  close(): void {
    if (this.#fd < 0) return;
    closeSync(this.#fd);
    this.#fd = -1;
    this.#pages.clear();
  }

  #page(page: number): Uint8Array {
    let bytes = this.#pages.get(page);
    if (bytes === undefined) {
      bytes = this.#load(page * PAGE, Math.min(PAGE, this.size - page * PAGE));
      if (this.#pages.size >= PAGES) {
        const [oldest] = this.#pages.keys();
        if (oldest !== undefined) this.#pages.delete(oldest);
      }
      this.#pages.set(page, bytes);
    }
    return bytes;
  }

  #load(offset: number, length: number, memory?: Uint8Array): Uint8Array {
    if (length > MAX_READ)
      throw new FormatError(this.name, offset, `${length} bytes at once, more than ${MAX_READ} are refused`);
    const bytes = memory ?? new Uint8Array(length);
    for (let done = 0; done < length;) {
      const count = readSync(this.#fd, bytes, done, length - done, offset + done);
      if (count === 0) throw new FormatError(this.name, offset + done, 'the file ends here');
      done += count;
    }
    return bytes;
  }
}

function stateOf({ ino, size, mtimeNs }: BigIntStats): string {
  return `${String(ino)}:${String(size)}:${String(mtimeNs)}`;
}

/**
 * The NUL-terminated string at `offset`, as UTF-8. Reads in growing steps, since its length is not known.
 * A string that is not ended within 1 MiB is refused.
 */
export function readCString(source: ByteSource, offset: number): string {
  for (let step = 128; step <= 1 << 20; step *= 8) {
    const length = Math.min(step, source.size - offset);
    const bytes = source.read(offset, Math.max(length, 0));
    const end = bytes.indexOf(0);
    if (end >= 0) return utf8.decode(bytes.subarray(0, end));
    if (length < step) break;
  }
  throw new FormatError(source.name, offset, 'string without an end');
}

const utf8 = new TextDecoder();

/** Throws the `FormatError` for what is not all in `source`. */
export function checkRange(source: ByteSource, offset: number, length: number): void {
  if (!(offset >= 0 && length >= 0 && offset + length <= source.size)) {
    const size = `0x${source.size.toString(16)}`;
    throw new FormatError(source.name, offset, `${length} bytes wanted, the end is at ${size}`);
  }
}
