/** Rows 29, 30, 31 and 33 of the conformance table, and what rows 17, 21, 43 and 68 ask of calls: threads, callbacks, values. */
import { host } from '../testing/conformance.js';
import { compile, hasTool } from '../testing/tools.js';

const library = (by: number): string =>
  compile('calls/rows.c', {
    flags: ['-g', '-shared', '-fPIC', `-DBY=${by}`],
    libs: ['-pthread'],
    output: `rows${by}.so`,
  });
const args = [library(1), library(2), compile('calls/life.c', { libs: ['-pthread'] })];
const PATHS = 'const [one, two, life] = process.argv.slice(4);';

it('row 17: types that contain each other go by value, both ways', () => {
  const result = host(
    `${PATHS}
    const p = open(one);
    const { Mutual, Recursive } = p.symbols;
    const y = p.alloc('struct Y', { number: 9 });
    const made = Mutual({ number: 5, y });
    const back = Recursive(made);
    print([made.number, made.x.number, made.x.y.equals(y), made.next(made.x).value.number, back.number, back.y.equals(y), String(Mutual)]);`,
    { args },
  );
  expect(result).toEqual([10, 5, true, 9, 11, true, 'struct Y Mutual(struct X x)']);
});

it('row 21: a value from one library goes into another, and so does a function of its type', () => {
  const result = host(
    `${PATHS}
    const a = open(one), b = open(two);
    const money = a.lookup('make')(500);
    const [cents, apply] = [b.lookup('cents'), b.lookup('apply')];
    print([money, cents(money), cents(b.lookup('make')(500)), apply(a.lookup('doubled'), money), apply(b.lookup('doubled'), money),
      apply((m) => a.lookup('doubled')(b.lookup('doubled')(m)), money), cents(a.alloc('struct money', money).value)]);`,
    { args },
  );
  expect(result).toEqual([{ cents: 500, currency: 'EUR' }, 500, 1000, 1000, 2000, 4000, 500]);
});

it('row 29: a thread that a plugin has started reaches the host', () => {
  const result = host(
    `${PATHS}
    const reached = (path) => new Promise((resolve) => {
      const done = plugin.callback((n) => { done[Symbol.dispose](); resolve(n); }, 'void (int)');
      if (open(path).lookup('DoWork')(done) !== 0) resolve('not started');
    });
    // A callback does not keep the process running.
    const timer = setInterval(() => undefined, 1000);
    print([await reached(one), await reached(two), await Promise.all([reached(two), reached(one)])]);
    clearInterval(timer);`,
    { args },
  );
  expect(result).toEqual([1, 2, [2, 1]]);
});

/** Runs generations of a board, in parts by threads that callbacks start, and prints the last one. */
const LIFE = `
  const { Step, DoStep, steps } = open(life).symbols;
  const [width, height, generations] = [23, 17, 30];
  let board = Int32Array.from({ length: width * height }, (_, i) => ((i * 7919) % 11 < 4 ? 1 : 0));
  const reference = (b) => b.map((alive, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    let living = 0;
    for (let dy = -1; dy <= 1; dy++) for (let dx = -1; dx <= 1; dx++)
      if ((dx !== 0 || dy !== 0) && x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height) living += b[i + dy * width + dx];
    return living === 3 || (living === 2 && alive === 1) ? 1 : 0;
  });
  let expected = board;
  const parts = [];
  for (let n = 0; n < generations; n++) {
    const next = new Int32Array(board.length);
    const started = [];
    const start = (part, xdim, ydim, ystart, yend, from, to) => {
      parts.push(part);
      started.push(DoStep.async(xdim, ydim, ystart, yend, from, to));
    };
    await Step.async(width, height, board, next, start);
    await Promise.all(started);
    board = next;
    expected = reference(expected);
  }
  const same = board.every((cell, i) => cell === expected[i]);
  const living = board.reduce((a, b) => a + b, 0);
`;

