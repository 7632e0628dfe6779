/** C++ as g++ and clang++ compile it: what C can call is found by its name in C++ and works, the rest is refused by name. */
import { snapshot, type Pointer } from '../index.js';
import { openFixture, thrownBy } from '../testing/fixture.js';
import { compile, describeWith, run } from '../testing/tools.js';
import type { Plugin } from './plugin.js';

type Call = (...args: unknown[]) => unknown;

for (const compiler of ['g++', 'clang++']) {
  for (const level of ['-O0', '-O2']) {
    describeWith([compiler], `${compiler} ${level}`, () => {
      let p: Plugin;
      let path: string;
      const call = (name: string, ...args: unknown[]): unknown => p.lookup<Call>(name)(...args);
      beforeAll(() => {
        const options = { compiler, flags: ['-g', level, '-shared', '-fPIC'] };
        path = compile('languages/geo.cc', options);
        p = openFixture('languages/geo.cc', options);
      });

      it('extern "C" is C', () => {
        expect(call('plain_twice', 4)).toBe(8);
        expect(p.lookup<Pointer>('plain_count').value).toBe(3);
      });

      it('an overload is found by its signature, however that is written', () => {
        expect(call('geo::area(double)', 2)).toBe(12);
        expect(call('geo::area( double,double )', 2, 3)).toBe(6);
        expect(call('geo::area(const geo::rect &)', { width: 2, height: 5 })).toBe(10);
        expect(p.lookup('geo::area(geo::rect const&)')).toBe(p.lookup('_ZN3geo4areaERKNS_4rectE'));
        expect(p.has('geo::area(double)')).toBe(true);
        expect(p.has('geo::area(long)')).toBe(false);
      });

      it('a name alone is enough where there is one of that name', () => {
        expect(call('geo::only', 4)).toBe(5);
        expect(call('only_global', 4)).toBe(3);
        expect(p.lookup('geo::only')).toBe(p.lookup('geo::only(int)'));
        expect(call('geo::twice<int>', 21)).toBe(42);
        expect(call('double geo::twice<double>(double)', 1.5)).toBe(3);
        expect(call('geo::operator+', { x: 1, y: 2 }, { x: 3, y: 4 })).toEqual({ x: 4, y: 6 });
        expect(p.lookup<Pointer>('geo::detail::hidden_depth').value).toBe(9);
      });

      it('an ambiguous name is refused with a list, a wrong one with a suggestion', () => {
        const ambiguous = thrownBy(() => p.lookup('geo::area'));
        expect(ambiguous.code).toBe('ERR_PLUGIN_SYMBOL');
        const [first, ...overloads] = ambiguous.message.split('\n');
        expect(first).toBe(`plugin: symbol geo::area is ambiguous in plugin ${path}, which has`);
        // What c++filt makes of the symbols.
        const listed = run('sh', ['-c', `nm -D --defined-only ${path} | c++filt`]);
        const wanted = [...listed.matchAll(/ (geo::area\(.*\))$/gm)].map((m) => `  ${m[1] ?? ''}`);
        expect(wanted).toHaveLength(3);
        expect(overloads.sort()).toEqual(wanted.sort());
        expect(thrownBy(() => p.lookup('geo::detail::hiden_depth')).message).toContain(
          'did you mean geo::detail::hidden_depth?',
        );
      });

      it('references are pointers', () => {
        const n = p.alloc('int', 5);
        call('geo::grow', n);
        expect(n.value).toBe(15);
        expect(call('geo::sum', [5], [6])).toBe(11);
      });

      it('bool and enum class are what they are in C', () => {
        expect(call('geo::flip', true)).toBe(false);
        expect([call('geo::after', 'red'), call('geo::after', 3)]).toEqual([2, 1]);
        expect(() => call('geo::flip', 1)).toThrow('bool');
      });

      it('function pointers, text and variadic functions are those of C', () => {
        expect(call('geo::apply', (n: number) => n * 3, 5)).toBe(15);
        expect(call('geo::name', 'hello')).toBe('hello');
        expect(call('geo::many', 3, 4, 5)).toBe(3);
      });

      it('a static member and an inline variable are variables', () => {
        const made = p.lookup<Pointer<number>>('geo::rect::made');
        const before = made.value;
        expect(call('geo::rect::square', 3)).toEqual({ width: 3, height: 3 });
        expect(made.value).toBe(before + 1);
        const shared = p.lookup<Pointer>('geo::shared');
        expect((call('geo::shared_at') as Pointer).equals(shared)).toBe(true);
      });

      it('a member function takes the object as its first argument', () => {
        const rect = p.alloc('geo::rect', { width: 1, height: 3 });
        call('geo::rect::scale', rect, 2);
        expect(snapshot(rect.value)).toEqual({ width: 2, height: 6 });
        expect(call('geo::rect::tag', rect)).toBe(5);
        expect(thrownBy(() => call('geo::rect::scale', 2)).message).toMatch(
          /^void geo::rect::scale\(.*this, double by\): takes 2 arguments, got 1/,
        );
      });

      it('a constructor and a destructor are those of complete objects', () => {
        const counter = p.alloc('struct geo::counter');
        call('geo::counter::counter(int)', counter, 5);
        expect([call('geo::counter::next', counter), call('geo::counter::next', counter)]).toEqual([6, 7]);
        expect(p.lookup('geo::counter::counter')).toBe(p.lookup('_ZN3geo7counterC1Ei'));
        const handle = p.alloc('geo::handle', { id: 4 });
        call('geo::handle::~handle()', handle);
        expect(p.lookup<Pointer>('geo::closed').value).toBe(4);
      });

      it('a trivially copyable class goes by value', () => {
        expect(call('geo::wider', { width: 2, height: 5 }, 1)).toEqual({ width: 3, height: 5 });
      });

      it.each([
        ['geo::by_value', [{ id: 1 }], 'struct handle is a class that C++ passes by reference'],
        ['geo::make', [1], 'the result: struct handle is a class that C++ passes by reference'],
        // clang leaves std::string to be described where libstdc++ was compiled.
        ['geo::text(std::string)', [{}], /passes by reference|the size of string is not known here/],
        ['geo::member', [1, null], 'DW_TAG.ptr_to_member_type is not supported'],
      ])('what C cannot pass is refused: %s', (name, args, why) => {
        const error = thrownBy(() => call(name, ...args));
        expect(error.code).toBe('ERR_PLUGIN_UNSUPPORTED');
        expect(error.message).toMatch(why);
      });

      it('a declaration is checked, and one of a part of the library is none', () => {
        expect(p.lookup<Call>('geo::only', 'int (int)')(4)).toBe(5);
        expect(thrownBy(() => p.lookup('geo::only', 'long (int)')).message).toContain(
          'is int (int n), not long (int)',
        );
        expect(p.has('geo::own')).toBe(false);
      });
    });
  }
}

