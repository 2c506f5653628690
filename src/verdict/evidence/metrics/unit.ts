/** How people write a value of a metric. */
import { parseDuration, parseShare, parseSize, type Parsed } from '../../../base/text/units.js';
import type { MetricUnit } from '../../../facts/metric-facts.js';

const expected: Readonly<Record<MetricUnit, string>> = {
  time: 'a duration such as 20ms',
  share: 'a share such as 5% or 0.05',
  per_minute: 'a number a minute, such as 0.5',
  count: 'a number',
  bytes: 'a size such as 64MiB',
  flag: 'true or false',
};

/** A bare number has the unit that `name` ends in (longest_ns, rss_mean_bytes); of a share it is a fraction. */
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
