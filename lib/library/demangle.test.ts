import { findLibrary } from '../elf/search.js';
import { describeWith, run } from '../testing/tools.js';
import { CxxNames } from './cxx-names.js';
import { demangle } from './demangle.js';

const LIBSTDCXX = findLibrary('libstdc++.so.6') ?? '/libstdc++.so.6';

/** What binutils makes of symbols. */
function filtered(symbols: readonly string[]): string[] {
  const text = run('sh', ['-c', `printf '%s\\n' ${symbols.map((s) => `'${s}'`).join(' ')} | c++filt`]);
  return text.trimEnd().split('\n');
}

const SYMBOLS = [
  '_ZN3geo4areaEd',
  '_ZNK3geo4rect4areaEv',
  '_ZNR3geo4rect3tagEv',
  '_ZN3geo5twiceIiEET_S1_',
  '_ZN3geo6memberEiMNS_5pointEd',
  '_Z1fPFivE',
  '_Z1fRA3_i',
  '_Z1fPA3_KcRKPFvPviE',
  '_Z1fPFPFidEcE',
  '_Z1fM1AKFivE',
  '_Z1gIJidEEvDpOT_',
  '_Z1gIRiEvOT_',
  '_Z1hILi5ELb1ELj3EEvv',
  '_ZZ3foovE1x',
  '_ZZN1A1bEvENKUlicE_clEic',
  '_ZN12_GLOBAL__N_13ownE',
  '_ZN3FooC2ERKS_',
  '_ZN3FooD0Ev',
  '_ZN3FoocvdEv',
  '_ZN1AlsIiEERS_T_',
  '_Zli2_kmyPKc',
  '_Z5tupleB5cxx11v',
  '_Z3fooSsRKSoSt6vectorIiSaIiEE',
  '_Z1fDnDsDiDu',
  '_Z1fPVKv',
  '_Z1fz',
  '_Z1fCd',
];

describeWith(['c++filt'], 'demangle', () => {
  it('reads names as c++filt does', () => {
    expect(SYMBOLS.map((s) => demangle(s)?.full)).toEqual(filtered(SYMBOLS));
  });

  it.each([
    'puts',
    '_Z',
    '_ZN',
    '_ZN3geo4areaEd.cold',
    '_ZTV3geo',
    '_Z3fo',
    '_ZS_',
    '_Z1fS0_',
    '_Z1fT_',
    '_Z1fX',
  ])('leaves others alone: %s', (symbol) => {
    expect(demangle(symbol)).toBeUndefined();
  });

  it('ends on names that lead to themselves or are endless', () => {
    expect(demangle(`_Z1f${'P'.repeat(100_000)}i`)).toBeUndefined();
    const doubled = Array.from(
      { length: 60 },
      (_, i) => `3FooIS${i === 0 ? '' : i.toString(36).toUpperCase()}_S_E`,
    );
    expect(() => demangle(`_Z1f3Bar${doubled.join('')}`)).not.toThrow();
  });
});

describeWith([LIBSTDCXX, 'c++filt', 'nm'], "libstdc++'s names", () => {
  it('are those of c++filt, and all are read', () => {
    const listed = run('sh', [
      '-c',
      `nm -D --defined-only ${LIBSTDCXX} | sed 's/.* //; s/@.*//' | grep '^_Z[^TG]' | sort -u`,
    ]);
    const symbols = listed.trimEnd().split('\n');
    const oracle = run('sh', [
      '-c',
      `nm -D --defined-only ${LIBSTDCXX} | sed 's/.* //; s/@.*//' | grep '^_Z[^TG]' | sort -u | c++filt`,
    ]);
    expect(symbols.length).toBeGreaterThan(3000);
    expect(symbols.map((s) => demangle(s)?.full)).toEqual(oracle.trimEnd().split('\n'));
  });
});

describe('CxxNames', () => {
  const names = new CxxNames([
    '_ZN3geo4areaEd',
    '_ZN3geo4areaERKSt6vectorIKiSaIS1_EE',
    '_Z4textNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE',
    '_Z1fPKcjm',
    '_ZN3FooC1Ev',
    '_ZN3FooC2Ev',
    '_ZN3FooD0Ev',
    '_ZN3FooD1Ev',
    '_ZN3FooD2Ev',
    'puts',
  ]);

  it.each([
    ['geo::area(double)', '_ZN3geo4areaEd'],
    ['text(std::string)', '_Z4textNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE'],
    ['text', '_Z4textNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE'],
    ['f(const char *, unsigned, unsigned long)', '_Z1fPKcjm'],
    ['f(char const*, unsigned int, long unsigned int)', '_Z1fPKcjm'],
    ['f(const char*, unsigned int, unsigned long int)', '_Z1fPKcjm'],
    [
      'geo::area(const std::vector<const int, std::allocator<const int>> &)',
      '_ZN3geo4areaERKSt6vectorIKiSaIS1_EE',
    ],
    ['Foo::Foo', '_ZN3FooC1Ev'],
    ['Foo::Foo(void)', '_ZN3FooC1Ev'],
    ['Foo::~Foo()', '_ZN3FooD1Ev'],
    ['puts', undefined],
  ])('%s', (name, symbol) => {
    expect(names.find(name).map((o) => o.symbol)).toEqual(symbol === undefined ? [] : [symbol]);
  });

  it('list what an ambiguous name may mean', () => {
    expect(names.find('geo::area').map((o) => o.symbol)).toHaveLength(2);
    expect([...names]).toEqual(['geo::area', 'text', 'f', 'Foo::Foo', 'Foo::~Foo']);
  });
});
