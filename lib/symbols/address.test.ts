import { open, type Pointer, type Variable } from '../index.js';
import { compile } from '../testing/tools.js';

/** Where a variable is, against what the library's own code says. */

const plugin = open(
  compile(`
int x = 1, y = 2;
int *px = &x;
void swap(void) { px = &y; }
int *where_x(void) { return &x; }
struct node { struct node *next; int n; } a = { 0, 1 }, b = { &a, 2 }, *head = &a;
__attribute__((constructor)) static void move(void) { head = &b; }
char **environ;
`),
);

interface Node {
  next: Pointer<Node> | null;
  n: number;
}

it('is not led astray by a pointer of C to it, which C changes', () => {
  const x = plugin.lookup<Variable<number>>('x');
  const y = plugin.lookup<Variable<number>>('y');
  const whereX = plugin.lookup<() => Pointer<number>>('where_x');
  plugin.lookup<() => void>('swap')();
  expect(plugin.lookup<Variable<Pointer<number>>>('px').value.equals(y)).toBe(true);
  expect(x.address).toBe(whereX().address);
  x.value = 10;
  expect([whereX().value, y.value]).toEqual([10, 2]);
  const head = plugin.lookup<Variable<Pointer<Node>>>('head');
  expect([plugin.lookup<Variable<Node>>('a').value.n, head.value.value.n]).toEqual([1, 2]);
});

it.each([['has'], ['lookup']] as const)('%s takes a name and nothing else', (method) => {
  expect(() => plugin[method](5 as never)).toThrow(
    `${method}: expected the name of a symbol, got the number 5`,
  );
});
