import fc from 'fast-check';

import { openFixture } from '../../testing/fixture.js';
import { describeWith } from '../../testing/tools.js';
import type { Variable } from '../../index.js';
import type { EnumType } from '../model.js';
import { parseDeclarations } from './declarations.js';

/* Random constant expressions and enums, and what gcc makes of each. */

const PREAMBLE = `
struct point { char x; int y; };
typedef short small;
enum known { NEGATIVE = -7, LARGE = 0x1234567890, CHARACTER = 'z' };
#define LIMIT (3 * 5)
`;

const LEAVES = [
  ...[
    '0',
    '1',
    '2',
    '7',
    '100',
    '0x7f',
    '017',
    '0b101',
    '2147483647',
    '2147483648',
    '0x80000000',
    '4294967295',
  ],
  ...['1u', '5U', '3l', '9ul', '0xffffffffffffffff', '9223372036854775807', '6LL', '8ull', '0x100000000'],
  ...[
    "'a'",
    "'\\n'",
    "'\\0'",
    "'\\xff'",
    "'\\101'",
    "L'a'",
    "u'b'",
    'NEGATIVE',
    'LARGE',
    'CHARACTER',
    'LIMIT',
  ],
  ...[
    'sizeof(int)',
    'sizeof(struct point)',
    'sizeof(char[3][4])',
    '_Alignof(struct point)',
    'sizeof(small *)',
  ],
];

const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4, withCrossShrink: false },
    fc.constantFrom(...LEAVES),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('+', '-', '*', '|', '&', '^', '==', '!=', '<', '>', '<=', '>=', '&&', '||'),
        tie('expression'),
      )
      .map((parts) => parts.join(' ')),
    fc
      .tuple(tie('expression'), fc.constantFrom('+', '-', '*', '|', '&', '<'), tie('expression'))
      .map((parts) => parts.join('')),
    fc
      .tuple(tie('expression'), fc.constantFrom('<<', '>>'), fc.nat(20))
      .map(([a, o, n]) => `((${a}) ${o} ${n})`),
    fc
      .tuple(tie('expression'), fc.constantFrom('/', '%'), fc.integer({ min: 1, max: 99 }))
      .map((parts) => parts.join(' ')),
    fc
      .tuple(
        fc.constantFrom(
          '-',
          '~',
          '!',
          '+',
          '(char)',
          '(unsigned char)',
          '(small)',
          '(unsigned long)',
          '(_Bool)',
        ),
        tie('expression'),
      )
      .map(([o, a]) => `${o}(${a})`),
    fc
      .tuple(tie('expression'), tie('expression'), tie('expression'))
      .map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    tie('expression').map((inner) => `(${inner})`),
  ),
}));

/** Enums whose values some integer can hold. */
const values = fc.array(
  fc.constantFrom(
    '',
    '0',
    '1',
    '-1',
    '127',
    '-128',
    '255',
    '32767',
    '-32769',
    '65535',
    '0x7fffffff',
    '-0x80000000L',
    '0x100000000',
  ),
  {
    minLength: 1,
    maxLength: 5,
  },
);
const unsignedValues = fc.array(fc.constantFrom('', '3', '0x80000000', '0xffffffff', '0xfffffffffffffffe'), {
  minLength: 1,
  maxLength: 3,
});

describeWith(['gcc'], 'random constants', () => {
  // `1--1` and the like are other tokens, and gcc knows no overflow without an error in an enum.
  const expressions = fc
    .sample(expression, { numRuns: 1500, seed: 20_261_122 })
    .filter((text) => !/--|\+\+|&&&/.test(text));
  const enums = fc
    .sample(fc.tuple(fc.oneof(values, unsignedValues), fc.boolean()), { numRuns: 500, seed: 5 })
    .map(([list, isPacked], i) => {
      // What follows the last value of a type is an error to gcc 12, and one of a wider type to gcc 13.
      const isLast = (value: string | undefined): boolean => /^0x.*f$|^0x80000000$/.test(value ?? '');
      const body = list
        .map((value, j) => `E${i}_${j}${value !== '' ? ` = ${value}` : isLast(list[j - 1]) ? ' = 2' : ''}`)
        .join(', ');
      return `enum e${i} { ${body} }${isPacked ? ' __attribute__((packed))' : ''};`;
    });
  const c = [
    PREAMBLE,
    ...enums,
    `unsigned long results[] = { ${expressions.map((e) => `(unsigned long)(${e})`).join(',\n')} };`,
    `unsigned long sizes[] = { ${enums.map((_, i) => `sizeof(enum e${i})`).join()} };`,
    `int signs[] = { ${enums.map((_, i) => `(enum e${i})-1 < 0`).join()} };\n`,
  ].join('\n');
  const plugin = openFixture(c, { flags: ['-g', '-w', '-shared', '-fPIC', '-fwrapv'] });

  it('have the values that gcc gives them', () => {
    const names = expressions.map(
      (text, i) => `char (*v${i})[(((${text}) * 0ul + (${text})) & 0xfffffff) + 1];`,
    );
    expect(expressions.length).toBeGreaterThan(1000);
    const { symbols } = parseDeclarations(`${PREAMBLE}${names.join('\n')}`);
    const results = plugin.lookup<Variable<BigUint64Array>>('results').value;
    const differ = expressions.filter((_, i) => {
      const type = symbols.get(`v${i}`)?.type;
      const array = type?.kind === 'pointer' ? type.target : undefined;
      const length = array?.kind === 'array' ? array.length : undefined;
      return BigInt(length ?? -1) !== ((results[i] ?? 0n) & 0xfffffffn) + 1n;
    });
    expect(differ).toEqual([]);
  });

  it('make enums of the size and sign that gcc gives them', () => {
    const { typeNamed } = parseDeclarations(PREAMBLE + enums.join('\n'));
    const ours = enums.map((_, i) => typeNamed('enum', `e${i}`) as EnumType);
    const sizes = plugin.lookup<Variable<BigUint64Array>>('sizes').value;
    const signs = plugin.lookup<Variable<Int32Array>>('signs').value;
    expect(enums.filter((_, i) => BigInt(ours[i]?.size ?? 0) !== sizes[i])).toEqual([]);
    expect(enums.filter((_, i) => Number(ours[i]?.signed) !== signs[i])).toEqual([]);
  });
});
