/** A comparison for people, as text and as Markdown: the answer, a table, notes. */
import { grouped } from '../../base/group.js';
import { printable } from '../../base/text/printable.js';
import type { ValuePer } from '../../facts/compare-facts.js';
import { sentencesOf } from '../../facts/stated.js';
import { shownInterval, shownP, shownRatio, shownValue } from '../../words/metric-words.js';
import type { Comparison, CompareRow, ShownComparison } from '../../verdict/compare/compared.js';
import { placeWords } from '../../verdict/evidence/side.js';
import { renderTable } from './text-table.js';
import { escaped, markdownTable } from './markdown.js';

const columnsOf = (per: ValuePer): string[] => [
  ...['', 'metric', `${per}s`, 'A', 'B', 'difference [95 %]', 'ratio [95 %]', 'p', 'p of all', 'verdict'],
];

/** All rows have the same. */
function valuePerOf({ rows }: Comparison): ValuePer {
  return rows[0]?.valuePer ?? 'run';
}

/** Rows by candidate and pair of arms. Rows that are 0 in every run are counted, not listed. */
interface Block {
  readonly heading: string;
  readonly rows: readonly CompareRow[];
  readonly quiet: readonly CompareRow[];
}

function blocksOf({ reference, candidates, rows }: Comparison): Block[] {
  const blocks = grouped(rows, ({ candidate, arms }) => JSON.stringify([candidate, arms]));
  return [...blocks.values()].map((own) => {
    const [first] = own;
    const sides = candidates.length === 1 ? '' : ` · A = ${reference.label}, B = ${first?.candidate ?? ''}`;
    const arms =
      first === undefined || first.arms.a === ''
        ? first?.valuePer === 'slice'
          ? 'observed'
          : 'by tag'
        : first.arms.a === first.arms.b
          ? first.arms.a
          : `${first.arms.a} (A) and ${first.arms.b} (B)`;
    const quiet = own.filter(isQuiet);
    return { heading: `${arms}${sides}`, rows: own.filter((row) => !quiet.includes(row)), quiet };
  });
}

function isQuiet({ values, p, caveat }: CompareRow): boolean {
  return p !== null && caveat === null && [...values.a, ...values.b].every((value) => value === 0);
}

function cells(row: CompareRow, previous: CompareRow | undefined): string[] {
  const { series, title, unit, runs, mean, difference, ratio, p, pAdjusted, verdict } = row;
  return [
    series === previous?.series ? '' : `  ${series}`,
    title,
    `${runs.a}, ${runs.b}`,
    shownValue(unit, mean.a),
    shownValue(unit, mean.b),
    shownInterval(unit, difference),
    shownRatio(ratio),
    shownP(p),
    shownP(pAdjusted),
    verdict,
  ];
}

function quietLine({ quiet }: Block): string[] {
  if (quiet.length === 0) return [];
  const names = [...new Set(quiet.map(({ title }) => title))].join(', ');
  const series = [...new Set(quiet.map((row) => row.series))].join(', ');
  const open = quiet.filter(({ verdict }) => verdict !== 'equivalent').length;
  return [
    `  0 in every ${quiet[0]?.valuePer ?? 'run'} of both: ${names} of ${series} (${open === 0 ? 'equivalent' : open === quiet.length ? `inconclusive: too few ${quiet[0]?.valuePer ?? 'run'}s` : `equivalent, except ${open} inconclusive`})`,
  ];
}

function sidesLines({ reference, candidates }: Comparison): string[] {
  const line = (name: string, { path, facts }: Comparison['reference']): string => {
    const known = [facts.profile, facts.kernel === null ? null : placeWords(facts), ...facts.jdks].filter(
      (fact) => fact !== null,
    );
    return `${name}: ${path}${known.length === 0 ? '' : ` (${known.join(', ')})`}`;
  };
  return [line('A', reference), ...candidates.map((candidate) => line('B', candidate))];
}

