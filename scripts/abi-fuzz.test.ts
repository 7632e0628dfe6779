import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { runChild, type ChildResult } from '../lib/testing/run-child.js';
import { BUILD, describeWith, ROOT } from '../lib/testing/tools.js';
import { compileBatch, runTask, writeBatch } from './abi-fuzz/builds.js';
import { bytesOf } from './abi-fuzz/bytes.js';
import { cFiles, definitions } from './abi-fuzz/c-text.js';
import type { FloatType, Type } from './abi-fuzz/model.js';
import { Report } from './abi-fuzz/report.js';
import { signatureOf, type Signature } from './abi-fuzz/signature.js';

const signatures = (seed: number, count: number, exotic = 0.1): Signature[] =>
  Array.from({ length: count }, (_, index) => signatureOf(seed, index, exotic));

const text = (seed: number): string => JSON.stringify(cFiles(signatures(seed, 50)));

let folder = '';
beforeAll(() => {
  mkdirSync(BUILD, { recursive: true });
  folder = mkdtempSync(join(BUILD, 'abi-fuzz-test-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('the generator', () => {
  it('gives the same text for the same seed, and another for another', () => {
    expect(text(1)).toBe(text(1));
    expect(text(1)).not.toBe(text(2));
  });

  const all = signatures(3, 2000);
  const declarations = all.map(definitions).join('\n');

  it.each([
    ['nested structs', /struct s\d+_\d+ \{[^}]* struct s\d+_\d+ m\d+;/],
    ['unions', /union u\d+_\d+ \{ .*m1/],
    ['empty structs', /struct s\d+_\d+ \{ {2}\}/],
    ['arrays of two dimensions', / m\d+\[\d\]\[\d\];/],
    ['packed structs', /\} __attribute__\(\(packed\)\)/],
    ['packed structs with an alignment', /packed, aligned/],
    ['over-aligned structs', /\} __attribute__\(\(aligned\(16\)\)\)/],
    ['over-aligned members', /m\d+ __attribute__\(\(aligned\(16\)\)\);/],
    ['bit-fields', /long long m\d+_\d : \d+;/],
    ['bit-fields of _Bool', /_Bool m\d+_\d : 1;/],
    ['bit-fields that begin a unit', / int : 0; /],
    ['flexible arrays', / tail\[\];/],
    ['enums', /^enum e\d+_\d+ \{.*= -/m],
    ['packed enums', /^enum .*packed/m],
    ['integers of 128 bits', /unsigned __int128 p\d/],
    ['complex numbers', /float _Complex p\d/],
    ['function pointers as values', /operation p\d/],
    ['pointers', /void \*p\d.*int \*p\d/],
    ['long double', /long double p\d/],
    ['_Float16', /_Float16 p\d/],
    ['vectors', /v16_\w+ p\d/],
    ['variadic functions', /int n, \.\.\.\);/],
    ['callbacks', /\(\*cb\)\([^)]*struct/],
    ['functions without parameters', / \*?f\d+\(void\);/],
    ['functions with twelve', /p11\);/],
    ['functions without a result', /^void f\d+/m],
  ])('makes %s', (_, pattern) => {
    expect(declarations).toMatch(pattern);
  });

  it('marks what is exotic', () => {
    const exotic = all.filter((s) => s.exotic).map(definitions);
    expect(exotic.length).toBeGreaterThan(50);
    expect(exotic.every((d) => /long double|_Float16|\bv(8|16)_/.test(d))).toBe(true);
    expect(signatures(3, 500, 0).some((s) => s.exotic)).toBe(false);
  });
});

describe('the bytes of constants', () => {
  const float = (size: FloatType['size']): Type => ({ kind: 'float', c: '', size });
  it.each<[FloatType['size'], number, string]>([
    [2, 1.5, '003e'],
    [2, -65504, 'fffb'],
    [2, 2 ** -24, '0100'],
    [2, 2 ** -14, '0004'],
    [2, -0, '0080'],
    [2, -Infinity, '00fc'],
    [2, NaN, '007e'],
    [4, -1.5, '0000c0bf'],
    [8, NaN, '000000000000f87f'],
    [10, 1, '0000000000000080ff3f'],
    [10, -0, '00000000000000000080'],
    [10, Infinity, '0000000000000080ff7f'],
    [10, NaN, '00000000000000c0ff7f'],
    [10, 2 ** -1074, '0000000000000080cd3b'],
  ])('a float of %i bytes, %p: %s', (size, value, expected) => {
    expect(Buffer.from(bytesOf(float(size), value, () => 0n)).toString('hex')).toBe(expected);
  });

  it('integers, text and addresses are little-endian', () => {
    const int128: Type = { kind: 'integer', c: '__int128', size: 16, signed: true };
    expect(bytesOf(int128, -2n, () => 0n)).toEqual([0xfe, ...Array<number>(15).fill(0xff)]);
    const char: Type = { kind: 'integer', c: 'char', size: 1, signed: true };
    expect(bytesOf({ kind: 'array', element: char, length: 4 }, 'é', () => 0n)).toEqual([0xc3, 0xa9, 0, 0]);
    const place = { place: 'arena', index: 5 } as const;
    expect(bytesOf({ kind: 'pointer', c: 'void *' }, place, (p) => BigInt(0x1000 + p.index))).toEqual([
      5, 0x10, 0, 0, 0, 0, 0, 0,
    ]);
  });
});

