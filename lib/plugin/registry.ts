import { messageOf } from '../errors.js';
import {
  findLibraryRecord,
  libraryRecord,
  libraryRecords,
  withRootLocked,
  type LibraryRecord,
} from '../ffi/process-record.js';

/** Why a library can't be opened: `open` puts `plugin.Open("NAME"): ` before it. */
export interface InitFailure {
  reason: string;
  /** It failed in an earlier call, maybe in another thread: `open` adds ` (previous failure)`, as Go does. */
  previous: boolean;
  /** What `run` threw. */
  cause?: unknown;
}

/** How long one wait lasts: a worker that is terminated while it waits ends after that. */
const SLICE_MILLISECONDS = 50;

/**
 * Runs an init function of a library unless it has run in this process, in whichever thread and by whichever copy of
 * this package; while an init function of the library runs in another thread, waits for that. `run` calls the function
 * and returns its result, where anything but 0 is a veto. A veto, a throwing `run` and a thread that ended inside one
 * are remembered: nothing of that library runs again.
 */
export function runInit(handle: bigint, name: string, run: () => number): InitFailure | undefined {
  const record = libraryRecord(handle);
  // The lock may be another thread's already, `running` yet to be written: only a name that has run is an answer.
  if (record.running === undefined && record.hasRun(name)) return previousFailure(record);
  const refused = acquire(record);
  if (refused) return refused;
  try {
    if (record.hasRun(name)) return undefined;
    record.begin(name);
    const failure = outcome(name, run);
    if (failure) record.fail(failure.reason);
    else record.finish();
    return failure;
  } finally {
    record.unlock();
  }
}

/** For who opens a library without an init function: waits for one that runs in another thread, and tells of its failure. */
export function awaitInits(handle: bigint): InitFailure | undefined {
  const record = findLibraryRecord(handle);
  if (record?.running === undefined) return record && previousFailure(record);
  const refused = acquire(record);
  if (!refused) record.unlock();
  return refused;
}

function outcome(name: string, run: () => number): InitFailure | undefined {
  try {
    const result = run();
    return result === 0 ? undefined : { reason: `init function ${name} returned ${result}`, previous: false };
  } catch (error) {
    return { reason: `init function ${name}: ${messageOf(error)}`, previous: false, cause: error };
  }
}

/** Locks a usable library's record; or says why not, and it is not locked. */
function acquire(record: LibraryRecord): InitFailure | undefined {
  let result = record.lock(0);
  if (result === 'busy') {
    const held = announceWait(record);
    if (!held) return inProgress();
    do result = record.lock(SLICE_MILLISECONDS);
    while (result === 'busy');
    for (const h of held) h.waitsFor = 0n;
  }
  if (result === 'mine') return inProgress();
  if (result === 'orphaned') settleOrphan(record);
  const failure = previousFailure(record);
  if (failure) record.unlock();
  return failure;
}

/**
 * Writes down what this thread is about to wait for, in the records of the libraries whose init it is running: these are
 * returned. Where their owners wait for each other in a circle, nothing is written, and the answer is undefined. One
 * thread at a time does this, so the one that would close a circle sees it.
 */
function announceWait(target: LibraryRecord): LibraryRecord[] | undefined {
  return withRootLocked(() => {
    const records = libraryRecords();
    let next: LibraryRecord | undefined = target;
    while (next) {
      const holder = probe(next);
      if (holder === 'mine') return undefined;
      if (holder === 'nobody') break;
      const { waitsFor }: LibraryRecord = next;
      next = records.find((r) => r.address === waitsFor);
    }
    const held = records.filter((r) => r.running !== undefined && probe(r) === 'mine');
    for (const h of held) h.waitsFor = target.address;
    return held;
  });
}

function probe(record: LibraryRecord): 'mine' | 'another' | 'nobody' {
  const result = record.lock(0);
  if (result === 'mine') return 'mine';
  if (result === 'busy') return 'another';
  if (result === 'orphaned') settleOrphan(record);
  record.unlock();
  return 'nobody';
}

/** What the thread that ended had not written any more. */
function settleOrphan(record: LibraryRecord): void {
  record.waitsFor = 0n;
  const { running } = record;
  if (running === undefined) return;
  if (record.hasRun(running)) record.finish();
  else record.fail(`init function ${running}: the thread that ran it ended before it finished`);
}

function previousFailure({ failure }: LibraryRecord): InitFailure | undefined {
  return failure === undefined ? undefined : { reason: failure, previous: true };
}

function inProgress(): InitFailure {
  return { reason: 'initialization in progress', previous: false };
}

/** Writes down how a library was loaded, for all threads. */
export function recordHow(handle: bigint, how: string): void {
  libraryRecord(handle).loadedLike(how);
}

/** How a library was loaded, as `recordHow` had it; undefined for the ordinary way. */
export function recordedHow(handle: bigint): string | undefined {
  return findLibraryRecord(handle)?.how;
}
