/*
 * Replays the sessions in README.md and docs/*.md in a terminal: fences without a language whose first line is `$ elf-plugin repl …`. What stands behind a
 * prompt is typed, and the screen has to be the page's; `…` stands for anything on its line. The libraries are those that the C blocks of the page make.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { KEYS, Terminal } from '../lib/testing/terminal.js';
import { BUILD, describeWith, ROOT, run } from '../lib/testing/tools.js';

const MAIN = join(ROOT, 'lib/cli/main.ts');
const PAGES = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((file) => `docs/${file}`)];

interface RecordedSession {
  readonly line: number;
  readonly args: readonly string[];
  readonly text: string;
}

function fences(text: string): { language: string; line: number; code: string }[] {
  return [...text.matchAll(/^```(\w*)\n([^]*?)\n```$/gm)].map(
    ({ 1: language = '', 2: code = '', index }) => ({
      language,
      line: text.slice(0, index).split('\n').length,
      code,
    }),
  );
}

function sessions(page: string): RecordedSession[] {
  return fences(readFileSync(join(ROOT, page), 'utf8')).flatMap(({ language, line, code }) => {
    const [first = '', ...rest] = code.split('\n');
    const command = language === '' ? /^\$ elf-plugin (repl .*)$/.exec(first)?.[1] : undefined;
    return command === undefined ? [] : [{ line, args: command.split(' '), text: rest.join('\n') }];
  });
}

/** Compiles the page's libraries; the folder. */
function prepare(page: string): string {
  const folder = join(BUILD, 'sessions', basename(page, '.md'));
  mkdirSync(folder, { recursive: true });
  for (const { language, code } of fences(readFileSync(join(ROOT, page), 'utf8'))) {
    const [, name, command] = language === 'c' ? (/^\/\/ ([\w.-]+) +(gcc .*)/.exec(code) ?? []) : [];
    if (name === undefined || command === undefined) continue;
    writeFileSync(join(folder, name), `${code}\n`);
    run('sh', ['-c', command], { cwd: folder });
  }
  return folder;
}

/** What is on the screen when each line of the session was typed at its prompt. */
async function replay({ args, text }: RecordedSession, cwd: string): Promise<string> {
  const command = [process.execPath, '--require', require.resolve('tsx/cjs'), MAIN, ...args];
  const terminal = new Terminal(command, { cwd, columns: 400, rows: 100, env: { NO_COLOR: '1' } });
  try {
    await terminal.until(/\n>$/);
    for (const line of text.split('\n')) {
      const typed = /^(?:>|\.\.\.) (.*)$/.exec(line)?.[1];
      if (typed === undefined) continue;
      const { length } = terminal.screen;
      terminal.press(typed + KEYS.enter);
      await terminal.until(/\n(?:>|\.\.\.)$/, length);
    }
    return terminal.screen.replace(/\n>$/, '');
  } finally {
    terminal.close();
  }
}

function pattern(text: string): RegExp {
  return new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('…', '.*')}$`);
}

for (const page of PAGES) {
  const recorded = sessions(page);
  if (recorded.length === 0) continue;
  describeWith(['gcc', 'python3'], page, () => {
    let folder = '';
    beforeAll(() => {
      folder = prepare(page);
    });
    it.each(recorded)('line $line', async (session) => {
      const screen = await replay(session, folder);
      if (!pattern(session.text).test(screen)) expect(screen).toBe(session.text);
    });
  });
}

it('finds the sessions of docs/repl.md', () => {
  expect(sessions('docs/repl.md').length).toBeGreaterThanOrEqual(4);
});
