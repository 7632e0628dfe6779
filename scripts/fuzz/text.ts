import type { Random } from '../abi-fuzz/random.js';

/** Cuts words out of `text`, doubles them, puts others in and lets them change their places. */
export function mutateText(random: Random, text: string, parts: readonly string[]): string {
  const words = text.split(/(\s+|\b)/).filter((word) => word !== '');
  for (let i = random.between(1, 8); i > 0; i--) {
    const at = random.below(words.length + 1);
    switch (random.below(6)) {
      case 0:
        words.splice(at, random.between(1, 4));
        break;
      case 1:
        words.splice(at, 0, ...words.slice(at, at + random.between(1, 6)));
        break;
      case 2: {
        const other = random.below(words.length);
        [words[at], words[other]] = [words[other] ?? '', words[at] ?? ''];
        break;
      }
      case 3:
        words.splice(at, random.below(2), ` ${random.pick(parts).repeat(random.chance(0.05) ? 200 : 1)} `);
        break;
      case 4:
        words.splice(at, 1, String.fromCharCode(random.below(random.pick([128, 65536]))));
        break;
      default:
        if (random.chance(0.2)) words.length = at;
        else words.splice(at, 0, random.pick(parts));
    }
  }
  return words.join('');
}

/** Values of another kind, and numbers that nobody counts to. */
const ODD: readonly unknown[] = [
  null,
  true,
  false,
  0,
  1,
  -1,
  0.5,
  3,
  8,
  255,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  -(2 ** 53),
  1e300,
  '',
  'x',
  '0x10',
  '99999999999999999999',
  '__proto__',
  '\0',
  [],
  [[]],
  {},
  [0],
  ['A', 1],
  'struct',
  'pointer',
  'array',
  'function',
  'typedef',
  'qualified',
];

interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

/** Changes values of `json`, in place. Where a number is it is, as a rule, another one: types are named by numbers, and may then lead to themselves. */
export function mutateJson(random: Random, json: unknown): void {
  const places: Place[] = [];
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      places.push({ holder: value as Record<string, unknown>, key });
      collect(inner);
    }
  };
  collect(json);
  for (let i = random.between(1, 6); i > 0; i--) {
    const { holder, key } = random.pick(places);
    const old = holder[key];
    const other = random.pick(places);
    if (typeof old === 'number' && random.chance(0.7))
      holder[key] = random.below(random.pick([4, 64, 2 ** 31]));
    else if (random.chance(0.2)) Reflect.deleteProperty(holder, key);
    // Not an object that is around this one: JSON has no cycles.
    else if (random.chance(0.3) && typeof other.holder[other.key] !== 'object')
      holder[key] = other.holder[other.key];
    else holder[key] = random.pick(ODD);
  }
}
