import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import ts from 'typescript';

import { ROOT } from '../../lib/testing/tools.js';
import { unitsOf, type Unit } from './units.js';
import { compiledPlace, countAt, placesOf, type ScriptCoverage, type Compiled, type Written } from './v8.js';

interface Measured {
  readonly source: ts.SourceFile;
  /** Those that no process has run yet. */
  readonly unseen: Set<Unit>;
  readonly units: readonly Unit[];
}

/** What all processes together have run of a set of sources. A piece counts as run if one of them has. */
export class Merge {
  readonly files: ReadonlyMap<string, Measured>;
  readonly #byUrl: ReadonlyMap<string, Measured>;
  /** Where the pieces are, by the source map: most processes have the same. */
  readonly #places = new Map<string, ReturnType<typeof placesOf>>();

  constructor(paths: readonly string[]) {
    this.files = new Map(
      paths.map((path) => {
        const text = readFileSync(join(ROOT, path), 'utf8');
        const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
        const units = unitsOf(source);
        return [path, { source, units, unseen: new Set(units) }];
      }),
    );
    this.#byUrl = new Map(
      [...this.files].map(([path, measured]) => [pathToFileURL(join(ROOT, path)).href, measured]),
    );
  }

  add({ result, 'source-map-cache': sources = {} }: Written): void {
    for (const script of result) {
      const measured = this.#byUrl.get(script.url.replace(/\?.*/, ''));
      const compiled = sources[script.url];
      if (measured !== undefined && compiled?.data) this.#addScript(measured, script, compiled);
    }
  }

  #addScript({ source, unseen }: Measured, script: ScriptCoverage, compiled: Compiled): void {
    const key = `${source.fileName} ${compiled.data?.mappings ?? ''}`;
    let places = this.#places.get(key);
    if (places === undefined) this.#places.set(key, (places = placesOf(compiled, source.getLineStarts())));
    const count = (start: number, end: number): number => {
      const offset = compiledPlace(places, start, end);
      return offset === undefined ? 0 : countAt(script, offset);
    };
    for (const unit of unseen) {
      const { start, end, missingElse } = unit;
      const own = count(start, end);
      const ran = missingElse === undefined ? own : count(missingElse, end) - own;
      if (ran > 0) unseen.delete(unit);
    }
  }
}
