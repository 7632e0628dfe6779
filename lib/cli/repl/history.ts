import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { REPLServer } from 'node:repl';

/** Lines that are kept. The file may have twice as many. */
const MAX_LINES = 1000;

/** Where lines are kept: `ELF_PLUGIN_REPL_HISTORY`, else a file of the user's state (XDG Base Directory Specification). Undefined if that variable is empty. */
export function historyFile(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = environment['ELF_PLUGIN_REPL_HISTORY'];
  if (named !== undefined) return named === '' ? undefined : named;
  const state = environment['XDG_STATE_HOME'];
  const folder = state?.startsWith('/') === true ? state : join(homedir(), '.local/state');
  return join(folder, 'elf-plugin/repl_history');
}

/** Lines of this session are there in the next one. Each is written before it is run: C may end the process. Where there is no place for them there is no history. */
export function keepHistory(server: REPLServer, file: string | undefined = historyFile()): void {
  if (file === undefined) return;
  const lines = readLines(file);
  // The newest one first.
  const { history } = server as unknown as { history: string[] };
  history.push(...lines.slice(-MAX_LINES).reverse());
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    if (lines.length > 2 * MAX_LINES) writeFileSync(file, `${lines.slice(-MAX_LINES).join('\n')}\n`);
    let [last] = history;
    server.on('history', ([line]: string[]) => {
      if (line === undefined || line === last) return;
      last = line;
      append(file, line);
    });
  } catch {
    return;
  }
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

function append(file: string, line: string): void {
  try {
    appendFileSync(file, `${line}\n`, { mode: 0o600 });
  } catch {
    // The disk is full, or the file is somebody else's: the session goes on.
  }
}
