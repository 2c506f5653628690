/** What was written of an observation, what was not, and what to do next. */
import { formatDuration } from '../../base/text/units.js';
import { printableLine } from '../../base/text/printable.js';
import { shellWord } from '../../base/text/shell-word.js';
import type { ProfileFrom } from '../../jobs/profile-from.js';
import { causeText } from '../../words/cause-words.js';
import { counted } from '../../words/text.js';
import { renderTable } from './text-table.js';

export function describeProfileFrom({ name, roots, notRepeated }: ProfileFrom, file: string): string {
  return [
    `${file}: the profile ${name} repeats ${counted(roots.length, 'root')} of stalls.`,
    '',
    renderTable(
      ['arm', 'root', 'call', 'stalls', 'time'],
      roots.map(({ name: arm, root }) => [
        arm,
        printableLine(causeText(root)),
        printableLine(root.call ?? ''),
        String(root.stalls_n),
        formatDuration(root.total_ns),
      ]),
      3,
    ),
    ...(notRepeated.length === 0 ? [] : ['', ...notRepeated.map(({ sentence }) => `Not repeated: ${sentence}.`)]),
    '',
    `Measure it, and see whether the roots come back: pauselab run ${shellWord(runnable(file))}`,
    '',
  ].join('\n');
}

/** A name without a slash or an ending would mean a shipped profile. */
function runnable(file: string): string {
  return file.includes('/') || /\.ya?ml$/.test(file) ? file : `./${file}`;
}
