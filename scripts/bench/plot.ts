import { digits } from './table.js';
import { figureOf, isRatio, type Row } from './row.js';

const WIDTH = 960;
/** Where the names of the work, the peers and the scale begin, and where the scale ends. */
const [WORK, PEER, LEFT, RIGHT] = [12, 330, 470, 880];
const [TOP, LINE, GAP] = [64, 15, 7];

/** Each ratio as a point on a logarithmic scale, with a line from the least to the greatest. Colours for light and dark pages. */
export function plot(all: readonly Row[]): string {
  const rows = all.filter(isRatio);
  const figures = rows.map((row) => figureOf(row));
  const values = figures.flatMap((figure) => (figure ? [figure.min, figure.max] : []));
  const [low, high] = [Math.floor(Math.log10(Math.min(0.1, ...values))), Math.log10(Math.max(3, ...values))];
  const x = (value: number): string =>
    (LEFT + ((Math.log10(value) - low) / (high - low)) * (RIGHT - LEFT)).toFixed(1);
  const parts: string[] = [];
  let y = TOP;
  rows.forEach((row, i) => {
    const figure = figures[i];
    if (figure === undefined) return;
    if (row.work !== rows[i - 1]?.work) {
      y += GAP;
      parts.push(`<text class="work" x="${WORK}" y="${y + 4}">${escape(row.work)}</text>`);
    }
    const { min, median, max } = figure;
    const kind = median > 1 ? 'slower' : 'quicker';
    // Told apart by shape, too.
    const mark =
      kind === 'slower'
        ? `<path class="slower" d="M${x(median)} ${y - 5}l5 5-5 5-5-5z"/>`
        : `<circle class="quicker" cx="${x(median)}" cy="${y}" r="4"/>`;
    parts.push(
      `<text x="${PEER}" y="${y + 4}">${escape(row.peer ?? '')}</text>`,
      `<path class="range" d="M${x(min)} ${y}H${x(max)}"/>`,
      mark,
      `<text class="number" x="${WIDTH - 12}" y="${y + 4}">${digits(median)}</text>`,
    );
    y += LINE;
  });
  const height = y + GAP;
  const marks = Array.from({ length: Math.floor(high) - low + 1 }, (_, i) => 10 ** (low + i));
  const scale = marks.flatMap((value) => [
    `<path class="${value === 1 ? 'one' : 'grid'}" d="M${x(value)} ${TOP - 8}V${height}"/>`,
    `<text class="mark" x="${x(value)}" y="${TOP - 14}">${Number(value.toPrecision(1))}</text>`,
  ]);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">
<title>What elf-plugin takes, as a multiple of what others take</title>
<style>
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .work { font-weight: 600; }
  .number, .mark { fill: #59636e; }
  .number { text-anchor: end; }
  .mark { text-anchor: middle; }
  path { fill: none; stroke-width: 1; }
  .grid { stroke: #d1d9e0; }
  .one { stroke: #59636e; stroke-width: 1.5; }
  .range { stroke: #818b98; stroke-width: 2; }
  .quicker { fill: #0969da; }
  .slower { fill: #bc4c00; }
  .paper { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .number, .mark { fill: #9198a1; }
    .grid { stroke: #3d444d; }
    .one { stroke: #9198a1; }
    .range { stroke: #656c76; }
    .quicker { fill: #4493f8; }
    .slower { fill: #f0883e; }
    .paper { fill: #0d1117; }
  }
</style>
<rect class="paper" width="${WIDTH}" height="${height}"/>
<text x="${WORK}" y="24">elf-plugin’s time ÷ the other’s: median of the rounds, and from the least to the greatest. Left of 1 it is quicker (●), right of it slower (◆).</text>
${[...scale, ...parts].join('\n')}
</svg>
`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
