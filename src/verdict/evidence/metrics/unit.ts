/** Units of metrics: how a value is written by people, and how it is written for them. */
import {
  formatDuration,
  formatShare,
  formatSize,
  parseDuration,
  parseShare,
  parseSize,
  type Parsed,
} from '../../../base/text/units.js';

/** `time` is in nanoseconds, `share` a fraction (1 is all of the window), `flag` 0 or 1. */
export const metricUnits = ['share', 'per_minute', 'time', 'count', 'bytes', 'flag'] as const;
export type MetricUnit = (typeof metricUnits)[number];

const expected: Readonly<Record<MetricUnit, string>> = {
  time: 'a duration such as 20ms',
  share: 'a share such as 5% or 0.05',
  per_minute: 'a number a minute, such as 0.5',
  count: 'a number',
  bytes: 'a size such as 64MiB',
  flag: 'true or false',
};

/**
 * A bare number is one of the unit that `name` ends in (longest_ns, rss_mean_bytes), and a fraction where it is a
 * share.
 */
export function parseInUnit(unit: MetricUnit, written: string | number, name = ''): Parsed {
  const text = String(written);
  const plain = /^\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : null;
  const value = valueOf(unit, text, plain, name);
  return value === null ? { ok: false, expected: expected[unit] } : { ok: true, value };
}

function valueOf(unit: MetricUnit, text: string, plain: number | null, name: string): number | null {
  const parsed = (result: Parsed): number | null => (result.ok ? result.value : null);
  switch (unit) {
    case 'time':
      return plain === 0 ? 0 : (parsed(parseDuration(text)) ?? (name.endsWith('_ns') ? plain : null));
    case 'bytes':
      return plain === 0 ? 0 : (parsed(parseSize(text)) ?? (name.endsWith('_bytes') ? plain : null));
    case 'share':
      return parsed(parseShare(text)) ?? (plain !== null && plain <= 1 ? plain : null);
    case 'flag':
      return text === 'true' || plain === 1 ? 1 : text === 'false' || plain === 0 ? 0 : null;
    case 'count':
    case 'per_minute':
      return plain;
  }
}

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
      return sign + shortest(size);
  }
}

function shortest(size: number): string {
  return String(Number(size.toPrecision(3)));
}
