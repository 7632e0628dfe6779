import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './tools.js';

/** Puts this package as it is published into `folder/node_modules`, for programs in `folder`; gives its path. Type errors are `npm run typecheck`'s to report. */
export function installPackage(folder: string): string {
  const home = join(folder, 'node_modules/elf-plugin');
  mkdirSync(home, { recursive: true });
  // A package of its own: inside this one `elf-plugin` would be its sources.
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  writeFileSync(join(home, 'package.json'), readFileSync(join(ROOT, 'package.json')));
  const options = ['-p', join(ROOT, 'tsconfig.build.json'), '--noCheck', '--outDir', join(home, 'dist')];
  spawnSync(process.execPath, [require.resolve('typescript/bin/tsc'), ...options]);
  return home;
}
