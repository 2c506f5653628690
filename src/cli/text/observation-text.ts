/** An observation on a terminal: the answer, a table by root, the longest stalls, and what to do next. */
import { reasonText } from '../../words/cause-words.js';
import { givesBackWord, observedLength, observedWhen, targetText, tierWords } from '../../words/observation-words.js';
import { formatDuration } from '../../base/text/units.js';
import { printableLine } from '../../base/text/printable.js';
import { shellWord } from '../../base/text/shell-word.js';
import { observedCollector } from '../../bundle/observed-collector.js';
import type { ObservationFile } from '../../bundle/observation-schema.js';
import { cutsOf } from '../../bundle/read-observation.js';
import type { ListedStall } from '../../bundle/stalls-schema.js';
import { jvmLines } from '../../words/observed-jvm-words.js';
import { capitalised, counted, listed } from '../../words/text.js';
import { renderTable } from './text-table.js';

const mostListed = 5;

export interface ShownObservation {
  readonly observation: ObservationFile;
  readonly stalls: readonly ListedStall[];
  readonly bundle: string;
  readonly isRepeatable: boolean;
}

export function renderObservation({ observation, stalls, bundle, isRepeatable }: ShownObservation): string {
  const { answer, reasons, missing, targets, threshold_ns, watched_ns, kernel, tier, refusedTiers } = observation;
  const longest = stalls.toSorted((a, b) => b.duration_ns - a.duration_ns).slice(0, mostListed);
  return [
    `${capitalised(answer.sentence)}.`,
    '',
    `Observed for ${formatDuration(watched_ns)} on Linux ${kernel} (${tierWords[tier]}): ${listed(targets.map((target) => printableLine(targetText(target, `${counted(target.threads_n, 'thread')} at the start`))))}; a stall is ${formatDuration(threshold_ns)} or more.`,
    ...refusedTiers.map(({ sentence }) => `${capitalised(sentence)}.`),
    ...targets.flatMap(({ pid, jvm }) => (jvm === null ? [] : jvmLines(pid, jvm).map(printableLine))),
    ...(reasons.length === 0
      ? []
      : [
          '',
          renderTable(
            ['reason', 'call', 'gives memory back', 'grade', 'stalls', 'threads', 'time', 'longest'],
            reasons.map((reason) => [
              reasonText(reason),
              reason.call ?? '',
              givesBackWord(reason, observedCollector(targets)),
              reason.grade,
              String(reason.stalls_n),
              String(reason.threads_n),
              formatDuration(reason.total_ns),
              formatDuration(reason.longest_ns),
            ]),
            4,
          ),
          '',
          'longest stalls',
          ...longest.flatMap((stall) => {
            const [{ cause }, cuts] = [stall, cutsOf(stall)];
            return cause === null
              ? []
              : [
                  `  ${observedLength({ ...stall, cuts })}, ${observedWhen({ ...stall, cuts })}: ${cause.sentence} [${cause.grade}]`,
                ];
          }),
        ]),
    '',
    ...targets.flatMap(({ jvm }) => (jvm?.attached?.left ?? []).map(({ sentence }) => `Left: ${sentence}.`)),
    ...missing.map(({ sentence }) => `Not seen: ${sentence}.`),
    '',
    `Bundle: ${bundle}`,
    ...(stalls.length === 0
      ? []
      : [
          `Each chain: pauselab explain ${shellWord(bundle)} --stall 1`,
          `As a page:  pauselab report ${shellWord(bundle)} -o report.html`,
        ]),
    ...(isRepeatable ? [`In the laboratory: pauselab profile from ${shellWord(bundle)} -o mine.yaml`] : []),
    '',
  ].join('\n');
}
