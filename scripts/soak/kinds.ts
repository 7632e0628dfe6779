import { callback, errno, free, open, snapshot, type Pointer } from '../../lib/index.js';

type Plugin = ReturnType<typeof open>;
type Function = ((...args: unknown[]) => unknown) & {
  async: (...args: unknown[]) => Promise<unknown>;
};
/** One call; what it promises is waited for. */
export type Call = (i: number) => unknown;

/** How calls of each kind are made, and what goes with them. */
export const KINDS: Readonly<Record<string, (plugin: Plugin) => Call>> = {
  numbers: (p) => {
    const add = of(p, 'add');
    return (i) => add(i, 1);
  },
  'small struct': (p) => {
    const add = of(p, 'add_pair');
    return (i) => add({ x: i, y: 1 }, { x: 2, y: 3 });
  },
  'large struct': (p) => {
    const scale = of(p, 'scale');
    return (i) => scale({ numbers: [i, 2, 3, 4, 5, 6, 7, 8] }, 2);
  },
  '128 bits': (p) => {
    const wide = of(p, 'wide');
    return (i) => wide(BigInt(i));
  },
  'string argument': (p) => {
    const length = of(p, 'length');
    return (i) => length(`text ${i}`);
  },
  'string result': (p) => {
    const text = of(p, 'text');
    return () => text();
  },
  'text to free': (p) => {
    const copy = of(p, 'copy');
    return (i) => {
      free(copy(`text ${i}`) as Pointer);
    };
  },
  'object argument': (p) => {
    const move = of(p, 'move');
    return (i) => move({ x: i, y: 2 });
  },
  'object with text': (p) => {
    const age = of(p, 'age');
    return (i) => age({ name: `text ${i}`, age: 7 });
  },
  'array argument': (p) => {
    const sum = of(p, 'sum');
    return (i) => sum([i % 256, 2, 3], 3);
  },
  'typed array argument': (p) => {
    const sum = of(p, 'sum');
    return (i) => sum(Int32Array.of(i % 256, 2, 3), 3);
  },
  'out parameter': (p) => {
    const put = of(p, 'put');
    return () => {
      const out: Pointer = p.alloc('int');
      put(out);
      return out.value;
    };
  },
  'pointer result': (p) => {
    const where = of(p, 'where');
    return () => (where() as Pointer<{ x: number }>).value.x;
  },
  'function result': (p) => {
    const chosen = of(p, 'chosen');
    return () => (chosen(1) as Function)(1, 2);
  },
  callback: (p) => {
    const callBack = of(p, 'call_back');
    return (i) => callBack((x: number) => x + 1, i);
  },
  'callback that throws': (p) => {
    const callBack = of(p, 'call_back');
    return (i) =>
      thrownBy(() =>
        callBack(() => {
          throw new Error('thrown');
        }, i),
      );
  },
  'callback in a variable': (p) => {
    const [hook, call] = [variable(p, 'hook'), of(p, 'call_hook')];
    return (i) => {
      hook.value = (x: number) => x + (i % 256);
      return call(1);
    };
  },
  'callback until disposed': (p) => {
    const callBack = of(p, 'call_back');
    return (i) => {
      using own = callback((x: number) => x + 1, 'int (int)');
      return callBack(own, i);
    };
  },
  variadic: (p) => {
    const addAll = of(p, 'add_all');
    return (i) => addAll(2, i, 2);
  },
  errno: (p) => {
    const fail = of(p, 'fail');
    return () => [fail(), errno()];
  },
  'refused argument': (p) => {
    const add = of(p, 'add');
    return () => thrownBy(() => add('no number', 1));
  },
  'number variable': (p) => {
    const count = variable(p, 'count');
    return (i) => (count.value = i);
  },
  'text variable': (p) => {
    const label = variable(p, 'label');
    return (i) => (label.value = `text ${i}`);
  },
  'struct variable': (p) => {
    const somebody = variable(p, 'somebody');
    return (i) => {
      somebody.value = { name: `text ${i}`, age: 7 };
      return snapshot(somebody.value);
    };
  },
  'alloc and view': (p) => (i) => {
    const pair = p.alloc('struct pair', { x: i, y: 1 }) as Pointer<{ x: number; y: number }>;
    return pair.value.x + (p.alloc('int[100]') as Pointer<Int32Array>).value.length;
  },
  'malloc and free': (p) => (i) => {
    const numbers: Pointer = p.malloc(`int[${(i % 64) + 1}]`);
    free(numbers);
  },
  'memory pressure': (p) => {
    const [callBack, age, { async }] = [of(p, 'call_back'), of(p, 'age'), of(p, 'sum')];
    let recent: unknown[] = [];
    return (i) => {
      // A working set that is always on the move: garbage of every kind while C is called.
      if (recent.length === 500) recent = [];
      recent.push(p.alloc('char[1000]'), new Uint8Array(5000));
      callBack((x: number) => x + 1, i);
      age({ name: `text ${i}`, age: 7 });
      return i % 10 === 0 ? async([i % 256, 2, 3], 3) : undefined;
    };
  },
  lookup: (p) => () => p.lookup<Function>('add', 'int (int, int)')(1, 2),
  asynchronous: (p) => {
    const { async } = of(p, 'add');
    return (i) => async(i, 1);
  },
};

function of(plugin: Plugin, name: string): Function {
  return plugin.lookup<Function>(name);
}

function variable(plugin: Plugin, name: string): { value: unknown } {
  return plugin.lookup<{ value: unknown }>(name);
}

function thrownBy(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}
