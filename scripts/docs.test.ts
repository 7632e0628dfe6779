/*
 * Runs every code block of README.md and docs/*.md. What a block's fence says:
 *
 *   c     The first line is `// NAME.c   gcc …`: the block is written to that file and compiled with that very command. `// NAME.c`
 *         or `// NAME.h` alone: it is written, for other blocks.
 *   ts    A part of a program: the blocks under one `##` heading are one ES module, checked under --strict and run. A first line
 *         `// NAME.mts` makes it a file that the others can use.
 *   js    A CommonJS program of its own. A first line `// NAME.js` or `// NAME.mjs` makes it a file that others use, as `json` is with `// NAME.json`.
 *   sh    Shell commands. Those that install something are listed below and not run.
 *   text  What the block before it prints, and nothing else. `…` stands for anything on its line.
 *   none  A picture. One that begins with `$ elf-plugin repl` is a session, which scripts/sessions.test.ts replays.
 *
 * A page has a folder of its own, in which all of it runs: first its C and shell blocks in order, then its programs. `elf-plugin` is this package,
 * built as it is published. `<!-- needs: libx.so.1 -->` under a heading names a library without which the section is skipped: one that is installed, or
 * that is made for the page and lies in its folder.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { findLibrary } from '../lib/elf/search.js';
import { installedDebugFile } from '../lib/testing/debug-file.js';
import { installPackage } from '../lib/testing/package.js';
import { sqlite, SQLITE_COMMANDS } from '../lib/testing/real-library.js';
import { BUILD, describeWith, ROOT, run } from '../lib/testing/tools.js';

/** Commands that people type once. `npm start` has a test of its own. */
const NOT_RUN = [
  // The files of docs/jest.md, and these commands, are run by consumer.ts.
  'npm install --save-dev jest elf-plugin',
  'npm install --save-dev typescript@6 ts-jest @types/jest @types/node',
  'npm install --save-dev typescript @types/node tsx',
  'npx jest',
  'npx jest --runInBand',
  'npm install elf-plugin',
  'mkdir tutorial && cd tutorial && npm init -y && npm install elf-plugin',
  'npm ci && npm start',
  'npm ci && npm test',
  'sudo apt install gcc',
  'sudo apt install libpython3.11-dbg',
  'sudo apt install libc6-dbg',
  SQLITE_COMMANDS,
];

/** What such commands make or install, by the name it has in a page. */
const MADE: Readonly<Record<string, () => string>> = {
  'sqlite3.so': sqlite,
  'sqlite3.h': () => '/usr/include/sqlite3.h',
  'libc6-dbg': () => installedDebugFile(findLibrary('c')),
};

interface Block {
  readonly language: string;
  /** Of the line behind the fence, from 1. */
  readonly line: number;
  readonly code: string;
  /** The name of the file that the first line gives. */
  readonly file: string | undefined;
  /** The `text` block that follows. */
  output: string | undefined;
}

interface Section {
  readonly title: string;
  readonly needs: readonly string[];
  readonly blocks: readonly Block[];
}

const FOLDER = join(BUILD, 'docs');
/** What npm links the package's commands into. */
const BIN = join(FOLDER, 'node_modules/.bin');
const TSC = require.resolve('typescript/bin/tsc');
const PAGES = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((f) => f.endsWith('.md'))
    .map((f) => `docs/${f}`),
];

