import { open, type Variable } from '../index.js';
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

it('is not led astray by a pointer of C to it, which C changes', () => {
  const x = plugin.lookup<Variable<number>>('x');
  plugin.lookup('swap')();
  expect(plugin.lookup('px').value.equals(plugin.lookup('y'))).toBe(true);
  expect(x.address).toBe(plugin.lookup('where_x')().address);
  x.value = 10;
  expect([plugin.lookup('where_x')().value, plugin.lookup('y').value]).toEqual([10, 2]);
  expect([plugin.lookup('a').value.n, plugin.lookup('head').value.value.n]).toEqual([1, 2]);
});
