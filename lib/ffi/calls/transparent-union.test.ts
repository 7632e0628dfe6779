import { openFixture, thrownBy } from '../../testing/fixture.js';

/* Unions that gcc lists no members of; what C reads is the oracle. */

type Family = (n: number, address: unknown) => number;

const plugin = openFixture('calls/transparent.c');
const inside = plugin.lookup('example');

it('says what is missing, and how to say it', () => {
  const error = thrownBy(() => plugin.lookup<Family>('family')(2, inside));
  expect(error.code).toBe('ERR_PLUGIN_UNSUPPORTED');
  expect(error.message).toMatch(
    /parameter 2: the debug info lists no member of Address; if it is a transparent union/,
  );
});

it('is called with a pointer in its place', () => {
  const family = plugin.lookup<Family>('family', 'int (int, const struct inside *)');
  expect(family(2, inside)).toBe(42);
  expect(family(2, { family: 5 })).toBe(7);
});

it.each(['int (int, long)', 'int (int, double)', 'int (int, int *, int)'])('but not as %s', (declaration) => {
  expect(thrownBy(() => plugin.lookup('family', declaration)).code).toBe('ERR_PLUGIN_TYPE');
});
