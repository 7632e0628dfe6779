import { dirname } from 'node:path';
import { inspect, types } from 'node:util';

/** Where this package is. */
const PACKAGE = dirname(dirname(__dirname));

/** A value as the REPL shows it. */
export function show(value: unknown, colors: boolean): string {
  if (types.isNativeError(value) && typeof value.stack === 'string') return showError(value);
  return inspect(value, { colors });
}

/** What is wrong in a line that was typed is not found in this package, nor in Node, nor in the line itself, which is still to be seen. */
function showError({ stack = '', cause }: Error): string {
  const lines = stack
    .split('\n')
    .filter((line) => !(/^\s+at /.test(line) && (line.includes(PACKAGE) || /\bnode:|\bREPL\d+:/.test(line))));
  if (cause !== undefined) lines.push(`  cause: ${inspect(cause, { depth: 0 }).split('\n')[0] ?? ''}`);
  return lines.join('\n');
}
