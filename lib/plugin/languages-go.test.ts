/** Go as the go command compiles it: the exports of a c-shared library work, Go's own functions are refused by name. */
import { childValue } from '../testing/run-child.js';
import { compile, describeWith } from '../testing/tools.js';
import { open } from './open.js';

const built = (mode: string): string =>
  compile('languages/exports.go', {
    compiler: 'go',
    flags: ['build', `-buildmode=${mode}`],
    output: `exports-${mode}.so`,
  });

/** What the expressions give, in a process of its own: Go's runtime starts threads and handles signals. */
function inChild(path: string, expressions: readonly string[]): unknown {
  return childValue(
    `
    import { open } from '#lib/index.js';
    const p = open(process.argv[2], { int64: 'number' });
    const call = (name, ...args) => p.lookup(name)(...args);
    const thrown = (f) => { try { return f(); } catch (error) { return error.code + ' ' + error.message; } };
    void (async () => {
      const results = [${expressions.map((e) => `await thrown(() => ${e})`).join(', ')}];
      console.log(JSON.stringify(results));
    })();`,
    { args: [path] },
  );
}

describeWith(['go', 'gcc'], 'Go', () => {
  it('exports functions with C wrappers', () => {
    const results = inChild(built('c-shared'), [
      `String(p.lookup('Add'))`,
      `call('Add', 2, 3)`,
      `call('Half', 3)`,
      `call('Where', null)`,
      `call('Name').cString()`,
      // Goroutines on all of the runtime's threads.
      `call('Goroutines', 1000)`,
      `p.lookup('Add').async(3, 4)`,
    ]);
    expect(results).toEqual(['GoInt Add(GoInt a, GoInt b)', 5, 1.5, 0, 'go', 499500, 7]);
  });

  it('passes strings and slices as structs, and gives several results as one', () => {
    const results = inChild(built('c-shared'), [
      `call('Length', { p: 'hello', n: 5 })`,
      `call('Total', { data: p.alloc('int[3]', [1, 2, 3]).cast('void *'), len: 3, cap: 3 })`,
      `call('Divide', 7, 2)`,
      `call('Divide', 7, 0)`,
      // Not terminated: it is a pointer and a length.
      `(({ p, n }) => [n, String.fromCharCode(...p.view(n))])(call('Text'))`,
    ]);
    expect(results).toEqual([5, 6, { r0: 3, r1: 1 }, { r0: 0, r1: 0 }, [4, 'text']]);
  });

  it("refuses Go's own functions by name", () => {
    const [refused] = inChild(built('c-shared'), [
      `call([...p].find((s) => /^_cgoexp_\\w+_Add$/.test(s.name)).name, null)`,
    ]) as string[];
    expect(refused).toMatch(/^ERR_PLUGIN_UNSUPPORTED /);
    expect(refused).toContain('of Go (build it with -buildmode=c-shared, and //export the function)');
  });

  it('refuses -buildmode=plugin before it is loaded', () => {
    const path = built('plugin');
    expect(() => open(path)).toThrow('it is a Go plugin, which only a Go program can load');
  });
});