describe('a child that crashes', () => {
  it('costs the function that it was in, and the rest goes on in another', async () => {
    const child = join(folder, 'crash.js');
    writeFileSync(
      child,
      `const { log, indices } = JSON.parse(process.argv[2]);
      const { appendFileSync } = require('node:fs');
      const write = (line) => appendFileSync(log, JSON.stringify(line) + '\\n');
      for (const index of indices) {
        write(index);
        if (index === 4) process.abort();
        write('called');
        if (index === 1) process.kill(process.pid, 'SIGSEGV');
        if (index === 3) process.exit(7);
        write({ index, exotic: false, kind: 'right' });
      }
      write(null);`,
    );
    const indices = [0, 1, 2, 3, 4, 5];
    const task = { library: '', log: join(folder, 'log'), seed: 1, exotic: 0, indices, corrupt: false };
    const outcomes = await runTask([process.execPath], child, task, signatures(1, 6, 0));
    expect(outcomes.map(({ index, kind, reason }) => [index, kind, reason])).toEqual([
      [0, 'right', undefined],
      [1, 'crashed', 'SIGSEGV'],
      [2, 'right', undefined],
      [3, 'crashed', 'exit 7'],
      [4, 'oracle', 'SIGABRT'],
      [5, 'right', undefined],
    ]);
  });
});

describe('the report', () => {
  const report = (right: number, refused: number): Report => {
    const made = new Report(1);
    const of = (count: number, kind: 'right' | 'refused'): void => {
      const outcomes = Array.from({ length: count }, (_, index) => ({ index, exotic: false, kind }));
      made.add('gcc -O0', outcomes, []);
    };
    of(right, 'right');
    of(refused, 'refused');
    return made;
  };

  it('fails where 3 % are refused, where one is wrong, and tells what was', () => {
    expect([report(100, 0).ok, report(98, 2).ok, report(97, 3).ok]).toEqual([true, true, false]);
    const failing = report(100, 0);
    const wrong = {
      index: 4,
      exotic: true,
      kind: 'wrong',
      reason: 'first call',
      details: ['p0: x'],
    } as const;
    const [told] = failing.add('gcc -O2', [wrong], signatures(1, 5));
    expect(failing.ok).toBe(false);
    expect(told).toMatch(/^wrong: seed 1, index 4, gcc -O2: first call\n[^]* f4\([^]*\n {4}p0: x$/);
    expect(failing.summary()).toMatch(/^exotic: 1 signatures × builds: 0 right, 1 wrong/m);
  });
});

const fuzz = (...args: string[]): ChildResult =>
  runChild(join(ROOT, 'scripts/abi-fuzz.ts'), { args, timeoutMilliseconds: 280_000 });

/** How many calls ended so, basic and exotic ones together. */
function counted(stdout: string, kind: string): number {
  const counts = stdout.matchAll(new RegExp(`^(?:basic|exotic): .* (\\d+) ${kind}(?:,| \\()`, 'gm'));
  return Array.from(counts, (m) => Number(m[1])).reduce((sum, n) => sum + n, 0);
}

describeWith(['gcc', 'clang'], 'npm run abi-fuzz', () => {
  // Elsewhere the calls are others, and the command says so.
  const onX64 = process.arch === 'x64' && process.platform === 'linux' ? it : it.skip;

  onX64('what is generated compiles', async () => {
    for (const [seed, compiler] of ['gcc', 'clang'].entries()) {
      const place = join(folder, compiler);
      writeBatch(place, signatures(seed, 30, 1));
      await compileBatch(place, { compiler, level: 'O0' });
    }
  });

  onX64(
    'calls as C does',
    () => {
      const { status, stdout } = fuzz('--count', '300', '--seed', '20');
      const failures = stdout.split('\n').filter((line) => /^(wrong|crashed|oracle): /.test(line));
      expect(failures).toEqual([]);
      expect(stdout).toMatch(
        /^basic: 1\d{3} signatures × builds: .* 0 wrong, 0 crashed, 0 wrong in C itself/m,
      );
      expect(status).toBe(0);
    },
    300_000,
  );

  onX64(
    'finds a value that is another than C gave, wherever it is',
    () => {
      const { status, stdout } = fuzz('--count', '150', '--seed', '21', '--levels', 'O0', '--corrupt');
      expect(status).toBe(1);
      expect(counted(stdout, 'right')).toBe(0);
      expect(counted(stdout, 'wrong')).toBeGreaterThan(20);
    },
    300_000,
  );

  it('says how it is used', () => {
    const { status, stderr } = fuzz('--count', 'many');
    expect(status).toBe(2);
    expect(stderr).toContain('--seed N');
  });
});
