/**
 * Quantities with units, as users write and read them.
 *
 * Reading is exact: decimals are multiplied as integers, so `1.1s` is 1,100,000,000 ns. A value that is not a whole
 * number of nanoseconds or bytes is refused, not rounded. Writing is for people: three significant digits in the
 * smallest unit that keeps the figure below 1000.
 */

export type Parsed = { ok: true; value: number } | { ok: false; expected: string };

/** Units from small to large: the name that the user writes, and its size in base units. */
type Units = readonly (readonly [name: string, factor: number])[];

const minuteNs = 60_000_000_000;

const durationUnits: Units = [
  ['ns', 1],
  ['us', 1_000],
  ['µs', 1_000],
  ['ms', 1_000_000],
  ['s', 1_000_000_000],
  ['m', minuteNs],
  ['h', 60 * minuteNs],
];

const sizeUnits: Units = [
  ['B', 1],
  ['KiB', 2 ** 10],
  ['MiB', 2 ** 20],
  ['GiB', 2 ** 30],
  ['TiB', 2 ** 40],
];

const ratePeriods: Units = [
  ['/s', 1],
  ['/min', 60],
  ['/h', 3600],
];

/** `20ms`, `1.5s`, `500us`, `2m` to nanoseconds. */
export function parseDuration(text: string): Parsed {
  const expected = 'a duration such as 20ms (units: ns, us, ms, s, m, h)';
  return parseWhole(text, durationUnits, expected);
}

/** `64MiB`, `256KiB`, `4096B` to bytes. */
export function parseSize(text: string): Parsed {
  return parseWhole(text, sizeUnits, 'a size such as 64MiB (units: B, KiB, MiB, GiB, TiB)');
}

/** `1000/s`, `10/min` to a rate per second. */
export function parseRate(text: string): Parsed {
  const quantity = split(text, ratePeriods);
  return quantity === undefined
    ? { ok: false, expected: 'a rate such as 1000/s (units: /s, /min, /h)' }
    : { ok: true, value: Number(quantity.digits) / quantity.factor };
}

/** `5%` to the fraction 0.05; at most `100%`. */
export function parseShare(text: string): Parsed {
  const quantity = split(text, [['%', 100]]);
  const value = Number(quantity?.digits) / 100;
  return value <= 1 ? { ok: true, value } : { ok: false, expected: 'a share from 0% to 100%, such as 5%' };
}

const durationsWritten: Units = [
  [' ns', 1],
  [' µs', 1_000],
  [' ms', 1_000_000],
  [' s', 1_000_000_000],
  [' min', minuteNs],
  [' h', 60 * minuteNs],
];

/** Nanoseconds as `1.23 ms`. */
export function formatDuration(ns: number): string {
  return format(ns, durationsWritten);
}

/** The shortest duration from here on that `formatDuration` prints in full. */
export function roundedUpDuration(ns: number): number {
  return roundedUpIn(ns, durationsWritten);
}

/** The smallest size from here on that `formatSize` prints in full. */
export function roundedUpSize(bytes: number): number {
  return roundedUpIn(bytes, sizeUnits);
}

/** To three significant digits. */
export function roundedUp(value: number): number {
  if (!(value > 0) || !Number.isFinite(value)) return value;
  const rounded = Number(value.toPrecision(3));
  const step = 10 ** (Math.floor(Math.log10(value)) - 2);
  return rounded >= value ? rounded : Number((rounded + step).toPrecision(3));
}

/** Bytes as `512 MiB`. Most sizes are round, so trailing zeros are omitted. */
export function formatSize(bytes: number): string {
  const text = format(
    bytes,
    sizeUnits.map(([name, factor]) => [` ${name}`, factor]),
  );
  return text.replace(/\.(\d*?)0+ /, (_, kept: string) => (kept === '' ? ' ' : `.${kept} `));
}

/** A rate per second as `987/s` or `12.3k/s`; rates below one per second as `10/min` or `3/h`. */
export function formatRate(perSecond: number): string {
  const per = (factor: number, name: string): string => format(perSecond * factor, [[name, 1]]);
  if (perSecond === 0) return '0/s';
  if (perSecond * 60 < 1) return per(3600, '/h');
  if (perSecond < 1) return per(60, '/min');
  return format(perSecond, [
    ['/s', 1],
    ['k/s', 1e3],
    ['M/s', 1e6],
    ['G/s', 1e9],
  ]);
}

/** Of a share that is printed with a figure. */
export const leastShare_percent = 0.001;

/** A fraction as `12.3 %`; a fraction that would print as zero is `<0.001 %`. */
export function formatShare(fraction: number): string {
  const percent = fraction * 100;
  if (percent > 0 && percent < leastShare_percent) return '<0.001 %';
  return format(percent, [[' %', 1]]);
}

function parseWhole(text: string, units: Units, expected: string): Parsed {
  const quantity = split(text, units);
  if (quantity === undefined) return { ok: false, expected };
  const [whole = '', fraction = ''] = quantity.digits.split('.');
  const scaled = BigInt(whole + fraction) * BigInt(quantity.factor);
  const divisor = 10n ** BigInt(fraction.length);
  const value = Number(scaled / divisor);
  if (scaled % divisor !== 0n) {
    return { ok: false, expected: `${expected} that is a whole number of ${units[0]?.[0] ?? ''}` };
  }
  return Number.isSafeInteger(value)
    ? { ok: true, value }
    : { ok: false, expected: `${expected}, not above ${Number.MAX_SAFE_INTEGER} ${units[0]?.[0] ?? ''}` };
}

/** A plain decimal followed directly by a unit; at most 20 digits on either side of the point. */
function split(text: string, units: Units): { digits: string; factor: number } | undefined {
  const match = /^(\d{1,20}(?:\.\d{1,20})?)(\D+)$/.exec(text);
  const unit = units.find(([name]) => name === match?.[2]);
  return match?.[1] === undefined || unit === undefined ? undefined : { digits: match[1], factor: unit[1] };
}

function format(value: number, units: Units): string {
  const [name, factor] = unitFor(value, units);
  return threeDigits(value / factor, factor === 1) + name;
}

/** The smallest that keeps the printed figure below 1000: 999.9996 prints as 1000 and belongs to the next unit. */
function unitFor(value: number, units: Units): Units[number] {
  const fits = ([, factor]: Units[number]): boolean =>
    !(Math.abs(Number(threeDigits(value / factor, factor === 1))) >= 1000);
  return units.find(fits) ?? units.at(-1) ?? ['', 1];
}

function roundedUpIn(value: number, units: Units): number {
  const [, factor] = unitFor(value, units);
  return Math.round(roundedUp(value / factor) * factor);
}

/** Three significant digits, never in exponent form; counts of the base unit have no decimals. */
function threeDigits(value: number, isBaseUnit: boolean): string {
  if (isBaseUnit && Number.isInteger(value) && Math.abs(value) < 1000) return String(value);
  if (!Number.isFinite(value)) return String(value);
  const rounded = value.toPrecision(3);
  return rounded.includes('e') ? String(Number(rounded)) : rounded;
}