it('row 30: arrays in and out, callbacks and threads, in twenty processes at once', () => {
  const result = host(
    `${PATHS}
    if (process.env.LIFE === 'one') {
      ${LIFE}
      print([same, parts.length, steps.value, living > 0]);
      return;
    }
    const { execFile } = require('node:child_process');
    const env = { ...process.env, LIFE: 'one' };
    const run = () => new Promise((resolve) =>
      execFile(process.execPath, process.argv.slice(1), { env, timeout: 20000 }, (error, stdout, stderr) => resolve(error?.message ?? (stdout.trim() + stderr))));
    print(await Promise.all(Array.from({ length: 20 }, run)));`,
    { args, timeoutMilliseconds: 50_000 },
  ) as string[];
  expect([...new Set(result)]).toEqual(['[true,90,90,true]']);
  expect(result).toHaveLength(20);
});

const WAYS: [how: string, prefix: string[]][] = [
  ['as it is', []],
  ...(hasTool('setarch') ? [['at fixed addresses', ['setarch', '-R']] as [string, string[]]] : []),
];
it.each(WAYS)('row 31: the same under this node, %s', (_, prefix) => {
  const result = host(
    `${PATHS}
    const prefix = ${JSON.stringify(prefix)};
    if (prefix.length > 0 && process.env.AGAIN !== 'yes') {
      const [command, ...more] = prefix;
      const { stdout, stderr } = require('node:child_process').spawnSync(command, [...more, process.execPath, ...process.argv.slice(1)],
        { env: { ...process.env, AGAIN: 'yes' }, encoding: 'utf8' });
      process.stdout.write(stdout + stderr);
      return;
    }
    ${LIFE}
    print([same, parts.length, steps.value, living > 0]);`,
    { args },
  );
  expect(result).toEqual([true, 90, 90, true]);
});

it('row 33: a value goes in, and what comes out has methods', () => {
  const result = host(
    `${PATHS}
    const { F, by_value } = open(one).symbols;
    const shape = F({ width: 3, height: 4 });
    const { area, scaled, name } = shape.value.methods.value;
    const plain = by_value({ width: 5, height: 6 });
    const again = plain.methods.value;
    print([area(shape), scaled(shape, 10), name(), again.area === area, again.area(plain), again.scaled({ ...plain }, 0.5)]);
    plugin.free(shape);`,
    { args },
  );
  expect(result).toEqual([12, { width: 30, height: 40 }, 'rectangle', true, 30, { width: 2.5, height: 3 }]);
});

it('row 43: what is passed by value is the same before and after each open', () => {
  const result = host(
    `${PATHS}
    const { Mutual, identity_struct, make, apply } = open(one).symbols;
    const read = () => {
      const y = Mutual({ number: 3, y: null });
      return JSON.stringify([y.number, y.x, identity_struct({ a: 1, b: 2, c: 3, d: 4 }), make(7), apply((m) => m, make(8))],
        (_, v) => (typeof v === 'bigint' ? Number(v) : v));
    };
    const seen = [read()];
    for (const path of [two, so('plugin1.so'), so('unique1.so'), so('same2.so')]) {
      open(path);
      seen.push(read());
    }
    print([seen.length, [...new Set(seen)].map((s) => JSON.parse(s))]);`,
    { args },
  );
  const money = { cents: 7, currency: 'EUR' };
  expect(result).toEqual([5, [[6, { number: 3, y: null }, { a: 1, b: 2, c: 3, d: 4 }, money, 8]]]);
});

it('row 68: libloading: a struct of 64, 32, 16 and 8 bits by value, numbers and pointers', () => {
  const result = host(
    `${PATHS}
    const p = open(one);
    const { identity_struct, identity_u32, identity_pointer } = p.symbols;
    const s = { a: 2n ** 64n - 1n, b: 2 ** 32 - 1, c: 65535, d: 255 };
    const same = identity_struct(s);
    const pointer = p.alloc('struct S', s);
    print([Object.entries(s).every(([name, value]) => same[name] === value), identity_u32(4294967295), identity_pointer(pointer).equals(pointer),
      identity_pointer(pointer).value.c, failure(() => identity_struct({ ...s, d: 256 })).code, failure(() => identity_struct({ a: 1n })).code]);`,
    { args },
  );
  expect(result).toEqual([true, 4294967295, true, 65535, 'ERR_OUT_OF_RANGE', 'ERR_INVALID_ARG_VALUE']);
});
