/** Histogram logs, read as `report` and `export` read them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SparseCounts } from '../../src/record/histogram/counts.js';
import type { HlogLine } from '../../src/record/histogram/hlog.js';
import { eachHlogLine } from '../../src/record/histogram/hlog-sum.js';
import { decodeCounts } from '../../src/record/histogram/tally.js';

export interface ReadHlog {
  readonly intervals: readonly (Pick<HlogLine, 'tag' | 'start_ns' | 'length_ns'> & { readonly counts: SparseCounts })[];
  /** The last line was cut off and left out. */
  readonly truncated: boolean;
}

export function readHlogFile(path: string): ReadHlog {
  const intervals: ReadHlog['intervals'][number][] = [];
  const tags = new Set<string | null>();
  const truncated = eachHlogLine(path, ({ tag, start_ns, length_ns, base64 }) => {
    intervals.push({ tag, start_ns, length_ns, counts: decodeCounts(base64) });
    return tags.add(tag).size;
  });
  return { intervals, truncated };
}

export function readHlogText(text: string): ReadHlog {
  const folder = mkdtempSync(join(tmpdir(), 'pauselab-hlog-'));
  try {
    const path = join(folder, 'histograms.hlog');
    writeFileSync(path, text);
    return readHlogFile(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
