import { TooDense, entryDensity, enumeratorDensity, rangeDensity, unitDensity } from './density.js';

/** How many are counted until there is an error. */
function allowed(density: { count(): void }): number {
  for (let count = 0; ; count++) {
    try {
      density.count();
    } catch (error) {
      expect(error).toBeInstanceOf(TooDense);
      return count;
    }
  }
}

describe('what a file may have many of', () => {
  it.each([
    ['units', unitDensity, 64],
    ['entries', entryDensity, 16],
    ['ranges', rangeDensity, 6],
  ])('%s: some in any file, and more in a larger one', (_, density, bytes) => {
    expect(allowed(density(0))).toBe(65_536);
    expect(allowed(density(1e6 * bytes))).toBe(1_065_536);
  });

  it('counts the bytes of further units', () => {
    const density = enumeratorDensity();
    for (let i = 0; i < 10; i++) density.allow(3200);
    expect(allowed(density)).toBe(66_536);
  });

  it('says what there are too many of', () => {
    const density = unitDensity(0);
    allowed(density);
    expect(() => {
      density.count();
    }).toThrow('decoding .debug_info: units for fewer than 64 bytes each: more than 65536 are refused');
  });
});
