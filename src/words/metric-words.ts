/** Values of metrics as people read them, and why a run lacks a figure (src/facts/metric-facts.ts). */
import {
  formatDuration,
  formatShare,
  formatSize,
  leastShare_percent,
  roundedUp,
  roundedUpDuration,
  roundedUpSize,
} from '../base/text/units.js';
import type { Pair, ValuePer } from '../facts/compare-facts.js';
import type { Effect, MarginFact, MetricUnit, MissingFigure } from '../facts/metric-facts.js';
import { sentenceOf, type WordsOf } from './words-of.js';

/** Differences may be negative. */
export function formatMetric(unit: MetricUnit, value: number): string {
  const sign = value < 0 ? '−' : '';
  const size = Math.abs(value);
  switch (unit) {
    case 'time':
      return sign + (size === 0 ? '0' : formatDuration(size));
    case 'share':
      return sign + (size === 0 ? '0' : formatShare(size));
    case 'bytes':
      return sign + (size === 0 ? '0' : formatSize(Math.round(size)));
    case 'flag':
      return value === 1 ? 'true' : value === 0 ? 'false' : sign + shortest(size);
    case 'count':
      return sign + (Number.isInteger(size) ? String(size) : shortest(size));
    case 'per_minute':
      // What is left by rounding is no rate.
      return size < 1e-9 ? '0' : sign + shortest(size);
  }
}

/** The smallest value from here on whose text says no less than the value. */
export function roundedUpMetric(unit: MetricUnit, value: number): number {
  switch (unit) {
    case 'time':
      return roundedUpDuration(value);
    case 'bytes':
      return roundedUpSize(value);
    case 'share':
      // Below that a share has no figure.
      return Math.max(roundedUp(value * 100), leastShare_percent) / 100;
    case 'count':
      return Number.isInteger(value) ? value : roundedUp(value);
    case 'per_minute':
    case 'flag':
      return roundedUp(value);
  }
}

function shortest(size: number): string {
  return String(Number(size.toPrecision(3)));
}

export function shownValue(unit: MetricUnit, value: number | null): string {
  return value === null ? '–' : formatMetric(unit, value);
}

/** `+1.2 ms [0.3 ms, 2.1 ms]` */
export function shownInterval(unit: MetricUnit, effect: Effect | null): string {
  if (effect === null) return '–';
  const limits = effect.low === null && effect.high === null ? '' : ` ${limitsText(unit, effect)}`;
  return `${shownDifference(unit, effect.estimate)}${limits}`;
}

interface Change {
  readonly unit: MetricUnit;
  readonly mean: Pair<number | null>;
  readonly difference: Effect | null;
  readonly valuePer: ValuePer;
  readonly runs: Pair<number>;
}

/**
 * `75 → 0 (difference −75, 95 % interval [−80, −70], 6 and 6 runs, p = 0.0022)`, which can be quoted alone. `tail`: the
 * probability beyond each end of the interval. `p` null: it is left out.
 */
export function shownChange(
  { unit, mean, difference, valuePer, runs }: Change,
  { tail, p }: { readonly tail: number; readonly p: number | null },
): string {
  const isBounded = difference !== null && (difference.low !== null || difference.high !== null);
  const parts = [
    `difference ${shownDifference(unit, difference?.estimate ?? null)}`,
    ...(isBounded
      ? [`${Number((100 * (1 - 2 * tail)).toPrecision(4))} % interval ${limitsText(unit, difference)}`]
      : []),
    `${runs.a} and ${runs.b} ${valuePer}s`,
    ...(p === null ? [] : [equalsP(p)]),
  ];
  return `${shownValue(unit, mean.a)} → ${shownValue(unit, mean.b)} (${parts.join(', ')})`;
}

function limitsText(unit: MetricUnit, { low, high }: Effect): string {
  return `[${shownDifference(unit, low)}, ${shownDifference(unit, high)}]`;
}

/** `+1.2 ms`; of shares in percentage points, since "1 % more than 50 %" may be 51 % or 50.5 %. */
export function shownDifference(unit: MetricUnit, difference: number | null): string {
  if (difference === null) return '–';
  return `${difference > 0 ? '+' : ''}${shownSize(unit, difference)}`;
}

function shownSize(unit: MetricUnit, size: number): string {
  const shown = formatMetric(unit, size);
  return unit === 'share' ? shown.replace(/ %$/, ' pp') : shown;
}

export function shownRatio(ratio: Effect | null): string {
  if (ratio === null) return '–';
  const text = (value: number | null): string =>
    value === null ? '∞' : value >= 100 ? value.toPrecision(3) : value.toFixed(2);
  return ratio.low === null && ratio.high === null
    ? `×${text(ratio.estimate)}`
    : `×${text(ratio.estimate)} [${text(ratio.low)}, ${text(ratio.high)}]`;
}

/** p as a share of comparisons in which nothing differs. */
export function shownChance(p: number | null): string {
  if (p === null) return '–';
  return p < 0.0001 ? '0.01 %' : `${Number((p * 100).toPrecision(2))} %`;
}

export function shownP(p: number | null): string {
  if (p === null) return '–';
  return p < 0.0001 ? '<0.0001' : String(Number(p.toPrecision(2)));
}

/** `p = 0.031`, `p < 0.0001` */
export function equalsP(p: number | null): string {
  const shown = shownP(p);
  return shown.startsWith('<') ? `p < ${shown.slice(1)}` : `p = ${shown}`;
}

/** `10 % or 20 ms` */
export function shownMargin(unit: MetricUnit, { relative, absolute }: MarginFact): string {
  const parts = [
    ...(relative > 0 ? [`${Number((relative * 100).toPrecision(4))} %`] : []),
    ...(absolute > 0 ? [shownSize(unit, absolute)] : []),
  ];
  return parts.length === 0 ? '0' : parts.join(' or ');
}

const ofMissing: WordsOf<MissingFigure> = {
  'no-figure': () => 'there is no such figure',
  'no-schedule': () => 'it has no schedule, and so no response time',
  'not-in-log': () => 'a histogram log does not record it',
  'stall-times-not-in-log': () => 'a histogram log does not record when stalls happened',
  'states-not-in-log': () => 'a histogram log does not record the states of threads',
  'no-holder-call': () => 'no call of the holder is known',
  'no-cgroup': () => 'it is in no cgroup that counts memory',
  'window-without-length': () => 'its window has no length',
  'no-operation': () => 'no operation was made',
  'saturated-response': () =>
    'saturated: it could not keep its schedule, so its response percentiles reflect the length of the window',
  'not-recorded': () => 'the run does not have it',
  'not-counted-then': () =>
    'the version of pauselab that wrote the bundle did not count it; measure it again with this version',
  'memory-not-read': () => 'its memory was not read, or not in every run',
  'process-ended': () => 'a process ended before it could be read',
  'too-few-samples': ({ percent, needed_n, of, window_ns }) =>
    `n too small: p${percent} needs ${needed_n} ${of} a run` +
    (window_ns === null ? '' : `, at this rate a window of ${formatDuration(window_ns)}`),
  'jvm-log-incomplete': ({ why }) => why,
};

/** Without a full stop. */
export function missingText(missing: MissingFigure): string {
  return sentenceOf<MissingFigure>(ofMissing, missing);
}
