import { inspect } from 'node:util';
import { addressOf, free, sizeOf, snapshot, typeOf } from '../../index.js';
import type { Pointer, Variable } from '../../index.js';
import { openFixture, thrownBy } from '../../testing/fixture.js';

const plugin = openFixture('values/records.c');
const variable = <T = unknown>(name: string): Variable<T> => plugin.lookup<Variable<T>>(name);
const call = (name: string, ...args: unknown[]): unknown =>
  plugin.lookup<(...args: unknown[]) => unknown>(name)(...args);

interface Point {
  x: number;
  y: number;
}
interface Line {
  from: Point;
  to: Point;
  style: { width: number; color: number; rgb: Uint8Array };
  dash: number;
  gap: number;
  label: string;
  next: Pointer<Line> | null;
}

describe('struct point', () => {
  const point = variable<Point>('point');

  it('is a live view', () => {
    const view = point.value;
    call('set_point', 7, 8.5);
    expect([view.x, view.y]).toEqual([7, 8.5]);
    view.x = -3;
    view.y = 0.25;
    expect(call('check_point', -3, 0.25)).toBe(1);
    expect(point.value).toBe(view);
  });

  it('takes an object, every field checked before the first byte', () => {
    point.value = { x: 1, y: 2 };
    expect(call('check_point', 1, 2)).toBe(1);
    const refused: [value: unknown, code: string, message: string][] = [
      [{ x: 5 }, 'ERR_INVALID_ARG_VALUE', 'point: the field y of struct point is missing'],
      [{ x: 5, y: 6, z: 7 }, 'ERR_INVALID_ARG_VALUE', 'point: struct point has no field z; it has x, y'],
      [{ x: 5, y: '6' }, 'ERR_INVALID_ARG_TYPE', 'point.y: expected a number for double, got the string "6"'],
      [{ x: 5.5, y: 6 }, 'ERR_INVALID_ARG_VALUE', 'point.x: the number 5.5 is no int: not an integer'],
      [
        { x: 5, y: undefined },
        'ERR_INVALID_ARG_TYPE',
        'point.y: expected a number for double, got undefined',
      ],
      [
        [5, 6],
        'ERR_INVALID_ARG_TYPE',
        'expected an object with its fields for struct point, got an array of 2',
      ],
      [null, 'ERR_INVALID_ARG_TYPE', 'got null'],
      [5, 'ERR_INVALID_ARG_TYPE', 'got the number 5'],
      [point, 'ERR_INVALID_ARG_TYPE', 'expected an object with its fields'],
    ];
    for (const [value, code, message] of refused) {
      const error = thrownBy(() => (point.value = value as Point));
      expect(error.code).toBe(code);
      expect(error.message).toContain(message);
    }
    expect(call('check_point', 1, 2)).toBe(1);
  });

  it('is C in a text, and no number', () => {
    const text = point.value as unknown as string;
    expect(`point: ${text}`).toBe(`point: ${inspect(text)}`);
    expect(() => Number(text)).toThrow('struct point is no number');
  });

  it('takes a view of the same type, and no other', () => {
    const other = plugin.alloc('struct point', { x: 11, y: 12 }) as Pointer<Point>;
    point.value = other.value;
    expect(call('check_point', 11, 12)).toBe(1);
    expect(thrownBy(() => (point.value = variable('padded').value as Point)).message).toBe(
      'point: expected struct point, got a view of struct padded',
    );
    point.value = point.value;
    expect(call('check_point', 11, 12)).toBe(1);
  });

  it('refuses a field that does not exist', () => {
    const view = point.value as Point & { z?: number };
    expect(() => (view.z = 1)).toThrow('struct point has no field z; it has x, y');
    expect(view.z).toBeUndefined();
  });

  it('is addressed by field', () => {
    const y = addressOf(point.value, 'y') as Pointer<number>;
    y.value = 99;
    expect(point.value.y).toBe(99);
    expect(y.address - point.address).toBe(8n);
    expect(addressOf(point.value).equals(point)).toBe(true);
    expect(() => y.at(1)).toThrow(RangeError);
    expect(thrownBy(() => addressOf(point.value, 'z')).message).toContain('has no field z; it has x, y');
    expect([String(typeOf(point.value)), sizeOf(point.value)]).toEqual(['struct point', 16]);
  });

  it('is plain data as a snapshot', () => {
    point.value = { x: 1, y: 2 };
    const before = snapshot(point.value);
    point.value.x = 5;
    expect(before).toEqual({ x: 1, y: 2 });
    point.value = before as Point;
    expect(call('check_point', 1, 2)).toBe(1);
  });
});

