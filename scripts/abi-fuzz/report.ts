import { definitions } from './c-text.js';
import { isFailure, type Outcome } from './outcome.js';
import { show } from './compare.js';
import type { Signature } from './signature.js';

/** At most this share of the calls without exotic types may be refused. */
const MOST_REFUSED = 0.03;

/** How many failing signatures are told in full, each once, and how many lines of what is wrong with one. */
const IN_FULL = 40;
const DETAILS = 16;

/** Everything that happened in all builds. */
export class Report {
  readonly #seed: number;
  readonly #outcomes: Outcome[] = [];
  readonly #told = new Set<number>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Adds what happened in one build, and gives the text of the failures among it. */
  add(build: string, outcomes: readonly Outcome[], signatures: readonly Signature[]): string[] {
    this.#outcomes.push(...outcomes);
    return outcomes.filter(isFailure).map((outcome) => {
      const signature = signatures.find((s) => s.index === outcome.index);
      const head = `${outcome.kind}: seed ${this.#seed}, index ${outcome.index}, ${build}: ${outcome.reason ?? ''}`;
      const details = (outcome.details ?? []).slice(0, DETAILS);
      const known = signature === undefined || this.#told.has(signature.index) || this.#told.size === IN_FULL;
      if (!known) this.#told.add(signature.index);
      const lines = known ? details.slice(0, 2) : [...tell(signature), ...details];
      return [head, ...lines.map((line) => `    ${line}`)].join('\n');
    });
  }

  get failed(): boolean {
    return this.#outcomes.some(isFailure);
  }

  /** Whether nothing failed, and little was refused. */
  get ok(): boolean {
    const basic = this.#called(false);
    const refused = basic.filter((o) => o.kind === 'refused').length;
    return !this.failed && (refused === 0 || refused / basic.length < MOST_REFUSED);
  }

  summary(): string {
    const lines = this.#reasons();
    for (const exotic of [false, true]) {
      const called = this.#called(exotic);
      const count = (kind: Outcome['kind']): number => called.filter((o) => o.kind === kind).length;
      const share = called.length === 0 ? 0 : (count('refused') / called.length) * 100;
      lines.push(
        `${exotic ? 'exotic' : 'basic'}: ${called.length} signatures × builds: ${count('right')} right, ${count('wrong')} wrong, ` +
          `${count('crashed')} crashed, ${count('oracle')} wrong in C itself, ${count('refused')} refused (${share.toFixed(2)} %)`,
      );
    }
    return lines.join('\n');
  }

  #called(exotic: boolean): Outcome[] {
    return this.#outcomes.filter((o) => o.kind !== 'absent' && o.exotic === exotic);
  }

  /** Why calls were refused, the most frequent first. */
  #reasons(): string[] {
    const counts = new Map<string, number>();
    for (const { kind, exotic, reason = '' } of this.#outcomes) {
      const key = `${exotic ? 'exotic' : 'basic'}: ${reason}`;
      if (kind === 'refused') counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const sorted = [...counts].sort(([, a], [, b]) => b - a);
    return sorted.map(([reason, count]) => `refused ${String(count).padStart(6)} × ${reason}`);
  }
}

/** The types, the prototype, and the values as JavaScript has them. */
function tell(signature: Signature): string[] {
  const { parameters, variadic = [], callback, result } = signature;
  const values = [...parameters, ...variadic, ...(callback?.parameters ?? [])].map(
    ({ name, value, how }) => `${name} = ${show(value)}${how === 'plain' ? '' : `, by ${how}`}`,
  );
  if (callback !== undefined) values.push(`cb returns ${show(callback.result.value)}`);
  return [...definitions(signature).split('\n'), ...values, `returns ${show(result.value)}`];
}
