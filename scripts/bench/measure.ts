import { Bench } from 'tinybench';

/** How many times each loop repeats its work: what the clock itself costs then no longer counts. */
export const REPEAT = 10_000;

/**
 * Nanoseconds for one repetition of the work in each loop, by name. A loop does its work `REPEAT` times. The loops take turns, round by round,
 * so that a slow moment of the machine meets all of them, and the best round of each counts.
 */
export async function measure(
  loops: Readonly<Record<string, () => unknown>>,
  rounds = 12,
): Promise<Record<string, number>> {
  const best: Record<string, number> = {};
  for (let round = 0; round < rounds; round++) {
    const bench = new Bench({ time: 25, warmupTime: round === 0 ? 200 : 5 });
    for (const [name, loop] of Object.entries(loops)) bench.add(name, loop);
    await bench.run();
    for (const { name, result } of bench.tasks) {
      if (!('latency' in result))
        throw new Error(`${name}: ${'error' in result ? String(result.error) : result.state}`);
      const nanoseconds = (result.latency.min * 1e6) / REPEAT;
      best[name] = Math.min(best[name] ?? Infinity, nanoseconds);
    }
  }
  return best;
}
