import { createHash } from 'node:crypto';

import { commonJsSource, moduleSource } from './source.js';

/** ES modules in Jest are an experiment of Node's. */
const reader = () => require('./read.js') as typeof import('./read.js');

/** What Jest tells a transform, as far as this one asks for it. */
export interface TransformOptions {
  /** Whether an ES module is asked for: under --experimental-vm-modules, with `.so` among `extensionsToTreatAsEsm`. */
  readonly supportsStaticESM: boolean;
}

/** What Jest wants of a transform. */
export interface Transform {
  /** The code for the library at `path`; what is in its file, `text`, makes no difference to a `require`. */
  process(text: string, path: string, options: TransformOptions): Transformed;
  /** What that code is kept by: itself, as it names the place of this package. */
  getCacheKey(text: string, path: string, options: TransformOptions): string;
}

/** What a transform gives. */
export interface Transformed {
  /** JavaScript. */
  readonly code: string;
}

function process(_text: string, path: string, { supportsStaticESM }: TransformOptions): Transformed {
  const importer = { specifier: path };
  const code = supportsStaticESM
    ? moduleSource(path, reader().readNames(path, importer), importer)
    : commonJsSource();
  return { code: `/* istanbul ignore file */ ${code}` };
}

function getCacheKey(text: string, path: string, options: TransformOptions): string {
  return createHash('sha256')
    .update(process(text, path, options).code)
    .digest('hex');
}

/**
 * A transform for Jest, whose module system knows no hooks.
 *
 * @example
 * // jest.config.js
 * module.exports = { transform: { '\\.so$': 'elf-plugin/jest', '\\.[jt]sx?$': 'babel-jest' } };
 */
const transform: Transform = { process, getCacheKey };

export default transform;
