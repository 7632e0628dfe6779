import { Bench } from 'tinybench';

/** The same measure taken again and again: one number a round, in the rounds' order. */
export type Samples = readonly number[];

/** Does its work as often as it is told, so that what the clock costs no longer counts. */
export type Loop = (times: number) => unknown;

/** Repetitions of something quick: 10 ns of work are 0.1 ms. */
const REPEAT = 10_000;
/** A loop that takes longer than this with that, in milliseconds, repeats its work less often. */
const LONG = 10;
/** Every number of repetitions is a multiple of it, for the loops that do a hundred of them in one go. */
export const STEP = 100;

export const ROUNDS = 11;

/**
 * Nanoseconds for one repetition of the work in each loop, by name. The loops take turns, round by round, so that a slow moment of the
 * machine meets all of them; in a round the best of many runs counts.
 */
export async function measure<Name extends string>(
  loops: Readonly<Record<Name, Loop>>,
  rounds: number = ROUNDS,
): Promise<Record<Name, Samples>> {
  const names = Object.keys(loops) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, repetitions(loops[name])])) as Record<
    Name,
    number
  >;
  const samples = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round < rounds; round++) {
    // The engine compiles a loop while it warms up.
    const bench = new Bench({
      time: 20,
      iterations: 4,
      warmupTime: round === 0 ? 150 : 5,
      warmupIterations: 2,
    });
    for (const name of names) bench.add(name, () => loops[name](times[name]));
    await bench.run();
    for (const { name, result } of bench.tasks) {
      if (!('latency' in result))
        throw new Error(`${name}: ${'error' in result ? String(result.error) : result.state}`);
      samples[name as Name].push((result.latency.min * 1e6) / times[name as Name]);
    }
  }
  return samples;
}

/** How often a loop repeats its work to take long enough, and no longer. */
function repetitions(loop: Loop): number {
  const start = performance.now();
  loop(STEP);
  const whole = ((performance.now() - start) / STEP) * REPEAT;
  const share = Math.min(1, LONG / whole);
  return Math.max(1, Math.round((REPEAT * share) / STEP)) * STEP;
}

/** Milliseconds that each piece of work takes; they take turns. */
export function timed<Name extends string>(
  works: Readonly<Record<Name, () => unknown>>,
  rounds: number = ROUNDS,
): Record<Name, Samples> {
  return rounded(rounds, works, (work) => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
}

/** What each piece of work says it took; they take turns. */
export function told<Name extends string>(
  works: Readonly<Record<Name, () => number>>,
  rounds: number = ROUNDS,
): Record<Name, Samples> {
  return rounded(rounds, works, (work) => work());
}

function rounded<Name extends string, Work>(
  rounds: number,
  works: Readonly<Record<Name, Work>>,
  take: (work: Work) => number,
): Record<Name, Samples> {
  const names = Object.keys(works) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name of names) samples[name].push(take(works[name]));
  }
  return samples;
}
