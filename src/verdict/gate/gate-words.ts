/** What a gate found, in words. */
import { formatShare } from '../../base/text/units.js';
import { equalsP, shownDifference, shownInterval, shownMargin, shownValue } from '../compare/compare-words.js';
import type { CompareRow } from '../compare/compared.js';
import type { Margin } from '../compare/decide.js';
import { formatMetric, type Metric } from '../evidence/metrics.js';
import { placeText } from '../evidence/side.js';
import { counted } from '../../words/text.js';
import type { Check, CheckOutcome, GateResult, LimitRow, Suite } from './gated.js';
import { passNeeds } from './pass-needs.js';
import type { Limit } from './policy.js';

/** What the runs leave open, and what would close it. */
function openSentence({ unit, margin, noWorse, mean, sentence, reason }: CompareRow): string {
  const high = noWorse?.bound ?? null;
  const allowed = Math.max(margin.absolute, margin.relative * Math.abs(mean.a ?? 0));
  if (reason === 'too-few-runs' || high === null || high <= allowed) return sentence;
  return `by these runs it may be worse by up to ${shownDifference(unit, high)}, and ${shownDifference(unit, allowed)} is allowed; ${sentence}`;
}

/** The first line: quotable alone. */
export function gateVerdict({ outcome, counts, together, suites, policy }: Omit<GateResult, 'verdict'>): string {
  const all = suites.flatMap((suite) => suite.checks.map((check) => ({ check, profile: suiteName(suite, suites) })));
  const first = (wanted: CheckOutcome): string => {
    const found = all.find(({ check }) => check.outcome === wanted);
    if (found === undefined) return '';
    const { check, profile } = found;
    const name =
      check.kind === 'evidence'
        ? suites.length > 1
          ? profile
          : null
        : nameOf(check, suites.length > 1 ? profile : null);
    return name === null ? capitalised(check.sentence) : `${name}: ${check.sentence}`;
  };
  const judged = all.filter(({ check }) => check.kind !== 'evidence').length;
  const also = [
    ...(outcome !== 'fail' || counts.fail === 0
      ? []
      : counts.inconclusive > 0
        ? [`${counts.inconclusive} inconclusive`]
        : []),
    ...(counts.fail > 0 && counts.error > 0 ? [`${counted(counts.error, 'problem')} with the evidence`] : []),
  ];
  const rest = also.length === 0 ? '' : ` (and ${also.join(', ')})`;
  if (together?.finding === 'unnamed' && counts.fail === 0) return `FAIL: ${together.sentence}.`;
  if (counts.fail > 0) return `FAIL: ${counts.fail} of ${counted(judged, 'check')} failed${rest}. ${first('fail')}.`;
  if (counts.error > 0)
    return `NO VERDICT: ${counted(counts.error, 'problem')} with the evidence; nothing passes without it. ${first('error')}.`;
  if (outcome === 'fail')
    return `FAIL: ${counts.inconclusive} of ${counted(judged, 'check')} inconclusive, which this policy counts as failed. ${first('inconclusive')}.`;
  if (outcome === 'inconclusive') {
    const needs = passNeeds(
      all.flatMap(({ check }) =>
        check.outcome === 'inconclusive' && check.comparison !== null ? [check.comparison] : [],
      ),
    );
    return `INCONCLUSIVE: ${counts.inconclusive} of ${counted(judged, 'check')} left open whether it is worse. ${first('inconclusive')}.${needs === null ? '' : ` ${needs}.`}`;
  }
  const profiles = new Set(suites.map(({ profile }) => profile)).size;
  const open =
    counts.inconclusive === 0 ? '' : ` (${counts.inconclusive} of them inconclusive, which this policy lets pass)`;
  return `PASS: ${counted(judged, 'check')} of ${counted(profiles, 'profile')}${profiles === suites.length ? '' : ` in ${suites.length} suites`}${open}, by ${policy.source}.`;
}

/** A profile that is judged on several kernels is a suite on each. */
export function suiteName({ profile, candidate }: Suite, suites: readonly Suite[]): string {
  return suites.filter((one) => one.profile === profile).length > 1
    ? `${profile} on ${placeText(candidate.facts) ?? candidate.label}`
    : profile;
}

function capitalised(sentence: string): string {
  return sentence.slice(0, 1).toUpperCase() + sentence.slice(1);
}

/** `free-one-vma, writer.mprotect, longest stall <= 50.0 ms` */
export function nameOf({ arm, series, expected }: Check, profile: string | null): string {
  return [profile, arm, series, expected].filter((part) => part !== null).join(', ');
}

export function limitExpected({ metric, operator, value }: Pick<Limit, 'metric' | 'operator' | 'value'>): string {
  return `${metric.title} ${operator} ${formatMetric(metric.unit, value)} in every run`;
}

export function limitSentence(metric: Metric, { values, violations, violations_share_high: high }: LimitRow): string {
  const highest =
    metric.worse === 'more'
      ? `the highest is ${formatMetric(metric.unit, Math.max(...values))}`
      : `the lowest is ${formatMetric(metric.unit, Math.min(...values))}`;
  if (violations > 0) return `beyond it in ${violations} of ${counted(values.length, 'run')}; ${highest}`;
  return `in all ${values.length} runs (${highest}); up to ${formatShare(high ?? 1)} of such runs may still be beyond it`;
}

export function comparisonExpected(metric: Metric, margin: Margin): string {
  return `${metric.title} ≤ baseline + ${shownMargin(metric.unit, margin)}`;
}

export function comparisonSentence(row: CompareRow, outcome: CheckOutcome): string {
  const { unit, mean, difference, values, margin } = row;
  const change = `${shownValue(unit, mean.a)} → ${shownValue(unit, mean.b)} (difference ${shownInterval(unit, difference)}`;
  if (outcome === 'fail') return `regressed: ${change}, ${equalsP(row.pAdjusted)})`;
  if (outcome === 'inconclusive') return `${change}): ${openSentence(row)}`;
  if ([...values.a, ...values.b].every((value) => value === 0)) return row.sentence;
  return `${change}): not worse by more than ${shownMargin(unit, margin)}, with ${row.runs.a} and ${row.runs.b} runs${outlierText(row)}`;
}

/** What was left out, and where all other runs are 0 how many may be like it. */
function outlierText({ noWorse, values, affected }: CompareRow): string {
  if (noWorse?.setAside !== 1) return '';
  const isAlone = values.b.filter((value) => value > 0).length === 1;
  return `; the mean is without the highest run of each side${isAlone ? `, and up to ${formatShare(affected?.b.high ?? 1)} of such runs may be like the candidate's` : ''}`;
}
