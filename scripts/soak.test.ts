import { soak } from './soak.js';

/** Fewer calls than `npm run soak` makes, of the kinds that hold most, but more than it takes until the heap has found its size. */
it.each([
  ['callback until disposed', 200_000],
  ['callback', 1_000_000],
  ['text variable', 400_000],
  ['asynchronous', 200_000],
])(
  'calls with a %s keep no memory',
  (kind, calls) => {
    const print = jest.spyOn(console, 'log').mockImplementation();
    const isFlat = soak([kind], calls);
    expect([isFlat, ...(print.mock.calls.flat() as unknown[])]).toEqual([
      true,
      expect.stringContaining(`ok     ${kind}`),
    ]);
    print.mockRestore();
  },
  240_000,
);
