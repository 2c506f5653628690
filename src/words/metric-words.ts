/** Values of metrics as people read them, and why a run lacks a figure (src/facts/metric-facts.ts). */
import { formatDuration, formatShare, formatSize } from '../base/text/units.js';
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

function shortest(size: number): string {
  return String(Number(size.toPrecision(3)));
}

export function shownValue(unit: MetricUnit, value: number | null): string {
  return value === null ? '–' : formatMetric(unit, value);
}

/** `+1.2 ms [0.3 ms, 2.1 ms]` */
export function shownInterval(unit: MetricUnit, effect: Effect | null): string {
  if (effect === null) return '–';
  const limits =
    effect.low === null && effect.high === null
      ? ''
      : ` [${shownDifference(unit, effect.low)}, ${shownDifference(unit, effect.high)}]`;
  return `${shownDifference(unit, effect.estimate)}${limits}`;
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
