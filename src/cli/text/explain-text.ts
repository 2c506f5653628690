/**
 * Stalls and their chains on a terminal. Texts of a bundle are not trusted: `printable` cleans all that is rendered.
 */
import { distinct, type Stated } from '../../facts/stated.js';
import { stalledTime } from '../../attribution/totals.js';
import { causeText, noChain, notAttributed } from '../../words/cause-words.js';
import { priorityText, stepsText } from '../../words/chain-words.js';
import { callText, eventText, unusualEnd, userFramesText, userMomentWords, waitText } from '../../words/seen-words.js';
import { observedLength, observedWhen } from '../../words/observation-words.js';
import { capitalised } from '../../words/text.js';
import { printable } from '../../base/text/printable.js';
import { formatDuration } from '../../base/text/units.js';
import { cutsOf } from '../../bundle/read-observation.js';
import type { NumberedStall, ReadStalls } from '../../bundle/read-stalls.js';
import type { ListedStall } from '../../bundle/stalls-schema.js';
import { renderTable } from './text-table.js';

const mostListed = 20;

export function renderStalls(
  found: Pick<ReadStalls, 'runs' | 'stalls' | 'missing' | 'isObservation' | 'answer'> & {
    /** Whether the roots that its profile expects came back. */
    readonly expected?: readonly Stated[];
  },
): string {
  const { stalls, missing, answer, expected } = printable({
    stalls: found.stalls,
    missing: found.missing,
    answer: found.answer?.sentence ?? null,
    expected: (found.expected ?? []).map(({ sentence }) => sentence),
  });
  return [
    ...(answer === null ? [] : [`${capitalised(answer)}.`, '']),
    ...(expected.length === 0 ? [] : [...expected.map((sentence) => `${capitalised(sentence)}.`), '']),
    ...(stalls.length === 0 ? [withoutStalls(found.runs)] : [stallsTable(stalls, found.isObservation)]),
    ...(stalls.length > mostListed ? [`… and ${stalls.length - mostListed} shorter stalls; --json has all.`] : []),
    ...(stalls.length > 0
      ? [
          '',
          ...totals(stalls, found.isObservation),
          ...(found.isObservation ? [] : outside(stalls)),
          '',
          'Chain of a stall: --stall N. Meaning of causes and grades: docs/attribution.md.',
        ]
      : []),
    ...missingLines(missing),
    '',
  ].join('\n');
}

function withoutStalls(runs: ReadStalls['runs']): string {
  return runs.every(({ file }) => file !== null)
    ? 'No stall was recorded.'
    : 'No stall is listed. Lists of stalls are missing or broken, so there may have been stalls.';
}

/** An observation has one run, whose name says nothing, and stalls with ends that were not seen. */
function stallsTable(stalls: readonly NumberedStall[], isObservation: boolean): string {
  const rows = stalls
    .slice(0, mostListed)
    .map(({ number, run, stall }) => [
      String(number),
      ...(isObservation ? [] : [run]),
      stall.series,
      isObservation ? observedLength({ ...stall, cuts: cutsOf(stall) }) : formatDuration(stall.duration_ns),
      stall.cause?.cause ?? notAttributed,
      stall.cause?.grade ?? '',
      stall.cause?.thread?.name ?? '',
      ...(isObservation ? [observedWhen({ ...stall, cuts: cutsOf(stall) })] : []),
    ]);
  return isObservation
    ? renderTable(['stall', 'thread', 'length', 'cause', 'grade', 'by', 'when'], rows, 7)
    : renderTable(['stall', 'run', 'series', 'length', 'cause', 'grade', 'by'], rows, 7);
}

/** Stalled time per arm, cause and thread. */
function totals(stalls: readonly NumberedStall[], isObservation: boolean): string[] {
  const armOf = (arm: string): string[] => (isObservation ? [] : [arm]);
  return [
    renderTable(
      [...armOf('arm'), 'cause', 'stalls', 'time'],
      stalledTime(stalls).map((one) => [
        ...armOf(one.arm),
        causeText(one),
        String(one.n),
        formatDuration(one.duration_ns),
      ]),
      isObservation ? 1 : 2,
    ),
  ];
}

