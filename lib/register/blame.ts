import { isPluginError } from '../errors.js';
import { excerpt, placeOf, type Importer, type Place } from './importer.js';

/** Frames of those that call this package for a `require`: Node's loader, Jest's, tsx's. */
const LOADER = /\(node:|at node:|\/node_modules\/(?:jest-runtime|tsx)\//;

/** Frames that a stack has between a `require` and this package: Node's loader, and that of TypeScript runners. */
const MAX_FRAMES = 50;

/**
 * Runs `open`. An error of the library's is the importing line's: its stack begins there, with the line itself above, as Node shows the line of a missing
 * export. `importer` is who imports; without it the line is that of the `require` which waits.
 */
export function blaming<T>(open: () => T, path: string, importer?: Importer): T {
  try {
    return open();
  } catch (error) {
    if (!isPluginError(error)) throw error;
    const frames = importer === undefined ? callers(path) : importingFrame(importer);
    const place = placeIn(frames[0] ?? '');
    const shown = place && excerpt(place);
    const stack = [`${error.name}: ${error.message}`, ...frames].join('\n');
    raise(error, shown === undefined ? stack : `${shown}\n${stack}`);
  }
}

/** Throws `error` with that stack, and nothing of this package above it. */
function raise(error: Error, stack: string): never {
  // Node prints the line that made an error, unless it finds these words in it (GetErrorSource in src/node_errors.cc).
  Error.captureStackTrace(error); // node-do-not-add-exception-line
  // Assigning it would take from the engine where the error was made.
  Reflect.deleteProperty(error, 'stack');
  Object.defineProperty(error, 'stack', { value: stack, writable: true, configurable: true });
  throw error; // node-do-not-add-exception-line
}

/** An `import` has no frame of its own. */
function importingFrame(importer: Importer): string[] {
  const place = placeOf(importer);
  if (place !== undefined) return [`    at ${place.file}:${place.line}:${place.column}`];
  return importer.url === undefined ? [] : [`    at ${importer.url}`];
}

/** The frames of the stack from the `require` of the library at `path`. */
function callers(path: string): string[] {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = MAX_FRAMES;
  const trace: { stack?: string } = {};
  Error.captureStackTrace(trace, blaming);
  Error.stackTraceLimit = limit;
  const frames = (trace.stack ?? '').split('\n').slice(1);
  const others = frames.filter((frame) => !frame.includes(__dirname));
  const first = others.findIndex((frame) => !frame.includes(path) && !LOADER.test(frame));
  return first < 0 ? [] : others.slice(first, first + limit);
}

/** `    at Object.<anonymous> (/app/app.cjs:1:15)`, `    at file:///app/app.mjs:1:19`. */
function placeIn(frame: string): Place | undefined {
  const [, file, line, column] = /(?:\(|at )([^()]+):(\d+):(\d+)\)?$/.exec(frame) ?? [];
  return file === undefined ? undefined : { file, line: Number(line), column: Number(column) };
}
