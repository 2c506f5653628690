/**
 * A whole histogram log, ours or another tool's, summed by tag while it is read: an hour of 12 series is 43,200
 * histograms, which nobody needs at once. Memory is one set of counters a tag and one line.
 */
import { StringDecoder } from 'node:string_decoder';
import { Failure, usage } from '../base/failure.js';
import { machineFailure } from '../base/system-error.js';
import { eachChunk } from '../base/read-file.js';
import type { SparseCounts } from './counts.js';
import { isIntervalLine, splitLine, type HlogLine } from './hlog.js';
import { createTally, type Tally } from './tally.js';

export interface TagSum {
  /** Null: lines without one. */
  readonly tag: string | null;
  readonly intervals: number;
  /** Together, without gaps. */
  readonly length_ns: number;
  readonly counts: SparseCounts;
}

export interface HlogSum {
  readonly tags: readonly TagSum[];
  /** True if the last line was cut off and is left out. */
  readonly truncated: boolean;
}

/** A histogram of 4 MiB deflates to less. */
const longestLine = 8 * 2 ** 20;
/** 270 KB each. */
const mostTags = 500;

export function sumHlog(path: string): HlogSum {
  const sums = new Map<string | null, { tally: Tally; intervals: number; length_ns: number }>();
  const truncated = eachHlogLine(path, ({ tag, length_ns, base64 }) => {
    const sum = sums.get(tag) ?? { tally: createTally(), intervals: 0, length_ns: 0 };
    sum.tally.add(base64);
    sum.intervals += 1;
    sum.length_ns += length_ns;
    sums.set(tag, sum);
    return sums.size;
  });
  return { tags: [...sums].map(([tag, { tally, intervals, length_ns }]) => ({ tag, intervals, length_ns, counts: tally.counts() })), truncated };
}

/**
 * One interval after the other; `use` says how many tags it keeps. True if the last line was cut off: it is left out. Whatever
 * `use` throws is taken for a fault of the line.
 */
export function eachHlogLine(path: string, use: (line: HlogLine) => number): boolean {
  let truncated = false;
  eachLine(path, (line, number, isLast) => {
    if (!isIntervalLine(line)) return;
    let tags = 0;
    try {
      tags = use(splitLine(line));
    } catch (cause) {
      if (isLast) truncated = true;
      else throw usage(`line ${number} of ${path} is broken: ${cause instanceof Error ? cause.message : String(cause)}; restore the file or leave it out`, { cause });
    }
    if (tags > mostTags) throw usage(`${path} has more than ${mostTags} tags; split it by tag`);
  });
  return truncated;
}

/** `isLast`: no line break ends it, so it may be half of one. */
function eachLine(path: string, use: (line: string, number: number, isLast: boolean) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let number = 0;
  try {
    eachChunk(path, {}, (chunk) => {
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > longestLine) throw usage(`line ${number + lines.length + 1} of ${path} is longer than ${longestLine} characters, which no histogram needs; it is no histogram log`);
      for (const line of lines) use(line.replace(/\r$/, ''), (number += 1), false);
    });
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw machineFailure(cause) ?? usage(`${path} could not be read (${(cause as Error).message}); name a histogram log`, { cause });
  }
  rest += decoder.end();
  if (rest !== '') use(rest, number + 1, true);
}