/** The figures of a run cover the operations that were due inside its window, or reach into it. */
function outside(stalls: readonly NumberedStall[]): string[] {
  const late_n = stalls.filter(({ counted, isAfterWindow }) => counted && isAfterWindow).length;
  const out_n = stalls.filter(({ counted }) => !counted).length;
  const [were, they, have, them] = late_n === 1 ? ['was', 'it', 'has', 'it'] : ['were', 'they', 'have', 'them'];
  return [
    ...(late_n === 0
      ? []
      : [
          `${late_n} of them ${were} due in the measured window and began after it, because the thread was late: the counts of \`pauselab run\` include ${them}, but ${they} ${have} no part in the share of the window that is stalled.`,
        ]),
    ...(out_n === 0
      ? []
      : [
          `${out_n} of them ${out_n === 1 ? 'was due before or after the measured window and does' : 'were due before or after the measured window and do'} not reach into it: the counts of \`pauselab run\` do not include ${out_n === 1 ? 'it' : 'them'}.`,
        ]),
  ];
}

export function renderStall(
  listed: NumberedStall,
  { missing: missingOfBundle, isObservation }: Pick<ReadStalls, 'missing' | 'isObservation'>,
): string {
  const { number, run, stall, missing } = printable({ ...listed, missing: missingOfBundle });
  return [
    isObservation
      ? `Stall ${number}: ${stall.series}, ${observedLength({ ...stall, cuts: cutsOf(stall) })}, ${observedWhen({ ...stall, cuts: cutsOf(stall) })}`
      : ofRunText(number, run, stall),
    ...(stall.cause === null ? [noChain] : [`${stall.cause.sentence} [${stall.cause.grade}].`]),
    ...(stall.chain === null
      ? []
      : [
          '',
          'chain',
          ...stall.chain.flatMap((link) => [
            `  ${at(link.start_ns - stall.start_ns)}  ${link.sentence} [${link.grade}]`,
            ...(link.steps.length === 0
              ? []
              : [
                  `${' '.repeat(16)}steps: ${stepsText(link.steps)} ← ${causeText({ cause: link.cause, thread: link.thread?.name ?? null })}`,
                ]),
          ]),
        ]),
    ...(stall.causeWithoutTrace === null
      ? []
      : ['', `without the trace: ${stall.causeWithoutTrace.sentence} [${stall.causeWithoutTrace.grade}]`]),
    ...evidenceLines(stall),
    ...missingLines([...(stall.evidence?.missing ?? []), ...missing]),
    '',
  ].join('\n');
}

function ofRunText(number: number, run: string, stall: ListedStall): string {
  const end = unusualEnd(stall);
  return `Stall ${number}: ${stall.series} in run ${run}, ${formatDuration(stall.duration_ns)} from ${formatDuration(stall.start_ns)} after go on${end === null ? '' : `, ${end}`}`;
}

function at(time_ns: number): string {
  return `+${(time_ns / 1e6).toFixed(1)} ms`.padStart(12);
}

function evidenceLines({ evidence, states, overlappingHolderCalls }: ListedStall): string[] {
  if (evidence === null) return ['', `the victim was seen in ${states}`];
  const threads = evidence.threads.map(({ thread, states: seen, onCpu_ns, runDelay_ns }) => [
    `  ${thread.role}`,
    thread.name,
    priorityText(thread) ?? '',
    onCpu_ns === null ? '' : `ran ${formatDuration(onCpu_ns)}`,
    runDelay_ns === null ? '' : `waited for a CPU ${formatDuration(runDelay_ns)}`,
    seen.length > 60 ? `${seen.slice(0, 59)}…` : seen,
  ]);
  return [
    '',
    `seen (${evidence.sources.join(', ')})`,
    renderTable(['  role', 'thread', '', '', '', 'states'], threads, 6),
    ...(evidence.systemCall === null ? [] : [`  ${waitText(evidence.systemCall)}`]),
    ...overlappingHolderCalls.map(
      (call) =>
        `  ${callText(call)}: ${formatDuration(call.end_ns - call.start_ns)}, off its CPU for at most ${formatDuration(call.runDelayAtMost_ns)}`,
    ),
    ...evidence.events.map((event) => `  ${eventText(event)}`),
    ...evidence.userStacks.map(
      (stack) => `  program of ${stack.thread.name}, ${userMomentWords[stack.moment]}: ${userFramesText(stack)}`,
    ),
    ...evidence.stacks
      .slice(0, 4)
      .map((stack) => `  stack of ${stack.thread.name} (${stack.state}): ${stack.frames.slice(0, 6).join(' < ')}`),
  ];
}

function missingLines(missing: readonly Stated[]): string[] {
  return missing.length === 0 ? [] : ['', ...distinct(missing).map(({ sentence }) => `Missing: ${sentence}.`)];
}
