import { join } from 'node:path';

import { openFixture, thrownBy } from '../../testing/fixture.js';
import { FIXTURES } from '../../testing/tools.js';

/* Two source files with different structs of one name, in one library. */

const { a, b, x_of_a, x_of_b } = openFixture('values/same_name.c', {
  libs: [join(FIXTURES, 'values/same_name_too.c')],
}).symbols;

it('each symbol has the one of its own source', () => {
  expect([a?.value, b?.value]).toEqual([
    { x: 1, y: 2 },
    { x: 3, y: 4 },
  ]);
  expect([x_of_a?.(a), x_of_b?.(b)]).toEqual([1, 3]);
});

it('the other one is refused', () => {
  expect(thrownBy(() => x_of_b?.(a)).message).toBe(
    'double x_of_b(const struct point *p): argument 1 (p): expected const struct point *, got a Pointer of type struct point *; ' +
      'the library has two of that name with different members',
  );
});
