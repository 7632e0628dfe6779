import { Block } from './block.js';
import { accessOf, checkAccess, PROT } from './mapping.js';
import { thrownBy } from '../testing/fixture.js';
import { childValue } from '../testing/run-child.js';

/** What each of some expressions gives in a process of its own, with what is in `fixtures/values/memory.c` at hand. */
function inChild(expressions: readonly string[], prelude = ''): unknown {
  const source = `
    import { addressOf, free } from '#lib/index.js';
    import { openFixture } from '#lib/testing/fixture.js';
    const plugin = openFixture('values/memory.c');
    const c = plugin.symbols;
    const attempt = (action) => {
      try {
        const value = action();
        return value === undefined ? 'done' : typeof value === 'bigint' ? String(value) : value;
      } catch (error) {
        return [error.code, error.message].join(': ');
      }
    };
    ${prelude}
    console.log(JSON.stringify([${expressions.map((e) => `attempt(() => ${e})`).join(',')}]));
  `;
  return childValue(source);
}

const BAD = /^ERR_PLUGIN_BAD_ADDRESS: .*bad address 0x[0-9a-f]+: /s;
const bad = (reason: string): unknown => expect.stringMatching(new RegExp(`${BAD.source}.*${reason}`, 's'));
const readOnly: unknown = expect.stringMatching(/^ERR_READ_ONLY: /);
const refused = (reason: string): unknown =>
  expect.stringMatching(new RegExp(`^ERR_INVALID_ARG_VALUE: free: .*${reason}`));

describe('accessOf', () => {
  const memory = Block.allocate(64);

  it('tells what may be done with memory', () => {
    expect(accessOf(memory.address, 64, PROT.WRITE, true)).toBe(PROT.READ | PROT.WRITE);
    for (const verify of [true, false]) {
      for (const address of [0n, 16n, 2n ** 64n - 1n, 2n ** 63n, 0xdead_0000_beefn])
        expect(accessOf(address, 1, PROT.READ, verify)).toBe(PROT.NONE);
      expect(accessOf(memory.address, 2 ** 52, PROT.READ, verify)).toBe(PROT.NONE);
    }
  });

  it('is checked with the address in the message', () => {
    expect(checkAccess(memory.address, 64, PROT.WRITE) & PROT.WRITE).toBe(PROT.WRITE);
    expect(thrownBy(() => checkAccess(memory.address, 64, PROT.EXEC))).toMatchObject({
      code: 'ERR_PLUGIN_BAD_ADDRESS',
      message: `bad address 0x${memory.address.toString(16)}: no code is mapped there`,
    });
    expect(thrownBy(() => checkAccess(16n, 4, PROT.READ)).message).toBe(
      'bad address 0x10: 4 bytes there are not mapped',
    );
  });

  it('finds memory that C has unmapped gone', () => {
    const gone = [
      'c.unmap(p)',
      'p.at(0)',
      'p.at(1)',
      'c.same(p).cast("int *").value',
      'p.cast("char *").cString()',
    ];
    expect(inChild(['p.at(1)', ...gone], 'const p = c.map(); c.kept.value = p;')).toEqual([
      0,
      'done',
      ...gone.slice(1).map(() => bad('not mapped')),
    ]);
  });
});

describe('a function that is none', () => {
  it('can be had and compared, and refuses to be called', () => {
    const none = ['c.wild_function.value(1)', 'c.data_function.value(1)', 'c.in_data(1)'];
    const had = [
      'c.wild_function.value === c.wild_function.value',
      'c.data_function.value === c.wild_function.value',
      'c.in_data.address !== 0n',
      '(c.data_function.value = c.wild_function.value) === c.data_function.value',
    ];
    expect(inChild([...none, ...had])).toEqual([
      ...none.map(() => bad('no code is mapped there')),
      true,
      false,
      true,
      true,
    ]);
  });

  it('can be called once it is one', () => {
    const calls = ['f()', 'c.make_code()', 'c.in_page.value()', 'f()', 'f(1)'];
    expect(inChild(calls, 'c.make_page(); const f = c.in_page.value;')).toEqual([
      bad('no code'),
      'done',
      7,
      7,
      expect.stringContaining('ERR_ARGUMENT_COUNT'),
    ]);
  });
});

describe('a pointer of C as an argument', () => {
  it('leads to memory that is mapped, and may be written where C may write', () => {
    const text = '`${c.capitalise(t)} ${t}`';
    const calls = [
      'c.bump(c.wild.value)',
      'c.first(c.wild_text.value)',
      'c.bump(c.to_variable())',
      'c.capitalise(c.literal())',
      'c.clear(c.literal(), 4)',
      'c.first(c.literal())',
      text,
    ];
    expect(inChild(calls, "const t = c.make_text('text');")).toEqual([
      bad('4 bytes there are not mapped'),
      bad('1 bytes there are not mapped'),
      6,
      readOnly,
      readOnly,
      97,
      'undefined Text',
    ]);
  });

  it("may be a mark of the library's own behind void * and opaque types", () => {
    const calls = [
      'c.is_mark(c.mark.value)',
      'c.is_mark(c.wild.value)',
      'c.is_opaque_mark(c.opaque_mark.value)',
    ];
    expect(inChild(calls)).toEqual([1, 0, 1]);
  });
});

