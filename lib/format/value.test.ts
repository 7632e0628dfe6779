import { inspect } from 'node:util';
import type { Pointer, Variable } from '../index.js';
import { openFixture } from '../testing/fixture.js';
import { childValue } from '../testing/run-child.js';
import { compile, describeWith, run } from '../testing/tools.js';

const plugin = openFixture('values/format.c');
const variable = (name: string): Variable => plugin.lookup<Variable>(name);

/** What is behind the type and the address of a pointer. */
function shown(name: string): string {
  const text = inspect(variable(name), { depth: null, breakLength: Infinity });
  return text.replace(/^\(.*?\)0x[0-9a-f]+ (= )?/, '');
}

const VALUES: [name: string, text: string][] = [
  ['integer', '-7'],
  ['large', '18446744073709551615'],
  ['flag', 'true'],
  ['fraction', '0.1'],
  ['whole', '3'],
  ['single', '1.5'],
  ['extended', '2.5'],
  ['color', 'GREEN'],
  ['strange', '3'],
  ['point', '{ .x = 1, .y = -2 }'],
  ['numbers', '{ 1, 2, 3 }'],
  ['matrix', '{ { 1, 2 }, { 3, 4 } }'],
  ['points', '{ { .x = 1, .y = 2 }, { .x = 3, .y = 4 } }'],
  ['name', '"na\\"me"'],
  ['title', '"title"'],
  ['nothing', 'NULL'],
  ['function', 'NULL'],
  ['number', '1.5 + 0i'],
  ['both', '(READ | WRITE)'],
  ['more', '(READ | 0x8)'],
  ['neither', '0'],
  ['other', '8'],
  ['overlapping', '5'],
  ['escapes', '"\\033[1m\\200\\n\\t\\0012é\\\\"'],
  ['tenth', '0.1'],
  ['greatest', '3.4028235e+38'],
  ['minus_zero', '-0.0'],
  ['big', '1e+22'],
  ['undefined', 'NAN'],
  ['precise', '0.1L'],
  ['infinite', 'INFINITY'],
  [
    'outer',
    '{ .at = { .x = 1, .y = 2 }, .u = { .i = 3, .halves = { 3, 0 } }, .a = 4, .b = 5, .low = 6, .high = -7, ' +
      '.set = true, .color = GREEN, .tag = "tag", .title = "title", .none = NULL, .list = { 8, 9 } }',
  ],
];

it.each(VALUES)('%s prints as %s', (name, text) => {
  expect(shown(name)).toBe(text);
});

it('views print with their type', () => {
  expect(inspect(variable('point').value)).toBe('(struct point){ .x = 1, .y = -2 }');
  expect(inspect(variable('points').value)).toBe(
    '(struct point[2]){ { .x = 1, .y = 2 }, { .x = 3, .y = 4 } }',
  );
  expect(inspect({ p: variable('point').value })).toContain('(struct point){ .x = 1');
});

it('depth and length are those of inspect', () => {
  expect(inspect(variable('outer').value, { depth: 0, breakLength: Infinity })).toMatch(
    /^\(struct outer\)\{ \.at = \{…\}, \.u = \{…\}, \.a = 4/,
  );
  expect(inspect(variable('long_list'), { maxArrayLength: 3 })).toMatch(
    /= \{ 0, 0, 0, … 297 more of 300 \}$/,
  );
  expect(inspect(variable('long_list'))).toMatch(/… 200 more of 300\n\}$/);
  expect(inspect(variable('outer'), { maxArrayLength: null, depth: null })).toContain('.list = { 8, 9 }');
});

it('pointers show where they lead, text its beginning', () => {
  const to = variable('to_point');
  const point = `0x${variable('point').address.toString(16)}`;
  expect(inspect(to)).toMatch(new RegExp(`^\\(struct point \\*\\*\\)0x[0-9a-f]+ = ${point}$`));
  expect(inspect(to.value)).toBe(`(struct point *)${point} = { .x = 1, .y = -2 }`);
  const long = plugin.alloc('char[300]', 'x'.repeat(299)) as Pointer;
  expect(inspect(long.cast('char *'), { maxStringLength: 5 })).toMatch(/ "xxxxx"…$/);
  // Not half a character.
  expect(inspect(plugin.alloc('char[8]', 'a€').cast('char *'), { maxStringLength: 2 })).toMatch(/ "a"…$/);
});

it('reads no more than is shown', () => {
  const source = `
    import { inspect } from 'node:util';
    import { openFixture } from '#lib/testing/fixture.js';
    const huge = openFixture('values/format.c').lookup('map_huge')();
    const first = huge.cast('int *');
    first.set(1, 7);
    const start = process.memoryUsage().arrayBuffers;
    const shown = ['int (*)[1073741824]', 'int (*)[268435456][4]', 'char (*)[4294967296]', 'struct huge *']
      .map((type) => inspect(huge.cast(type), { maxArrayLength: 2, breakLength: Infinity }).replace(/0x[0-9a-f]+/, ''));
    console.log(JSON.stringify([...shown, process.memoryUsage().arrayBuffers - start < 1e6]));
  `;
  expect(childValue(source)).toEqual([
    '(int (*)[1073741824]) = { 0, 7, … 1073741822 more of 1073741824 }',
    '(int (*)[268435456][4]) = { { 0, 7, … 2 more of 4 }, { 0, 0, … 2 more of 4 }, … 268435454 more of 268435456 }',
    '(char (*)[4294967296]) = ""',
    '(struct huge *) = { .numbers = { 0, 7, … 1073741822 more of 1073741824 }, .last = 9 }',
    true,
  ]);
});

