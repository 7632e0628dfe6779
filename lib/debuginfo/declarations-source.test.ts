import { print } from '../ctypes/print.js';
import type { SymbolQuery } from '../ctypes/type-source.js';
import { declarationsSource } from './declarations-source.js';

const source = declarationsSource(
  'int add(int a, int b);\nextern int total;\nstatic int hidden;\nstruct known { int x; };\nvoid use(struct unknown *);\nenum { FIVE = 5 };',
);

describe('declarations as a source', () => {
  it.each<[name: string, kind: SymbolQuery['kind'], expected: string]>([
    ['add', 'function', 'int add(int a, int b)'],
    ['add', 'ifunc', 'int add(int a, int b)'],
    ['total', 'variable', 'int total'],
    ['total', 'tls', 'int total'],
    ['add', 'variable', "'add' is declared as a function (line 1), and the library exports a variable"],
    ['total', 'function', "'total' is declared as a variable (line 2), and the library exports a function"],
    ['other', 'function', "'other' is not declared"],
    [
      'hidden',
      'variable',
      "'hidden' is declared static (line 3): that is another one, which no other file sees",
    ],
  ])('%s, a %s: %s', (name, kind, expected) => {
    const found = source.symbol({ name, kind, address: 0n });
    expect('reason' in found ? found.reason : print(found.type, name)).toBe(expected);
  });

  it('say where, and what types and constants they have', () => {
    expect(source.symbol({ name: 'total', kind: 'variable', address: undefined })).toMatchObject({
      language: undefined,
      declFile: undefined,
      declLine: 2,
    });
    expect(source.name).toBe('declarations');
    expect(source.typeNamed('struct', 'known')).toMatchObject({ kind: 'struct', size: 4 });
    expect(source.typeNamed('struct', 'unknown')).toBeUndefined();
    expect(source.constants().get('FIVE')?.[0]?.value).toBe(5n);
  });

  it('are read at once', () => {
    expect(() => declarationsSource('int add(')).toThrow('C declarations at line 1, column 9');
  });

  it('may ask the library back, which asks them first', () => {
    const asked: string[] = [];
    const own = declarationsSource('struct unknown *p; struct unknown *q;', {
      resolve: (keyword, name) => {
        asked.push(`${keyword} ${name}`);
        return own.typeNamed(keyword, name);
      },
    });
    const found = own.symbol({ name: 'p', kind: 'variable', address: undefined });
    if ('reason' in found || found.type.kind !== 'pointer' || found.type.target.kind !== 'struct')
      throw new Error('no struct');
    expect([found.type.target.size, found.type.target.members]).toEqual([undefined, []]);
    expect(asked).toEqual(['struct unknown']);
  });
});