/** Splits a page at its `##` headings. */
function parse(page: string): Section[] {
  const lines = readFileSync(join(ROOT, page), 'utf8').split('\n');
  const sections: { title: string; needs: string[]; blocks: Block[] }[] = [];
  let section = { title: page, needs: [] as string[], blocks: [] as Block[] };
  sections.push(section);
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? '';
    const heading = /^## (.*)/.exec(line)?.[1];
    if (heading !== undefined) {
      section = { title: heading, needs: [], blocks: [] };
      sections.push(section);
    }
    section.needs.push(...(/^<!-- needs: (.*) -->$/.exec(line)?.[1]?.split(', ') ?? []));
    const language = /^```(.*)/.exec(line)?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf('```', i + 1);
    const code = lines.slice(i + 1, end).join('\n');
    if (language === 'text') {
      const last = section.blocks.at(-1);
      if (last === undefined || last.output !== undefined)
        throw new Error(`${page}:${i + 1}: output of what?`);
      last.output = code;
    } else if (language !== '') {
      const file = /^\/\/ ([\w.-]+)(?: {2,}|$)/.exec(lines[i + 1] ?? '')?.[1];
      section.blocks.push({ language, line: i + 2, code, file, output: undefined });
    }
    i = end;
  }
  return sections;
}

/** The module of a section. Each line stands where it stands in the page, and each block says that it begins. */
function program(section: Section): string | undefined {
  const blocks = section.blocks.filter((b) => b.language === 'ts' && b.file === undefined);
  if (blocks.length === 0) return undefined;
  const lines: string[] = [];
  for (const { line, code } of blocks) {
    while (lines.length < line - 2) lines.push('');
    lines.push(`;process.stdout.write('\\x00${line}\\n');`, ...code.split('\n'));
  }
  return `${lines.join('\n')}\nexport {};\n`;
}

const folderOf = (page: string): string => join(FOLDER, basename(page, '.md'));
const programName = (index: number): string => `section-${index}`;

/** What a program or command wrote; how it ended if not well. */
function outputOf(command: string, args: readonly string[], cwd: string): string {
  // npx warns of what it does not like in the settings of this machine.
  const env = { ...process.env, PATH: `${BIN}:${process.env['PATH'] ?? ''}`, npm_config_loglevel: 'error' };
  const child = spawnSync(command, args, { cwd, env, encoding: 'utf8', timeout: 30_000 });
  const end = child.status === 0 ? '' : `\n${child.signal ?? `exit ${String(child.status)}`}`;
  return child.stdout + child.stderr + end;
}

/** What is printed under `text`, as a pattern. */
function pattern(text: string): RegExp {
  const parts = text.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}

function expectOutput(actual: string, expected: string): void {
  const trimmed = actual.trimEnd();
  if (pattern(expected.trimEnd()).test(trimmed)) return;
  expect(trimmed).toBe(expected.trimEnd());
}

const pages = PAGES.map((page) => ({ page, sections: parse(page) }));
const shell = new Map<Block, string>();
let typeErrors = '';

