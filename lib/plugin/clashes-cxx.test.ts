/** C++ within a plugin and across two, bound to Node first and bound to themselves first; and plugins that export the same names. */
import { dirname, join } from 'node:path';

import { hostResult, host } from '../testing/conformance.js';
import { compile, describeWith, FIXTURES } from '../testing/tools.js';

const FUNCTIONS = {
  throw_within: 1,
  throw_across: 7,
  throw_to_base: 1,
  throw_of_library: 8,
  rethrow_across_threads: 7,
  cast_within: 1,
  cast_across: 16,
  thread_locals: 2101,
  strings: 1,
  streams: 1,
  facets: 1,
  own: 'of drawing',
  read_number: 42,
};

const build = (compiler: string, clash: readonly string[]): { shapes: string; drawing: string } => {
  const flags = ['-g', '-std=c++17', '-shared', '-fPIC', `-I${join(FIXTURES, 'clashes')}`, ...clash];
  const shapes = compile('clashes/shapes.cc', { compiler, flags, output: 'libshapes.so' });
  const folder = dirname(shapes);
  const libs = [`-L${folder}`, `-Wl,-rpath,${folder}`, '-lshapes', '-lpthread'];
  return { shapes, drawing: compile('clashes/drawing.cc', { compiler, flags, libs }) };
};

describeWith(['g++', 'clang++'], 'C++', () => {
  describe.each([
    ['g++', 'bound to Node first', []],
    ['g++', 'bound to itself first', ['-DCLASH']],
    ['clang++', 'bound to itself first', ['-DCLASH']],
  ] as const)('of %s, %s', (compiler, _how, clash) => {
    const { shapes, drawing } = build(compiler, clash);

    it.each([
      ['comes with what it needs', []],
      ['needs what is open', [shapes]],
    ])('that %s', (_when, before) => {
      const { stdout, stderr, signal } = hostResult(
        `for (const path of JSON.parse(process.argv[5])) open(path);
         const p = open(process.argv[4]);
         p.lookup('say')('said');
         const constructed = p.lookup('constructed').value;
         print({ constructed, ...Object.fromEntries(${JSON.stringify(Object.keys(FUNCTIONS))}.map((name) => [name, p.lookup(name)()])) });`,
        { args: [drawing, JSON.stringify(before)], input: '42\n' },
      );
      expect({ stderr, signal }).toEqual({ stderr: 'error: said\n', signal: null });
      const lines = stdout.split('\n');
      expect(lines.slice(0, 3)).toEqual(['shapes begins', 'drawing begins', 'said 0.500000']);
      expect(JSON.parse(lines[3] ?? '')).toEqual({ constructed: 1, ...FUNCTIONS });
    });
  });

  it('plugins that export the same names keep apart, but for what C++ makes one in the process', () => {
    const flags = ['-g', '-std=c++17', '-shared', '-fPIC'];
    const twin = (which: number, ...more: string[]): string =>
      compile('clashes/twin.cc', { compiler: 'g++', flags: [...flags, `-DWHICH=${which}`, ...more] });
    const apart = [
      'function',
      'through_pointer',
      'bump',
      'bump',
      'local',
      'local',
      'named',
      'inlined',
      'virtually',
      'thrown',
    ];
    const script = (deepBind: boolean | 'auto'): string => `
      const twins = JSON.parse(process.argv[4]).map((path) => open(path, { deepBind: ${JSON.stringify(deepBind)} }).symbols);
      const values = ${JSON.stringify(apart)}.map((name) => twins.map((t) => t[name]()));
      twins[0].value.value = 50;
      print({ values, written: twins.map((t) => t.function()), unique: ['unified', 'instance'].map((name) => twins.map((t) => t[name]())) });`;
    const values = [
      [1, 2],
      [1, 2],
      [101, 201],
      [102, 202],
      [10, 20],
      [11, 21],
      [1, 1],
      [1, 2],
      [1, 2],
      [1, 2],
    ];
    for (const deepBind of ['auto', true] as const) {
      const [unique, own] = [
        [twin(1), twin(2)],
        [twin(1, '-fno-gnu-unique'), twin(2, '-fno-gnu-unique')],
      ].map((paths) => host(script(deepBind), { args: [JSON.stringify(paths)] }));
      const answer = (instance: number[]): unknown => ({
        values,
        written: [50, 2],
        unique: [instance, instance],
      });
      // STB_GNU_UNIQUE (inline variables, static ones of templates) is one for all, whoever loads it how: the linker's rule.
      expect(unique).toEqual(answer([1, 1]));
      expect(own).toEqual(answer([1, 2]));
    }
  });
});
