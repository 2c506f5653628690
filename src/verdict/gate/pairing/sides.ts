/**
 * Whether two sides to measure in turns can be compared: what must be the same is the same, and something differs.
 */
import { usage } from '../../../base/failure.js';
import { askedKernel } from '../../../profile/check/asked-kernel.js';
import { canonicalJson } from '../../../profile/resolved/hash.js';
import type { ResolvedArm, ResolvedProfile } from '../../../profile/resolved/resolved.js';
import { differingSettings } from '../../compare/differences.js';
import type { Side } from '../../evidence/side.js';
import { listed } from '../../../words/text.js';

interface Planned {
  readonly profile: ResolvedProfile;
  readonly arms: readonly ResolvedArm[];
  readonly programs: Side['programs'];
}

/**
 * Under the names of the profile. A round contains both sides, so both have the same window and the same threshold.
 */
const common = {
  name: 'name',
  runs: 'runs',
  seed: 'seed',
  warmup_ns: 'warmup',
  duration_ns: 'duration',
  drain_ns: 'drain',
  threshold_ns: 'threshold',
  spoiled: 'spoiled',
  preempt: 'preempt',
  features: 'features',
} as const;

export function refuseUnlikeSides(baseline: Planned, candidate: Planned): void {
  const unlike = Object.entries(common).flatMap(([key, name]) =>
    canonicalJson(baseline.profile[key as keyof typeof common]) ===
    canonicalJson(candidate.profile[key as keyof typeof common])
      ? []
      : [name],
  );
  if (unlike.length > 0)
    throw usage(
      `both sides are measured in turns, and need the same ${listed(unlike)}; set it for both, with --set instead of --base-set`,
    );
  refuseSeveralKernels(baseline.profile, candidate.profile);
  for (const arm of candidate.arms) {
    const other = baseline.arms.find(({ name }) => name === arm.name);
    if (other === undefined)
      throw usage(
        `the baseline has no arm ${arm.name}; it has ${listed(baseline.arms.map(({ name }) => name))}, and a gate compares arms of the same name`,
      );
    const [there, here] = [other, arm].map(({ victims }) => victims.map(({ series }) => series));
    if (canonicalJson(there?.toSorted()) !== canonicalJson(here?.toSorted()))
      throw usage(
        `the arm ${arm.name} has the victims ${listed(there ?? [])} in the baseline and ${listed(here ?? [])} in the candidate, and a gate compares the same victims; set them for both, with --set instead of --base-set`,
      );
  }
  const [there, here] = [baseline, candidate].map(({ profile }) =>
    profile.kernels.map((one) => askedKernel(one).kernel),
  );
  const sameKernels = canonicalJson(there) === canonicalJson(here);
  if (
    sameKernels &&
    differingSettings(
      { resolved: baseline.profile, programs: baseline.programs },
      { resolved: candidate.profile, programs: candidate.programs },
    ).length === 0
  ) {
    throw usage(
      'baseline and candidate are the same, so a pass would mean nothing; give the baseline another value, JDK, program or kernel',
    );
  }
}

/** A kernel finds its partner in the other side by name, or because each side has a single kernel. */
function refuseSeveralKernels({ kernels: a }: ResolvedProfile, { kernels: b }: ResolvedProfile): void {
  if (canonicalJson(a) === canonicalJson(b) || (a.length <= 1 && b.length <= 1)) return;
  throw usage(
    `if the kernel is the change, each side has a single kernel; the baseline has ${listed(a)} and the candidate ${listed(b)}; name one kernel with --base-kernel and one with --kernel`,
  );
}
