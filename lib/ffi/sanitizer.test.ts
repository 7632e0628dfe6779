import { runChild, type ChildResult } from '../testing/run-child.js';
import { compile, run } from '../testing/tools.js';

/*
 * C that is built with AddressSanitizer, in a process with its allocator: each access of C outside what this package handed to it ends the process with a report.
 * What C has of JavaScript's own heap (a small typed array) is not fenced.
 */

const library = compile('sanitizer/memory.c', {
  flags: ['-g', '-O1', '-shared', '-fPIC', '-fsanitize=address', '-fsanitize-recover=address'],
});

/** Runs `body` with `p`, the plugin, and `f`, its functions. */
function child(body: string): ChildResult {
  const runtime = run('gcc', ['-print-file-name=libasan.so']).trim();
  const source = `
    import { addressOf, callback, cast, free, open, snapshot } from '#lib/index.js';
    const [path] = process.argv.slice(2);
    const p = open(path);
    const f = (name) => p.lookup(name);
    const litter = () => { for (let i = 0; i < 200; i++) Buffer.allocUnsafeSlow(100 + i).fill(0xa5); gc(); };
    void (async () => {
      ${body}
    })();
  `;
  return runChild(source, {
    args: [library],
    execArgv: ['--expose-gc'],
    // Node frees little before it ends. koffi's stacks are not those that the sanitizer knows of.
    env: {
      LD_PRELOAD: runtime,
      ASAN_OPTIONS: 'detect_leaks=0:detect_stack_use_after_return=0:halt_on_error=0:suppress_equal_pcs=0',
    },
    timeoutMilliseconds: 120_000,
  });
}

const ANY_SIZE = 'for (const n of [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 1000, 4097])';

