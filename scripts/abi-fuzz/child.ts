import { openSync, writeSync } from 'node:fs';

import { open } from '../../lib/index.js';
import { check } from './call.js';
import { Library } from './library.js';
import { signatureOf } from './signature.js';

/** What a child is asked to do. */
export interface Task {
  readonly library: string;
  /** The file to which it writes what happens, line by line. */
  readonly log: string;
  readonly seed: number;
  readonly exotic: number;
  readonly indices: readonly number[];
  readonly corrupt: boolean;
}

/*
 * A process that calls the functions of one library. For each it writes its number, before C calls it; `called`, before the library does; then an
 * `Outcome`. At the end, `null`. So a crash is known by the last line.
 */
function main(): void {
  const { library, log, seed, exotic, indices, corrupt } = JSON.parse(process.argv[2] ?? '') as Task;
  const file = openSync(log, 'w');
  const write = (line: unknown): void => {
    writeSync(file, `${JSON.stringify(line)}\n`);
  };
  const loaded = new Library(open(library));
  for (const index of indices) {
    write(index);
    const signature = signatureOf(seed, index, exotic);
    const called = (): void => {
      write('called');
    };
    write(check(loaded, signature, corrupt, called));
  }
  write(null);
}

main();
