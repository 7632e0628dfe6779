/** A source of random choices that gives the same ones again for the same seed and stream: mulberry32, which passes the usual tests in 32 bits of state. */
export class Random {
  #state: number;

  /** `stream` tells apart the sequences of one seed, so that each signature has its own and can be made alone. */
  constructor(seed: number, stream: number) {
    this.#state = (Math.imul(seed, 0x85ebca6b) ^ Math.imul(stream + 1, 0x9e3779b1)) | 0;
    // Neighbouring states begin with similar numbers.
    this.bits();
    this.bits();
  }

  /** 32 random bits, as an unsigned number. */
  bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** An integer from 0 to `end`, without `end`. */
  below(end: number): number {
    return Math.floor((this.bits() / 2 ** 32) * end);
  }

  /** An integer from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  chance(probability: number): boolean {
    return this.bits() / 2 ** 32 < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  /** One of the values, each as likely as its weight says. */
  weighted<T>(items: readonly (readonly [weight: number, value: T])[]): T {
    let rest = (this.bits() / 2 ** 32) * items.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, value] of items) {
      rest -= weight;
      if (rest < 0) return value;
    }
    return this.pick(items)[1];
  }
}
