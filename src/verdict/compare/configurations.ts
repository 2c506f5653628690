/**
 * Arms without a control, each beside the first of them: configurations of a user's own program, which cannot run apart
 * from its load, so that the first configuration is what the others are compared with. Decided as `pauselab compare`
 * does, by the share of the window in which each series was stalled, over all series and arms together.
 */
import { formatShare } from '../../base/text/units.js';
import { decide, defaultPolicy, leastRunsForEquivalence, type Decision } from './decide.js';
import type { Origin } from './joint-design.js';
import { metricNamed } from '../evidence/metrics.js';
import { evidenceOf, type Compared } from '../run/outcome.js';
import { counted, listed } from '../../words/text.js';

/** A clause for each arm after the first; none where there is one arm. */
export function configurationTexts(compared: readonly Compared[]): string[] {
  // Without controls no arm has one.
  const alone = compared.some(({ judged }) => judged.reason === 'uncontrolled') ? compared : [];
  const [reference, ...others] = [...new Set(alone.map(({ arm }) => arm.name))];
  if (reference === undefined || others.length === 0) return [];
  const sharesOf = (arm: string, name: string): Shares | null => {
    const series = alone.find((one) => one.arm.name === arm && one.series.name === name)?.series;
    if (series === undefined) return null;
    const runs = evidenceOf(series);
    // A summary does not say which runs of two arms were of one round, so the arms are compared as if measured apart.
    return {
      shares: runs.map(({ stalled_share }) => stalled_share),
      origin: { experiment: arm, arm, rounds: runs.map((run) => series.perRun.indexOf(run)) },
    };
  };
  const metric = metricNamed('stalled_share');
  if (metric === null) throw new Error('there is no metric stalled_share');
  const pairs = others.flatMap((arm) =>
    alone
      .filter((one) => one.arm.name === arm)
      .flatMap(({ series: { name, stalls } }) => {
        const [a, b] = [sharesOf(reference, name), sharesOf(arm, name)];
        return a === null || b === null
          ? []
          : [
              {
                arm,
                name,
                input: {
                  key: JSON.stringify([arm, name]),
                  a: a.shares,
                  b: b.shares,
                  origin: { a: a.origin, b: b.origin },
                  margin: metric.margin(stalls.threshold_ns),
                  refusal: null,
                },
              },
            ];
      }),
  );
  const { decisions } = decide(
    pairs.map(({ input }) => input),
    { ...defaultPolicy, estimates: false },
  );
  return others.flatMap((arm) => {
    const own = pairs.flatMap((pair, i): Decided[] => {
      const decision = decisions[i];
      return pair.arm === arm && decision !== undefined ? [{ name: pair.name, decision }] : [];
    });
    return own.length === 0 ? [] : [textOf(arm, reference, own)];
  });
}

interface Shares {
  readonly shares: readonly number[];
  readonly origin: Origin;
}

interface Decided {
  readonly name: string;
  readonly decision: Decision;
}

function textOf(arm: string, reference: string, own: readonly Decided[]): string {
  const shares = ({ name, decision: { mean } }: Decided): string =>
    `${name} (${formatShare(mean.b ?? 0)} against ${formatShare(mean.a ?? 0)})`;
  const found = (['regressed', 'improved'] as const).flatMap((verdict) => {
    const such = own.filter(({ decision }) => decision.verdict === verdict);
    return such.length === 0
      ? []
      : [`${verdict === 'regressed' ? 'longer' : 'shorter'} than in ${reference}: ${listed(such.map(shares))}`];
  });
  if (found.length > 0) return `in ${arm} series are stalled for a share of the time that is ${found.join(', and ')}`;
  const fewest = Math.min(...own.map(({ decision: { runs } }) => Math.min(runs.a, runs.b)));
  if (fewest === 0)
    return `nothing compares ${arm} with ${reference}, because one of them has no complete, undisturbed run`;
  if (own.every(({ decision }) => decision.verdict === 'equivalent'))
    return `${arm} and ${reference} are stalled for the same share of the time (${counted(fewest, 'run')} each)`;
  const more = fewest < leastRunsForEquivalence ? `; use --runs ${leastRunsForEquivalence} to have it decided` : '';
  return `${counted(fewest, 'run')} of each do not decide whether ${arm} is stalled more or less than ${reference}${more}`;
}
