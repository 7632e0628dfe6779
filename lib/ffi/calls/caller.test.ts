import { openFixture } from '../../testing/fixture.js';

/** The function that stands for C's, whatever the number of its parameters. */

const COUNTS = [0, 1, 2, 3, 4, 7, 20];
const functionOf = (count: number): string => {
  const names = Array.from({ length: count }, (_, i) => `a${i}`);
  const sum = names.map((name, i) => `${i + 1} * ${name}`).join(' + ') || '0';
  return `int sum${count}(${names.map((name) => `int ${name}`).join(', ') || 'void'}) { return ${sum}; }`;
};
const { symbols } = openFixture(COUNTS.map(functionOf).join('\n')) as unknown as {
  symbols: Record<string, (...args: unknown[]) => number>;
};

describe.each(COUNTS)('of %i parameters', (count) => {
  const sum = symbols[`sum${count}`] as (...args: unknown[]) => number;
  const args = Array.from({ length: count }, (_, i) => i + 3);

  it('passes each argument in its place', () => {
    expect(sum(...args)).toBe(args.reduce((total, value, i) => total + (i + 1) * value, 0));
  });

  it('is a function like any other of the program that looked it up', () => {
    expect(sum).toBeInstanceOf(Function);
    expect([typeof sum, sum.length]).toEqual(['function', count]);
    expect(sum.call(undefined, ...args)).toBe(sum(...args));
  });

  it('refuses an argument more, and one less', () => {
    for (const given of [count - 1, count + 1].filter((n) => n >= 0))
      expect(() => sum(...Array.from({ length: given }, () => 1))).toThrow(
        `takes ${count === 1 ? '1 argument' : `${count} arguments`}, got ${given}`,
      );
    expect.hasAssertions();
  });

  it('says which argument is wrong', () => {
    for (const i of args.keys())
      expect(() => sum(...args.with(i, 0.5))).toThrow(`argument ${i + 1} (a${i}): `);
    expect.assertions(count);
  });
});
