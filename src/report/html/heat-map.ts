/** Service times of a series over time: darker where more operations took so long; each stall is a red mark. */
import { largestOf } from '../../base/largest.js';
import { formatDuration } from '../../base/text/units.js';
import { notAttributed } from '../../words/cause-words.js';
import { axisLeft, labelBelow, stallId, standingTexts, svg } from './figures-part.js';
import { heatRows, heatRowsPerDecade, lowestHeat_ns, type HeatMap, type HeatRun } from './gather.js';
import { html, nothing, type Markup } from './markup.js';
import { linearScale, logScale, px, roundDuration, type Scale } from './scales.js';

export const heatSize = { width: 560, height: 200 };
const frame = { left: 58, right: 548, top: 8, bottom: 172 };
const gap = 6;
const mostMarks = 200;
/**
 * A cell's share of its column's operations: the lower bound of each shade. Even one operation in a million has a
 * shade.
 */
const shades: readonly number[] = [0, 1e-4, 1e-3, 1e-2, 1e-1, 0.4];

export function heatFigure(map: HeatMap, linked: ReadonlySet<string>): Markup {
  const { arm, series, leftOutRuns } = map;
  const drawing = heatDrawing(map, linked);
  if (drawing === null) return html`<p>${series}: no operation was recorded.</p>`;
  return html`<figure class="chart">
<figcaption><strong>${series}</strong> in ${arm.label}: ${heatText(map)}${
    leftOutRuns > 0 ? `; ${leftOutRuns} more runs are not drawn` : ''
  }</figcaption>
${drawing}
</figure>`;
}

export function heatText({ runs, standing }: HeatMap): string {
  const weakness = standingTexts[standing];
  const stalls = runs.flatMap((run) => run.stalls);
  const total = runs.reduce((sum, { start_ns, end_ns }) => sum + end_ns - start_ns, 0);
  const longest = largestOf(
    stalls.map(({ stall }) => stall.duration_ns),
    0,
  );
  return `${
    stalls.length === 0
      ? 'no stall'
      : `${stalls.length} ${stalls.length === 1 ? 'stall' : 'stalls'}, ` + `the longest ${formatDuration(longest)}`
  } in ${runs.length} ${runs.length === 1 ? 'run' : 'runs'}, ${formatDuration(total)} in all${weakness === null ? '' : `; ${weakness}`}`;
}

/** Null if nothing was recorded. */
export function heatDrawing(map: HeatMap, linked: ReadonlySet<string>): Markup | null {
  const { arm, series, runs, column_ns } = map;
  const stalls = runs.flatMap((run) => run.stalls);
  const longest = largestOf(
    stalls.map(({ stall }) => stall.duration_ns),
    0,
  );
  const used = usedRows(runs);
  if (used === null && stalls.length === 0) return null;
  const y = logScale(
    lowestHeat_ns * 10 ** ((used?.first ?? 0) / heatRowsPerDecade),
    Math.max(longest, lowestHeat_ns * 10 ** (((used?.last ?? 0) + 1) / heatRowsPerDecade)),
    frame.bottom,
    frame.top,
  );
  const total = runs.reduce((sum, { start_ns, end_ns }) => sum + end_ns - start_ns, 0);
  const room = frame.right - frame.left - gap * Math.max(0, runs.length - 1);
  let at = frame.left;
  const placed = runs.map((run) => {
    const from = at;
    const to = from + (room * (run.end_ns - run.start_ns)) / total;
    at = to + gap;
    return { run, from, to };
  });
  return svg(`Heat map of ${series} in ${arm.label} over time: ${heatText(map)}`, heatSize.width, heatSize.height, [
    axisLeft(y, frame),
    ...placed.map(({ run, from, to }) =>
      runMarkup(
        run,
        linearScale(0, run.end_ns - run.start_ns, from, to, (value) => roundDuration(value)),
        y,
        { column_ns, bundle: arm.bundle, runs_n: runs.length },
        linked,
      ),
    ),
  ]);
}

function usedRows(runs: readonly HeatRun[]): { first: number; last: number } | null {
  const used = Array.from({ length: heatRows }, (_, row) => row).filter((row) =>
    runs.some(({ cells }) => cells.some((column) => (column[row] ?? 0) > 0)),
  );
  return used.length === 0 ? null : { first: used[0] ?? 0, last: used.at(-1) ?? 0 };
}

function runMarkup(
  run: HeatRun,
  x: Scale,
  y: Scale,
  { column_ns, bundle, runs_n }: { column_ns: number; bundle: number; runs_n: number },
  linked: ReadonlySet<string>,
): Markup {
  const paths = shades.map(() => '');
  const length = run.end_ns - run.start_ns;
  run.cells.forEach((column, c) => {
    const all = column.reduce((sum, count) => sum + count, 0);
    const [left, right] = [x(Math.min(c * column_ns, length)), x(Math.min((c + 1) * column_ns, length))];
    column.forEach((count, row) => {
      if (count === 0) return;
      const shade = shades.findLastIndex((least) => count / all >= least);
      const [bottom, top] = [
        y(lowestHeat_ns * 10 ** (row / heatRowsPerDecade)),
        y(lowestHeat_ns * 10 ** ((row + 1) / heatRowsPerDecade)),
      ];
      paths[shade] = `${paths[shade] ?? ''}M${px(left)} ${px(bottom)}H${px(right)}V${px(top)}H${px(left)}`;
    });
  });
  const [from, to] = [x(0), x(length)];
  return html`<g><title>run ${run.run}${run.spoiled ? ', disturbed' : ''}</title><path class="run" d="M${px(from)} ${frame.top}H${px(to)}V${frame.bottom}H${px(from)}Z"/>
${paths.map((path, shade) => (path === '' ? nothing : html`<path class="h${shade}" d="${path}"/>`))}
${run.stalls.slice(0, mostMarks).map((listed) => {
  const place = ({ stall }: typeof listed): [number, number] => [
    Math.max(from, x(stall.start_ns - run.start_ns)),
    Math.min(to, x(stall.start_ns + stall.duration_ns - run.start_ns)),
  ];
  const [left, right] = place(listed);
  const mark = html`<path class="mark" d="M${px(Math.min(left, to - 2))} ${px(y(listed.stall.duration_ns))}H${px(Math.max(right, left + 2))}"><title>${formatDuration(listed.stall.duration_ns)} at ${formatDuration(
    Math.max(0, listed.stall.start_ns - run.start_ns),
  )}: ${listed.stall.cause?.cause ?? notAttributed}</title></path>`;
  const id = stallId(bundle, listed.number);
  return linked.has(id) ? html`<a href="#${id}" aria-label="stall ${listed.number}">${mark}</a>` : mark;
})}
${
  runs_n <= 2
    ? html`<g class="axis">${x.ticks
        .filter(({ at }) => at < to - 12 || runs_n === 1)
        .map(({ at, label }) => labelBelow(at, label, frame))}</g>`
    : runs_n <= 6
      ? html`<g class="axis"><text x="${px((from + to) / 2)}" y="${frame.bottom + 14}" text-anchor="middle">${run.run.slice(0, 3)}: ${roundDuration(length)}</text></g>`
      : nothing
}</g>`;
}
