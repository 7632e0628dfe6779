import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { excerpt, placeOf } from './importer.js';

const folder = mkdtempSync(join(tmpdir(), 'importer-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

it.each<[text: string, line: number | undefined, column?: number]>([
  ["import { F } from './x.so';", 1, 19],
  ['import { F } from "./x.so";', 1, 19],
  ["import './x.so';", 1, 8],
  ["import {\n  F,\n} from './x.so';", 3, 8],
  ["import { F } from\n  './x.so';", 2, 3],
  ["export * from './x.so';", 1, 15],
  ["const { F } = await import('./x.so');", 1, 28],
  ["\n\tconst { F } = await import( './x.so' );", 2, 30],
  ["// import './x.so';\nimport './x.so';", 2, 8],
  ["/* from './x.so' */\n/**\n * import './x.so'\n */\nimport './x.so';", 5, 8],
  ["const name = './x.so';\nimport './x.so';", 2, 8],
  ["import './x.so.1';", undefined],
  ["import './xyso';", undefined],
  ['await import(name);', undefined],
  ['', undefined],
])('finds the import in %j', (...[text, line, column]) => {
  const path = join(folder, 'importer.mjs');
  writeFileSync(path, text);
  const url = pathToFileURL(path).href;
  const place = placeOf({ url, specifier: './x.so' });
  expect(place).toEqual(line === undefined ? undefined : { file: url, line, column });
});

it.each([undefined, 'node:fs', 'data:text/javascript,1', 'file:///nowhere.mjs'])(
  'finds none in %s',
  (url) => {
    expect(placeOf({ url, specifier: './x.so' })).toBeUndefined();
  },
);

it('shows the line with a caret, under tabs too', () => {
  const file = join(folder, 'tabs.js');
  writeFileSync(file, "\n\tif (x)\tf('./x.so');\n");
  expect(excerpt({ file, line: 2, column: 11 })).toBe(`${file}:2\n\tif (x)\tf('./x.so');\n\t      \t  ^\n`);
  expect(excerpt({ file, line: 9, column: 1 })).toBeUndefined();
  expect(excerpt({ file: join(folder, 'none.js'), line: 1, column: 1 })).toBeUndefined();
});
