/**
 * Sums a histogram log, ours or another tool's, by tag while reading it: an hour of 12 series is 43,200 histograms,
 * which nobody needs at once. Memory holds one set of counters per tag, and one line.
 */
import { StringDecoder } from 'node:string_decoder';
import { Failure, usage } from '../../base/failure.js';
import { machineFailure } from '../../base/system-error.js';
import { eachChunk } from '../../base/files/read-file.js';
import type { SparseCounts } from './counts.js';
import { isIntervalLine, splitLine, type HlogLine } from './hlog.js';
import { unitByMaximum, unitInLine, valueUnits, type ValueUnit } from './hlog-unit.js';
import { createTally, decodeCounts, type Tally } from './tally.js';

export interface TagSum {
  /** Null for lines without a tag. */
  readonly tag: string | null;
  readonly intervals: number;
  /** Total length of the intervals, without gaps. */
  readonly length_ns: number;
  readonly counts: SparseCounts;
}

export interface HlogSum {
  readonly tags: readonly TagSum[];
  /** True if the last line was cut off and left out. */
  readonly truncated: boolean;
  /**
   * Unit of the values: `declared` by a line of the log, and `deduced` from `Interval_Max` and the histograms. Null if
   * there is none, or several that differ.
   */
  readonly unit: { readonly declared: ValueUnit | null; readonly deduced: ValueUnit | null };
}

/** How many intervals are tried to deduce the unit: if they tell it at all, they all agree. */
const mostAsked = 20;

/** A histogram of 4 MiB deflates to less. */
const longestLine = 8 * 2 ** 20;
/** 270 KB each. */
const mostTags = 500;

export function sumHlog(path: string): HlogSum {
  const sums = new Map<string | null, { tally: Tally; intervals: number; length_ns: number }>();
  const deduced: (ValueUnit | null)[] = [];
  let declared: ValueUnit | null = null;
  const onComment = (line: string, number: number): void => {
    const unit = unitInLine(line);
    if (unit === null)
      throw usage(
        `line ${number} of ${path} names an unknown unit: expected ${Object.keys(valueUnits).join(', ')}, ` +
          `got ${JSON.stringify(line.slice(0, 60))}; correct the line, or give the unit with --unit`,
      );
    declared = unit ?? declared;
  };
  const truncated = eachHlogLine(
    path,
    ({ tag, length_ns, max, base64 }) => {
      if (max > 0 && deduced.length < mostAsked) {
        const unit = unitByMaximum(max, decodeCounts(base64).max_ns);
        if (unit !== null) deduced.push(unit);
      }
      const sum = sums.get(tag) ?? { tally: createTally(), intervals: 0, length_ns: 0 };
      sum.tally.add(base64);
      sum.intervals += 1;
      sum.length_ns += length_ns;
      sums.set(tag, sum);
      return sums.size;
    },
    onComment,
  );
  const [first = null] = deduced;
  return {
    unit: { declared, deduced: deduced.every((unit) => unit === first) ? first : null },
    tags: [...sums].map(([tag, { tally, intervals, length_ns }]) => ({
      tag,
      intervals,
      length_ns,
      counts: tally.counts(),
    })),
    truncated,
  };
}

/**
 * Reads interval by interval; `use` returns how many tags it keeps. Returns true if the last line was cut off and left
 * out. Errors that `use` throws count as faults of the line.
 */
export function eachHlogLine(
  path: string,
  use: (line: HlogLine) => number,
  onComment: (line: string, number: number) => void = () => undefined,
): boolean {
  let truncated = false;
  eachLine(path, (line, number, isLast) => {
    if (line.startsWith('#')) onComment(line, number);
    if (!isIntervalLine(line)) return;
    let tags = 0;
    try {
      tags = use(splitLine(line));
    } catch (cause) {
      if (isLast) truncated = true;
      else
        throw usage(
          `line ${number} of ${path} is broken: ${cause instanceof Error ? cause.message : String(cause)}; ` +
            'restore the file or leave it out, and name a bundle by its folder',
          { cause },
        );
    }
    if (tags > mostTags) throw usage(`${path} has more than ${mostTags} tags; split it by tag`);
  });
  return truncated;
}

/** `isLast`: the line has no line break, so it may be incomplete. */
function eachLine(path: string, use: (line: string, number: number, isLast: boolean) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let number = 0;
  try {
    eachChunk(path, {}, (chunk) => {
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > longestLine)
        throw usage(
          `line ${number + lines.length + 1} of ${path} is longer than ${longestLine} characters, ` +
            'which no histogram needs; it is not a histogram log',
        );
      for (const line of lines) use(line.replace(/\r$/, ''), (number += 1), false);
    });
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw (
      machineFailure(cause) ??
      usage(`${path} could not be read (${(cause as Error).message}); name a histogram log`, { cause })
    );
  }
  rest += decoder.end();
  if (rest !== '') use(rest, number + 1, true);
}
