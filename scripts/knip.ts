import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import type { KnipConfig } from 'knip';

import { ROOT } from '../lib/testing/tools.js';

/** How modules are named that are loaded when they are met; knip follows no call of what such a function returns. */
const LAZY = /require\('([^']+)\.js'\) as typeof import/g;

function lazyModules(): string[] {
  return readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
    .filter((file) => /^(?:lib|scripts)\/.*\.ts$/.test(file))
    .flatMap((file) =>
      [...readFileSync(join(ROOT, file), 'utf8').matchAll(LAZY)].map(([, path = '']) =>
        relative(ROOT, join(ROOT, dirname(file), `${path}.ts`)),
      ),
    );
}

/** Programs of their own and a reporter of Jest's, loaded by their path. */
const CHILDREN = [
  'lib/debuginfo/debuginfod/child.ts',
  'scripts/soak/child.ts',
  'scripts/coverage/reporter.ts',
];

/** `npm run lint` finds with it what nothing uses: files, exports, packages. */
const config: KnipConfig = {
  entry: [
    'lib/index.ts',
    'lib/{gcc,register}/index.ts',
    'lib/register/jest.ts',
    'lib/pack-loader.ts',
    ...CHILDREN,
    ...lazyModules(),
  ],
  project: ['lib/**/*.ts', 'scripts/**/*.ts'],
  ignoreExportsUsedInFile: true,
  // Jest loads its configuration with it, as the docblock there says.
  ignoreDependencies: ['esbuild-register'],
  // Programs of the system.
  ignoreBinaries: ['debuginfod', 'gcc', 'mkfifo', 'mount', 'objcopy', 'setsid', 'unshare'],
};

export default config;
