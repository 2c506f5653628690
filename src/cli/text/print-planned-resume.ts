/** Prints what --dry-run shows of an experiment that would go on. */
import { printable } from '../../base/text/printable.js';
import { formatDuration } from '../../base/text/units.js';
import type { PlannedResume } from '../../jobs/planned-resume.js';
import { counted } from '../../words/text.js';
import { describePlan } from './dry-run.js';
import { printJson, printText } from './output.js';
import { differenceLines, experimentText, useLines } from './uses-text.js';

export function printPlannedResume(planned: PlannedResume, json: boolean): void {
  if (json) printJson(documentOf(planned));
  else printText(textOf(planned));
}

function documentOf({ plan, kept, setAside, runs, likelyDuration_ns, changes, refusal }: PlannedResume): object {
  return {
    resumeOf: plan.path,
    kept,
    setAside,
    changes: { refused: changes.refused, noted: changes.said },
    uses: plan.uses,
    refused: refusal?.message ?? null,
    likelyDuration_ns,
    plan: runs,
  };
}

function textOf(planned: PlannedResume): string {
  const { runs, likelyDuration_ns } = planned;
  const head = headOf(planned).join('\n');
  if (runs.order.length === 0) return `${head}\n\nNo run is missing.\n`;
  const likely =
    likelyDuration_ns === null ? '' : `About ${formatDuration(likelyDuration_ns)} in all, as the runs so far took.\n`;
  return `${head}\n\n${likely}${describePlan(runs)}`;
}

function headOf({ plan, kept, setAside, runs, changes }: PlannedResume): string[] {
  return printable([
    `Resumes ${plan.path}: ${experimentText(plan)}`,
    `Keeps ${counted(kept.length, 'run')}${kept.length === 0 ? '' : `: ${kept.join(', ')}`}.`,
    ...(setAside.length === 0
      ? []
      : [`Makes again: ${setAside.map(({ run, status }) => `${run} (${status})`).join(', ')}.`]),
    `Lacks ${counted(runs.order.length, 'run')}.`,
    ...changeLines('Changed since the beginning; the new runs would not be comparable:', changes.refused),
    ...changeLines('Changed since the beginning; the bundle will record it:', changes.said),
    ...(changes.refused.length + changes.said.length === 0 ? ['The recorded environment is unchanged.'] : []),
    'What it uses:',
    ...useLines(plan.uses),
  ]);
}

function changeLines(title: string, changed: Parameters<typeof differenceLines>[0]): string[] {
  return changed.length === 0 ? [] : [title, ...differenceLines(changed)];
}
