import { dirname } from 'node:path';
import { inspect, types } from 'node:util';

import { bare, type CType } from '../../ctypes/model.js';
import { enumeratorText } from '../../format/enum.js';
import { didYouMean } from '../did-you-mean.js';

/** Where this package is. */
const PACKAGE = dirname(dirname(__dirname));

/** What is known where a value is shown. */
export interface Surroundings {
  /** The names that there are. */
  readonly names: () => Iterable<string>;
  /** What C says of its type, if it does. */
  readonly type: () => CType | undefined;
}

/** A value as the REPL shows it. */
export function show(value: unknown, colors: boolean, surroundings: Surroundings): string {
  if (types.isNativeError(value) && typeof value.stack === 'string')
    return showError(value, value.stack, surroundings);
  return enumerator(value, colors, surroundings) ?? inspect(value, { colors });
}

/** An enumerator's name, or several; undefined for what is no value of an enum, or of no name. */
function enumerator(value: unknown, colors: boolean, { type }: Surroundings): string | undefined {
  if (typeof value !== 'bigint' && !Number.isInteger(value)) return undefined;
  const known = type();
  const t = known && bare(known);
  if (t?.kind !== 'enum') return undefined;
  const { text, style } = enumeratorText(t, BigInt(value as number | bigint));
  if (style !== 'symbol') return undefined;
  const [on, off] = inspect.colors[inspect.styles.symbol] ?? [0, 0];
  return colors ? `\x1b[${on}m${text}\x1b[${off}m` : text;
}

/** What is wrong in a line that was typed is not found in this package, nor in Node, nor in the line itself, which is still to be seen. */
function showError({ message, cause }: Error, stack: string, { names }: Surroundings): string {
  const lines = stack
    .split('\n')
    .filter(
      (line) =>
        !(/^\s+at /.test(line) && (line.includes(PACKAGE) || /\bnode:|\bREPL\d+:|\belf-plugin:/.test(line))),
    );
  const missing = /^(\S+) is not defined$/.exec(message)?.[1];
  if (missing !== undefined) lines[0] = `${lines[0] ?? ''}${didYouMean(missing, names())}`;
  if (cause !== undefined) lines.push(`  cause: ${inspect(cause, { depth: 0 }).split('\n')[0] ?? ''}`);
  return lines.join('\n');
}
