/** A single figure of a report: as SVG, or its numbers as CSV. */
import { usage } from '../../base/failure.js';
import { didYouMean } from '../../base/text/near-miss.js';
import { formatDuration } from '../../base/text/units.js';
import { areObservations, openObservation } from '../../bundle/read-observation.js';
import type { NumberedStall } from '../../bundle/read-stalls.js';
import { csvText, type Cell } from '../csv.js';
import { quantiles } from './curves.js';
import { labelOf, styleOf } from './figures-part.js';
import { gather, heatRows, heatRowsPerDecade, lowestHeat_ns, type Arm, type CurveSet, type HeatMap } from './gather.js';
import { heatDrawing, heatSize, heatText } from './heat-map.js';
import { html, nothing, type Markup } from './markup.js';
import { curveSize, percentileDrawing } from './percentile-curve.js';
import { style } from './style.js';
import { timeline, timelineHeight, timelineTexts } from './parts/timeline.js';

export function singleFigure(paths: readonly string[], name: string, form: 'svg' | 'csv'): string {
  if (areObservations(paths, 'report')) return observedFigure(paths, name, form);
  const { bundles, curves, heatMaps } = gather(paths);
  const stall = stallNamed(
    bundles.map(({ stalls }) => stalls.stalls),
    name,
  );
  if (stall !== null && form === 'svg') return stallSvg(stall, titleOfRun(stall));
  const sets = curves.filter(({ series, time }) => `${series}.${time}` === name);
  const map = heatMaps.find(({ arm, series }) => `${arm.label}/${series}` === name);
  if (sets.length > 0)
    return form === 'svg'
      ? standalone(
          [name],
          curveSize,
          percentileDrawing(
            name,
            sets,
            bundles.flatMap(({ arms }) => arms),
          ),
          keysOf(
            sets,
            bundles.flatMap(({ arms }) => arms),
          ),
        )
      : csvText(curveRows(sets));
  const drawing = map === undefined ? null : heatDrawing(map, new Set());
  if (map !== undefined && drawing !== null)
    return form === 'svg' ? standalone([name, heatText(map)], heatSize, drawing, []) : csvText(heatCells(map));
  const names = [
    ...new Set([
      ...(form === 'svg' && bundles.some(({ stalls }) => stalls.stalls.length > 0) ? [`${longestStall}N`] : []),
      ...curves.map(({ series, time }) => `${series}.${time}`),
      ...heatMaps.map(({ arm, series }) => `${arm.label}/${series}`),
    ]),
  ];
  throw usage(`--${form} ${name}: no such figure${didYouMean(name, names)}; there are ${names.join(', ') || 'none'}`);
}

function observedFigure(paths: readonly string[], name: string, form: 'svg' | 'csv'): string {
  if (form === 'csv')
    throw usage(`--csv ${name}: an observation has no such figure; \`pauselab export --format csv\` has its stalls`);
  const bundles = paths.map((path) => openObservation(path).stalls);
  const stall = stallNamed(bundles, name);
  if (stall !== null)
    return stallSvg(stall, `${stall.stall.series}: ${formatDuration(stall.stall.duration_ns)} (stall ${stall.number})`);
  throw usage(`--svg ${name}: no such figure; of an observation there are its stalls, ${longestStall}1 is the longest`);
}

/** `stall-1` is the longest stall. */
const longestStall = 'stall-';

/** `stalls`: of each bundle. */
function stallNamed(bundles: readonly (readonly NumberedStall[])[], name: string): NumberedStall | null {
  const number = /^stall-([1-9]\d{0,6})$/.exec(name)?.[1];
  if (number === undefined) return null;
  if (bundles.length > 1) throw usage(`${name}: each bundle has its own numbers for stalls; name a single bundle`);
  const stalls = bundles[0] ?? [];
  const found = stalls.find((listed) => listed.number === Number(number));
  if (found === undefined)
    throw usage(
      `${name}: the bundle has ${
        stalls.length === 0 ? 'no stall' : `the stalls stall-1 to stall-${stalls.length}, ` + 'the longest first'
      }`,
    );
  return found;
}

