import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { cli, FOLDER, MAIN, quoted } from '../../testing/cli.js';
import { compile, describeWith, run } from '../../testing/tools.js';

const BIN = join(FOLDER, 'bin');
const WORK = join(FOLDER, 'completion');

/** The command as npm links it, and a library called lib.so, in a folder. */
function prepare(): void {
  mkdirSync(BIN, { recursive: true });
  mkdirSync(WORK, { recursive: true });
  const command = join(BIN, 'elf-plugin');
  writeFileSync(
    command,
    `#!/bin/sh\nexec '${process.execPath}' --require '${require.resolve('tsx/cjs')}' '${MAIN}' "$@"\n`,
  );
  chmodSync(command, 0o755);
  run('cp', [compile('cli/call.c'), join(WORK, 'lib.so')]);
  for (const shell of ['bash', 'zsh'])
    writeFileSync(join(WORK, `${shell}rc`), cli(['completion', shell]).stdout);
}

/** What is typed with Tab at its end, and what the line is then. */
const LINES: readonly [typed: string, completed: string][] = [
  ['elf-plugin sym', 'elf-plugin symbols '],
  ['elf-plugin help insp', 'elf-plugin help inspect '],
  ['elf-plugin completion ba', 'elf-plugin completion bash '],
  ['elf-plugin symbols --ignore', 'elf-plugin symbols --ignore-case '],
  ['elf-plugin symbols --kind fun', 'elf-plugin symbols --kind function '],
  ['elf-plugin symbols li', 'elf-plugin symbols lib.so '],
  ['elf-plugin symbols --kind function lib.so norm', 'elf-plugin symbols --kind function lib.so norm '],
  ['elf-plugin call lib.so trunc', 'elf-plugin call lib.so trunc8'],
  ["elf-plugin call lib.so 'trunc", "elf-plugin call lib.so 'trunc8"],
  ["elf-plugin call lib.so 'add(paint(0), appl", "elf-plugin call lib.so 'add(paint(0), apply"],
  ["elf-plugin call lib.so V 'F()' \"trunc", "elf-plugin call lib.so V 'F()' \"trunc8"],
];

/** What a shell makes of the lines, each typed in a terminal with Tab behind it: it then writes what is in front of the cursor to a file, and starts anew. */
function typed(shell: string): string[] {
  const [ready, seen] = [join(WORK, 'ready'), join(WORK, 'seen')];
  rmSync(ready, { force: true });
  writeFileSync(seen, '');
  // Ctrl-X s shows, Ctrl-U clears the line.
  const keys = LINES.map(([line]) => `${line}\t\x18s\x15`).join('');
  writeFileSync(join(WORK, 'keys'), `${keys}exit\n`);
  const type = `until [ -e ready ]; do sleep 0.1; done; sleep 0.5; cat keys; sleep 30`;
  const env = {
    ...process.env,
    PATH: `${BIN}:${process.env['PATH'] ?? ''}`,
    ZDOTDIR: WORK,
    TERM: 'dumb',
    INPUTRC: '/dev/null',
  };
  const command = shell === 'bash' ? 'bash --noprofile --rcfile .bashrc -i' : 'zsh -d -i';
  // The end of the shell ends script(1), and the rest of what types.
  const all = `(${type}) | { script -qec ${quoted(command)} /dev/null; kill 0; }`;
  spawnSync('setsid', ['--wait', 'timeout', '-s', 'KILL', '45', 'bash', '-c', all], { cwd: WORK, env });
  return readFileSync(seen, 'utf8').split('\n').slice(0, -1);
}

describe.each([
  [
    'bash',
    `bind -x '"\\C-xs": printf "%s\\n" "$READLINE_LINE" >> seen'; bind 'set bell-style none'; PROMPT_COMMAND='touch ready'`,
  ],
  [
    'zsh',
    `show() { print -r -- "$BUFFER" >> seen }; zle -N show; bindkey -e; bindkey '^Xs' show; precmd() { touch ready }`,
  ],
])('completion in %s', (shell, setup) => {
  describeWith(['gcc', 'script', shell], `typed in a terminal`, () => {
    beforeAll(() => {
      prepare();
      writeFileSync(join(WORK, `.${shell}rc`), `${cli(['completion', shell]).stdout}\n${setup}\n`);
    });

    it('is as it should be', () => {
      expect(typed(shell)).toEqual(LINES.map(([, completed]) => completed));
    });
  });
});

describe('what may stand there', () => {
  beforeAll(prepare);
  const at = (place: number, ...words: readonly string[]): string[] =>
    cli(['completion', '--at', String(place), '--', 'elf-plugin', ...words], {}, { cwd: WORK })
      .stdout.split('\n')
      .slice(0, -1);

  it.each([
    [1, ['c'], ['call', 'completion']],
    [1, ['-'], ['--help', '--version']],
    [2, ['call', ''], [':files']],
    [2, ['nope', ''], []],
    [3, ['symbols', '--sort', 's'], ['size']],
    [3, ['symbols', '--types', ''], [':files']],
    [3, ['symbols', '--type', ''], []],
    [3, ['symbols', 'lib.so', 'tr'], ['trunc8']],
    [3, ['call', 'no-such.so', 'a'], []],
    [3, ['call', 'lib.so', 'origin.x'], []],
    [2, ['find', 'stdc'], ['stdc++']],
    [3, ['inspect', 'lib.so', ''], [':files']],
  ] as const)('%d %j', (place, words, expected) => {
    expect(at(place, ...words)).toEqual(expected);
  });

  it('every option that a help lists is known to its command', () => {
    for (const command of ['symbols', 'inspect', 'call', 'find', 'types']) {
      for (const option of at(2, command, '--').filter((one) => one !== '--help')) {
        expect(cli([command, option, '--', 'no-such-library', 'x', 'y']).stderr).not.toContain(
          'Unknown option',
        );
      }
    }
  });

  it('takes a shell that it knows', () => {
    expect(cli(['completion'])).toMatchObject({ status: 2 });
    expect(cli(['completion', 'fish'])).toMatchObject({ status: 2, stdout: '' });
  });
});
