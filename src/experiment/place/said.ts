/**
 * Messages between host and guest. The guest trusts the host's requests, because the host made the guest. The host's
 * checks of the answers are in wire.ts, apart from this file: an emulated CPU would take a second to load their
 * schemas.
 */
import type { Calibration } from '../../bundle/bundle-schema.js';
import type { ResolvedArm, ResolvedProfile } from '../../profile/resolved/resolved.js';
import type { SparseCounts } from '../../record/histogram/counts.js';
import type { SizedRegions } from '../plan/calibrate.js';
import type { RunOutput, RunRequest } from '../run/one-run.js';
import type { Said } from './wire.js';

export type Request =
  /** `feature`: of the scheduler, to be set; null: none. */
  | {
      readonly type: 'set-up';
      readonly release: string;
      readonly config: string | null;
      readonly feature: string | null;
    }
  | { readonly type: 'size'; readonly profile: ResolvedProfile; readonly arms: readonly ResolvedArm[] }
  | { readonly type: 'run'; readonly run: RunRequest }
  /** `times`: allowed time in minutes, which is longer for an emulated CPU. `only`: rows to find; null: all. */
  | { readonly type: 'examine'; readonly times: number; readonly only: readonly string[] | null }
  | { readonly type: 'interrupt' };

type Counts = (Said & { type: 'ran' })['log'][number]['counts'];

export function sayRan({ file, files: texts, analysis, log }: RunOutput): Said {
  const { window_ns, series, holder } = analysis;
  return {
    type: 'ran',
    file,
    files: texts,
    analysis: {
      window_ns,
      series: series.map(({ name, service, response, interval_ns, figures }) => ({
        name,
        service: plain(service),
        response: response === null ? null : plain(response),
        interval_ns,
        figures,
      })),
      holder: holder === null ? null : { service: plain(holder.service), figures: holder.figures },
    },
    log: log.map(({ name, counts, long_count, inWindow_ns }) => ({
      name,
      counts: plain(counts),
      long_count,
      inWindow_ns,
    })),
  };
}

export function saySized(regions: SizedRegions): Said {
  return {
    type: 'sized',
    regions: [...regions].map(([key, calibration]): [string, Calibration] => [key, calibration]),
  };
}

function plain({ n, min_ns, max_ns, sum_ns, overRange, index, count }: SparseCounts): Counts {
  return { n, min_ns: n === 0 ? null : min_ns, max_ns, sum_ns, overRange, index: [...index], count: [...count] };
}
