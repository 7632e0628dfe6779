import { bufferOver, dataOver } from './foreign.js';
import { koffi, libc } from './koffi.js';
import { iteratePhdr } from './linker.js';
import { initMutex, lockMutex, unlockMutex, MUTEX_SIZE, type LockResult } from './robust-mutex.js';

/**
 * What the process knows about its libraries: their init functions, and how they were loaded. JavaScript's own state is one per worker and per copy of
 * this package, so the record is in C memory: a root block, and a block for each library in a list behind it. Both are
 * an array of 8-byte words that starts with a mutex. Blocks are added and never freed; words are read without a lock.
 */

/** Names the layout of the blocks: a version that lays them out differently takes another name and has its own record. */
const DOMAIN = 'elf-plugin.registry.v1';

const WORD = {
  next: MUTEX_SIZE / 8,
  handle: MUTEX_SIZE / 8 + 1,
  /** The block of the library that the holder of this one's mutex waits for, or 0. */
  waitsFor: MUTEX_SIZE / 8 + 2,
  /** The text below: the init function that is running, or 0. */
  running: MUTEX_SIZE / 8 + 3,
  /** A chain of texts: the init functions that have run. */
  done: MUTEX_SIZE / 8 + 4,
  /** A text: why the library can't be used any more, or 0. */
  failure: MUTEX_SIZE / 8 + 5,
  /** A text: how the library was loaded, where that is out of the ordinary, or 0. */
  how: MUTEX_SIZE / 8 + 6,
} as const;
const BLOCK_SIZE = MUTEX_SIZE + 7 * 8;

const calloc = libc('void *calloc(size_t count, size_t size)') as (
  count: number,
  size: number,
) => bigint | null;
const free = libc('void free(void *block)') as (block: bigint) => void;
const bindtextdomain = libc('const char *bindtextdomain(const char *domain, const char *folder)') as (
  domain: string,
  folder: string | null,
) => string | null;

/** The words of a block, which several threads read and write at once. */
interface Words {
  load(index: number): bigint;
  store(index: number, value: bigint): void;
  /** Stores `value` where nothing is stored yet. */
  initialise(index: number, value: bigint): void;
}

function wordsAt(address: bigint): Words {
  const buffer = bufferOver(address, BLOCK_SIZE);
  if (buffer === undefined) return copiedWords(address);
  const words = new BigUint64Array(buffer);
  return {
    load: (index) => Atomics.load(words, index),
    store: (index, value) => Atomics.store(words, index, value),
    initialise: (index, value) => Atomics.compareExchange(words, index, 0n, value),
  };
}

/**
 * Where the engine allows no buffer over them: `memcpy` of an aligned word is one access. What is stored is a whole block or text, so nobody reads a
 * part of one; of two threads that initialise a word at once the second one's stays, and they say the same.
 */
function copiedWords(address: bigint): Words {
  const words = dataOver(address, BLOCK_SIZE);
  const load: Words['load'] = (index) => words.getBigUint64(index * 8, true);
  const store: Words['store'] = (index, value) => {
    words.setBigUint64(index * 8, value, true);
  };
  return {
    load,
    store,
    initialise: (index, value) => {
      if (load(index) === 0n) store(index, value);
    },
  };
}

class Block {
  readonly address: bigint;
  protected readonly words: Words;

  constructor(address: bigint) {
    this.address = address;
    this.words = wordsAt(address);
  }

  lock(milliseconds: number): LockResult {
    return lockMutex(this.address, milliseconds);
  }

  unlock(): void {
    unlockMutex(this.address);
  }

  get next(): bigint {
    return this.words.load(WORD.next);
  }

  set next(address: bigint) {
    this.words.store(WORD.next, address);
  }
}

/**
 * The record of one library, by its handle, which is unique as the library is never closed. Who holds its lock may
 * run an init function of the library and write here; everybody may read.
 */
export class LibraryRecord extends Block {
  get handle(): bigint {
    return this.words.load(WORD.handle);
  }

  set handle(handle: bigint) {
    this.words.store(WORD.handle, handle);
  }

  get waitsFor(): bigint {
    return this.words.load(WORD.waitsFor);
  }

  set waitsFor(address: bigint) {
    this.words.store(WORD.waitsFor, address);
  }

  /** The init function that is running; if nobody holds the lock, one whose thread ended with it. */
  get running(): string | undefined {
    return textAt(this.words.load(WORD.running));
  }

