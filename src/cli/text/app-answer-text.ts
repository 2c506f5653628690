/** The end of `pauselab run app`: the answer, its evidence, and the next commands. */
import type { AppAnswer } from '../../attribution/app-answer.js';
import { printable } from '../../base/text/printable.js';
import { shellWord } from '../../base/text/shell-word.js';
import { formatDuration, formatShare } from '../../base/text/units.js';
import { causeText } from '../../words/cause-words.js';
import { counted } from '../../words/text.js';
import { renderTable } from './text-table.js';

export function renderAnswers(
  answers: readonly AppAnswer[],
  { threshold_ns, bundle }: { readonly threshold_ns: number; readonly bundle: string },
): string {
  const several = answers.length > 1;
  const place = shellWord(bundle);
  const anyStall = answers.some(({ stalls_n, lost_n }) => stalls_n > lost_n);
  return [
    ...printable(answers).flatMap((answer) => [
      `${several ? `${answer.arm}: ` : ''}${answerText(answer, threshold_ns)}`,
      ...(answer.causes.length === 0
        ? []
        : [
            renderTable(
              ['  stalled by', 'stalls', 'time', 'share'],
              answer.causes.map((one) => [
                `  ${causeText(one)}`,
                String(one.n),
                formatDuration(one.duration_ns),
                formatShare(one.duration_ns / answer.stalled_ns),
              ]),
            ),
          ]),
      ...(answer.lost_n === 0
        ? []
        : [
            `  ${counted(answer.lost_n, 'stall')} of these ${answer.lost_n === 1 ? 'is' : 'are'} counted and not listed, because records were lost.`,
          ]),
      uncommitText(answer),
      '',
    ]),
    `Next: ${anyStall ? `pauselab explain ${place} --stall 1 (the longest stall, step by step); ` : ''}pauselab report ${place} -o report.html (an HTML page)`,
    '',
  ].join('\n');
}

function answerText(
  { isReason, stalls_n, stalled_ns, givingBack_ns, unknown_ns }: AppAnswer,
  threshold_ns: number,
): string {
  const all = `${formatDuration(stalled_ns)} in ${counted(stalls_n, 'stall')}`;
  switch (isReason) {
    case 'no stall':
      return `Answer: no probe stalled for ${formatDuration(threshold_ns)} or more, so there is no stall to explain.`;
    case 'yes':
      return `Answer: giving memory back is the reason of most of the stalled time. For ${formatDuration(givingBack_ns)} of ${all}, probes waited for a thread that gave memory back.`;
    case 'no':
      return `Answer: giving memory back is not the reason. Of ${all}, probes waited ${formatDuration(givingBack_ns)} for a thread that gave memory back, and at most ${formatDuration(givingBack_ns + unknown_ns)} if the unknown part is counted too.`;
    case 'open':
      return `Answer: it is open whether giving memory back is the reason. Of ${all}, probes waited ${formatDuration(givingBack_ns)} for a thread that gave memory back, and for ${formatDuration(unknown_ns)} it is not known whether they did; --trace (as root) shows more.`;
  }
}

function uncommitText({ uncommits }: AppAnswer): string {
  if (uncommits === null) return '  The JVM’s log does not show whether it gave heap back.';
  const { n, total_ns, longest_ns, untimed_n } = uncommits;
  if (n === 0 && untimed_n === 0) return '  The JVM’s log has no uncommit: the JVM gave no heap back in the windows.';
  if (n === 0) return `  The JVM’s log has ${counted(untimed_n, 'uncommit')}, without a length.`;
  const longest = longest_ns === null ? '' : `, the longest ${formatDuration(longest_ns)}`;
  const untimed = untimed_n === 0 ? '' : `, and ${untimed_n} without a length`;
  return `  The JVM’s log has ${counted(n, 'uncommit')}, ${formatDuration(total_ns)} in total${longest}${untimed}.`;
}
