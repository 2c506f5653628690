/**
 * In what unit the values of a histogram log are. The format does not say: most tools write nanoseconds, some
 * microseconds. A line `#UNITS: us` says it; and `Interval_Max`, by convention in milliseconds, stands beside the same
 * maximum in the histogram.
 */
export const valueUnits = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 } as const;
export type ValueUnit = keyof typeof valueUnits;

export const unitNames: Readonly<Record<ValueUnit, string>> = {
  ns: 'nanoseconds',
  us: 'microseconds',
  ms: 'milliseconds',
  s: 'seconds',
};

/** `us`, `µs`, `microseconds`, …; null: none of them. */
export function parseValueUnit(text: string): ValueUnit | null {
  const word = text.toLowerCase().replace(/[µμ]/u, 'u');
  return (
    (Object.keys(valueUnits) as ValueUnit[]).find(
      (unit) => word === unit || word === unitNames[unit] || `${word}s` === unitNames[unit],
    ) ?? null
  );
}

/**
 * Of a line such as `#UNITS: us` or `#[Units: microseconds]`; undefined of any other line, null of a unit that is not
 * known.
 */
export function unitInLine(line: string): ValueUnit | null | undefined {
  const [, word] = /^#\s*\[?\s*(?:value\s*)?units?\s*[:=]\s*"?([^\s"\],]+)/iu.exec(line) ?? [];
  return word === undefined ? undefined : parseValueUnit(word);
}

/** To three decimals a smaller one says too little. */
const leastInterval = 0.1;
/** The encoding has three digits. */
const tolerance = 0.01;

/** From one interval: its `Interval_Max` and the maximum of its histogram. Null: they do not tell. */
export function unitByMaximum(intervalMax: number, encodedMax: number): ValueUnit | null {
  if (!(intervalMax >= leastInterval)) return null;
  const perMillisecond: readonly (readonly [ValueUnit, number])[] = [
    ['ns', 1e6],
    ['us', 1e3],
    ['ms', 1],
  ];
  return perMillisecond.find(([, ratio]) => Math.abs(encodedMax / intervalMax / ratio - 1) <= tolerance)?.[0] ?? null;
}
