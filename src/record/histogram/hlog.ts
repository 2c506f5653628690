/**
 * Histogram logs (HistogramLog format 1.3): one line per second, series and kind of time, tagged `<series>.service` and
 * `<series>.response`. The Java HistogramLogProcessor and hlog-sum.ts read them.
 *
 * The lines are written here, not by hdr-histogram-js' HistogramLogWriter: that writer has no BaseTime, puts an empty
 * line and a date in the local time zone into the head, and takes Interval_Max from the histogram, which has only three
 * digits. The library's reader throws on a last line that was cut off and on a comma in a tag, and treats a BaseTime of
 * 0 as missing. The encoding of the histograms is the library's (histogram.ts).
 */
import type { SparseCounts } from './counts.js';
import { encodeCounts } from './histogram.js';
import type { BoardInterval } from '../board/snapshot.js';

/** Interval_Max is in milliseconds, by convention for histograms of nanoseconds. */
const maxValueUnitRatio = 1e6;

/** Times in the log are seconds since go; `go_ms` is the time of go, in milliseconds since the epoch. */
export function hlogHead(go_ms: number): string {
  const seconds = (go_ms / 1000).toFixed(3);
  return [
    '#[Histogram log format version 1.3]',
    `#[StartTime: ${seconds} (seconds since epoch), ${new Date(go_ms).toISOString()}]`,
    `#[BaseTime: ${seconds} (seconds since epoch)]`,
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
    '',
  ].join('\n');
}

/** A line. Times are relative to go. */
export function hlogLine(tag: string, start_ns: number, end_ns: number, counts: SparseCounts): string {
  if (!isTag(tag)) throw new RangeError(`"${tag}" cannot be a tag: a comma or a blank would end it`);
  const start = (start_ns / 1e9).toFixed(3);
  const length = ((end_ns - start_ns) / 1e9).toFixed(3);
  const max = (counts.max_ns / maxValueUnitRatio).toFixed(3);
  return `Tag=${tag},${start},${length},${max},${encodeCounts(counts)}\n`;
}

/** All lines of an interval, including empty histograms: a second without a sample is a finding. */
export function hlogInterval(interval: BoardInterval, seriesNames: readonly string[]): string {
  const { start_ns, end_ns, series } = interval;
  return series
    .map(({ index, service, response }) => {
      const name = seriesNames[index] ?? `series-${index}`;
      const lines = hlogLine(`${name}.service`, start_ns, end_ns, service);
      return response === null ? lines : lines + hlogLine(`${name}.response`, start_ns, end_ns, response);
    })
    .join('');
}

/** A line of a log, before its histogram is decoded. */
export interface HlogLine {
  /** Null for a line without a tag. */
  readonly tag: string | null;
  /** As written: relative to the log's base time. */
  readonly start_ns: number;
  readonly length_ns: number;
  /** As written: in milliseconds by convention. */
  readonly max: number;
  readonly base64: string;
}

export function isIntervalLine(line: string): boolean {
  return line !== '' && !line.startsWith('#') && !line.startsWith('"');
}

/** Fields are split from the right, where none can contain a comma; the tag of another tool may. */
export function splitLine(line: string): HlogLine {
  const fields = line.split(',');
  const [start, length, max, base64] = fields.slice(-4);
  const before = fields.slice(0, -4).join(',');
  if (start === undefined || length === undefined || max === undefined || base64 === undefined)
    throw new Error(`it has ${fields.length} fields, expected 4`);
  if (before !== '' && !before.startsWith('Tag='))
    throw new Error(`it starts with "${before.slice(0, 40)}", expected a tag`);
  const seconds = [start, length, max].map(Number);
  if (seconds.some((value) => !Number.isFinite(value))) throw new Error('its times are not numbers');
  return {
    tag: before === '' ? null : before.slice('Tag='.length),
    start_ns: Math.round((seconds[0] ?? 0) * 1e9),
    length_ns: Math.round((seconds[1] ?? 0) * 1e9),
    max: seconds[2] ?? 0,
    base64,
  };
}

/** Java's reader splits at commas and blanks. */
export function isTag(tag: string): boolean {
  return /^[^,\s]+$/.test(tag);
}
