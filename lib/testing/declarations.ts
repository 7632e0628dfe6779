import type { CType } from '../ctypes/model.js';
import { parseType, type NameResolver } from '../ctypes/parse.js';

/** What a library declares, for tests of declarations. */
const known: Record<string, CType> = {
  'struct point': { kind: 'struct', tag: 'point', size: 8, members: [] },
  'union number': { kind: 'union', tag: 'number', size: 4, members: [] },
  'struct opaque': { kind: 'struct', tag: 'opaque', size: undefined, members: [] },
  'enum color': { kind: 'enum', tag: 'color', size: 4, signed: false, enumerators: [] },
  'typedef row': {
    kind: 'typedef',
    name: 'row',
    target: {
      kind: 'array',
      element: { kind: 'int', name: 'int', size: 4, signed: true, text: false },
      length: 3,
      vector: false,
    },
  },
};
const resolve: NameResolver = (keyword, name) => known[`${keyword} ${name}`];

export const parse = (text: string): CType => parseType(text, resolve);
