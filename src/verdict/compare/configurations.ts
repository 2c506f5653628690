/**
 * Arms without a control: configurations of a user's program, which cannot run apart from its load. They are compared
 * with the first configuration, as `pauselab compare` does, by the share of the window in which each series was
 * stalled, over all series and arms together.
 */
import type { ConfigurationConclusion, StalledShares } from '../../facts/verdict-facts.js';
import { flawsOf, type SeenOfRun } from '../evidence/flaws.js';
import { metricNamed } from '../evidence/metrics.js';
import { seenOf } from '../evidence/summary-evidence.js';
import { defaultPolicy, leastRunsForEquivalence, type Decision, type Margin } from './decide.js';
import { decideAsSeen, type DecidedFigure } from './flawed.js';
import type { Origin } from './joint-design.js';
import { evidenceOf, type Compared } from '../run/outcome.js';

/** For each arm after the first; none if there is one arm. */
export function configurationConclusions(compared: readonly Compared[]): ConfigurationConclusion[] {
  // Without controls every arm is uncontrolled.
  const alone = compared.some(({ judged }) => judged.reason === 'uncontrolled') ? compared : [];
  const [reference, ...others] = [...new Set(alone.map(({ arm }) => arm.name))];
  if (reference === undefined || others.length === 0) return [];
  const sharesOf = (arm: string, name: string): Shares | null => {
    const found = alone.find((one) => one.arm.name === arm && one.series.name === name);
    if (found === undefined) return null;
    const { series } = found;
    const runs = evidenceOf(series);
    // A summary does not record which runs of two arms share a round, so the arms are compared as if measured apart.
    return {
      shares: runs.map(({ stalled_share }) => stalled_share),
      origin: { experiment: arm, arm, rounds: runs.map((run) => series.perRun.indexOf(run)) },
      seen: seenOf(found.arm, runs),
    };
  };
  const metric = metricNamed('stalled_share');
  if (metric === null) throw new Error('there is no metric stalled_share');
  // The experiment has one threshold.
  const margin = metric.margin(alone[0]?.series.stalls.threshold_ns ?? 0);
  const pairs = others.flatMap((arm) =>
    alone
      .filter((one) => one.arm.name === arm)
      .flatMap(({ series: { name } }) => {
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
                  margin,
                  refusal: null,
                },
                metric,
                labels: { a: reference, b: arm },
                flaws: flawsOf(metric, name, { a: a.seen, b: b.seen }),
              },
            ];
      }),
  );
  const { figures } = decideAsSeen(pairs, { ...defaultPolicy, estimates: false });
  return others.flatMap((arm) => {
    const own = pairs.flatMap((pair, i): Decided[] => {
      const figure = figures[i];
      return pair.arm === arm && figure !== undefined ? [{ name: pair.name, ...figure }] : [];
    });
    return own.length === 0 ? [] : [conclusionOf(arm, reference, { decided: own, margin })];
  });
}

interface Shares {
  readonly shares: readonly number[];
  readonly origin: Origin;
  readonly seen: readonly SeenOfRun[];
}

interface Decided extends Pick<DecidedFigure, 'decision' | 'caveat'> {
  /** Of the series. */
  readonly name: string;
}

function conclusionOf(
  arm: string,
  reference: string,
  { decided, margin }: { readonly decided: readonly Decided[]; readonly margin: Margin },
): ConfigurationConclusion {
  const sharesOf = (verdict: Decision['verdict']): StalledShares[] =>
    decided
      .filter(({ decision }) => decision.verdict === verdict)
      .map(({ name, decision: { mean } }) => ({
        series: name,
        stalled_share: mean.b ?? 0,
        reference_share: mean.a ?? 0,
      }));
  const [longer, shorter] = [sharesOf('regressed'), sharesOf('improved')];
  if (longer.length + shorter.length > 0) return { code: 'configuration-differs', arm, reference, longer, shorter };
  const runs_n = Math.min(...decided.map(({ decision: { runs } }) => Math.min(runs.a, runs.b)));
  if (runs_n === 0) return { code: 'configuration-without-run', arm, reference };
  const found = { arm, reference, runs_n, leastRuns_n: leastRunsForEquivalence, margin };
  if (decided.every(({ decision }) => decision.verdict === 'equivalent'))
    return { code: 'configuration-alike', ...found };
  const doubts = decided.flatMap(({ name: series, decision: { refusal }, caveat }) => {
    const doubt = refusal ?? caveat;
    return doubt?.code === 'side-flawed' ? [{ arm: doubt.side, series, flaw: doubt.flaw }] : [];
  });
  return { code: 'configuration-unclear', ...found, ...(doubts.length === 0 ? {} : { doubts }) };
}