describe('struct line', () => {
  const line = variable<Line>('line');
  const given = {
    from: { x: 1, y: 2 },
    to: { x: 3, y: 4 },
    style: { width: 5, color: 0x030201 },
    dash: 6,
    gap: 7,
    label: 'héy',
    next: line,
  };

  it('nests, with anonymous members as its own', () => {
    line.value = given as unknown as Line;
    expect(call('show_line')).toBe('1 2 3 4 5 197121 6 7 héy 1');
    const { value } = line;
    expect(Array.from(value.style.rgb)).toEqual([1, 2, 3, 0]);
    value.style.rgb[3] = 1;
    expect(value.style.color).toBe(0x01030201);
    value.to.y = -1;
    value.from = value.to;
    value.gap = 70;
    value.next = null;
    expect(call('show_line')).toBe('3 -1 3 -1 5 16974337 6 70 héy 0');
    value.next = line;
    expect(value.next.value.gap).toBe(70);
  });

  it('lies where C says', () => {
    const address = (field: string): bigint => addressOf(line.value, field).address - line.address;
    expect(['to', 'style', 'gap', 'label', 'next'].map(address)).toEqual(
      [0, 1, 2, 3, 4].map((i) => call('offset_of', i)),
    );
    expect(BigInt(sizeOf(line.value))).toBe(call('offset_of', 5));
  });

  it('stays as it was when something deep inside is wrong', () => {
    line.value = given as unknown as Line;
    const before = call('show_line');
    for (const [change, message] of [
      [{ to: { x: 9, y: null } }, /^line\.to\.y: expected a number/],
      [{ style: { width: 9, rgb: [1, 2, 3] } }, /^line\.style\.rgb: .* takes 4 elements, got 3$/],
      [
        { style: { width: 9, rgb: [1, 2, 3, 4], color: 1 } },
        /^line\.style: the members rgb, color share memory/,
      ],
      [{ label: 'too long' }, /^line\.label: the string "too long" has 8 bytes/],
      [
        { next: variable('point') },
        /^line\.next: expected struct line \*, got a Pointer of type struct point \*/,
      ],
    ] as const) {
      expect(() => (line.value = { ...given, from: { x: 8, y: 8 }, ...change } as never)).toThrow(message);
      expect(call('show_line')).toBe(before);
    }
  });

  it('round-trips as a snapshot', () => {
    line.value = given as unknown as Line;
    const before = call('show_line');
    const copy = snapshot(line.value) as Line;
    line.value.from.x = 100;
    line.value.label = '';
    line.value = copy;
    expect(call('show_line')).toBe(before);
  });
});

