import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Compiled, ScriptCoverage, Written } from './v8.js';

/** What Jest's workers measured, of the test file that has run. */
interface TestResult {
  readonly v8Coverage?: readonly {
    readonly result: ScriptCoverage;
    readonly codeTransformResult?: { readonly code: string; readonly sourceMapPath: string | null };
  }[];
}

/** A reporter of Jest's: writes what the test files have run into the folder, and the form, of the processes that they start. */
export default class CoverageReporter {
  readonly #folder = process.env['NODE_V8_COVERAGE'] ?? '';
  #written = 0;

  onTestResult(_: unknown, { v8Coverage = [] }: TestResult): void {
    const sources: Record<string, Compiled> = {};
    const result = v8Coverage.flatMap(({ result: { url: path, functions }, codeTransformResult }) => {
      if (!codeTransformResult?.sourceMapPath) return [];
      const { code, sourceMapPath } = codeTransformResult;
      const url = pathToFileURL(path).href;
      const data = JSON.parse(readFileSync(sourceMapPath, 'utf8')) as { mappings: string };
      sources[url] = { lineLengths: code.split('\n').map(({ length }) => length), data };
      return [{ url, functions }];
    });
    const written: Written = { result, 'source-map-cache': sources };
    writeFileSync(join(this.#folder, `jest-${this.#written++}.json`), JSON.stringify(written));
  }
}
