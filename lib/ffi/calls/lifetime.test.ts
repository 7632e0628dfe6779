import { free, Pointer } from '../../index.js';
import { openFixture, thrownBy } from '../../testing/fixture.js';
import { childValue } from '../../testing/run-child.js';

type Call = (...args: unknown[]) => unknown;

const plugin = openFixture('calls/handles.c');
const f = (name: string): Call => plugin.lookup(name);

describe('out-parameters', () => {
  it('of numbers: a typed array, an array, alloc, or none', () => {
    const list = Float64Array.of(3, -1, 7);
    const [least, most] = [new Float64Array(1), plugin.alloc('double')];
    f('bounds')(list, 3, least, most);
    expect([least[0], most.value]).toEqual([-1, 7]);
    const plain = [0];
    f('bounds')(list, 2, plain, list.subarray(2));
    expect([plain, Array.from(list)]).toEqual([[-1], [3, -1, 3]]);
    const all: [unknown, unknown, unknown, unknown] = [
      BigInt64Array.of(-300n),
      plugin.alloc('_Bool'),
      Buffer.alloc(1),
      new Float32Array(1),
    ];
    f('in_out')(...all);
    const [value, negative, low, half] = all as [BigInt64Array, Pointer<boolean>, Buffer, Float32Array];
    expect([value[0], negative.value, low[0], half[0]]).toEqual([300n, true, 212, -150]);
    const objects: [unknown[], unknown[], unknown[], unknown[]] = [[5], [true], [0], [0]];
    f('in_out')(...objects);
    expect(objects).toEqual([[-5n], [false], [5], [2.5]]);
    f('nothing')(null);
    expect(thrownBy(() => f('in_out')(new Int32Array(2), null, null, null)).code).toBe(
      'ERR_INVALID_ARG_TYPE',
    );
  });

  it('of text: char ** and const char **', () => {
    const text = plugin.alloc('char[20]', 'first second');
    const rest = plugin.alloc('char *') as Pointer<Pointer<number> | null>;
    expect(f('split')(text, rest)).toBe(1);
    expect([text.value, String(rest.value)]).toEqual(['first', 'second']);
    expect(rest.value?.address).toBe(text.address + 6n);
    const array: unknown[] = [null];
    expect(f('split')(Buffer.from('a b\0'), array)).toBe(1);
    expect(f('split')('one', array)).toBe(0);
    expect(array).toEqual([null]);
    const constant = plugin.alloc('const char *') as Pointer<string | null>;
    f('constant')(constant);
    expect(constant.value).toBe('a constant');
    const given = ['before'];
    f('constant')(given);
    expect(given).toEqual(['a constant']);
  });

  it('of handles: struct handle **, opened, followed and closed', () => {
    const slots = ['one', 'two'].map((name) => {
      const slot = plugin.alloc('struct handle *') as Pointer<Pointer | null>;
      expect(f('handle_open')(name, slot)).toBe(0);
      return slot;
    });
    const [one, two] = slots as [Pointer<Pointer | null>, Pointer<Pointer | null>];
    expect(one.value).toBeInstanceOf(Pointer);
    expect([f('handle_name')(one.value), f('handle_name')(two.value)]).toEqual(['one', 'two']);
    expect([f('handle_use')(one.value), f('handle_use')(one.value), f('handles')()]).toEqual([1, 2, 2]);
    f('handle_link')(one.value, two.value);
    const cursor = plugin.alloc('struct handle *', one.value) as Pointer<Pointer | null>;
    expect([f('handle_next')(cursor), cursor.value?.equals(two.value), f('handle_next')(cursor)]).toEqual([
      1,
      true,
      0,
    ]);
    expect(cursor.value).toBeNull();
    for (const slot of slots) {
      f('handle_close')(slot);
      expect(slot.value).toBeNull();
    }
    const array: [Pointer | null] = [null];
    expect(f('handle_open')('three', array)).toBe(0);
    expect(f('handle_name')(array[0])).toBe('three');
    f('handle_close')(array);
    expect([array, f('handles')()]).toEqual([[null], 0]);
    expect([f('handle_open')('', one), one.value]).toEqual([-1, null]);
    expect(thrownBy(() => f('handle_open')('x', array[0] ?? new Int32Array(2))).code).toBe(
      'ERR_INVALID_ARG_TYPE',
    );
    expect(thrownBy(() => f('handle_name')(one)).code).toBe('ERR_INVALID_ARG_TYPE');
    expect(thrownBy(() => f('handle_name')({})).code).toBe('ERR_INVALID_ARG_TYPE');
  });

  it('of lists: char ***', () => {
    const [list, n] = [plugin.alloc('char **') as Pointer<Pointer<Pointer>>, new BigUint64Array(1)];
    expect(f('words')('three little words', list, n)).toBe(0);
    expect(n[0]).toBe(3n);
    const all = [0, 1, 2].map((i) => list.value.at(i));
    expect(all.map(String)).toEqual(['three', 'little', 'words']);
    for (const word of all) free(word);
    free(list.value);
  });
});

