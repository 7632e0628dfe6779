/*
 * What `npm run bench` makes of its measures. The measures are its own: no time is judged here.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from '../lib/testing/tools.js';
import { worseTwice } from './bench/check.js';
import { plot } from './bench/plot.js';
import { makeRecord, readRecord, unmatched, worse } from './bench/record.js';
import { figureOf, isSlower, meets, type Row } from './bench/row.js';
import { printTable } from './bench/table.js';

const row: Row = { work: 'add', peer: 'koffi', ours: [30, 20, 40], theirs: [10, 20, 40], unit: 'ns' };
const missing: Row = { work: 'add', peer: 'gdb', ours: [1], unit: 'ns', missing: 'not installed' };

it.each<[string, Row, ReturnType<typeof figureOf>]>([
  ['a ratio', row, { value: 2, min: 1, median: 1, max: 3 }],
  ['of fewer rounds', { ...row, theirs: [10, 20] }, { value: 2, min: 1, median: 2, max: 3 }],
  ['a difference', { ...row, by: 'more' }, { value: 10, min: 0, median: 0, max: 20 }],
  [
    'a measure of its own',
    { work: 'Tab', ours: [3, 1, 2], unit: 'ms' },
    { value: 1, min: 1, median: 2, max: 3 },
  ],
  ['nothing to compare with', missing, undefined],
])('%s', (_, given, figure) => {
  expect(figureOf(given)).toEqual(figure);
});

it('a bar is one of the best rounds', () => {
  expect([2, 1.9].map((atMost) => meets({ ...row, atMost }))).toEqual([true, false]);
  expect(meets({ ...missing, atMost: 1 })).toBe(true);
});

it('what is slower is shown, and so is what is not there', () => {
  const slower = { ...row, ours: [30, 25, 40] };
  expect([row, slower, missing].map(isSlower)).toEqual([false, true, false]);
  const [, second = '', third = ''] = printTable([slower, missing]).split('\n');
  expect(second).toMatch(/^slower +add +koffi +25\.0 ns +10\.0 ns +2\.50 +1\.00 +1\.25 +3\.00$/);
  expect(third).toMatch(/add +gdb +1\.00 ns +not installed$/);
});

describe('bench:check', () => {
  const recorded = makeRecord([row], []);

  it.each<[number, boolean]>([
    [20, false],
    [24.9, false],
    [25.1, true],
  ])('ours %d ns of 20 before', (time, isWorse) => {
    const now = { ...row, ours: [time, time, time] };
    expect(worse([now], recorded).map(({ row: found }) => found)).toEqual(isWorse ? [now] : []);
  });

  const slow: Row = { ...row, ours: [26, 26, 26] };
  const other: Row = { ...slow, peer: 'gdb' };

  it.each<[string, Row[], string[]]>([
    ['better', [row], []],
    ['as bad', [slow], ['worse, twice: add / koffi: 2.60, recorded 2.00: 30 % worse']],
    [
      'worse still',
      [{ ...slow, ours: [40] }],
      ['worse, twice: add / koffi: 4.00, recorded 2.00: 100 % worse'],
    ],
    ['gone', [other], ['worse, and not measured again: add / koffi: 2.60, recorded 2.00: 30 % worse']],
    [
      'without the peer',
      [{ ...row, missing: 'not installed' }],
      ['worse, and not measured again: add / koffi: 2.60, recorded 2.00: 30 % worse'],
    ],
    [
      'measured without a result',
      [{ ...row, ours: [NaN] }],
      ['worse, twice: add / koffi: NaN, recorded 2.00: NaN % worse'],
    ],
  ])('a ratio that is worse, and the second time %s', async (_, again, failures) => {
    const asked: [string, boolean, boolean][] = [];
    const measure = (part: string, isAsked: (work: string) => boolean): Promise<Row[]> => {
      asked.push([part, isAsked('add'), isAsked('list')]);
      return Promise.resolve(again);
    };
    const measured = new Map([
      ['peers', [slow, other]],
      ['repl', [row]],
    ]);
    expect(await worseTwice(measured, recorded, measure)).toEqual(failures);
    // `other` has no record: it is no suspect.
    expect(asked).toEqual([['peers', true, false]]);
  });

  it('says what it could not compare', () => {
    const twice: Row = { ...row, work: 'twice' };
    expect(unmatched([twice, missing], recorded)).toEqual([
      'not measured: add / koffi',
      'not recorded: twice / koffi',
    ]);
  });
});

it('the picture has a mark and a line for each ratio', () => {
  const svg = plot([row, { ...row, ours: [30, 25, 40] }, missing]);
  expect(svg.match(/class="quicker" cx/g)).toHaveLength(1);
  expect(svg.match(/class="slower" d/g)).toHaveLength(1);
  expect(svg.match(/class="range" d/g)).toHaveLength(2);
  expect(svg).not.toContain('NaN');
});

it('docs/benchmarks.md, its picture and the record are of one run', () => {
  const page = readFileSync(join(ROOT, 'docs/benchmarks.md'), 'utf8');
  const { machine, ratios } = readRecord();
  for (const line of machine) expect(page).toContain(`- ${line}\n`);
  const picture = readFileSync(join(ROOT, 'docs/benchmarks.svg'), 'utf8');
  expect(picture.match(/class="range" d/g)).toHaveLength(Object.keys(ratios).length);
});