describe('layouts', () => {
  it('padding is written as zero by an object and as it is by a view', () => {
    const padded = variable<{ c: number; i: number; s: number }>('padded');
    call('fill_padded');
    padded.value.i = 1;
    expect(call('bytes_of_padded')).toBe('aaaaaaaa01000000aaaaaaaa');
    padded.value = { c: 1, i: 2, s: 3 };
    expect(call('bytes_of_padded')).toBe('010000000200000003000000');
  });

  it('packed structs', () => {
    const packed = variable<{ c: number; i: number; d: number; s: Int16Array }>('packed');
    expect(snapshot(packed.value)).toEqual({ c: 1, i: 2, d: 3.5, s: [4, 5] });
    packed.value.i = -7;
    packed.value.d = 1e100;
    packed.value.s[1] = 77;
    expect(call('check_packed', -7, 1e100, 77)).toBe(1);
    (addressOf(packed.value, 'i') as Pointer<number>).value = 8;
    (addressOf(packed.value, 'd') as Pointer<number>).value = 0.5;
    expect(call('check_packed', 8, 0.5, 77)).toBe(1);
    packed.value = { c: 0, i: 1, d: 2, s: [3, 4] as never };
    expect(call('check_packed', 1, 2, 4)).toBe(1);
    const own = plugin.alloc('struct packed', { d: 4.5, s: [1, 2] }) as Pointer<typeof packed.value>;
    expect(snapshot(own.value)).toEqual({ c: 0, i: 0, d: 4.5, s: [1, 2] });
    own.value.s[0] = 9;
    expect(own.value.s[0]).toBe(9);
  });

  it('over-aligned structs', () => {
    const aligned = variable<{ i: number }>('aligned');
    aligned.value.i = 64;
    expect(call('check_aligned', 64)).toBe(1);
    expect(sizeOf(aligned.value)).toBe(128);
    for (let i = 0; i < 20; i++) expect(call('is_aligned', plugin.alloc('struct aligned'))).toBe(1);
  });

  it('flexible and zero-length arrays are pointers to their elements', () => {
    interface Message {
      length: number;
      text: Pointer<number>;
    }
    const message = call('make_message', 'hello') as Pointer<Message>;
    expect(message.value.length).toBe(5);
    expect(message.value.text.cString()).toBe('hello');
    message.value.text.set(0, 74);
    expect(String(message.value.text)).toBe('Jello');
    expect(snapshot(message.value)).toEqual({ length: 5 });
    expect(() => (message.value.text = null as never)).toThrow(/has no size: write its elements/);
    free(message);
    expect(variable<Message>('greeting').value.text.cString()).toBe('hi');
    const zero = call('make_zero', 4) as Pointer<{ n: number; items: Pointer<number> }>;
    expect([0, 1, 2, 3].map((i) => zero.value.items.at(i))).toEqual([0, 1, 4, 9]);
    expect(Array.from(zero.value.items.view(4) as Int32Array)).toEqual([0, 1, 4, 9]);
    zero.value = { n: 5 } as never;
    expect([zero.value.n, zero.value.items.at(3)]).toEqual([5, 9]);
  });

  it('flexible arrays end where the memory is known to end', () => {
    interface Message {
      length: number;
      text: Pointer<number>;
    }
    const outside = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };
    const greeting = variable<Message>('greeting').value;
    expect([0, 1].map((i) => greeting.text.at(i))).toEqual([104, 105]);
    const behind = ((): number => {
      for (let i = 0; ; i++) {
        try {
          greeting.text.at(i);
        } catch {
          return i;
        }
      }
    })();
    // The variable has what its initialiser needs, or sizeof (struct message) if that is more.
    expect(behind).toBe(3);
    for (const memory of [plugin.alloc('char[9]'), plugin.malloc('char[9]')]) {
      const { text } = (memory.cast('struct message *') as Pointer<Message>).value;
      text.set(4, 1);
      expect(thrownBy(() => text.at(5))).toMatchObject(outside);
      expect(text.view()).toHaveLength(5);
    }
    for (const memory of [plugin.alloc('struct message'), plugin.malloc('struct message')])
      expect(thrownBy(() => (memory as Pointer<Message>).value.text.at(0))).toMatchObject(outside);
  });

  it('opaque and empty structs', () => {
    const handle = variable<Pointer>('handle');
    expect(handle.value.address).toBe(variable('point').address);
    expect(thrownBy(() => handle.value.value)).toMatchObject({ code: 'ERR_PLUGIN_TYPE' });
    expect(inspect(handle.value)).toMatch(/^\(struct opaque \*\)0x[0-9a-f]+$/);
    expect(thrownBy(() => handle.value.offset(1)).message).toBe(
      'offset: struct opaque has no size to count in',
    );
    handle.value = handle.value.cast('void *');
    expect(snapshot(variable('empty').value)).toEqual({});
    variable('empty').value = {};
  });

  it('linked structs', () => {
    interface Node {
      value: number;
      next: Pointer<Node> | null;
    }
    const first = variable<Node>('first');
    expect(first.value.next?.value.next?.value.value).toBe(3);
    const own = plugin.alloc('struct node', { value: 10, next: first.value.next }) as Pointer<Node>;
    first.value.next = own;
    expect(call('sum_nodes')).toBe(16);
    expect(first.value.next.value.value).toBe(10);
  });

  it('typedefs, volatile and _Atomic', () => {
    variable<{ x: number }>('by_typedef').value.x = 2.5;
    expect(variable('by_typedef').value).toEqual({ x: 2.5 });
    expect(snapshot(variable('by_typedef').value)).toEqual({ x: 2.5 });
    variable<Point>('shaky').value = { x: 1, y: 2 };
    expect(snapshot(variable('shaky').value)).toEqual({ x: 1, y: 2 });
    expect(snapshot(variable('atomic').value)).toEqual({ c: 0, i: 0, s: 0 });
  });
});

it('fields whose names every object has are only fields', () => {
  const clash = variable<Record<string, number>>('clash');
  const names = ['toString', 'constructor', '__proto__', 'then', 'value', 'length'];
  expect(names.map((n) => clash.value[n])).toEqual([1, 2, 3, 4, 5, 6]);
  for (const name of names) clash.value[name] = 100;
  expect(call('sum_clash')).toBe(634);
  const copy = snapshot(clash.value) as Record<string, number>;
  clash.value['then'] = 0;
  clash.value = copy;
  expect(call('sum_clash')).toBe(634);
  const point = variable<object>('point').value;
  expect([...names, 'hasOwnProperty', 'valueOf'].filter((n) => n in point)).toEqual([]);
  expect(inspect(clash.value)).toContain('.constructor = 100,\n  .__proto__ = 100,');
});

it('keeps the texts of its fields', () => {
  const strings = variable<{ constant: string | null; writable: string | null | Pointer; buffer: string }>(
    'strings',
  );
  expect(snapshot(strings.value)).toEqual({ constant: 'one', writable: null, buffer: 'abc' });
  strings.value = { constant: 'zwei', writable: 'drei', buffer: 'four' };
  expect(call('show_strings')).toBe('zwei|drei|four');
  expect(() => (strings.value = { constant: 'a', writable: 'b', buffer: 'longer' })).toThrow(
    /strings\.buffer/,
  );
  expect(call('show_strings')).toBe('zwei|drei|four');
  const copy = plugin.alloc('struct strings') as Pointer<typeof strings.value>;
  copy.value = strings.value;
  strings.value.constant = null;
  expect(copy.value.constant).toBe('zwei');
});