describe('memory of alloc', () => {
  /** The sum that C sees of `make(i)`; each holder must lead to all of it. */
  const SUM = `
    const make = (i) => plugin.alloc('struct outer', {
      id: i, inner: [{ a: [1, 2, 3, 4] }, { a: [5, 6, 7, i] }], text: 'text' + i, name: 'name' + i, d: 10 });
    const expected = (i) => i + 28 + i + 4 + String(i).length + 4 + String(i).length + 10;
  `;
  const inChild = (body: string): unknown =>
    childValue(
      `
      import { addressOf, cast, snapshot } from '#lib/index.js';
      import { openFixture } from '#lib/testing/fixture.js';
      const plugin = openFixture('calls/handles.c');
      const f = (name) => plugin.lookup(name);
      const print = (value) => console.log(JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? Number(v) : v)));
      const litter = () => {
        for (let round = 0; round < 4; round++) {
          gc();
          for (let i = 0; i < 400; i++) plugin.alloc('struct outer', { id: -1, name: 'zzzzzzzz', text: 'zzzzzzzzzzzz' });
        }
      };
      /** By its bare address: a pointer to a member does not leave that. */
      const at = (p, before) => cast(plugin.type('struct outer *'), p.address - before);
      ${SUM}
      ${body}
      `,
      { execArgv: ['--expose-gc'] },
    );

  /** Ways to hold on to memory, and back to a pointer to all of it. */
  const HOLDERS: [what: string, hold: string, back: string][] = [
    ['its Pointer', 'make(i)', 'h'],
    ['its view', 'make(i).value', 'h'],
    ['a view of a member', 'make(i).value.inner[1]', 'at(addressOf(h), 24n)'],
    ['an array of a member', 'make(i).value.inner', 'at(addressOf(h), 8n)'],
    [
      'a typed array of a member',
      'make(i).value.inner[1].a',
      '({ sum: h[0] === 5 && h[3] === i ? expected(i) : -1 })',
    ],
    ['addressOf a member', "addressOf(make(i).value, 'd')", 'at(h, 72n)'],
    ['a pointer that was cast', "make(i).cast('void *')", "h.cast('struct outer *')"],
    ['one of cast()', "cast('char *', make(i))", "h.cast('struct outer *')"],
    ['an offset pointer', 'make(i).offset(1)', 'h.offset(-1)'],
    [
      'a view of elements',
      "make(i).cast('unsigned char *').view()",
      '({ sum: new DataView(h.buffer, h.byteOffset).getBigInt64(0, true) === BigInt(i) ? expected(i) : -1 })',
    ],
    ['what C gave back', "f('same')(make(i))", 'h'],
    ['what C gave back from inside', "f('into')(make(i))", 'at(h, 24n)'],
    ['what C gave back of a view', "f('same')(make(i).value)", 'h'],
    ['memory that it is stored in', "plugin.alloc('struct outer *', make(i))", 'h.value'],
    ['a field that it is stored in', "plugin.alloc('struct outer', { next: make(i) })", 'h.value.next'],
    [
      'the second of a list',
      "plugin.alloc('struct outer', { next: plugin.alloc('struct outer', { next: make(i) }) })",
      'h.value.next.value.next',
    ],
    ['what was read from there', "plugin.alloc('struct outer', { next: make(i) }).value.next", 'h'],
    [
      'a copy of the struct that it is stored in',
      "(() => { const a = plugin.alloc('struct outer', { next: make(i) }); const b = plugin.alloc('struct outer'); b.value = a.value; return b; })()",
      'h.value.next',
    ],
    ['a snapshot', "snapshot(plugin.alloc('struct outer', { next: make(i) }).value)", 'h.next'],
  ];

  let seen: Record<string, number> = {};
  beforeAll(() => {
    seen = inChild(`
      const ways = [${HOLDERS.map(([, hold, back]) => `[(i) => ${hold}, (h, i) => ${back}]`).join(',\n')}];
      const held = ways.map(([hold]) => Array.from({ length: 30 }, (_, i) => hold(i)));
      litter();
      const wrong = ways.map(([, back], way) => held[way].filter((h, i) => {
        const p = back(h, i);
        return (p.sum ?? Number(f('sum')(p))) !== expected(i);
      }).length);
      print(wrong);
    `) as Record<string, number>;
  });
  it.each(HOLDERS.map(([what], i): [string, number] => [what, i]))('stays with %s', (_, i) => {
    expect(seen[i]).toBe(0);
  });

  it('goes with the last of them', () => {
    const result = inChild(`
      const wait = () => new Promise((resolve) => setTimeout(resolve, 5));
      void (async () => {
        const megabytes = () => process.memoryUsage().arrayBuffers / 2 ** 20;
        let most = 0;
        for (let i = 0; i < 60; i++) {
          const p = plugin.alloc('char[10485760]');
          f('same')(p.cast('struct outer *'));
          p.cast('int *').offset(5).view(3)[0] = 1;
          most = Math.max(most, megabytes());
          if (i % 10 === 9) { gc(); await wait(); gc(); }
        }
        gc(); await wait(); gc();
        print([most < 250, megabytes() < 40]);
      })();
    `);
    expect(result).toEqual([true, true]);
  });

  it('a text that is stored stays until the place is written again', () => {
    const result = inChild(`
      const kept = Array.from({ length: 50 }, (_, i) => plugin.alloc('struct outer', { text: 'text number ' + i }));
      const changed = kept.map((p, i) => { if (i % 2) p.value.text = 'changed ' + i; return p; });
      litter();
      print(changed.filter((p, i) => p.value.text !== (i % 2 ? 'changed ' : 'text number ') + i).length);
    `);
    expect(result).toBe(0);
  });
});
