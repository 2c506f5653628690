/**
 * A gate as JUnit XML, which has no schema of its own; these are the elements that Jenkins, GitLab and GitHub's actions
 * read: a suite per profile, a case per check. A check that failed is a `failure`; evidence that is missing or flawed is an
 * `error`; an inconclusive one is what the policy makes of it.
 */
import type { Check, GateResult, Suite } from '../verdict/gate/gated.js';
import { xmlElement, xmlText } from './xml.js';

export function renderJunit(result: GateResult): string {
  const suites = result.suites.map((suite) => suiteElement(suite, result.policy.inconclusive));
  const all = result.suites.flatMap(({ checks }) => checks);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${xmlElement('testsuites', { name: 'pauselab gate', ...countsOf(all, result.policy.inconclusive), time: 0 }, ['\n', ...suites])}\n`;
}

type Meaning = GateResult['policy']['inconclusive'];

function countsOf(checks: readonly Check[], inconclusive: Meaning) {
  const as = (wanted: 'failure' | 'error'): number => checks.filter((check) => elementOf(check, inconclusive) === wanted).length;
  return { tests: checks.length, failures: as('failure'), errors: as('error'), skipped: 0 };
}

function elementOf({ outcome }: Check, inconclusive: Meaning): 'failure' | 'error' | null {
  switch (outcome) {
    case 'pass':
      return null;
    case 'fail':
      return 'failure';
    case 'error':
      return 'error';
    case 'inconclusive':
      return inconclusive === 'fail' ? 'failure' : inconclusive === 'exit-4' ? 'error' : null;
  }
}

function suiteElement(suite: Suite, inconclusive: Meaning): string {
  const { profile, candidate, baseline, checks, notes } = suite;
  const facts = { candidate: candidate.path, baseline: baseline?.path ?? null, kernel: candidate.facts.kernel, jdk: candidate.facts.jdks.length === 0 ? null : candidate.facts.jdks.join(' and ') };
  const properties = Object.entries(facts).flatMap(([name, value]) => (value === null ? [] : [`      ${xmlElement('property', { name, value })}\n`]));
  const inside = [
    `\n    ${xmlElement('properties', {}, ['\n', ...properties, '    '])}\n`,
    ...checks.map((check) => caseElement(suite, check, inconclusive)),
    ...(notes.length === 0 ? [] : [`    ${xmlElement('system-out', {}, [xmlText(notes.join('\n'))])}\n`]),
    '  ',
  ];
  return `  ${xmlElement('testsuite', { name: profile, ...countsOf(checks, inconclusive), time: 0 }, inside)}\n`;
}

function caseElement({ profile }: Suite, check: Check, inconclusive: Meaning): string {
  const { arm, series, expected, sentence, outcome, rule } = check;
  const name = { classname: arm === null ? profile : `${profile}.${arm}`, name: series === null ? `${expected}: ${sentence}` : `${series}: ${expected}`, time: 0 };
  const element = elementOf(check, inconclusive);
  // Viewers show the message in a list, and the text when it is opened.
  const details = [sentence, ...(rule === null ? [] : [`rule: ${rule}`]), ...valuesOf(check)].join('\n');
  const inside = element === null ? xmlElement('system-out', {}, [xmlText(details)]) : xmlElement(element, { message: outcome === 'fail' ? sentence : `${outcome === 'error' ? 'no verdict' : outcome}: ${sentence}`, type: outcome }, [xmlText(details)]);
  return `    ${xmlElement('testcase', name, [inside])}\n`;
}

function valuesOf({ comparison, limit }: Check): string[] {
  const line = (name: string, values: readonly number[]): string => `${name}, a value a run: ${values.map((value) => String(Number(value.toPrecision(6)))).join(' ')}`;
  if (comparison !== null) return [line('baseline', comparison.values.a), line('candidate', comparison.values.b)];
  return limit === null ? [] : [line('candidate', limit.values)];
}
