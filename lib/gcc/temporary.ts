import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';

/** Where this thread's libraries are if there is no cache. All realms of a thread (Jest makes one for each test file) have the same. */
export function temporaryRoot(): string {
  return join(tmpdir(), `elf-plugin-${process.geteuid?.() ?? 0}-${process.pid}-${threadId}`);
}

/** Makes it, to be removed when this thread has ended, however it ends. */
export function makeTemporaryRoot(): string {
  const root = temporaryRoot();
  try {
    mkdirSync(root, 0o700);
  } catch {
    // Made by another realm; or somebody else's, which will not be used.
    return root;
  }
  // Not by the event 'exit': Jest's `process` has none, and a signal ends the process without it. The pipe is closed in any case.
  const child = spawn('sh', ['-c', 'read -r nothing; rm -rf -- "$0"', root], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without a shell it stays.
  child.on('error', () => undefined);
  child.unref();
  (child.stdin as unknown as Pick<Socket, 'unref'>).unref();
  return root;
}
