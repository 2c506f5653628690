/**
 * From the figures of all arms on all kernels to findings, notes and the verdict. Each kernel has controls of its own.
 */
import type { ArmSummary, KernelRecord, SummaryFile } from '../bundle/schema.js';
import { linuxText } from '../bundle/place-names.js';
import { compareArms, findingOf } from './finding.js';
import { betweenIsThePatch, kernelNotes } from './kernel-notes.js';
import { notesOf } from './notes.js';
import { verdictOf } from './verdict.js';

export interface JudgeInput {
  /** Of every kernel. */
  readonly arms: readonly ArmSummary[];
  readonly kernels: readonly KernelRecord[];
  readonly status: SummaryFile['status'];
  readonly degraded: readonly string[];
}

export type Judgement = Pick<SummaryFile, 'verdict' | 'findings' | 'notes'>;

export function judge({ arms, kernels, status, degraded }: JudgeInput): Judgement {
  const several = kernels.length > 1;
  const nameOf = (arm: ArmSummary): string => (several ? `${arm.name} on ${arm.kernel}` : arm.name);
  const each = kernels.map((kernel) => {
    const { name } = kernel;
    const own = arms.filter(({ kernel }) => kernel === name);
    const unprobed = own.filter(({ control, series }) => control === null && series.length === 0);
    const plain = notesOf(own, degraded);
    const notes = notesOf(
      own.map((arm) => ({ ...arm, name: nameOf(arm) })),
      degraded,
    );
    return {
      name,
      linux: linuxText(kernel),
      compared: compareArms(own),
      unprobed,
      notes,
      // One that names an arm names its place; a short label may be in any sentence.
      unplaced: notes.filter((note) => plain.includes(note)),
    };
  });
  // What holds of all is said once, what holds of one names it.
  const common = (note: string): boolean => each.every(({ notes }) => notes.includes(note));
  const own = each.flatMap(({ name, notes, unplaced }) =>
    notes.filter((note) => !common(note)).map((note) => (unplaced.includes(note) ? `On ${name}: ${note}` : note)),
  );
  return {
    verdict: verdictOf(each, { status, degraded }, betweenIsThePatch(kernels)),
    findings: each.flatMap(({ compared }) => compared.map((one) => findingOf(one, nameOf(one.arm)))),
    notes: [...kernelNotes(kernels), ...(each[0]?.notes.filter(common) ?? []), ...own],
  };
}
