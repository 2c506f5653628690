/** A gate: finds baselines, measures what is missing, and judges. */
import { usage } from '../base/failure.js';
import { isMissing } from '../base/files/is-missing.js';
import { defaultBaselines } from '../bundle/baselines.js';
import { gate } from '../verdict/gate/gate.js';
import { changedInTurns } from '../verdict/gate/gate-evidence.js';
import type { GateResult } from '../verdict/gate/gated.js';
import { offeredBaselines, pairWith, readCandidate, type Offered } from '../verdict/gate/pairing/pair.js';
import { comparesAnything, defaultGatePolicy, loadPolicy, type Policy } from '../verdict/gate/policy.js';
import type { EnvironmentClass } from '../verdict/gate/policy-schema.js';
import { planForGate, type GateMeasurement, type GatePlan, type GatePolicy } from './gate-plan.js';
import { measure, measureInTurns, type MeasureOptions } from './measure.js';

export interface GateAsked {
  /** File of the policy; undefined: the default policy. */
  readonly policy: string | undefined;
  readonly allowDifferent: readonly EnvironmentClass[];
  readonly allowSettings: readonly string[];
  /** Paths; empty: the default folder. */
  readonly baselines: readonly string[];
  /** Paths of bundles. */
  readonly candidates: readonly string[];
  /** Null: nothing is measured. */
  readonly measurement: GateMeasurement | null;
}

export interface PreparedGate extends GatePolicy {
  readonly candidates: readonly string[];
  readonly offered: readonly Offered[];
  /** Null: nothing is measured. */
  readonly plan: GatePlan | null;
}

/** Takes every step that needs no measurement, so that a missing baseline is reported before an hour of runs. */
export async function prepareGate(asked: GateAsked): Promise<PreparedGate> {
  const written = asked.policy === undefined ? defaultGatePolicy() : loadPolicy(asked.policy);
  const policy: Policy = {
    ...written,
    allowDifferent: [...new Set([...written.allowDifferent, ...asked.allowDifferent])],
    allowSettings: [...new Set([...written.allowSettings, ...asked.allowSettings])],
  };
  const { measurement, candidates } = asked;
  const isCompared = comparesAnything(policy);
  const base = measurement?.base ?? null;
  if (base !== null && !isCompared)
    throw usage(
      `${base.option} measures a baseline, and ${policy.source} has no rule that compares; leave it out, or add a rule with compare`,
    );
  const offered =
    isCompared && base === null
      ? offeredBaselines(asked.baselines.length > 0 ? asked.baselines : [defaultFolder()])
      : [];
  const plan = measurement === null ? null : await planForGate(measurement, { policy, isCompared }, offered);
  return { policy, isCompared, candidates, offered, plan };
}

function defaultFolder(): string {
  if (isMissing(defaultBaselines))
    throw usage(
      `gate: expected --baseline PATH, since there is no folder ${defaultBaselines}; save a baseline with \`pauselab baseline save BUNDLE\`, or name the bundle of a run`,
    );
  return defaultBaselines;
}

/** Paths of bundles. */
export interface MeasuredForGate {
  /** Null: only the candidate was measured. */
  readonly baseline: string | null;
  readonly candidate: string;
}

export async function measureForGate(
  { baseline, candidate }: GatePlan,
  argv: readonly string[],
  options: MeasureOptions,
): Promise<MeasuredForGate> {
  if (baseline === null) {
    const { bundle, failure } = await measure(candidate.profile, candidate.arms, argv, options);
    if (failure !== null) throw failure;
    return { baseline: null, candidate: bundle };
  }
  const measured = await measureInTurns(baseline, candidate, argv, options);
  if (measured.failure !== null) throw measured.failure;
  return measured;
}

/** The exit code is in the result. `measured`: null if nothing was measured. */
export function judgeGate(prepared: PreparedGate, measured: MeasuredForGate | null): GateResult {
  const { policy, isCompared, candidates, offered } = prepared;
  const baseline = measured?.baseline ?? null;
  const baselines = baseline === null ? offered : offeredBaselines([baseline]);
  const allowed = baseline === null ? policy.allowDifferent : [...policy.allowDifferent, ...changedInTurns];
  return gate(
    [...candidates, ...(measured === null ? [] : [measured.candidate])]
      .flatMap(readCandidate)
      .map((candidate) =>
        isCompared ? pairWith(candidate, baselines, allowed) : { candidate, baseline: null, problems: [] },
      ),
    policy,
  );
}
