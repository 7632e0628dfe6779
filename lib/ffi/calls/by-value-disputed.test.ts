import { childValue } from '../../testing/run-child.js';
import { compile, hasTool } from '../../testing/tools.js';

/*
 * Where compilers do not agree, or where debug info leaves out what decides: right for the library's own compiler, or refused. In a process of its own, since
 * a result that is not where it is looked for ends the process.
 */

/** What each function is given besides the 9 at the end; the numbers in it add up to 321. */
const CALLS: Record<string, string> = {
  behind: '{ a: 321 }',
  array: '{ a: [300] }, 21',
  inner: '{ f: 300, pad: {} }, 21',
  complex_behind: '{ z: { re: 300, im: 7 } }, 21',
  in_inner: '{ in: { f: 300 } }, 21',
  all: '{}, 321',
  first: '{ d: 300 }, 21',
  elements: '{ a: [{ f: 200 }, { f: 100 }] }, 21',
  either: '{ f: 300 }, 21',
  either_in: '{ d: 300, pad: {} }, 21',
  flexible: '{ n: 321 }',
  flexible_doubles: '{ d: 321 }',
  misplaced: '{ a: 300, s: { x: 21 } }',
  whole: '{ d: 200, c: 100, in: { s: 21 } }',
  packed_around: '1, 2, 3, 4, 5, 6, 0, { u: { s: 300 } }',
  packed_inside: '1, 2, 3, 4, 5, 6, 0, { u: { f: 1 }, d: 200, f: 3, c: 100 }',
  asked_twice: '1, 2, 3, 4, 5, 6, 100, { c: 200 }',
  split: '1, 2, 3, 4, 11, (200n << 64n) + 100n',
  uneven: '1, 2, 3, 4, 5, 6, 0, (200n << 64n) + 100n',
  split_hidden: '1, 2, 3, 15, (200n << 64n) + 100n',
  split_struct: '1, 2, 3, 4, 11, { n: (200n << 64n) + 100n }',
  uneven_struct: '1, 2, 3, 4, 5, 6, 0, { n: (200n << 64n) + 100n }',
};
const COMPILERS = ['gcc', ...(hasTool('clang') ? ['clang'] : [])];

describe.each(COMPILERS)('%s', (compiler) => {
  const path = compile('calls/disputed.c', { compiler, flags: ['-g', '-shared', '-fPIC', '-Wno-psabi'] });
  const inChild = (expression: string): unknown =>
    childValue(
      `
      import { open } from '#lib/index.js';
      const { symbols: f } = open(process.argv[2]);
      const outcome = (call) => {
        try {
          return call();
        } catch (error) {
          return error.code === 'ERR_PLUGIN_UNSUPPORTED' ? 'refused' : error.stack;
        }
      };
      console.log(JSON.stringify(${expression}, (_, v) => (typeof v === 'bigint' ? Number(v) : v)));
      `,
      { args: [path] },
    );
  let seen: Record<string, unknown> = {};
  beforeAll(() => {
    const calls = Object.entries(CALLS).map(
      ([name, args]) => `${name}: outcome(() => f.${name}(${args}, 9))`,
    );
    seen = inChild(`{ ${calls.join(', ')} }`) as Record<string, unknown>;
  });

  it.each(Object.keys(CALLS))('%s is right or refused', (name) => {
    const right = name === 'split_hidden' ? { a: 54321, b: 2, c: 3 } : 54321;
    expect([right, 'refused']).toContainEqual(seen[name]);
  });

  it('a result with a flexible array member is right or refused', () => {
    expect([{ n: 7 }, 'refused']).toContainEqual(inChild('outcome(() => f.flexible_of(7))'));
  });
});