it('C is given enough memory, and it stays as long as C is told', () => {
  const { status, signal, stdout, stderr } = child(`
    const seen = [];
    const is = (...pair) => { if (String(pair[0]) !== String(pair[1])) throw new Error(pair.map(String).join(' is not ')); seen.push(1); };
    for (let round = 0; round < 2; round++) {
      // Memory of alloc and malloc, of every size, to its last byte.
      ${ANY_SIZE} {
        const own = p.alloc('char[' + n + ']');
        f('fill')(own, 65, n);
        is(own.value.length, n);
        const heap = p.malloc('int[' + n + ']');
        f('fill')(heap, 0, 4 * n);
        is(f('sum')(heap, n), 0);
        free(heap);
        const doubles = new Float64Array(n).fill(1.5);
        f('double_all')(doubles, n);
        is(doubles[n - 1], 3);
        const buffer = Buffer.alloc(n);
        f('fill')(buffer, 7, n);
        is(buffer[n - 1], 7);
        // A list and a text that are copied for the call.
        const list = Array.from({ length: n }, (_, i) => i);
        is(f('sum')(list, n), (n * (n - 1)) / 2);
        is(f('map')((x) => x + 1, list, n), n);
        is(list[n - 1], n);
        is(f('length')('é'.repeat(n)), 2 * n);
        const copied = f('copy')('t'.repeat(n));
        is(copied.cString().length, n);
        f('reverse')(copied);
        free(copied);
        const points = Array.from({ length: n }, (_, i) => ({ x: i, y: i }));
        f('move')(points, n, 1);
        is(points[n - 1].y, n - 2);
      }
      // Structs, a union, complex and 128 bits by value.
      is(JSON.stringify(f('swap')({ x: 1, y: 2 })), '{"x":2,"y":1}');
      is(f('next_odd')({ c: 'abc' }).c, 'bcd');
      const scaled = f('scaled')({ numbers: [1, 2, 3, 4, 5, 6, 7, 8, 9], name: 'seven' }, 2);
      is([scaled.numbers[8], scaled.name], '18,xxxxxx');
      is(f('negated')({ i: 5 }).i, -5);
      is(f('conjugated')({ re: 1, im: 2 }).im, -2);
      is(f('half')(2n ** 100n), 2n ** 99n);
      // Variables: views, snapshots, texts, pointers and functions that are stored.
      const large = p.lookup('large');
      large.value = { numbers: [9, 8, 7, 6, 5, 4, 3, 2, 1], name: 'sevens' };
      is(snapshot(large.value).numbers[8], 1);
      is(f('scaled')(large.value, 3).numbers[0], 27);
      p.lookup('numbers').value.set([5, 4, 3, 2, 1]);
      is(f('sum')(p.lookup('numbers'), 5), 15);
      f('sort')(p.lookup('numbers').value, 5, (a, b) => a.value - b.value);
      is([...p.lookup('numbers').value], '1,2,3,4,5');
      p.lookup('text').value = 'hello';
      f('reverse')(p.lookup('text'));
      is(p.lookup('text').value, 'olleh');
      p.lookup('flags').value = { a: 7, b: 8191, c: -1 };
      is(p.lookup('flags').value.b, 8191);
      p.lookup('either').value.f = 1;
      is(p.lookup('either').value.bytes[7], 0x3f);
      p.lookup('label').value = 'a text that is kept ' + round;
      p.lookup('somebody').value = { name: 'n'.repeat(30), at: { x: 1, y: 2 }, scores: p.alloc('int[3]', [1, 2, 3]), count: 3 };
      p.lookup('chosen').value = p.alloc('struct point', { x: 4, y: 5 });
      p.lookup('hook').value = (x) => x * 2;
      litter();
      is(f('length')(p.lookup('label').value), 20 + String(round).length);
      is(f('judge')(p.lookup('somebody')), 37);
      is(p.lookup('somebody').value.count, 4);
      is(f('judge')({ name: 'abc', at: { x: 1, y: 0 }, scores: p.alloc('int[2]', [1, 2]), count: 2 }), 7);
      is(p.lookup('chosen').value.value.y, 5);
      is(addressOf(p.lookup('large').value, 'name').value, 'sevens');
      is(f('call_hook')(21), 42);
      // Out parameters.
      const [quotient, rest, out] = [p.alloc('long'), [0], p.alloc('char *')];
      f('divide')(17, 5, quotient, rest);
      is([quotient.value, rest[0]], '3,2');
      f('make_text')(out);
      is(out.value.cString(), 'made');
      free(out.value);
      // Callbacks, and calls in other threads.
      is(f('from_callback')((l, s) => ({ ...snapshot(l), name: s })).name, 'olleh');
      is(f('add_all')(3, 1, 2, 3), 6);
      const lasting = callback((x) => x + 1, 'int (int)');
      const many = [];
      for (let i = 0; i < 20; i++) many.push(f('sum').async(Array.from({ length: 50 }, () => i), 50), f('length').async('l'.repeat(i + 100)),
        f('judge').async({ name: 'abc', at: { x: 1, y: 0 }, scores: p.alloc('int[2]', [1, 2]), count: 2 }), f('in_thread').async(lasting), f('swap').async({ x: i, y: 0 }));
      litter();
      const all = await Promise.all(many);
      is([all[95], all[96], all[97], all[98], all[99].y], '950,119,7,21,19');
      lasting[Symbol.dispose]();
    }
    console.log(seen.length);
  `);
  expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
  expect(Number(stdout)).toBe(2 * 175);
}, 120_000);

it('what C does outside is reported', () => {
  const { stderr } = child(`
    f('fill')(p.alloc('char[10]'), 1, 11);
    f('fill')(p.malloc('int[10]'), 1, 42);
    f('fill')(Buffer.alloc(10000), 1, 10003);
    f('fill')(p.lookup('numbers'), 1, 24);
    f('sum')(Array(100).fill(1), 101);
    f('length')(new Uint8Array(2000).fill(65));
    const list = p.malloc('int[10]');
    f('keep')(list);
    free(list);
    f('kept_sum')(1);
  `);
  const reports = stderr.matchAll(/AddressSanitizer: ([a-z-]+) on address[^]*?\n(READ|WRITE) of size (\d+)/g);
  expect(Array.from(reports, ([, what, access, size]) => [what, access, Number(size)])).toEqual([
    ['heap-buffer-overflow', 'WRITE', 11],
    ['heap-buffer-overflow', 'WRITE', 42],
    ['heap-buffer-overflow', 'WRITE', 10003],
    ['global-buffer-overflow', 'WRITE', 24],
    ['heap-buffer-overflow', 'READ', 4],
    ['heap-buffer-overflow', 'READ', expect.any(Number)],
    ['heap-use-after-free', 'READ', 4],
  ]);
});