describe('memory that was freed', () => {
  it('of malloc is gone for every pointer and view into it', () => {
    const uses = [
      'n.value',
      'n.value = 1',
      'n.value++',
      'n.at(0)',
      'n.set(0, 1)',
      'n.view(1)',
      'n.offset(0).value',
      "n.cast('char *').value",
      "n.cast('char *').cString()",
      'c.bump(n)',
      'c.clear(n, 1)',
      's.value',
      'view.x',
      'view.x = 1',
      'x.value',
      'c.sum(view)',
      'c.sum(s)',
      'a.value',
      'a.at(0)',
      'list[0].x',
      'new Int32Array(a.cast("int *").view(2))',
    ];
    const prelude = `
      const n = plugin.malloc('int', 5);
      n.value++;
      const s = plugin.malloc('struct point', { x: 1, y: 2 });
      const view = s.value;
      const x = addressOf(view, 'x');
      x.value = 4;
      const a = plugin.malloc('int[4]', [1, 2, 3, 4]);
      const array = a.value;
      const l = plugin.malloc('struct point[2]');
      const list = l.value;
      const large = plugin.malloc('char[1000000]').cast('unsigned char *');
      const bytes = large.view();
      [n, s, a, l, large].forEach(free);
    `;
    expect(inChild([...uses, '[array.length, array[0]]', '[bytes.length, bytes[5]]'], prelude)).toEqual([
      ...uses.map(() => bad('it was freed')),
      [0, null],
      [0, null],
    ]);
  });

  it('of C is gone for the pointer and what was made from it', () => {
    const uses = [
      'p.value',
      'p.value = 1',
      'p.at(0)',
      'p.at(1)',
      'p.view(2)',
      'p.offset(1).value',
      "p.cast('char *').value",
      "p.cast('char *').cString()",
      'next.value',
      'void_.cast("int *").at(1)',
      'c.bump(p)',
      'c.bump(next)',
      'c.is_mark(void_)',
      's.value',
      'view.x',
      'c.sum(view)',
    ];
    const prelude = `
      const p = c.make_numbers(100000);
      p.value = 3;
      const next = p.offset(1);
      const void_ = p.cast('void *');
      const numbers = p.view(100000);
      const s = c.make_point();
      const view = s.value;
      free(void_);
      free(s);
    `;
    expect(inChild([...uses, 'numbers.length', 'p.equals(next)'], prelude)).toEqual([
      ...uses.map(() => bad('it was freed')),
      0,
      false,
    ]);
  });

  it('is new memory where C gives it out again', () => {
    const source = `
      let least = Infinity;
      for (let round = 0; round < 300; round++) {
        for (const size of [16, 24, 100, 500, 2000, 5000, 300000]) {
          const p = c.make_uninitialised(size).cast('unsigned char *');
          least = Math.min(least, p.view(size).length);
          p.value = 1;
          free(p);
          const q = plugin.malloc('int');
          q.value = round;
          if (q.value !== round) throw new Error('not its value');
          free(q);
        }
      }
    `;
    expect(inChild(['least'], source)).toEqual([16]);
  });
});

describe('free', () => {
  it('refuses what can be no memory of the C heap', () => {
    const calls = [
      'free(c.to_variable())',
      'free(c.to_aligned())',
      'free(c.literal())',
      'free(c.wild.value)',
      'free(c.mark.value)',
      "free(c.make_text('a text of some length').offset(8))",
      'free(addressOf(c.make_point().value))',
    ];
    expect(inChild(calls)).toEqual([
      refused('no memory of the C heap'),
      refused('it lies in a library or the program'),
      refused('no memory of the C heap'),
      refused('it is not mapped'),
      refused('multiples of 16'),
      refused('multiples of 16'),
      refused('it does not point to the start'),
    ]);
  });

  it('refuses the second time, by whatever pointer', () => {
    const calls = [
      'free(p)',
      'free(p)',
      "free(p.cast('void *'))",
      'free(other)',
      // A pointer that is read after it: glibc knows.
      'free(c.kept.value)',
      'free(own)',
      'free(c.kept.value)',
      'free(own)',
    ];
    const prelude = `
      const p = c.make_numbers(200);
      const other = c.same(p);
      c.kept.value = p;
      const own = plugin.malloc('int[210]').cast('int *');
    `;
    const before = refused('it was freed before');
    const results = inChild([...calls.slice(0, 5), 'void (c.kept.value = own)', ...calls.slice(5)], prelude);
    expect(results).toEqual(['done', before, before, before, before, 'done', 'done', before, before]);
  });

  it('takes memory of malloc that comes back from C', () => {
    // Of a size that the engine does not ask for meanwhile: a chunk that was given out again is nobody's mistake to see.
    const calls = ['free(c.same(own))', 'own.value', 'free(own)', 'c.release(second)', 'free(second)'];
    const prelude =
      "const own = plugin.malloc('int', 4); own.value++; const second = plugin.malloc('int[210]').cast('int *');";
    expect(inChild(calls, prelude)).toEqual([
      'done',
      bad('it was freed'),
      refused('freed before'),
      'done',
      refused('freed before'),
    ]);
  });
});

it('malloc aligns as the type asks', () => {
  const source = `
    const made = Array.from({ length: 50 }, () => plugin.malloc('struct vector'));
    const aligned = made.every((p) => p.address % 64n === 0n && p.value.lanes.every((x) => x === 0));
    for (const p of made) p.value.lanes = [1, 2, 3, 4, 5];
    made.forEach(free);
  `;
  expect(inChild(['aligned', "plugin.malloc('struct vector').value.lanes[4]"], source)).toEqual([true, 0]);
});