const legendOf = (per: ValuePer): string[] => [
  `A and B: means over the ${per}s, a value per ${per}. The intervals of their difference and ratio come from resampling ${per}s; p from all ways to divide the ${per}s`,
  `between two sides; "p of all" is the share of these in which any metric differs as much.${per === 'run' ? ' Shares are of the window, differences in percentage points (pp).' : ''}`,
  'What the verdicts mean: docs/statistics.md.',
];

interface WhyLine {
  readonly code: 'Inconclusive' | 'Counted';
  readonly about: string;
  readonly sentence: string;
}

function whyLines(rows: readonly CompareRow[]): WhyLine[] {
  const open = rows.filter((one) => one.verdict === 'inconclusive' && !isQuiet(one));
  const counted = rows.flatMap(({ verdict, caveat, ...row }) =>
    verdict === 'inconclusive' || caveat === null ? [] : [{ ...row, sentence: caveat.sentence }],
  );
  return [...linesOf('Inconclusive', open), ...linesOf('Counted', counted)];
}

/** Rows with the same reason share a line. */
function linesOf(
  code: WhyLine['code'],
  rows: readonly Pick<CompareRow, 'arms' | 'series' | 'title' | 'sentence'>[],
): WhyLine[] {
  return [...grouped(rows, ({ sentence }) => sentence)].map(([sentence, own]) => {
    const [first] = own;
    const name =
      first === undefined ? '' : `${first.arms.b === '' ? '' : `${first.arms.b}, `}${first.series}, ${first.title}`;
    return { code, about: own.length === 1 ? name : `${name} and ${own.length - 1} more`, sentence };
  });
}

/** What is said of each bundle alone. */
function expectedLines({ expected }: ShownComparison): string[] {
  return expected.flatMap(({ path, roots }) => roots.map(({ sentence }) => `${path}: ${sentence}.`));
}

export function renderComparison(compared: ShownComparison): string {
  const comparison = printable(compared);
  const blocks = blocksOf(comparison);
  const rows = blocks.flatMap((block) => [
    [block.heading],
    ...block.rows.map((row, i) => cells(row, block.rows[i - 1])),
    ...quietLine(block).map((line) => [line]),
  ]);
  return [
    comparison.verdict,
    '',
    ...sidesLines(comparison),
    '',
    renderTable(columnsOf(valuePerOf(comparison)), rows),
    '',
    ...legendOf(valuePerOf(comparison)),
    '',
    ...whyLines(comparison.rows).map(({ code, about, sentence }) => `${code}: ${about}: ${sentence}.`),
    ...sentencesOf(comparison.notes).map((note) => `Note: ${note}`),
    ...expectedLines(comparison).map((line) => `Expected: ${line}`),
    '',
  ].join('\n');
}

export function renderMarkdown(compared: ShownComparison): string {
  const comparison = printable(compared);
  const head = ['series', ...columnsOf(valuePerOf(comparison)).slice(1)];
  const tables = blocksOf(comparison).flatMap((block) => [
    `### ${escaped(block.heading)}`,
    '',
    ...(block.rows.length === 0
      ? []
      : [
          ...markdownTable(
            head,
            block.rows.map((row) => cells(row, undefined)),
          ),
          '',
        ]),
    ...quietLine(block).map((text) => `${escaped(text.trim())}\n`),
  ]);
  return [
    `**${escaped(comparison.verdict)}**`,
    '',
    ...sidesLines(comparison).map((text) => `- ${escaped(text)}`),
    '',
    ...tables,
    ...whyLines(comparison.rows).map(
      ({ code, about, sentence }) => `- ${code}: ${escaped(about)}: ${escaped(sentence)}.`,
    ),
    ...sentencesOf(comparison.notes).map((note) => `- ${escaped(note)}`),
    ...expectedLines(comparison).map((line) => `- Expected: ${escaped(line)}`),
    '',
  ].join('\n');
}