/** Builds the package and everything in the pages. */
function build(): void {
  rmSync(FOLDER, { recursive: true, force: true });
  const home = installPackage(FOLDER);
  mkdirSync(BIN, { recursive: true });
  const command = join(BIN, 'elf-plugin');
  writeFileSync(command, `#!/bin/sh\nexec node '${join(home, 'dist/cli/main.js')}' "$@"\n`);
  chmodSync(command, 0o755);
  // What people have in their projects.
  symlinkSync(TSC, join(BIN, 'tsc'));
  symlinkSync(join(dirname(require.resolve('jest/package.json')), 'bin/jest.js'), join(BIN, 'jest'));
  for (const { page, sections } of pages) write(folderOf(page), sections);
  const compilerOptions = {
    target: 'es2023',
    module: 'nodenext',
    strict: true,
    types: ['node'],
    allowArbitraryExtensions: true,
  };
  writeFileSync(join(FOLDER, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*/*.mts'] }));
  typeErrors = outputOf(process.execPath, [TSC, '-p', '.'], FOLDER);
}

/** Writes and compiles what a page consists of, and runs its shell commands. */
function write(folder: string, sections: readonly Section[]): void {
  mkdirSync(folder, { recursive: true });
  sections.forEach((section, index) => {
    const text = program(section);
    for (const name of section.needs) {
      const link = join(folder, name);
      if (name in MADE && !existsSync(link)) symlinkSync(MADE[name]?.() ?? '', link);
    }
    if (text !== undefined) writeFileSync(join(folder, `${programName(index)}.mts`), text);
    for (const block of section.blocks) {
      if (block.language === 'sh' && !NOT_RUN.includes(block.code))
        shell.set(block, outputOf('sh', ['-c', block.code], folder));
      if (block.file === undefined) continue;
      writeFileSync(join(folder, block.file), `${block.code}\n`);
      const [first = ''] = block.code.split('\n');
      if (block.language !== 'c' || !first.includes('  ')) continue;
      run('sh', ['-c', first.slice(first.indexOf('  ')).trim()], { cwd: folder });
    }
  });
}

describeWith(['gcc'], 'the documentation', () => {
  beforeAll(build, 120_000);

  it('has TypeScript that is right under --strict', () => {
    expect(typeErrors).toBe('');
  });

  it.each(pages)('$page has no block that is not run', ({ page, sections }) => {
    const faults: string[] = [];
    for (const { language, line, code, file, output } of sections.flatMap((s) => s.blocks)) {
      const known = ['c', 'ts', 'js', 'json', 'sh'].includes(language);
      const needsOutput = language === 'c' || file !== undefined ? false : !NOT_RUN.includes(code);
      if (!known) faults.push(`${page}:${line}: ${language} is not known here`);
      if (needsOutput && output === undefined) faults.push(`${page}:${line}: it is not said what it prints`);
      if (language === 'c' && !/^\/\/ \S+\.(?:c {2,}gcc |[ch]$)/m.test(code))
        faults.push(`${page}:${line}: no gcc line`);
    }
    expect(faults).toEqual([]);
  });

  for (const { page, sections } of pages) {
    sections.forEach((section, index) => {
      const runnable = section.blocks.filter((b) => b.output !== undefined);
      if (runnable.length === 0) return;
      const needs = section.needs.map((name) => MADE[name]?.() ?? findLibrary(name) ?? `/usr/lib/${name}`);
      describeWith(needs, `${page}, ${section.title}`, () => {
        let printed: Map<number, string> | undefined;
        it.each(runnable)('line $line', (block) => {
          const { language, line, code, output = '' } = block;
          const folder = folderOf(page);
          if (language === 'sh') {
            expectOutput(shell.get(block) ?? '', output);
          } else if (language === 'js') {
            const file = `line-${line}.cjs`;
            writeFileSync(join(folder, file), code);
            expectOutput(outputOf(process.execPath, [file], folder), output);
          } else {
            printed ??= split(outputOf(process.execPath, [`${programName(index)}.mjs`], folder));
            expectOutput(printed.get(line) ?? `nothing: ${[...printed.values()].at(-1) ?? ''}`, output);
          }
        });
      });
    });
  }
});

/** A program's output by block. */
function split(text: string): Map<number, string> {
  const [before = '', ...parts] = text.split('\0');
  const blocks = parts.map((part): [number, string] => [
    Number.parseInt(part),
    part.slice(part.indexOf('\n') + 1),
  ]);
  return new Map([[0, before], ...blocks]);
}

it.each(PAGES)('%s links to what exists', (page) => {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const targets = [...text.matchAll(/\]\((?!https?:)([^)#]+)?(?:#([^)]+))?\)/g)];
  const broken = targets.filter(([, file, anchor]) => {
    const path = file === undefined ? join(ROOT, page) : join(ROOT, dirname(page), file);
    if (!existsSync(path)) return true;
    return anchor !== undefined && !anchors(readFileSync(path, 'utf8')).includes(anchor);
  });
  expect(broken.map(([link]) => link)).toEqual([]);
});

/** The names that GitHub gives to headings. */
function anchors(markdown: string): string[] {
  const slug = (heading: string): string =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-');
  return [...markdown.matchAll(/^#+ (.*)/gm)].map((m) => slug(m[1] ?? ''));
}
