/** A piece of work that every peer does in its own way, in a loop. The C is fixtures/bench.c. */
export interface Operation {
  readonly work: string;
  /** What the loop returns when it has done its work so often; asserted before it is timed. */
  readonly returns?: (times: number) => number | string;
  /** What C then sees in `look(which)`. */
  readonly seen?: readonly [which: number, value: (times: number) => number];
  /** The bars, by the peer's name. */
  readonly atMost?: Readonly<Record<string, number>>;
  /** What is to be known of a peer's way, by its name. */
  readonly notes?: Readonly<Record<string, string>>;
}

const last = (times: number): number => times - 1;
/** What the loops that write `numbers[i & 15] = i` leave in the last element. */
const lastElement = (times: number): number => ((times - 16) & ~15) + 15;

/** A loop of `i` from 0: what it does is told by what it returns. */
export const OPERATIONS = {
  add: {
    work: 'call int add(int, int)',
    // add(i, 1)
    returns: (times) => (times * (times + 1)) / 2,
    atMost: { koffi: 1.15 },
  },
  twice: {
    work: 'call double twice(double)',
    // twice(i + 0.5)
    returns: (times) => times * times,
    atMost: { koffi: 1.15 },
  },
  nothing: { work: 'call void nothing(void)', atMost: { koffi: 1.15 } },
  length: {
    work: 'call int length(const char *)',
    // length('hello, world')
    returns: (times) => 12 * times,
    atMost: { koffi: 1.3 },
  },
  text: { work: 'call const char *text(void)', returns: () => 'hello, world', atMost: { koffi: 1.15 } },
  // Of the last sum both members, together: { 1, 2 } + { 3, 4 }.
  add_pair: { work: 'call struct pair add_pair(2 by value)', returns: () => 10, atMost: { koffi: 0.5 } },
  // Two registers come back as a struct of koffi's, which takes it as long as the rest.
  add_vector: { work: 'call struct vector add_vector(2 by value)', returns: () => 10, atMost: { koffi: 1 } },
  add_longs: {
    work: 'call struct longs add_longs(2 by value)',
    returns: () => 10,
    atMost: { koffi: 1 },
    notes: { 'ffi-rs': 'numbers, where the others have bigints' },
  },
  call_back: {
    work: 'int (*)(int) called by C, each of 100',
    // The sum of 2 * x for x below 100, over and over.
    returns: (times) => 99 * times,
    atMost: { koffi: 1.5 },
  },
  read_int: {
    work: 'read an int variable',
    returns: (times) => times,
    atMost: { koffi: 0.1, 'typed array': 3 },
  },
  read_double: {
    work: 'read a double variable',
    returns: (times) => 1.5 * times,
    atMost: { koffi: 0.1, 'typed array': 3 },
  },
  read_element: {
    work: 'read an element of an int[16]',
    // numbers[i & 15], which are 0 to 15 at first.
    returns: (times) => 120 * Math.floor(times / 16) + ((times % 16) * ((times % 16) - 1)) / 2,
  },
  read_field: {
    work: 'read a field of a struct variable',
    returns: (times) => 2 * times,
    atMost: { koffi: 0.05 },
    notes: { koffi: 'koffi.decode of the whole struct' },
  },
  write_int: { work: 'write an int variable', seen: [0, last], atMost: { koffi: 0.1, 'typed array': 3 } },
  write_double: {
    work: 'write a double variable',
    seen: [1, last],
    atMost: { koffi: 0.1, 'typed array': 3 },
  },
  write_element: { work: 'write an element of an int[16]', seen: [18, lastElement] },
  write_field: { work: 'write a field of a struct variable', seen: [2, last] },
} satisfies Readonly<Record<string, Operation>>;

export type OperationName = keyof typeof OPERATIONS;
