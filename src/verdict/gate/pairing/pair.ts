/**
 * Which baseline a candidate is compared with: of the same profile, kernel, machine and JDK, and no other fits.
 */
import { dirname, resolve } from 'node:path';
import { usage } from '../../../base/failure.js';
import { isMissing } from '../../../base/files/is-missing.js';
import { recoverReplaced } from '../../../base/files/new-folder.js';
import { isBaseline, listBaselines, readBaseline } from '../../../bundle/baselines.js';
import type { BaselineFile } from '../../../bundle/baseline-schema.js';
import { isBundle, isObservation, refusedObservation } from '../../../bundle/store.js';
import type { EvidenceProblem } from '../../../facts/gate-facts.js';
import type { DifferingFact } from '../../../facts/side-facts.js';
import { readSides } from '../../evidence/read-side.js';
import { placeText, type Side, type SideFacts } from '../../evidence/side.js';
import { factsOfBaseline } from './baseline-key.js';
import { refusedFacts } from '../gate-evidence.js';
import type { GatePair } from '../gate.js';
import type { EnvironmentClass } from '../policy-schema.js';

/** A stall's threshold is in the bundle; the option is for logs. */
const noLogs = { threshold_ns: 1 };

export interface Offered {
  readonly path: string;
  readonly name: string;
  readonly facts: SideFacts;
  /** Named by itself, not found in a folder of baselines: the gate then reports everything that is wrong with it. */
  readonly named: boolean;
  read(): Side;
}

/** Bundles, baselines, and folders of baselines. */
export function offeredBaselines(paths: readonly string[]): Offered[] {
  return paths.flatMap((path): Offered[] => {
    recoverReplaced(dirname(resolve(path)));
    if (isMissing(path))
      throw usage(
        `--baseline ${path}: it does not exist; save one with \`pauselab baseline save BUNDLE\`, or name the bundle of a run`,
      );
    if (isBaseline(path)) return offeredBaseline(path, readBaseline(path), true);
    if (isBundle(path)) {
      return readSides(path, noLogs).map((side) => ({
        path,
        name: side.label,
        facts: side.facts,
        named: true,
        read: () => side,
      }));
    }
    if (isObservation(path)) throw refusedObservation(path);
    const { baselines } = listBaselines(path);
    if (baselines.length === 0)
      throw usage(
        `--baseline ${path}: it holds neither a bundle nor a baseline; save one with \`pauselab baseline save BUNDLE --in ${path}\``,
      );
    return baselines.flatMap(({ path: own, baseline }) => offeredBaseline(own, baseline, false));
  });
}

/** An entry for each of its kernels. The bundle is read only if it is chosen. */
function offeredBaseline(path: string, baseline: BaselineFile, named: boolean): Offered[] {
  const all = factsOfBaseline(baseline);
  return all.map((facts, kernel) => ({
    path,
    name: all.length > 1 ? `${baseline.name} on ${placeText(facts) ?? 'unknown'}` : baseline.name,
    facts,
    named,
    read: () => {
      const side = readSides(path, noLogs)[kernel];
      if (side === undefined) throw usage(`${path} has fewer kernels than its baseline.json says; it was changed`);
      return side;
    },
  }));
}

/** A side for each kernel that it was measured on. */
export function readCandidate(path: string): Side[] {
  if (!isBundle(path))
    throw usage(
      `--candidate ${path}: ${isMissing(path) ? 'it does not exist' : 'it is no bundle (it has no manifest.json)'}; name the folder of a bundle that \`pauselab run\` wrote`,
    );
  return readSides(path, noLogs);
}

export function pairWith(candidate: Side, offered: readonly Offered[], allowed: readonly EnvironmentClass[]): GatePair {
  const none = (problem: EvidenceProblem): GatePair => ({ candidate, baseline: null, problems: [problem] });
  const [only] = offered;
  // A baseline that was named is used; the gate reports what is wrong with the pair.
  if (only !== undefined && offered.length === 1 && only.named) return paired(candidate, only);
  const { profile } = candidate.facts;
  const ofProfile = offered.filter(({ facts }) => facts.profile === profile);
  if (ofProfile.length === 0)
    return none({
      code: 'no-baseline-of-profile',
      profile,
      offered: offered.map(({ name, facts }) => ({ name, profile: facts.profile })),
    });
  const unlike = (one: Offered, classes: readonly EnvironmentClass[]): DifferingFact[] =>
    refusedFacts(one, candidate, classes);
  const exact = ofProfile.filter((one) => unlike(one, []).length === 0);
  const fitting = ofSameLabel(
    candidate,
    exact.length > 0 ? exact : ofProfile.filter((one) => unlike(one, allowed).length === 0),
  );
  const [first, ...others] = fitting;
  if (first === undefined)
    return none({
      code: 'no-baseline-of-environment',
      profile,
      candidate: candidate.label,
      offered: ofProfile.map((one) => ({ name: one.name, facts: unlike(one, allowed) })),
    });
  if (others.length > 0)
    return none({
      code: 'several-baselines',
      candidate: candidate.label,
      names: fitting.map(({ name }) => name),
    });
  return paired(candidate, first);
}

/** If kernels may differ, the place with the same label is used. */
function ofSameLabel({ facts: { label } }: Side, fitting: readonly Offered[]): readonly Offered[] {
  const same = fitting.filter(({ facts }) => label !== null && facts.label === label);
  return same.length > 0 ? same : fitting;
}

/** Compared with itself, a candidate would always pass. Sides in turns begin at once. */
function paired(candidate: Side, chosen: Offered): GatePair {
  const baseline = chosen.read();
  const isItself =
    baseline.startedAt !== null &&
    baseline.startedAt === candidate.startedAt &&
    baseline.turns?.side === candidate.turns?.side;
  return {
    candidate,
    baseline,
    problems: isItself ? [{ code: 'baseline-is-candidate', baseline: chosen.name, candidate: candidate.label }] : [],
  };
}
