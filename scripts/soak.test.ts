import { soak } from './soak.js';
import { KINDS } from './soak/kinds.js';

/** Fewer calls than `npm run soak` makes, of the kinds that hold most: what is kept each time shows in the first thousands. */
const CALLS = 60_000;

it.each(['callback until disposed', 'callback', 'text variable', 'asynchronous'])(
  'calls with a %s keep no memory',
  (kind) => {
    expect(Object.keys(KINDS)).toContain(kind);
    const print = jest.spyOn(console, 'log').mockImplementation();
    expect(soak([kind], CALLS)).toBe(true);
    expect(print).toHaveBeenCalledWith(expect.stringContaining(`ok     ${kind}`));
    print.mockRestore();
  },
  120_000,
);
