import { MARK } from './c-text.js';
import { difference, show } from './compare.js';
import { corrupted } from './corrupt.js';
import { recordedLeaves, resultLeaves, type Leaf } from './leaves.js';
import type { Library } from './library.js';
import type { Outcome } from './outcome.js';
import type { Callback, Signature } from './signature.js';

/**
 * Has C call the function, calls it, and compares. With `corrupt`, one value is another than C gave, which must be found. `called` is told when C
 * has come through.
 */
export function check(library: Library, signature: Signature, corrupt: boolean, called: () => void): Outcome {
  const { index, exotic } = signature;
  if (!library.has(signature)) return { index, exotic, kind: 'absent' };
  const recorded = recordedLeaves(signature);
  const constants = Uint8Array.from([...numberBytes(index), ...library.bytes(recorded)]);
  const returned = resultLeaves(signature.result);

  library.seen.fill(0);
  library.result.fill(0);
  library.callFromC(signature);
  called();
  const expected = library.seen.slice(0, constants.length);
  const faults = [
    ...bytesDiffer('recorded by C alone', constants, expected, recorded, MARK),
    ...bytesDiffer('returned to C', Uint8Array.from(library.bytes(returned)), library.result, returned, 0),
  ];
  const given = corrupt ? corrupted(signature) : signature;
  if (given === undefined) return { index, exotic, kind: 'absent' };
  try {
    // Twice: the second call takes what the first one has prepared.
    for (const round of ['first call', 'second call']) {
      library.seen.fill(0);
      const details = [
        ...call(library, given),
        ...bytesDiffer('recorded', expected, library.seen, recorded, MARK),
      ];
      // What the compiler itself gets wrong is to be refused.
      if (faults.length > 0) return { index, exotic, kind: 'oracle', details: faults };
      if (details.length > 0) return { index, exotic, kind: 'wrong', reason: round, details };
    }
    return { index, exotic, kind: 'right' };
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown };
    // A type that the debug info does not tell is refused by another code.
    if (code !== 'ERR_PLUGIN_UNSUPPORTED' && code !== 'ERR_PLUGIN_TYPE')
      return { index, exotic, kind: 'wrong', reason: 'thrown', details: [String(error)] };
    const reason = String(message).replace(`${String(library.function(signature))}: `, '');
    return { index, exotic, kind: 'refused', reason: inGeneral(reason) };
  }
}

/** Calls the function through the library; what is wrong with its result, and with the arguments of its callback. */
function call(library: Library, signature: Signature): string[] {
  const { parameters, variadic = [], callback, result } = signature;
  const found: string[] = [];
  let calledBack = 0;
  const passed = [...parameters, ...variadic].map((p) => library.argument(p));
  if (callback !== undefined) {
    passed.splice(callback.position, 0, (...args: unknown[]) => {
      calledBack++;
      found.push(...argumentsDiffer(library, callback, args));
      const { type, value } = callback.result;
      return type === undefined ? undefined : library.value(type, value);
    });
  }
  const returned: unknown = library.function(signature)(...passed);
  if (callback !== undefined && calledBack !== 1) found.push(`cb was called ${calledBack} times`);
  if (result.type !== undefined) {
    const differs = difference(result.type, result.value, returned, 'result', library.addressOf);
    if (differs !== undefined) found.push(differs);
  } else if (returned !== undefined) {
    found.push(`result: void gave ${show(returned)}`);
  }
  return found;
}

function argumentsDiffer(library: Library, { parameters }: Callback, args: readonly unknown[]): string[] {
  if (args.length !== parameters.length) return [`cb got ${args.length} arguments, not ${parameters.length}`];
  return parameters.flatMap(
    ({ name, type, value }, i) => difference(type, value, args[i], `cb's ${name}`, library.addressOf) ?? [],
  );
}

/** The number that the callee records first. */
function numberBytes(index: number): Uint8Array {
  return new Uint8Array(Int32Array.of(index).buffer);
}

/** The leaves whose bytes differ. `start` is where the first of them lies. */
function bytesDiffer(
  what: string,
  expected: Uint8Array,
  actual: Uint8Array,
  leaves: readonly Leaf[],
  start: number,
): string[] {
  const hex = (bytes: Uint8Array, from: number, to: number): string =>
    Buffer.from(bytes.subarray(from, to)).toString('hex');
  const found = hex(expected, 0, start) === hex(actual, 0, start) ? [] : [`${what}: nothing, it did not run`];
  let at = start;
  for (const { expression, size, through } of leaves) {
    const [wanted, got] = [hex(expected, at, at + size), hex(actual, at, at + size)];
    const as = through === undefined ? '' : ` as ${through}`;
    if (wanted !== got) found.push(`${what}: ${expression}${as}: expected ${wanted}, got ${got}`);
    at += size;
  }
  return found;
}

/** A reason without what differs from one signature to the next, so that equal ones can be counted. */
function inGeneral(reason: string): string {
  return reason
    .replace(/\b(parameter|argument) \d+( \(\w+\))?/g, '$1 N')
    .replace(/\b(struct|union|enum) \w\d+_\d+/g, '$1 …')
    .replace(/ as .*\(\*\)\(.*?\)/, ' as …');
}
