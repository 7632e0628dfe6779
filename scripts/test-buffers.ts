/*
 * `npm run test:buffers`: the tests of values and calls in an engine that forbids buffers over C's memory, as Electron does. What remains out is what
 * is a typed array over memory that is not ours: there it is a live array-like.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { withoutExternalBuffers } from '../lib/testing/no-external-buffers.js';
import { ROOT } from '../lib/testing/tools.js';

/** Tests that ask for a typed array, or for its methods, by the end of their names. */
const TYPED_ARRAYS = [
  'over the memory itself',
  'Jest compares views with objects',
  'gives its bytes through a cast',
  'between two doubles reads .*',
  'gives typed arrays as they are in memory where they are asked for',
  'takes typed arrays, arrays and Pointers; C writes into them',
  // Goes on with what the one before has left.
  'a pointer that C returns leads into the memory it was given',
  'memory that was freed of (C|malloc) is gone for .*',
];

/** Files that have their own engines: one that refuses buffers, and a sanitizer, which sees that text is copied up to the end of its page. */
const OWN_ENGINES = ['lib/ffi/no-external-buffers', 'lib/ffi/sanitizer'];

const { status } = spawnSync(
  process.execPath,
  [
    join(ROOT, 'node_modules/jest/bin/jest.js'),
    ...['lib/ffi', 'lib/symbols', `--testNamePattern=^(?!.*(${TYPED_ARRAYS.join('|')})$)`],
    ...OWN_ENGINES.flatMap((path) => ['--testPathIgnorePatterns', path]),
    ...process.argv.slice(2),
  ],
  {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, NODE_OPTIONS: `--require ${withoutExternalBuffers('refusal')}` },
  },
);
process.exitCode = status ?? 1;
