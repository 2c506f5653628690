/** A bundle as the command left it, each file checked against its schema. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { readBundleFile } from '../../src/bundle/store.js';
import type { ManifestFile, RunFile, SeriesFigures, SummaryFile } from '../../src/bundle/bundle-schema.js';
import { readHlogFile, readHlogText, type ReadHlog } from './hlog.js';

export interface BundleRun {
  readonly folder: string;
  readonly file: RunFile;
  /** Samples per tag of its histogram log. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface Bundle {
  readonly manifest: ManifestFile;
  readonly summary: SummaryFile;
  readonly runs: readonly BundleRun[];
}

export function readBundle(path: string): Bundle {
  expect(filesBelow(path).filter((file) => file.endsWith('.partial'))).toEqual([]);
  return {
    manifest: readBundleFile('manifest', join(path, 'manifest.json')),
    summary: readBundleFile('summary', join(path, 'summary.json')),
    runs: readdirSync(join(path, 'runs'))
      .sort()
      .map((name) => readRun(join(path, 'runs', name))),
  };
}

function readRun(folder: string): BundleRun {
  const log = readHlogFile(join(folder, 'histograms.hlog'));
  return { folder, file: readBundleFile('run', join(folder, 'run.json')), counts: countsByTag(log) };
}

/** Samples per tag of a histogram log. */
export const countsByTagOf = (log: string): Record<string, number> => countsByTag(readHlogText(log));

function countsByTag({ intervals, truncated }: ReadHlog): Record<string, number> {
  expect(truncated).toBe(false);
  const counts: Record<string, number> = {};
  for (const {
    tag,
    counts: { n },
  } of intervals)
    counts[tag ?? ''] = (counts[tag ?? ''] ?? 0) + n;
  return counts;
}

/** The log and the figures say the same: service as it is, response with the operations that were never served. */
export function expectCountsToAgree({ file, counts }: Pick<BundleRun, 'file' | 'counts'>): void {
  for (const { name, service, response } of file.series) {
    expect({ name, n: counts[`${name}.service`] }).toEqual({ name, n: service.n });
    if (response !== null)
      expect({ name, n: (counts[`${name}.response`] ?? 0) + (counts[`${name}.owed`] ?? 0) }).toEqual({
        name,
        n: response.n,
      });
  }
  if (file.holder !== null) expect(counts[`${file.holder.name}.service`]).toBe(file.holder.service.n);
}

export function seriesOf<S extends Pick<SeriesFigures, 'name'>>(
  from: { readonly series: readonly S[] },
  name: string,
): S {
  const found = from.series.find((series) => series.name === name);
  if (found === undefined)
    throw new Error(`there is no series ${name} but ${from.series.map((series) => series.name).join(', ')}`);
  return found;
}

export function armOf(summary: SummaryFile, name: string): SummaryFile['arms'][number] {
  const found = summary.arms.find((arm) => arm.name === name);
  if (found === undefined) throw new Error(`there is no arm ${name}`);
  return found;
}

export function filesBelow(path: string): string[] {
  return existsSync(path) ? readdirSync(path, { recursive: true, encoding: 'utf8' }) : [];
}
