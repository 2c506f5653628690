/**
 * The unit of the values in a histogram log. The format does not define it: most tools write nanoseconds, some
 * microseconds. A line `#UNITS: us` may declare it. `Interval_Max`, in milliseconds by convention, can be compared with
 * the maximum of the histogram.
 */
export const valueUnits = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 } as const;
export type ValueUnit = keyof typeof valueUnits;

export const unitNames: Readonly<Record<ValueUnit, string>> = {
  ns: 'nanoseconds',
  us: 'microseconds',
  ms: 'milliseconds',
  s: 'seconds',
};

/** `us`, `µs`, `microseconds`, …; null if unknown. */
export function parseValueUnit(text: string): ValueUnit | null {
  const word = text.toLowerCase().replace(/[µμ]/u, 'u');
  return (
    (Object.keys(valueUnits) as ValueUnit[]).find(
      (unit) => word === unit || word === unitNames[unit] || `${word}s` === unitNames[unit],
    ) ?? null
  );
}

/**
 * The unit of a line such as `#UNITS: us` or `#[Units: microseconds]`; undefined for any other line, null for an
 * unknown unit.
 */
export function unitInLine(line: string): ValueUnit | null | undefined {
  const [, word] = /^#\s*\[?\s*(?:value\s*)?units?\s*[:=]\s*"?([^\s"\],]+)/iu.exec(line) ?? [];
  return word === undefined ? undefined : parseValueUnit(word);
}

/** `Interval_Max` has three decimals, so a smaller value is too imprecise. */
const leastInterval = 0.1;
/** The encoding has three digits. */
const tolerance = 0.01;

/**
 * Deduced from the `Interval_Max` of an interval and the maximum of its histogram; null if they do not determine it.
 */
export function unitByMaximum(intervalMax: number, encodedMax: number): ValueUnit | null {
  if (!(intervalMax >= leastInterval)) return null;
  const perMillisecond: readonly (readonly [ValueUnit, number])[] = [
    ['ns', 1e6],
    ['us', 1e3],
    ['ms', 1],
  ];
  return perMillisecond.find(([, ratio]) => Math.abs(encodedMax / intervalMax / ratio - 1) <= tolerance)?.[0] ?? null;
}