const stallWidth = 900;
const mostCharacters = 140;

/** SVG does not wrap lines. */
function wrapped(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + word.length >= mostCharacters) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}

function titleOfRun({ number, run, arm, stall }: NumberedStall): string {
  return `${stall.series} in ${arm}: ${formatDuration(stall.duration_ns)} (run ${run}, stall ${number})`;
}

function stallSvg({ number, stall }: NumberedStall, title: string): string {
  const height = timelineHeight(stall);
  if (height === 0)
    throw usage(
      `stall-${number}: nobody looked at its threads, so there is nothing to draw; ` +
        `\`pauselab explain\` shows what is known`,
    );
  const titles = [title, ...(stall.cause === null ? [] : [`${stall.cause.sentence} (${stall.cause.grade})`])];
  const drawing = html`<svg x="8" width="${stallWidth - 16}" height="${height}">${timeline(stall)}</svg>`;
  return standalone(
    titles.flatMap(wrapped),
    { width: stallWidth, height },
    drawing,
    timelineTexts(stall)
      .flatMap(wrapped)
      .map((text) => ({ style: '', text })),
  );
}

interface Key {
  readonly style: string;
  readonly text: string;
}

function keysOf(sets: readonly CurveSet[], all: readonly Arm[]): Key[] {
  return sets.map((set) => ({ style: styleOf(set.arm, all), text: labelOf(set) }));
}

const line = 17;

/** Contains its style, titles and, below the drawing, the names of its curves. */
function standalone(
  titles: readonly string[],
  { width, height }: { readonly width: number; readonly height: number },
  drawing: Markup,
  keys: readonly Key[],
): string {
  const top = 4 + titles.length * line;
  const all = top + height + keys.length * line + 4;
  const start = html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${all}" width="${width}" height="${all}">`;
  const inside = html`<rect width="${width}" height="${all}" style="fill:var(--bg)"/>${titles.map(
    (title, i) => html`<text x="8" y="${15 + i * line}">${title}</text>`,
  )}<svg y="${top}" width="${width}" height="${height}">${drawing}</svg>
${keys.map(
  (key, i) =>
    html`<g class="${key.style}">${
      key.style === '' ? nothing : html`<path class="line" d="M58 ${top + height + 6 + i * line}h26"/>`
    }<text x="${key.style === '' ? 8 : 92}" y="${top + height + 10 + i * line}">${key.text}</text></g>`,
)}</svg>
`;
  // The style is a constant of this program.
  return `${String(start)}<style>${style}</style>${String(inside)}`;
}

function curveRows(sets: readonly CurveSet[]): Cell[][] {
  const rows = sets.flatMap(({ arm, pooled, runs, standing }) =>
    pooled.values_ns.map((value_ns, i): Cell[] => [
      arm.label,
      standing === 'evidence',
      pooled.n,
      quantiles[i] ?? null,
      value_ns,
      i < pooled.carried,
      ...[Math.min, Math.max].map((of) =>
        runs.every((run) => i < run.values_ns.length) ? of(...runs.map((run) => run.values_ns[i] ?? 0)) : null,
      ),
    ]),
  );
  return [
    ['arm', 'is_evidence', 'n', 'quantile', 'value_ns', 'n_suffices', 'lowest_run_ns', 'highest_run_ns'],
    ...rows,
  ];
}

function heatCells({ runs, column_ns }: HeatMap): Cell[][] {
  const low = (row: number): number => Math.round(lowestHeat_ns * 10 ** (row / heatRowsPerDecade));
  const rows = runs.flatMap(({ run, spoiled, cells, start_ns }) =>
    cells.flatMap((column, c) =>
      Array.from({ length: heatRows }, (_, row) => row)
        .filter((row) => (column[row] ?? 0) > 0)
        .map((row): Cell[] => [
          run,
          spoiled,
          Math.round(start_ns + c * column_ns),
          low(row),
          low(row + 1),
          column[row] ?? 0,
        ]),
    ),
  );
  return [['run', 'spoiled', 'start_ns', 'from_ns', 'to_ns', 'operations'], ...rows];
}