describeWith(['g++'], 'a constructor of a class with a virtual base', () => {
  const open = (level = '-O0'): Plugin =>
    openFixture('languages/geo.cc', { compiler: 'g++', flags: ['-g', level, '-shared', '-fPIC'] });

  it('is refused for a part of an object: it is passed a table', () => {
    const error = thrownBy(() => open().lookup<Call>('_ZN3geo4lazyC2Ev')(null, null));
    expect(error.code).toBe('ERR_PLUGIN_UNSUPPORTED');
    expect(error.message).toContain(
      'of C++ (a class with a virtual base passes __vtt_parm besides what is declared)',
    );
  });

  it.each(['-O0', '-O2'])('makes a whole object, %s', (level) => {
    const p = open(level);
    // A pointer to the virtual functions of lazy, then a counter: such a pointer, and n.
    const object = p.alloc('long[3]');
    p.lookup<Call>('_ZN3geo4lazyC1Ev')(object.cast('void *'));
    expect(object.cast('int *').at(4)).toBe(1);
  });
});

describeWith(['g++'], 'a library without debug info', () => {
  it('has the names of C++ as well', () => {
    const p = openFixture('languages/geo.cc', { compiler: 'g++', flags: ['-shared', '-fPIC'] });
    expect(p.lookup<Call>('geo::area(double)', 'double (double)')(2)).toBe(12);
    expect(() => p.lookup<Call>('geo::only')(2)).toThrow('is not known');
  });
});
