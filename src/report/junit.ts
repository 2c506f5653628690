/**
 * A gate as JUnit XML. It has no schema of its own; these elements are read by Jenkins, GitLab and GitHub's actions: a
 * suite per profile, a case per check. A failed check is a `failure`; missing or flawed evidence is an `error`; an
 * inconclusive check is whatever the policy says, and `skipped` if the policy lets it pass, because nothing was shown.
 *
 * All comparisons together are a suite with a single case: it fails if they are worse, even if no single check is
 * significant.
 *
 * These systems track a case from run to run by its class and name, so neither contains a figure or a margin.
 *
 * A suite's time is that of the candidate's runs. The cases of an arm come from the same runs, so each has a share of
 * their time; the sum over cases is the time of the judged arms.
 */
import { sentencesOf } from '../facts/stated.js';
import { formatMetric } from '../words/metric-words.js';
import { suiteName } from '../verdict/gate/conclude.js';
import type { Check, GateResult, Suite } from '../verdict/gate/gated.js';
import { metricNamed } from '../verdict/evidence/metrics.js';
import { xmlElement, xmlText } from './xml.js';

export function renderJunit(result: GateResult): string {
  const suites = result.suites.map((suite) =>
    suiteElement(suite, suiteName(suite, result.suites), result.policy.inconclusive),
  );
  const { tests, failures, errors } = countsOf(
    result.suites.flatMap(({ checks }) => checks),
    result.policy.inconclusive,
  );
  const together = result.together === null ? null : togetherElement(result.together);
  const totals = { tests: tests + (together === null ? 0 : 1), failures: failures + (together?.failures ?? 0), errors };
  const time = seconds(result.suites.reduce((sum, { candidate }) => sum + totalOf(candidate), 0));
  return `<?xml version="1.0" encoding="UTF-8"?>\n${xmlElement(
    'testsuites',
    { name: 'pauselab gate', ...totals, time },
    ['\n', ...suites, together?.element ?? ''],
  )}\n`;
}

type Meaning = GateResult['policy']['inconclusive'];

function countsOf(checks: readonly Check[], inconclusive: Meaning) {
  const as = (wanted: 'failure' | 'error' | 'skipped'): number =>
    checks.filter((check) => elementOf(check, inconclusive) === wanted).length;
  return { tests: checks.length, failures: as('failure'), errors: as('error'), skipped: as('skipped') };
}

function elementOf({ outcome }: Check, inconclusive: Meaning): 'failure' | 'error' | 'skipped' | null {
  switch (outcome) {
    case 'pass':
      return null;
    case 'fail':
      return 'failure';
    case 'error':
      return 'error';
    case 'inconclusive':
      return inconclusive === 'fail' ? 'failure' : inconclusive === 'exit-4' ? 'error' : 'skipped';
  }
}

function suiteElement(suite: Suite, name: string, inconclusive: Meaning): string {
  const { candidate, baseline, checks, notes } = suite;
  const facts = {
    candidate: candidate.path,
    baseline: baseline?.path ?? null,
    label: candidate.facts.label,
    kernel: candidate.facts.kernel,
    jdk: candidate.facts.jdks.length === 0 ? null : candidate.facts.jdks.join(' and '),
  };
  const properties = Object.entries(facts).flatMap(([name, value]) =>
    value === null ? [] : [`      ${xmlElement('property', { name, value })}\n`],
  );
  const inside = [
    `\n    ${xmlElement('properties', {}, ['\n', ...properties, '    '])}\n`,
    ...checks.map((check) => caseElement({ suite: name, candidate, checks }, check, inconclusive)),
    ...(notes.length === 0 ? [] : [`    ${xmlElement('system-out', {}, [xmlText(sentencesOf(notes).join('\n'))])}\n`]),
    '  ',
  ];
  return `  ${xmlElement(
    'testsuite',
    { name, ...countsOf(checks, inconclusive), time: seconds(totalOf(candidate)), timestamp: timestampOf(candidate) },
    inside,
  )}\n`;
}

type Candidate = Suite['candidate'];

function totalOf({ measured_ns }: Candidate): number {
  return Object.values(measured_ns).reduce((sum, time_ns) => sum + time_ns, 0);
}

