/**
 * From the figures of all arms on all kernels to findings, notes and the verdict. Each kernel has separate controls.
 */
import { isDeepStrictEqual } from 'node:util';
import { grouped } from '../../base/group.js';
import type { Note, NoteFact } from '../../facts/note-facts.js';
import type { RefusedArm } from '../../facts/refused-arm-facts.js';
import type { Stated } from '../../facts/stated.js';
import type { FailedRuns } from '../../facts/verdict-facts.js';
import { statedNote } from '../../words/note-words.js';
import { statedConclusion, verdictSentence } from '../../words/verdict-words.js';
import type { ArmSummary, KernelRecord, SummaryFile } from '../../bundle/bundle-schema.js';
import { linuxText } from '../../bundle/place-names.js';
import { compareArms, findingOf } from './finding.js';
import { betweenKernels, kernelNotes } from './kernel-notes.js';
import { notesOf } from './notes.js';
import { conclusionsOf } from './verdict.js';

export interface JudgeInput {
  /** Of every kernel. */
  readonly arms: readonly ArmSummary[];
  readonly kernels: readonly KernelRecord[];
  readonly status: SummaryFile['status'];
  readonly degraded: readonly Stated[];
  /** Arms that their JDK cannot run. */
  readonly refused?: readonly RefusedArm[];
  readonly failed?: readonly FailedRuns[];
  /** Notes on the experiment as a whole: of --trace, of an interruption. */
  readonly ofAll?: readonly NoteFact[];
}

export type Judgement = Pick<SummaryFile, 'verdict' | 'conclusions' | 'findings' | 'notes'>;

export function judge(input: JudgeInput): Judgement {
  const { arms, kernels, status, degraded, refused = [], failed = [], ofAll: ofWhole = [] } = input;
  const several = kernels.length > 1;
  const nameOf = (arm: ArmSummary): string => (several ? `${arm.name} on ${arm.kernel}` : arm.name);
  const each = kernels.map((kernel) => {
    const { name } = kernel;
    const own = arms.filter(({ kernel }) => kernel === name);
    const unprobed = own.filter(({ control, series }) => control === null && series.length === 0);
    return {
      name,
      linux: linuxText(kernel),
      compared: compareArms(own),
      unprobed,
      notes: notesOf(own, degraded, nameOf),
    };
  });
  // A note that holds for all kernels appears once; a note of a single kernel names it.
  const isCommon = (note: NoteFact): boolean =>
    each.every(({ notes }) => notes.some((one) => isDeepStrictEqual(one, note)));
  const own = each.flatMap(({ name, notes }) =>
    notes
      .filter((note) => !isCommon(note))
      // The arms of a note have their kernel in their names.
      .map((note): Note => ({ ...note, onKernel: several && !('arm' in note) && !('arms' in note) ? name : null })),
  );
  const ofAll = [...kernelNotes(kernels), ...(each[0]?.notes.filter(isCommon) ?? [])];
  const circumstances = { status, isDegraded: degraded.length > 0, refused, failed };
  const conclusions = conclusionsOf(each, circumstances, betweenKernels(kernels)).map(statedConclusion);
  return {
    verdict: verdictSentence(each, conclusions),
    conclusions,
    findings: each.flatMap(({ compared }) => compared.map((one) => findingOf(one, nameOf(one.arm)))),
    notes: [
      ...ofAll.map((note): Note => ({ ...note, onKernel: null })),
      ...withHoldersJoined(own),
      ...ofWhole.map((note): Note => ({ ...note, onKernel: null })),
    ].map(statedNote),
  };
}

/** Arms of all kernels whose foreign control has the same holder share a note. */
function withHoldersJoined(notes: readonly Note[]): Note[] {
  const isOfHolder = (note: Note): note is Extract<Note, { code: 'control-of-other-holder' }> =>
    note.code === 'control-of-other-holder';
  const joined = [...grouped(notes.filter(isOfHolder), (note) => JSON.stringify(note.controlHolder)).values()].flatMap(
    (alike) => alike.slice(0, 1).map((one): Note => ({ ...one, arms: alike.flatMap(({ arms }) => arms) })),
  );
  return [...notes.filter((note) => !isOfHolder(note)), ...joined];
}
