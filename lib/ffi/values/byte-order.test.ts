import { inspect as printed } from 'node:util';

import type { Variable } from '../../index.js';
import { openFixture, thrownBy } from '../../testing/fixture.js';
import { describeWith } from '../../testing/tools.js';

const OTHER = /stored in the other byte order/;

describeWith(['gcc'], "a struct in the other byte order, by gcc's scalar_storage_order", () => {
  const plugin = openFixture('dwarf/byte-order.c');
  const swapped = plugin.lookup<Variable<Record<string, unknown>>>('swapped');
  const sumOf = plugin.lookup<(s: unknown) => number>('sum_of');
  const byValue = plugin.lookup<(s: unknown) => number>('by_value');
  // What C finds in it.
  const SUM = 4 - 5 + 20 + 2 + 1 + 2;

  // gcc says nothing of the enum's order (12.2): that of its neighbours counts.
  it.each(['a', 'b', 'c', 'color'])('its member %s is neither read nor written', (name) => {
    expect(thrownBy(() => swapped.value[name]).message).toMatch(OTHER);
    expect(thrownBy(() => (swapped.value[name] = 1)).message).toMatch(OTHER);
    expect(sumOf(swapped)).toBe(SUM);
  });

  it('is printed without their values', () => {
    expect(printed(swapped)).toMatch(/\.a = \{…\},\s+\.b = \{…\},\s+\.c = \{…\},\s+\.color = \{…\}/);
  });

  it('is not made of an object, for a pointer or by value', () => {
    const object = { a: 1, b: 1, c: 1, color: 1, pair: [1, 1] };
    expect(thrownBy(() => sumOf(object)).message).toMatch(OTHER);
    expect(thrownBy(() => byValue(object)).message).toMatch(OTHER);
  });
});
