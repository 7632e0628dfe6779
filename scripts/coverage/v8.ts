/*
 * What V8 says was run, as Node writes it for NODE_V8_COVERAGE: https://nodejs.org/api/cli.html#node_v8_coveragedir
 */

/** Characters from `startOffset` to before `endOffset` ran so often, but for what a range inside says of its own. */
interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

export interface ScriptCoverage {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly Range[] }[];
}

/** How what ran was made of its source. */
export interface Compiled {
  readonly lineLengths: readonly number[];
  readonly data: { readonly mappings: string } | null;
}

/** A file of coverage: one for each process and worker. */
export interface Written {
  readonly result: readonly ScriptCoverage[];
  readonly 'source-map-cache'?: Readonly<Record<string, Compiled>>;
}

/** How often the code at `offset` of what was compiled ran. */
export function countAt({ functions }: ScriptCoverage, offset: number): number {
  let [size, count] = [Infinity, 0];
  for (const { ranges } of functions) {
    for (const [i, range] of ranges.entries()) {
      // A function that begins here was made here; how often it was called, its body says.
      const isMade = i === 0 && range.startOffset === offset && offset > 0;
      const length = range.endOffset - range.startOffset;
      if (isMade || range.startOffset > offset || offset >= range.endOffset || length > size) continue;
      [size, count] = [length, range.count];
    }
  }
  return count;
}

/** A place in the source, and where it is in what was compiled. */
type Place = readonly [source: number, compiled: number];

/** The places that a source map knows, by source (https://tc39.es/ecma426/). `lineStarts` are the source's. */
export function placesOf({ lineLengths, data }: Compiled, lineStarts: readonly number[]): Place[] {
  const places: Place[] = [];
  let [lineStart, line, column] = [0, 0, 0];
  for (const [i, text] of (data?.mappings ?? '').split(';').entries()) {
    let compiledColumn = 0;
    for (const segment of text.split(',')) {
      const [step = 0, , lines = 0, columns] = numbers(segment);
      compiledColumn += step;
      if (columns === undefined) continue;
      line += lines;
      column += columns;
      places.push([(lineStarts[line] ?? 0) + column, lineStart + compiledColumn]);
    }
    lineStart += (lineLengths[i] ?? 0) + 1;
  }
  return places.sort(([a, compiledA], [b, compiledB]) => a - b || compiledA - compiledB);
}

/** Where code from `start` on is, if the map knows a place of it before `end`. */
export function compiledPlace(places: readonly Place[], start: number, end: number): number | undefined {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle]?.[0] ?? Infinity) < start) low = middle + 1;
    else high = middle;
  }
  const [source = Infinity, compiled] = places[low] ?? [];
  return source < end ? compiled : undefined;
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The numbers of a segment, in base 64 with six bits a digit: five of the number, and whether it goes on. The lowest bit is the sign. */
function numbers(segment: string): number[] {
  const found: number[] = [];
  let [value, shift] = [0, 0];
  for (const character of segment) {
    const digit = DIGITS.indexOf(character);
    value += (digit & 31) << shift;
    shift += 5;
    if (digit >= 32) continue;
    found.push(value & 1 ? -(value >> 1) : value >> 1);
    [value, shift] = [0, 0];
  }
  return found;
}
