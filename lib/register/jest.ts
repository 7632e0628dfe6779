import { createHash } from 'node:crypto';

import { commonJsSource, moduleSource } from './source.js';

/** ES modules in Jest are an experiment of Node's. */
const reader = () => require('./read.js') as typeof import('./read.js');

interface TransformOptions {
  /** Whether an ES module is asked for: under --experimental-vm-modules, with `.so` among `extensionsToTreatAsEsm`. */
  readonly supportsStaticESM: boolean;
}

/*
 * A transform for Jest, whose module system knows no hooks:
 *
 *   transform: { '\\.so$': 'elf-plugin/jest', '\\.[jt]sx?$': 'babel-jest' }
 */

/** The code that opens the library at `path`, for Jest's `require` or `import`. What is in the file makes no difference to a `require`. */
function process(_text: string, path: string, { supportsStaticESM }: TransformOptions): { code: string } {
  const importer = { specifier: path };
  const code = supportsStaticESM
    ? moduleSource(path, reader().readNames(path, importer), importer)
    : commonJsSource();
  return { code: `/* istanbul ignore file */ ${code}` };
}

/** What Jest keeps that code by: itself, as it names the place of this package. */
function getCacheKey(text: string, path: string, options: TransformOptions): string {
  return createHash('sha256')
    .update(process(text, path, options).code)
    .digest('hex');
}

export default { process, getCacheKey };