/** In these systems' format: UTC, whole seconds, no time zone. */
function timestampOf({ startedAt }: Candidate): string | null {
  const started_ms = Date.parse(startedAt ?? '');
  return Number.isNaN(started_ms) ? null : new Date(started_ms).toISOString().slice(0, 19);
}

function seconds(time_ns: number): string {
  return (time_ns / 1e9).toFixed(3);
}

function togetherElement({ finding, sentence }: NonNullable<GateResult['together']>): {
  readonly element: string;
  readonly failures: 0 | 1;
} {
  const failures = finding === 'named' || finding === 'unnamed' ? 1 : 0;
  const inside =
    failures === 1
      ? xmlElement('failure', { message: sentence, type: finding }, [xmlText(sentence)])
      : xmlElement('system-out', {}, [xmlText(sentence)]);
  const name = 'all comparisons together';
  const testcase = `    ${xmlElement('testcase', { classname: name, name: 'no regression is found', time: 0 }, [
    inside,
  ])}\n`;
  return {
    element: `  ${xmlElement('testsuite', { name, tests: 1, failures, errors: 0, skipped: 0, time: 0 }, [
      '\n',
      testcase,
      '  ',
    ])}\n`,
    failures,
  };
}

/** Missing evidence has no run. */
function timeOf(candidate: Candidate, checks: readonly Check[], { arm, kind }: Check): number {
  if (arm === null || kind === 'evidence') return 0;
  return (
    (candidate.measured_ns[arm] ?? 0) / checks.filter((other) => other.arm === arm && other.kind !== 'evidence').length
  );
}

function caseElement(
  {
    suite,
    candidate,
    checks,
  }: { readonly suite: string; readonly candidate: Candidate; readonly checks: readonly Check[] },
  check: Check,
  inconclusive: Meaning,
): string {
  const {
    arm,
    expected,
    reason: { sentence },
    outcome,
    rule,
  } = check;
  const name = {
    classname: arm === null ? suite : `${suite}.${arm}`,
    name: `${nameOfCase(check)}${whichOf(check, checks)}`,
    time: seconds(timeOf(candidate, checks, check)),
  };
  const element = elementOf(check, inconclusive);
  // Viewers show the message in a list, and the text after a click.
  const details = [`${expected}: ${sentence}`, ...(rule === null ? [] : [`rule: ${rule}`]), ...valuesOf(check)].join(
    '\n',
  );
  const inside =
    element === null
      ? xmlElement('system-out', {}, [xmlText(details)])
      : xmlElement(
          element,
          element === 'skipped'
            ? { message: `inconclusive, which the policy lets pass: ${sentence}` }
            : {
                message: outcome === 'fail' ? sentence : `${outcome === 'error' ? 'no verdict' : outcome}: ${sentence}`,
                type: outcome,
              },
          [xmlText(details)],
        );
  return `    ${xmlElement('testcase', name, [inside])}\n`;
}

/** Without the value of a limit: with another value it is the same case. */
function nameOfCase({ kind, series, metric, expected, limit }: Check): string {
  if (series === null) return expected;
  const title = metricNamed(metric ?? '')?.title ?? '';
  return kind === 'comparison' || limit === null
    ? `${series}: ${title} no worse than the baseline`
    : `${series}: ${title} ${limit.operator} its limit`;
}

/** Empty for a name that is the arm's only one of its kind; else its rule, and its place in the rule. */
function whichOf(check: Check, checks: readonly Check[]): string {
  const alike = checks.filter((other) => other.arm === check.arm && nameOfCase(other) === nameOfCase(check));
  if (alike.length === 1) return '';
  const ofRule = alike.filter(({ rule }) => rule === check.rule);
  const parts = [
    ...(check.rule === null ? [] : [check.rule]),
    ...(ofRule.length === 1 ? [] : [String(ofRule.indexOf(check) + 1)]),
  ];
  return ` (${parts.join(', ')})`;
}

function valuesOf({ comparison, limit, metric }: Check): string[] {
  const unit = metricNamed(metric ?? '')?.unit ?? 'time';
  const line = (name: string, values: readonly number[]): string =>
    `${name}, a value a run: ${values.map((value) => formatMetric(unit, value)).join(', ')}`;
  if (comparison !== null) return [line('baseline', comparison.values.a), line('candidate', comparison.values.b)];
  return limit === null ? [] : [line('candidate', limit.values)];
}
