import { cli, quoted } from '../../testing/cli.js';
import { compile, describeWith, run } from '../../testing/tools.js';

const library = (): string => compile('cli/call.c');

/** What is printed for each expression. */
function shown(...expressions: readonly string[]): string[] {
  const { status, stdout, stderr } = cli(['call', library(), ...expressions]);
  expect([status, stderr]).toEqual([0, '']);
  return stdout.split('\n').slice(0, -1);
}

describeWith(['gcc'], 'elf-plugin call', () => {
  const VALUES: readonly [expression: string, printed: string][] = [
    ['add(2, 3)', '5'],
    ['add(-2, 0x10)', '14'],
    ['add(010, 0b11)', '11'],
    ["add('a', '\\n')", '107'],
    ['add(2, 3);', '5'],
    ['add(add(1, 2), add(3, 4))', '10'],
    ['big(3)', '3000000021'],
    ['big(5n)', '5000000035'],
    ['len("a" "bc\\n")', '4'],
    ['len(name)', '3'],
    ['add(~0, +1)', '0'],
    ['inf()', 'INFINITY'],
    ['negate(true)', 'false'],
    ["upper('a')", '65'],
    ['paint(GREEN)', 'GREEN'],
    ['paint(0)', 'RED'],
    ['GREEN', '5'],
    ['trunc8((byte)300)', '44'],
    ['trunc8((unsigned char)(300))', '44'],
    ['V', '0'],
    ['origin', '(struct point){ .x = 1, .y = 2.5 }'],
    ['origin.y', '2.5'],
    ['(&origin)->x', '1'],
    ['list', '(int[4]){ 1, 2, 3, 4 }'],
    ['list[2]', '3'],
    ['*list', '1'],
    ['(&list[1])[2]', '4'],
    ['first.next->v[1]', '8'],
    ['first.next->c', 'GREEN'],
    ['first.next->flag', '5'],
    ['(*first.next).next', 'NULL'],
    ['title', '"hi\\n"'],
    ['name', '"abc"'],
    ['sum(list, 4)', '10'],
    ['sum(&list[1], 2)', '5'],
    ['sum({ 4, 5, 6 }, 3)', '15'],
    ['norm(&origin)', '7.25'],
    ['norm({ .x = 3, .y = 4 })', '25'],
    ['norm(&(struct point){ 3, 4 })', '25'],
    ['move(origin, 2)', '(struct point){ .x = 3, .y = 4.5 }'],
    ['move({ 1, .5, }, 1)', '(struct point){ .x = 2, .y = 1.5 }'],
    ['move((struct point){ .x = 3 }, 1).x', '4'],
    ['apply(add, 4, 5)', '9'],
    ['apply(&add, 4, 5)', '9'],
    ['chosen(1, 2)', '3'],
    ['(*chosen)(1, 2)', '3'],
    ['add', 'int add(int a, int b)'],
    ['18446744073709551615', '18446744073709551615'],
    ['-5', '-5'],
    ['-list[1]', '-2'],
    ['-depth', '-3'],
    ['1.5e3', '1500'],
    ['"hi"', '"hi"'],
    ['NULL', 'NULL'],
  ];

  it('prints what expressions give as C', () => {
    expect(shown(...VALUES.map(([expression]) => expression))).toEqual(VALUES.map(([, printed]) => printed));
  });

  it('prints pointers with what they lead to', () => {
    const [v, point, text, code] = shown('&V', '&origin', 'dup("x")', 'chosen');
    expect(v).toMatch(/^\(int \*\)0x[0-9a-f]+ = 0$/);
    expect(point).toMatch(/^\(struct point \*\)0x[0-9a-f]+ = \{ \.x = 1, \.y = 2\.5 \}$/);
    expect(text).toMatch(/^\(char \*\)0x[0-9a-f]+ "x"$/);
    expect(code).toMatch(/^\(int \(\*\)\(int, int\)\)0x[0-9a-f]+$/);
  });

  it('assigns, and shows what C has printed where it was printed', () => {
    expect(shown('V = 7', 'F()', 'list[1] = 20', 'list', 'origin = { .y = 1, .x = 4 }', 'origin.x')).toEqual([
      '7',
      'Hello, number 7',
      '20',
      '(int[4]){ 1, 20, 3, 4 }',
      '(struct point){ .x = 4, .y = 1 }',
      '4',
    ]);
  });

  it('gives JSON, a line for each expression', () => {
    const lines = shown(
      '--json',
      'add(2, 3)',
      'big(1)',
      'move(origin, 1)',
      'F()',
      'first.v',
      'inf()',
      'first.next',
    );
    const [address, ...rest] = lines
      .map((line) => JSON.parse(line === 'Hello, number 0' ? '"C"' : line) as unknown)
      .reverse();
    expect(rest.reverse()).toEqual([
      { expression: 'add(2, 3)', type: 'int', value: 5, text: '5' },
      { expression: 'big(1)', type: 'long int', value: '1000000007', text: '1000000007' },
      {
        expression: 'move(origin, 1)',
        type: 'struct point',
        value: { x: 2, y: 3.5 },
        text: '(struct point){ .x = 2, .y = 3.5 }',
      },
      'C',
      { expression: 'F()', type: 'void' },
      { expression: 'first.v', type: 'int[3]', value: [1, 2, 3], text: '(int[3]){ 1, 2, 3 }' },
      { expression: 'inf()', type: 'double', value: 'Infinity', text: 'INFINITY' },
    ]);
    expect(address).toMatchObject({ value: expect.stringMatching(/^0x[0-9a-f]+$/) as string });
  });

  const FAILURES: readonly [expression: string, message: RegExp][] = [
    ['addd(2, 3)', /symbol addd not found in plugin .*\n {2}did you mean add\?/],
    ['paint(GREE)', /symbol GREE not found in plugin .*\n {2}did you mean GREEN\?/],
    ['add(2)', /int add\(int a, int b\): takes 2 arguments, got 1/],
    ['add("x", 1)', /argument 1 \(a\): expected a number for int/],
    ['add(1.5, 1)', /argument 1 \(a\)/],
    ['origin.yy', /struct point has no member yy/],
    ['V.x', /\.x: int is no struct or union/],
    ['V->x', /->: int is no pointer and no array/],
    ['list[7]', /\[7\]: outside the memory it points into: \[0\] to \[3\] are there/],
    ['list[4]', /\[4\]: outside the memory it points into: \[0\] to \[3\] are there/],
    ['list[4] = 1', /\[4\]: outside the memory it points into: \[0\] to \[3\] are there/],
    ['second.flag = 8', /flag/],
    ['V()', /what is called is no function/],
    ['&5', /&: it is no place in memory/],
    ['5 = 6', /what is assigned to is no place in memory/],
    ['fixed = 5', /const|read-only/],
    ['move({ 1, 2, 3 }, 1)', /struct point has 2 members, 3 are given/],
  ];
  it.each(FAILURES)('%s fails', (expression, message) => {
    const { status, stdout, stderr } = cli(['call', library(), expression]);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  const MISTAKES: readonly [expression: string, message: RegExp][] = [
    ['add(2', /column 6: '\)' is missing here\n {2}add\(2\n {7}\^\n/],
    ['1 + 2', /column 3: this does not belong to the expression: there are no operators that compute/],
    ["len('abc')", /column 5: ''abc'' is no value/],
    ['len("abc)', /column 5: nothing closes the "/],
    ['', /column 1: a value is missing here/],
    ['origin.', /column 8: a name is missing here/],
    ['08', /column 1: '08' is no value/],
    ['{ .x = 1, 2 }', /a value is missing here|'\{' is no value/],
    ['move({ .x = 1, 2 }, 1)', /either all parts have a name or none has/],
    ['int', /'int' is no value/],
    ['('.repeat(200), /nested too deep/],
  ];
  it.each(MISTAKES)('%s is not understood, and nothing is run', (expression, message) => {
    const { status, stdout, stderr } = cli(['call', library(), 'F()', expression]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/\nUsage: elf-plugin call /);
  });

  it('takes declarations for a library without types', () => {
    const stripped = compile('int add(int a, int b) { return a + b; }\n', { flags: ['-shared', '-fPIC'] });
    expect(cli(['call', stripped, 'add(2, 3)'])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(
        /the type of symbol add .* is not known[^]* or declare it: --declare 'int add\(const char \*\);'/,
      ) as string,
    });
    expect(cli(['call', '-d', 'int add(int, int);', stripped, 'add(2, 3)'])).toMatchObject({
      status: 0,
      stdout: '5\n',
    });
    expect(cli(['call', '-d', 'const char *zlibVersion(void);', 'z', 'zlibVersion()']).stdout).toMatch(
      /^"\d+\.\d/,
    );
  });

  it('ends at once when it is interrupted, whatever C does', () => {
    const path = compile('#include <unistd.h>\nvoid forever(void) { for (;;) pause(); }\n');
    const words = [process.execPath, '--require', require.resolve('tsx/cjs'), require.resolve('../main.ts')];
    const command = `${[...words, 'call', path, 'forever()'].map(quoted).join(' ')} & sleep 1.5; kill -INT $!; wait $!; echo $?`;
    // A shell that is not interactive has what it starts in the background ignore SIGINT.
    expect(run('bash', ['-c', `trap - INT; set -m; ${command}`])).toBe('130\n');
  });
});
