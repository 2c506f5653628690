/** Maps values to positions in a figure. */
import { formatDuration } from '../../base/text/units.js';

export interface Scale {
  (value: number): number;
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
}

function withTicks(
  place: (value: number) => number,
  ticks: readonly (readonly [value: number, label: string])[],
): Scale {
  return Object.assign((value: number) => place(value), {
    ticks: ticks.map(([value, label]) => ({ at: place(value), label })),
  });
}

/** Two decimals are a hundredth of a pixel; more digits only cost bytes. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

const nines: readonly (readonly [number, string])[] = [
  [0, 'p0'],
  [0.9, 'p90'],
  [0.99, 'p99'],
  [0.999, 'p99.9'],
  [0.9999, 'p99.99'],
  [0.99999, 'p99.999'],
  [0.999999, 'p99.9999'],
];

/** Each further nine of the quantile takes the same space: x = −log10(1 − q). */
export function ninesScale(highest: number, from: number, to: number): Scale {
  const most = Math.max(1, -Math.log10(1 - highest));
  const place = (q: number): number => from + (Math.min(-Math.log10(1 - q), most) / most) * (to - from);
  return withTicks(
    place,
    nines.filter(([q]) => q <= highest + 1e-12),
  );
}

/** For durations; covers whole decades, so that ticks are round. */
export function logScale(low_ns: number, high_ns: number, from: number, to: number): Scale {
  const first = Math.floor(Math.log10(Math.max(low_ns, 1)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(high_ns, 1)) - 1e-9));
  const place = (value: number): number =>
    from + ((Math.log10(Math.max(value, 10 ** first)) - first) / (last - first)) * (to - from);
  return withTicks(
    place,
    Array.from({ length: last - first + 1 }, (_, i) => [10 ** (first + i), roundDuration(10 ** (first + i))]),
  );
}

export function linearScale(
  low: number,
  high: number,
  from: number,
  to: number,
  label: (value: number) => string,
): Scale {
  const span = Math.max(high - low, 1e-12);
  const place = (value: number): number => from + ((value - low) / span) * (to - from);
  const step = niceStep(span / 5);
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.max(0, Math.floor(high / step + 1e-9) - first + 1);
  return withTicks(
    place,
    Array.from({ length: count }, (_, i) => [(first + i) * step, label((first + i) * step)]),
  );
}

/** 1, 2 or 5 times a power of ten. */
function niceStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(atLeast));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= atLeast * (1 - 1e-9)) ?? 10);
}

export function roundDuration(ns: number): string {
  return ns === 0
    ? '0'
    : formatDuration(ns)
        .replace(/(\.\d*?)0+(?= )/, '$1')
        .replace(/\.(?= )/, '');
}
