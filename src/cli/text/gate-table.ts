/** A gate for people, as text and as Markdown: the answer, a table per profile, reasons, notes. */
import { grouped } from '../../base/group.js';
import { printable } from '../../base/text/printable.js';
import { sentencesOf } from '../../facts/stated.js';
import { shownInterval, shownP, shownValue } from '../../words/metric-words.js';
import { checkName, suiteName } from '../../verdict/gate/conclude.js';
import type { Check, CheckOutcome, GateResult, Suite } from '../../verdict/gate/gated.js';
import { metricNamed } from '../../verdict/evidence/metrics.js';
import { placeWords } from '../../verdict/evidence/side.js';
import { renderTable } from './text-table.js';
import { escaped, markdownTable } from './markdown.js';

const columns = ['', 'what must hold', 'runs', 'baseline', 'candidate', 'difference [90 %]', 'p of all', 'result'];
const shownOutcome: Readonly<Record<CheckOutcome, string>> = {
  pass: 'pass',
  fail: 'FAIL',
  inconclusive: 'inconclusive',
  error: 'NO VERDICT',
};

interface Block {
  readonly arm: string;
  readonly checks: readonly Check[];
}

function blocksOf({ checks }: Suite): Block[] {
  // A figure that was not measured has an empty cell; the reasons are below the table.
  const judged = checks.filter(
    ({ kind, comparison, limit }) =>
      kind !== 'evidence' && (comparison !== null || (limit !== null && limit.values.length > 0)),
  );
  return [...new Set(judged.map(({ arm }) => arm ?? ''))].map((arm) => ({
    arm,
    checks: judged.filter((check) => check.arm === arm),
  }));
}

function cells(check: Check, previous: Check | undefined): string[] {
  const { series, metric, expected, comparison, limit, outcome } = check;
  const unit = metricNamed(metric ?? '')?.unit ?? 'time';
  const name = series === previous?.series ? '' : `  ${series ?? ''}`;
  if (comparison !== null) {
    const { runs, mean, difference, pAdjusted } = comparison;
    return [
      name,
      expected,
      `${runs.a}, ${runs.b}`,
      shownValue(unit, mean.a),
      shownValue(unit, mean.b),
      shownInterval(unit, difference),
      shownP(pAdjusted),
      shownOutcome[outcome],
    ];
  }
  const isLowest = limit?.operator === '>=' || limit?.operator === '>';
  const highest =
    limit === null || limit.values.length === 0
      ? ''
      : isLowest
        ? `≥ ${shownValue(unit, Math.min(...limit.values))}`
        : `≤ ${shownValue(unit, Math.max(...limit.values))}`;
  return [
    name,
    expected,
    limit === null ? '' : String(limit.values.length),
    '',
    highest,
    '',
    '',
    shownOutcome[outcome],
  ];
}

function sidesLines({ candidate, baseline }: Suite): string[] {
  const line = (name: string, { path, facts }: Suite['candidate']): string => {
    const known = [facts.kernel === null ? null : placeWords(facts), ...facts.jdks].filter((fact) => fact !== null);
    return `${name} ${path}${known.length === 0 ? '' : ` (${known.join(', ')})`}`;
  };
  return [line('candidate', candidate), ...(baseline === null ? [] : [line('baseline ', baseline)])];
}

const headings = { fail: 'Failed', error: 'No verdict', inconclusive: 'Inconclusive' } as const;

/** The reasons of all checks that did not pass. Checks with the same reason share a line. */
function whyLines({
  checks,
}: Suite): { readonly heading: string; readonly about: string; readonly sentence: string }[] {
  return (['fail', 'error', 'inconclusive'] as const).flatMap((outcome) => {
    const bySentence = grouped(
      checks.filter((one) => one.outcome === outcome),
      ({ reason }) => reason.sentence,
    );
    return [...bySentence].flatMap(([sentence, own]) => {
      const [first] = own;
      if (first === undefined) return [];
      const name = first.kind === 'evidence' ? '' : checkName(first, null);
      return [
        { heading: headings[outcome], about: own.length === 1 ? name : `${name} and ${own.length - 1} more`, sentence },
      ];
    });
  });
}

const legend =
  'baseline and candidate: means over the runs, a value per run; for a limit, ≤ is the highest run. Shares are of the window, their differences in percentage points (pp). Each end of a difference holds at 95 %. "p of all" is the probability that chance alone shows as large a difference in any figure. More: docs/gate.md.';

export function renderGate(gated: GateResult): string {
  const result = printable(gated);
  return withoutGaps([
    result.verdict,
    '',
    ...result.suites.flatMap((suite) => suiteLines(suite, suiteName(suite, result.suites))),
    ...togetherLines(result),
    legend,
    '',
  ]);
}

function togetherLines({ together }: GateResult): string[] {
  return together === null ? [] : [`All together: ${together.sentence}.`, ''];
}

function suiteLines(suite: Suite, name: string): string[] {
  const rows = blocksOf(suite).flatMap(({ arm, checks }) => [
    [arm],
    ...checks.map((check, i) => cells(check, checks[i - 1])),
  ]);
  return [
    `profile   ${name}`,
    ...sidesLines(suite),
    '',
    ...(rows.length === 0 ? [] : [renderTable(columns, rows), '']),
    ...whyLines(suite).map(
      ({ heading, about, sentence }) => `${heading}: ${about === '' ? '' : `${about}: `}${sentence}.`,
    ),
    ...sentencesOf(suite.notes).map((note) => `Note: ${note}`),
    '',
  ];
}

export function renderGateMarkdown(gated: GateResult): string {
  const result = printable(gated);
  const head = ['series', ...columns.slice(1)];
  return withoutGaps([
    `**${escaped(result.verdict)}**`,
    '',
    ...result.suites.flatMap((suite) => [
      `### ${escaped(suiteName(suite, result.suites))}`,
      '',
      ...sidesLines(suite).map((line) => `- ${escaped(line)}`),
      '',
      ...blocksOf(suite).flatMap(({ arm, checks }) => [
        `#### ${escaped(arm)}`,
        '',
        ...markdownTable(
          head,
          checks.map((check) => cells(check, undefined)),
        ),
        '',
      ]),
      ...whyLines(suite).map(
        ({ heading, about, sentence }) =>
          `- **${heading}**: ${about === '' ? '' : `${escaped(about)}: `}${escaped(sentence)}.`,
      ),
      ...sentencesOf(suite.notes).map((note) => `- ${escaped(note)}`),
      '',
    ]),
    ...togetherLines(result).map(escaped),
    escaped(legend),
    '',
  ]);
}

/** A suite without explanations would leave two empty lines in a row. */
function withoutGaps(lines: readonly string[]): string {
  return lines.filter((line, i) => line !== '' || lines[i - 1] !== '').join('\n');
}
