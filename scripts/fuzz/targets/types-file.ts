import { Library } from '../../../lib/library/library.js';
import { makeTypesFile } from '../../../lib/library/types-file.js';
import { TypesFileReader } from '../../../lib/debuginfo/types-file/read.js';
import type { SymbolQuery } from '../../../lib/ctypes/type-source.js';
import { compile } from '../../../lib/testing/tools.js';
import { sample } from '../fixtures.js';
import { attempt, visit } from '../oracle.js';
import { mutateJson, mutateText } from '../text.js';
import type { Target } from './target.js';

const SMALL = `
struct point { int x, y; }; typedef struct point point_t; enum color { RED, GREEN = 7 };
struct node { struct node *next; union { long l; double d; } u; char name[8][2]; };
int sum(const point_t *p, enum color c, double (*weigh)(point_t *)) { return 0; }
unsigned char bytes[4]; struct { unsigned low : 3, high : 5; } bits; struct node list;
`;

const PARTS = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '1e999',
  '-1',
  '"kind"',
  '"types"',
  '\\u0000',
  'null',
  '[[[[[[',
  '{"a":',
];

export const typesFile: Target = {
  name: 'types-file',
  needs: ['gcc'],
  prepare() {
    const files = [compile(SMALL), compile(SMALL), sample('gcc', '-gdwarf-5', '-O2')].flatMap((path) => {
      if (path === undefined) return [];
      const library = Library.open(path);
      const queries = [...library.symbols.exported()].map(({ name, value, type }): SymbolQuery => {
        return { name, kind: type === 2 ? 'function' : 'variable', address: value };
      });
      return [{ text: makeTypesFile(library).text, queries }];
    });
    return (random) => {
      const { text, queries } = random.pick(files);
      const changed = random.chance(0.15) ? mutateText(random, text, PARTS) : changedJson(text);
      const reader = attempt(() => new TypesFileReader(changed, 'mutated.json'));
      if (reader === undefined) return;
      for (const query of queries.slice(0, 8)) {
        const found = attempt(() => reader.symbol(query));
        if (found !== undefined && !('reason' in found)) visit(found.type);
      }
      attempt(() => reader.constants());
      for (const { keyword, name } of attempt(() => [...reader.typeNames()])?.slice(0, 8) ?? []) {
        const type = attempt(() => reader.typeNamed(keyword, name));
        if (type !== undefined) visit(type);
      }

      function changedJson(sound: string): string {
        const json: unknown = JSON.parse(sound);
        mutateJson(random, json);
        return JSON.stringify(json);
      }
    };
  },
};
