/**
 * Percentiles of a series, of service or response time: a curve for each arm, with a band from the lowest to the
 * highest run.
 */
import { formatDuration } from '../../base/text/units.js';
import { quantiles, valueAt, type Curve } from './curves.js';
import { axisBelow, axisLeft, labelOf, styleOf, svg } from './figures-part.js';
import type { Arm, CurveSet } from './gather.js';
import { html, nothing, type Markup } from './markup.js';
import { logScale, ninesScale, px, type Scale } from './scales.js';
import { table } from './parts/table.js';

export const curveSize = { width: 560, height: 300 };
const frame = { left: 58, right: 548, top: 10, bottom: 268 };
const inTable: readonly (readonly [string, number])[] = [
  ['p90', 0.9],
  ['p99', 0.99],
  ['p99.9', 0.999],
  ['p99.99', 0.9999],
];

export function percentileFigure(sets: readonly CurveSet[], all: readonly Arm[]): Markup {
  const [first] = sets;
  if (first === undefined) return nothing;
  const name = `${first.series}, ${first.time} time`;
  return html`<figure class="chart" data-toggles>
<figcaption><strong>${first.series}</strong>, ${first.time} time by percentile</figcaption>
${percentileDrawing(`Percentile curves of ${name}; the table below has the values`, sets, all)}
<ul class="legend">${sets.map(
    (set, i) =>
      html`<li class="${styleOf(set.arm, all)}" data-key="${i}"><svg width="26" height="10" aria-hidden="true"><path class="line" d="M1 5H25"/></svg> ${labelOf(set)}</li>`,
  )}</ul>
<details><summary>Values</summary>${table(
    `${name}, runs pooled`,
    ['arm', 'n', 'runs', ...inTable.map(([label]) => label), 'max'],
    sets.map((set) => [
      labelOf(set),
      String(set.pooled.n),
      String(set.runs.length),
      ...inTable.map(([, q]) => shown(valueAt(set.pooled, q))),
      formatDuration(set.pooled.max_ns),
    ]),
  )}</details>
</figure>`;
}

/** `sets` must not be empty. */
export function percentileDrawing(name: string, sets: readonly CurveSet[], all: readonly Arm[]): Markup {
  const reached = Math.max(...sets.map(({ pooled }) => quantiles[Math.max(0, pooled.values_ns.length - 1)] ?? 0));
  const x = ninesScale(reached, frame.left, frame.right);
  const y = logScale(
    Math.min(...sets.map(({ pooled }) => pooled.values_ns[0] ?? 1)),
    Math.max(...sets.map(({ pooled }) => pooled.values_ns.at(-1) ?? 1)),
    frame.bottom,
    frame.top,
  );
  // Controls first, so that they are drawn below the others.
  const drawn = sets
    .map((set, i) => ({ set, i }))
    .sort((a, b) => Number(b.set.arm.isControl) - Number(a.set.arm.isControl));
  return svg(name, curveSize.width, curveSize.height, [
    axisBelow(x, frame),
    axisLeft(y, frame),
    ...drawn.map(
      ({ set, i }) =>
        html`<g class="${styleOf(set.arm, all)}" data-curve="${i}"><title>${set.arm.label}</title>${bandOf(set.runs, x, y)}${lineOf(set.pooled, x, y)}</g>`,
    ),
  ]);
}

function shown(value_ns: number | null): string {
  return value_ns === null ? 'n too small' : formatDuration(value_ns);
}

function points(values: readonly number[], x: Scale, y: Scale, from = 0): string[] {
  return values.slice(from).map((value, i) => `${px(x(quantiles[from + i] ?? 0))} ${px(y(value))}`);
}

/** Solid where n supports the quantile, dotted beyond. */
function lineOf({ values_ns, carried }: Curve, x: Scale, y: Scale): Markup {
  const solid = points(values_ns.slice(0, carried), x, y);
  const rest = points(values_ns, x, y, Math.max(0, carried - 1));
  return html`${solid.length > 1 ? html`<path class="line" d="M${solid.join('L')}"/>` : nothing}${
    rest.length > 1 ? html`<path class="line seen" d="M${rest.join('L')}"/>` : nothing
  }`;
}

function bandOf(runs: readonly Curve[], x: Scale, y: Scale): Markup {
  if (runs.length < 2) return nothing;
  const common = Math.min(...runs.map(({ values_ns }) => values_ns.length));
  const edge = (of: (...values: number[]) => number): number[] =>
    Array.from({ length: common }, (_, i) => of(...runs.map(({ values_ns }) => values_ns[i] ?? 0)));
  return common < 2
    ? nothing
    : html`<path class="band" d="M${[...points(edge(Math.min), x, y), ...points(edge(Math.max), x, y).reverse()].join(
        'L',
      )}Z"/>`;
}
