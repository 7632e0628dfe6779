import { inspect } from 'node:util';
import type { Pointer, Variable } from '../index.js';
import { openFixture } from '../testing/fixture.js';
import { childValue } from '../testing/run-child.js';
import { compile, describeWith, run } from '../testing/tools.js';

const plugin = openFixture('values/format.c');
const variable = (name: string): Variable => plugin.lookup<Variable>(name);

/** What is behind the type and the address of a pointer. */
function shown(name: string): string {
  const text = inspect(variable(name), { depth: null });
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
  ['infinite', 'Infinity'],
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
  expect(inspect(variable('outer').value, { depth: 0 })).toMatch(
    /^\(struct outer\)\{ \.at = \{…\}, \.u = \{…\}, \.a = 4/,
  );
  expect(inspect(variable('long_list'), { maxArrayLength: 3 })).toMatch(/= \{ 0, 0, 0, … 297 more \}$/);
  expect(inspect(variable('long_list'))).toMatch(/… 200 more \}$/);
  expect(inspect(variable('outer'), { maxArrayLength: null, depth: null })).toContain('.list = { 8, 9 }');
});

it('pointers show where they lead, text its beginning', () => {
  const to = variable('to_point');
  const point = `0x${variable('point').address.toString(16)}`;
  expect(inspect(to)).toMatch(new RegExp(`^\\(struct point \\*\\*\\)0x[0-9a-f]+ = ${point}$`));
  expect(inspect(to.value)).toBe(`(struct point *)${point} = { .x = 1, .y = -2 }`);
  const long = plugin.alloc('char[300]', 'x'.repeat(299)) as Pointer;
  expect(inspect(long.cast('char *'), { maxArrayLength: 5 })).toMatch(/ "xxxxx"…$/);
  expect(inspect(plugin.alloc('char[8]', 'a€').cast('char *'), { maxArrayLength: 2 })).toMatch(
    / "a\uFFFD?"…$/,
  );
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
      .map((type) => inspect(huge.cast(type), { maxArrayLength: 2 }).replace(/0x[0-9a-f]+/, ''));
    console.log(JSON.stringify([...shown, process.memoryUsage().arrayBuffers - start < 1e6]));
  `;
  expect(childValue(source)).toEqual([
    '(int (*)[1073741824]) = { 0, 7, … 1073741822 more }',
    '(int (*)[268435456][4]) = { { 0, 7, … 2 more }, { 0, 0, … 2 more }, … 268435454 more }',
    '(char (*)[4294967296]) = ""',
    '(struct huge *) = { .numbers = { 0, 7, … 1073741822 more }, .last = 9 }',
    true,
  ]);
});

it('a value over the edge of a page, and text in an array that is longer than is shown', () => {
  const bytes = plugin.alloc('char[8192]') as Pointer<number>;
  const edge = Number(-bytes.address & 4095n) || 4096;
  const at = bytes.cast('char *').offset(edge - 3);
  const long = at.cast('long *');
  long.value = -2n;
  expect(inspect(long)).toMatch(/ = -2$/);
  at.cast('char (*)[8]').value = 'a€bcdefg'.slice(0, 6);
  expect(inspect(at.cast('char (*)[8]'))).toMatch(/ = "a€bcde"$/);
  expect(inspect(at.cast('char (*)[8]'), { maxArrayLength: 4 })).toMatch(/ = "a€"…$/);
});

/** gdb's text and this one's in a common form: without types, addresses in front of text, and the braces of anonymous structs. */
function normalised(text: string): string {
  return text
    .replaceAll(/\(int (\*|\(\*\)\(void\))\) |0x[0-9a-f]+ (?=")/g, '')
    .replaceAll(/\d+\.\d+/g, (digits) => String(Number(digits)))
    .replaceAll('0x0', 'NULL')
    .replace(/^inf$/, 'Infinity')
    .replace('{a = 4, b = 5}', 'a = 4, b = 5')
    .replaceAll(/(?<=[{ ])\.(?=\w)/g, '')
    .replaceAll(/(?<=\{) | (?=\})/g, '');
}

describeWith(['gdb'], 'against gdb', () => {
  it('prints the same values', () => {
    const names = VALUES.map(([name]) => name);
    const commands = names.flatMap((name) => ['-ex', `echo \\n${name}:`, '-ex', `output ${name}`]);
    const options = ['-batch', '-nx', '-ex', 'set print null-stop on'];
    const lines = run('gdb', [...options, ...commands, compile('values/format.c')]).split('\n');
    const theirs = lines.filter((line) => line !== '').map((line) => line.replace(/^\w+:/, ''));
    expect(names.map((name) => normalised(shown(name)))).toEqual(theirs.map(normalised));
  });
});
