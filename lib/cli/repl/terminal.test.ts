import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { replLibrary as library } from '../../testing/repl-library.js';
import { KEYS, Terminal } from '../../testing/terminal.js';
import { BUILD, describeWith, ROOT } from '../../testing/tools.js';

const MAIN = join(ROOT, 'lib/cli/main.ts');

describeWith(['gcc', 'python3'], 'elf-plugin repl, in a terminal', () => {
  let terminal: Terminal;
  /** The prompt is there, in front of nothing. */
  const READY = /^> $|^>$/m;

  async function start(env: NodeJS.ProcessEnv = {}): Promise<void> {
    const command = [process.execPath, '--require', require.resolve('tsx/cjs'), MAIN, 'repl', library()];
    terminal = new Terminal(command, { env: { NO_COLOR: '1', ...env } });
    await terminal.until(READY);
  }

  /** Types a line, and gives what it prints once the next prompt is there. */
  async function enter(line: string): Promise<string> {
    const { length } = terminal.screen;
    terminal.press(line + KEYS.enter);
    const after = await terminal.until(/\n>$/, length);
    return after.slice(length).replace(/^.*\n/, '').replace(/\n?>$/, '');
  }

  afterEach(() => {
    terminal.close();
  });

  it('shows what is open, values, output of C, and ends with Ctrl-D', async () => {
    await start();
    // A long path goes on in the next line of the screen.
    expect(terminal.screen.replaceAll('\n', '')).toContain(`${library()}: 10 symbols, DWARF in `);
    expect(terminal.screen).toContain(
      "JavaScript's or the session's own, not C's: Array; plugin.lookup('Array') is C's\n",
    );
    expect(await enter('add(2, 3)')).toBe('5');
    expect(await enter('origin.value')).toBe('(struct point){ .x = 1, .y = 2.5 }');
    expect(await enter('hello()')).toBe('hello from C');
    expect(await enter('nope')).toBe('Uncaught ReferenceError: nope is not defined');
    expect(await enter('_error.name')).toBe("'ReferenceError'");
    expect(await enter('await Promise.resolve(_ + 1)')).toBe("'ReferenceError1'");
    terminal.press(KEYS.ctrlD);
    expect(await terminal.end()).toBe(0);
  });

  it.each([
    ['a symbol', 'next_c', 'next_color'],
    ['symbols', 'a', 'add', 'apply'],
    ['a field', 'shape.value.fr', 'shape.value.from'],
    ['fields', 'shape.value.to.', 'x', 'y'],
    ['a field behind a null pointer', 'shape.value.next.value.ne', 'shape.value.next.value.next'],
    ['a field of a result', 'make_point(1, 2).', 'x', 'y'],
    ['a field of an anonymous struct', 'shape.value.style.wi', 'shape.value.style.width'],
    ['what a pointer has', 'counter.val', 'counter.value'],
    ['an enumerator', 'GRE', 'GREEN'],
    ['an enumerator that is assigned', "shape.value.color = 'GR", "shape.value.color = 'GREEN"],
    ['a symbol in lookup', "plugin.lookup('cou", "plugin.lookup('counter"],
    ['a type in lookup', "plugin.lookup('origin', 'struct po", "plugin.lookup('origin', 'struct point"],
    ['a typedef in alloc', "alloc('poin", "alloc('point_t"],
    ['a type in cast', "cast('struct sh", "cast('struct shape"],
    ['a field in addressOf', "addressOf(shape.value, 'sty", "addressOf(shape.value, 'style"],
    ['a symbol in .source', '.source hel', '.source hello'],
    ['a type in .type', '.type struct sh', '.type struct shape'],
    ['a field behind ?.', 'shape.value.next?.value.ne', 'shape.value.next?.value.next'],
    ['a symbol that is an argument', 'add(next_c', 'add(next_color'],
    ['an enumerator that is an argument', 'next_color(GRE', 'next_color(GREEN'],
    ['what JavaScript has', 'JSON.strin', 'JSON.stringify'],
    ['what JavaScript has, in an argument', 'add(JSON.strin', 'add(JSON.stringify'],
  ])('Tab completes %s', async (_, typed, ...expected) => {
    await start();
    terminal.press(typed + KEYS.tab);
    if (expected.length === 1) {
      await terminal.until(new RegExp(`> ${escape(expected[0] ?? '')}$`));
    } else {
      await pause();
      terminal.press(KEYS.tab);
      await terminal.until(new RegExp(expected.map((word) => `\\b${word}\\b`).join('[^]*[ \\n]')));
    }
  });

  it.each(['hello().', '(hello()).', 'add(hello().x.'])('Tab does not call what %s calls', async (typed) => {
    await start();
    terminal.press(typed);
    terminal.press(KEYS.tab);
    await pause();
    terminal.press(KEYS.tab);
    await pause();
    terminal.press(KEYS.ctrlU);
    await terminal.until(/\n>$/);
    expect(await enter('add(2, 3)')).toBe('5');
    expect(terminal.screen).not.toContain('hello from C');
  });

  it('Ctrl-C ends a line and a loop, and not the session', async () => {
    await start();
    terminal.press(`add(${KEYS.ctrlC}`);
    await terminal.until(/> add\(\n>$/);
    expect(await enter('1 + 1')).toBe('2');
    terminal.press(`for (;;) add(1, 2)${KEYS.enter}`);
    await pause();
    terminal.press(KEYS.ctrlC);
    await terminal.until(/Uncaught.*interrupted[^]*>$/);
    terminal.press(`await new Promise(() => {})${KEYS.enter}`);
    await pause();
    terminal.press(KEYS.ctrlC);
    await terminal.until(/interrupted[^]*interrupted[^]*>$/);
    expect(await enter('add(1, 2)')).toBe('3');
  });

  it.each([
    ['Ctrl-C', KEYS.ctrlC],
    ['.break', `.break${KEYS.enter}`],
    ['.clear', `.clear${KEYS.enter}`],
  ])('%s ends C that is typed', async (_, keys) => {
    await start();
    terminal.press(`.c int half(int x) {${KEYS.enter}`);
    await terminal.until(/\.\.\.$/);
    terminal.press(keys);
    await terminal.until(/\n>$/);
    expect(await enter('add(1, 2)')).toBe('3');
  });

  it('keeps the history', async () => {
    const file = join(BUILD, 'cli', 'state', 'history');
    rmSync(file, { force: true });
    for (const line of ['add(1, 1)', 'add(2, 2)']) {
      await start({ ELF_PLUGIN_REPL_HISTORY: file });
      await enter(line);
      terminal.press(KEYS.ctrlD);
      await terminal.end();
    }
    expect(readFileSync(file, 'utf8')).toBe('add(1, 1)\nadd(2, 2)\n');
    await start({ ELF_PLUGIN_REPL_HISTORY: file });
    terminal.press(KEYS.up + KEYS.up);
    await terminal.until(/> add\(1, 1\)$/);
  });
});

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** So that what was pressed is read before anything else is. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 400));
}
