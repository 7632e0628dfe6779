import type { Comparison } from './compare.js';
import type { RealLibrary } from './libraries.js';
import type { ByReason, Survey } from './survey.js';

/** What was found out of one library. */
export interface Finding {
  readonly about: RealLibrary;
  readonly survey: Survey;
  readonly comparison: Comparison;
}

/** Names that are shown of a group, unless all are asked for. */
const SHOWN = 4;

/** Symbols with a type that count for `RealLibrary.typed`. */
export function countTyped({ about, survey }: Finding): number {
  const kinds = about.header === undefined ? ['function'] : [...survey.kinds.keys()];
  return kinds.reduce((sum, kind) => sum + (survey.kinds.get(kind)?.typed ?? 0), 0);
}

/** Whether there are as many types as there have to be, and nobody says something else. */
export function isGood(finding: Finding): boolean {
  return countTyped(finding) >= finding.about.typed && finding.comparison.differences.length === 0;
}

/** The finding as text, a line a subject. `allNames`: of each group all symbols are named. */
export function printFinding(finding: Finding, allNames: boolean): string {
  const { about, survey, comparison } = finding;
  const { differences, explained, unknown } = comparison;
  const enough = countTyped(finding) >= about.typed ? 'ok' : 'TOO FEW';
  const compared = [...comparison.compared].filter(([, n]) => n > 0).map(([name, n]) => `${n} ${name}`);
  const lines: [string, string][] = [
    ['types from', about.header === undefined ? survey.source : `${about.header}, by gcc`],
    ...Array.from(survey.kinds, ([kind, { typed, all }]): [string, string] => [
      kind === 'tls' ? 'thread-local' : `${kind}s`,
      `${typed} of ${all} typed`,
    ]),
    ['wanted', `${about.typed}: ${enough}`],
    ...groups('untyped', survey.untyped, allNames),
    ['callable', String(survey.callable)],
    ...groups('refused', survey.refused, allNames),
    ['compared', compared.join(', ')],
    ...groups('explained', explained, allNames),
    ...groups('nobody knows', new Map(unknown.length > 0 ? [['', unknown]] : []), allNames),
    ['disagree', String(differences.length)],
    ...differences.flatMap(({ name, ours, theirs, oracle }): [string, string][] => [
      ['', `${name}: ${ours}`],
      ['', `  ${oracle}: ${theirs}`],
    ]),
  ];
  return [`${about.name} (${about.from})`, ...lines.map(([what, text]) => `  ${what.padEnd(13)} ${text}`)]
    .map((line) => line.trimEnd())
    .join('\n');
}

function groups(title: string, byReason: ByReason, allNames: boolean): [string, string][] {
  return [...byReason]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([reason, names], i) => {
      const shown = allNames ? names : names.slice(0, SHOWN);
      const list = `${shown.join(' ')}${shown.length < names.length ? ' …' : ''}`;
      return [i === 0 ? title : '', `${names.length} ${reason}${reason === '' ? '' : ': '}${list}`];
    });
}

/** One line of Markdown a library. */
export function printTable(findings: readonly Finding[]): string {
  const cells = findings.map(({ about, survey, comparison }) => {
    const sum = (kinds: readonly string[]): string => {
      const counts = kinds.flatMap((kind) => survey.kinds.get(kind) ?? []);
      const total = (key: 'typed' | 'all'): number => counts.reduce((n, count) => n + count[key], 0);
      return `${total('typed')} of ${total('all')}`;
    };
    const compared = [...comparison.compared.values()].reduce((a, b) => a + b, 0);
    return [
      about.name.split('/').at(-1) ?? '',
      about.header ?? about.from,
      sum(['function', 'ifunc']),
      sum(['variable', 'tls']),
      String(survey.callable),
      String(compared),
      String(comparison.differences.length),
    ];
  });
  const head = ['library', 'types from', 'functions', 'variables', 'callable', 'compared', 'disagree'];
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map((line) => line[i]?.length ?? 0)));
  const row = (line: readonly string[]): string =>
    `| ${line.map((text, i) => text.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [row(head), row(widths.map((width) => '-'.repeat(width))), ...cells.map(row)].join('\n');
}
