/**
 * From an observation to the arms of a profile that repeats it: each setting with the figure that it comes from. What
 * nothing in the laboratory makes is listed, with the reason. Pure.
 */
import type { ObservationFile } from '../../bundle/observation-schema.js';
import { isForThread } from '../../catalogue/gives-back.js';
import { lockCauses } from '../../facts/blame.js';
import type { NotRepeatedFact, SeenRoot } from '../../facts/repetition-facts.js';
import type { WrittenExpectation } from '../../profile/written/profile-schema.js';
import { milliseconds, type RepeatedArm, type RepeatedOr, type RootToRepeat } from './repeated-arm.js';
import { jvmArm } from './repeated-jvm.js';
import { cpuArm, nativeArm, trimArm } from './repeated-native.js';

export interface RepeatedRoot extends RepeatedArm {
  readonly name: string;
  readonly root: SeenRoot;
  /** Spans of time in which it stalled threads. */
  readonly episodes_n: number;
  readonly expects: WrittenExpectation;
}

export interface Repetition {
  /** Most stalled time first. */
  readonly roots: readonly RepeatedRoot[];
  readonly notRepeated: readonly NotRepeatedFact[];
}

/** Each arm takes the time of its runs, so roots that matter little are left out. */
const leastShare = 0.05;
const mostArms = 4;

export function repetitionOf(observation: ObservationFile): Repetition {
  const { reasons, holders } = observation;
  const all_ns = reasons.reduce((sum, { total_ns }) => sum + total_ns, 0);
  const roots: RepeatedRoot[] = [];
  const notRepeated: NotRepeatedFact[] = [];
  for (const [index, figures] of holders.entries()) {
    const reason = reasons[index];
    if (reason === undefined) break;
    const { cause, call, thread, stalls_n, total_ns, longest_ns } = reason;
    const root: SeenRoot = { cause, call, thread: thread?.name ?? null, stalls_n, total_ns };
    const made = figures.stalledThemselves ? 'stalled-themselves' : armOf({ figures, observation });
    const code =
      typeof made === 'string'
        ? made
        : total_ns < all_ns * leastShare
          ? 'little-time'
          : roots.length === mostArms
            ? 'many-roots'
            : null;
    if (code !== null || typeof made === 'string') {
      notRepeated.push({ code: code ?? 'cause-not-made', ...root });
      continue;
    }
    const name = `root-${roots.length + 1}`;
    roots.push({
      ...made,
      name,
      root,
      episodes_n: figures.episodes_n,
      origins: [{ path: [], fact: { code: 'root', root, longest_ns } }, ...made.origins],
      expects: {
        arm: name,
        cause,
        by: made.by,
        ...(figures.stallMedian_ns === null ? {} : { median: milliseconds(figures.stallMedian_ns) }),
        ...(call === null || !lockCauses.includes(cause) ? {} : { call, kernel: observation.kernel }),
      },
    });
  }
  return { roots, notRepeated };
}

function armOf(root: RootToRepeat): RepeatedOr {
  const { cause, call } = root.figures;
  // A thread without a CPU that a pause of a JVM waited for: no victim of the laboratory waits like that.
  if (cause === 'not-scheduled') return isForThread(root.figures) ? 'cause-not-made' : cpuArm(root);
  if (cause === 'mutex') return 'mutex-not-known';
  if (cause !== 'allocator-mutex' && !lockCauses.includes(cause)) return 'cause-not-made';
  if (call === null) return 'call-unknown';
  if (cause === 'allocator-mutex') return trimArm(root, call);
  return jvmArm(root, call) ?? nativeArm(root, call);
}