  /** Why an init function of the library failed. That is never undone. */
  get failure(): string | undefined {
    return textAt(this.words.load(WORD.failure));
  }

  /** How the library was loaded, in the words of who did; undefined for the ordinary way. */
  get how(): string | undefined {
    return textAt(this.words.load(WORD.how));
  }

  /** Who loaded it says so once. */
  loadedLike(text: string): void {
    this.words.initialise(WORD.how, newText(text, 0n));
  }

  hasRun(name: string): boolean {
    let text = this.words.load(WORD.done);
    while (text !== 0n && textAt(text) !== name) text = BigInt(koffi.decode.uint64(text));
    return text !== 0n;
  }

  begin(name: string): void {
    this.words.store(WORD.running, newText(name, this.words.load(WORD.done)));
  }

  finish(): void {
    this.words.store(WORD.done, this.words.load(WORD.running));
    this.words.store(WORD.running, 0n);
  }

  /** The first failure stays. */
  fail(why: string): void {
    this.words.initialise(WORD.failure, newText(why, 0n));
    this.words.store(WORD.running, 0n);
  }
}

let root: Block | undefined;
/** The records that this copy of the module has read so far, in the list's order. */
const known: LibraryRecord[] = [];

/** Every library's record. */
export function libraryRecords(): readonly LibraryRecord[] {
  root ??= publishedRoot();
  if (!root) return known;
  for (let { next } = known.at(-1) ?? root; next !== 0n;) {
    const record = new LibraryRecord(next);
    known.push(record);
    next = record.next;
  }
  return known;
}

/** The record of a library, if there was something to write down. */
export function findLibraryRecord(handle: bigint): LibraryRecord | undefined {
  return libraryRecords().find((r) => r.handle === handle);
}

/** The record of a library, made if there is none. */
export function libraryRecord(handle: bigint): LibraryRecord {
  return (
    findLibraryRecord(handle) ??
    withRootLocked((locked) => {
      const found = findLibraryRecord(handle);
      if (found) return found;
      const record = new LibraryRecord(newBlock());
      record.handle = handle;
      // The only write to what others read, and of a whole block: whoever is terminated before it leaves no trace.
      (known.at(-1) ?? locked).next = record.address;
      known.push(record);
      return record;
    })
  );
}

/** Runs `body` while no other thread adds a record or looks for a cycle of waiting threads. It must not wait. */
export function withRootLocked<T>(body: (root: Block) => T): T {
  const locked = (root ??= publishedRoot() ?? publishRoot());
  while (locked.lock(50) === 'busy');
  try {
    return body(locked);
  } finally {
    locked.unlock();
  }
}

/**
 * The address is kept where gettext keeps its message folders: a store of strings by name that each process has one of,
 * behind a lock of its own, in glibc and musl (bindtextdomain(3)). The process id tells a forked child's own record.
 */
function publishedRoot(): Block | undefined {
  const [, address] =
    new RegExp(`^${process.pid}:(0x[0-9a-f]+)$`).exec(bindtextdomain(DOMAIN, null) ?? '') ?? [];
  return address === undefined ? undefined : new Block(BigInt(address));
}

/**
 * Makes the root block, unless another thread is first: the linker's lock makes looking and publishing one step. That is
 * so in glibc; musl's dl_iterate_phdr calls back without its lock, so there two first users could get a root each.
 */
function publishRoot(): Block {
  const address = newBlock();
  let published: Block | undefined;
  iteratePhdr(() => {
    published = publishedRoot();
    if (!published) bindtextdomain(DOMAIN, `${process.pid}:0x${address.toString(16)}`);
    return 1;
  });
  if (!published) return new Block(address);
  free(address);
  return published;
}

function newBlock(): bigint {
  const address = allocate(BLOCK_SIZE);
  initMutex(address);
  return address;
}

/** A text is the address of the next one of its chain, then UTF-8 up to a NUL. */
function newText(text: string, next: bigint): bigint {
  const bytes = new TextEncoder().encode(text);
  const address = allocate(8 + bytes.length + 1);
  const memory = dataOver(address, 8 + bytes.length);
  memory.setBigUint64(0, next, true);
  for (const [i, byte] of bytes.entries()) memory.setUint8(8 + i, byte);
  return address;
}

function textAt(address: bigint): string | undefined {
  return address === 0n ? undefined : koffi.decode.string(address + 8n);
}

function allocate(size: number): bigint {
  const address = calloc(1, size);
  if (address === null) throw new Error(`calloc: no memory for ${size} bytes`);
  return address;
}