it('a value over the edge of a page, and text in an array that is longer than is shown', () => {
  const bytes = plugin.alloc('char[8192]');
  const edge = Number(-bytes.address & 4095n) || 4096;
  const at = bytes.cast('char *').offset(edge - 3);
  const long = at.cast('long *');
  long.value = -2n;
  expect(inspect(long)).toMatch(/ = -2$/);
  at.cast('char (*)[8]').value = 'a€bcdefg'.slice(0, 6);
  expect(inspect(at.cast('char (*)[8]'))).toMatch(/ = "a€bcde"$/);
  expect(inspect(at.cast('char (*)[8]'), { maxStringLength: 4 })).toMatch(/ = "a€"…$/);
});

it.each([
  ['colours', { colors: true }, '(struct point){ .x = \x1b[33m1\x1b[39m, .y = \x1b[33m-2\x1b[39m }'],
  ['short lines', { breakLength: 20 }, '(struct point){\n  .x = 1,\n  .y = -2\n}'],
  ['compact: false', { compact: false }, '(struct point){\n  .x = 1,\n  .y = -2\n}'],
  ['compact: true', { compact: true, breakLength: Infinity }, '(struct point){ .x = 1, .y = -2 }'],
  ['a depth that is used up', { depth: -1 }, '(struct point){…}'],
])('%s', (_, options, text) => {
  expect(inspect(variable('point').value, options)).toBe(text);
});

it('a struct that does not fit is indented, in other objects too', () => {
  const text = inspect({ found: { outer: variable('outer').value } }, { depth: 4 });
  const lines = text.split('\n');
  expect(lines.slice(0, 5)).toEqual([
    '{',
    '  found: {',
    '    outer: (struct outer){',
    '      .at = { .x = 1, .y = 2 },',
    '      .u = { .i = 3, .halves = { 3, 0 } },',
  ]);
  expect(lines.slice(-4)).toEqual(['      .list = { 8, 9 }', '    }', '  }', '}']);
  const nested = inspect(variable('outer').value, { compact: 1 }).split('\n');
  expect(nested.slice(2, 6)).toEqual(['  .u = {', '    .i = 3,', '    .halves = { 3, 0 }', '  },']);
});

it('a long array fills its lines', () => {
  const lines = inspect(variable('long_list'), { maxArrayLength: null, breakLength: 60 }).split('\n');
  expect(lines.slice(1, -2)).toEqual(Array(15).fill(`  ${'0, '.repeat(18)}0,`));
  expect(lines.at(-2)).toBe(`  ${'0, '.repeat(14)}0`);
});

it('a _Float16 has the digits it needs', () => {
  expect(shown('half')).toBe('0.1');
});

it('colours are those of inspect', () => {
  const text = inspect(variable('outer').value, { colors: true, depth: 0 });
  for (const coloured of ['\x1b[33mtrue', '\x1b[32mGREEN', '\x1b[32m"tag"', '\x1b[1mNULL', '\x1b[36m{…}'])
    expect(text).toContain(coloured);
});

it('a pointer to what it lies in is marked', () => {
  const address = variable('ring').address.toString(16);
  const text = inspect(variable('ring').value, { breakLength: 100 });
  expect(text).toBe(`(struct ring){ .number = 1, .self = 0x${address} <cycle>, .first = 0x${address} }`);
});

it('wild pointers are shown, not followed', () => {
  const wild = plugin.alloc('struct wild') as Pointer<Record<string, unknown>>;
  const eight = wild.cast('unsigned long *');
  for (let i = 0; i < 3; i++) eight.set(i, 0xdead0000n + BigInt(i));
  expect(inspect(wild.value, { breakLength: Infinity })).toBe(
    '(struct wild){ .text = 0xdead0000 <bad address>, .title = 0xdead0001 <bad address>, .next = 0xdead0002 }',
  );
  expect(inspect(eight.cast('struct wild **').value)).toBe('(struct wild *)0xdead0000 = <bad address>');
});

it('a depth without end ends where arrays multiply', () => {
  const cube = plugin.alloc('int[100][100][100]') as Pointer;
  expect(inspect(cube, { depth: null }).length).toBeLessThan(100_000);
});

/** gdb's text and this one's in a common form: without types, addresses in front of text, and the braces of anonymous structs. */
function normalised(text: string): string {
  return (
    text
      .replaceAll(/\(int (\*|\(\*\)\(void\))\) |0x[0-9a-f]+ (?=")/g, '')
      // gdb writes as many digits as a float may need.
      .replaceAll(/-?\b\d+\.\d+(e\+\d+)?L?/g, (digits) => Number.parseFloat(digits).toPrecision(7))
      .replace(/unknown: (?=0x)|^\(unknown: 0x8\)$/, (found) => (found.startsWith('(') ? '8' : ''))
      .replace(/^-0$/, (-0).toPrecision(7))
      .replace(/^nan\(0x8000000000000\)$/, 'NAN')
      .replaceAll('0x0', 'NULL')
      .replace(/^inf$/, 'INFINITY')
      .replace('{a = 4, b = 5}', 'a = 4, b = 5')
      .replaceAll(/(?<=[{ ])\.(?=\w)/g, '')
      .replaceAll(/(?<=\{) | (?=\})/g, '')
  );
}

describeWith(['gdb'], 'against gdb', () => {
  it('prints the same values', () => {
    const names = VALUES.map(([name]) => name);
    const commands = names.flatMap((name) => ['-ex', `echo \\n${name}:`, '-ex', `output ${name}`]);
    const options = ['-batch', '-nx', '-ex', 'set print null-stop on'];
    const lines = run('gdb', [...options, ...commands, compile('values/format.c')], {
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    }).split('\n');
    const theirs = lines.filter((line) => line !== '').map((line) => line.replace(/^\w+:/, ''));
    expect(names.map((name) => normalised(shown(name)))).toEqual(theirs.map(normalised));
  });
});
