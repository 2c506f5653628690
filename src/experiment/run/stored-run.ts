/**
 * A stored run in the form of a run that has just finished, to make a summary again. Its counts come from the histogram
 * log. Extremes and sums come from its figures, which are exact, because a log rounds them to three digits.
 */
import type { RunFile } from '../../bundle/bundle-schema.js';
import type { ResolvedArm } from '../../profile/resolved/resolved.js';
import { addCounts, emptyCounts, type SparseCounts } from '../../record/histogram/counts.js';
import type { Figures } from '../../record/histogram/figures.js';
import type { HlogSum } from '../../record/histogram/hlog-sum.js';
import type { FinishedRun } from '../summarise.js';

export function finishedRunOf(file: RunFile, arm: ResolvedArm, log: HlogSum): FinishedRun {
  const tagged = (name: string): SparseCounts =>
    addCounts(emptyCounts(), ...log.tags.flatMap(({ tag, counts }) => (tag === name ? [counts] : [])));
  const holder = file.holder;
  return {
    file,
    analysis: {
      window_ns: file.window.windowEnd_ns - file.window.windowStart_ns,
      series: file.series.map((figures) => ({
        name: figures.name,
        service: exact(tagged(`${figures.name}.service`), figures.service),
        response:
          figures.response === null
            ? null
            : exact(addCounts(tagged(`${figures.name}.response`), tagged(`${figures.name}.owed`)), figures.response),
        owed: tagged(`${figures.name}.owed`),
        interval_ns: arm.victims.find(({ series }) => series === figures.name)?.interval_ns ?? 0,
        figures,
        stalls: [],
        slow: [],
      })),
      holder:
        holder === null ? null : { service: exact(tagged(`${holder.name}.service`), holder.service), figures: holder },
    },
    log: (file.jvm?.log ?? []).map(({ name, durations, long_count, inWindow_ns }) => ({
      name,
      counts: exact(tagged(name), durations),
      long_count,
      inWindow_ns,
    })),
  };
}

function exact(counts: SparseCounts, { min_ns, max_ns, mean_ns }: Figures): SparseCounts {
  if (counts.n === 0) return counts;
  return {
    ...counts,
    min_ns: min_ns ?? counts.min_ns,
    max_ns: max_ns ?? counts.max_ns,
    sum_ns: mean_ns === null ? counts.sum_ns : mean_ns * counts.n,
  };
}
