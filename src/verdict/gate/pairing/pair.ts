/**
 * Which baseline a candidate is compared with: of the same profile, kernel, machine and JDK, and one that is told
 * apart.
 */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { usage } from '../../../base/failure.js';
import { recoverReplaced } from '../../../base/files/new-folder.js';
import { isBaseline, listBaselines, readBaseline } from '../../../bundle/baselines.js';
import type { BaselineFile } from '../../../bundle/baseline-schema.js';
import { isBundle } from '../../../bundle/store.js';
import { factSentence } from '../../compare/differences.js';
import { readSides } from '../../evidence/read-side.js';
import { placeText, type Side, type SideFacts } from '../../evidence/side.js';
import { listed } from '../../../words/text.js';
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
  /** Null: not a stored baseline. */
  readonly measuredAt: string | null;
  /** Named by itself, and not found in a folder of baselines: then what is wrong with it is told in full. */
  readonly named: boolean;
  read(): Side;
}

/** Bundles, baselines, and folders of baselines. */
export function offeredBaselines(paths: readonly string[]): Offered[] {
  return paths.flatMap((path): Offered[] => {
    recoverReplaced(dirname(resolve(path)));
    if (!existsSync(path))
      throw usage(
        `--baseline ${path}: it does not exist; save one with \`pauselab baseline save BUNDLE\`, or name the bundle of a run`,
      );
    if (isBaseline(path)) return offeredBaseline(path, readBaseline(path), true);
    if (isBundle(path)) {
      return readSides(path, noLogs).map((side) => ({
        path,
        name: side.label,
        facts: side.facts,
        measuredAt: null,
        named: true,
        read: () => side,
      }));
    }
    const { baselines } = listBaselines(path);
    if (baselines.length === 0)
      throw usage(
        `--baseline ${path}: it holds neither a bundle nor a baseline; save one with \`pauselab baseline save BUNDLE --in ${path}\``,
      );
    return baselines.flatMap(({ path: own, baseline }) => offeredBaseline(own, baseline, false));
  });
}

/** One for each of its kernels. It is read only if it is chosen. */
function offeredBaseline(path: string, baseline: BaselineFile, named: boolean): Offered[] {
  const all = factsOfBaseline(baseline);
  return all.map((facts, kernel) => ({
    path,
    name: all.length > 1 ? `${baseline.name} on ${placeText(facts) ?? 'unknown'}` : baseline.name,
    facts,
    measuredAt: baseline.measuredAt,
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
      `--candidate ${path}: ${existsSync(path) ? 'it is no bundle (it has no manifest.json)' : 'it does not exist'}; name the folder of a bundle that \`pauselab run\` wrote`,
    );
  return readSides(path, noLogs);
}

export function pairWith(candidate: Side, offered: readonly Offered[], allowed: readonly EnvironmentClass[]): GatePair {
  const none = (problem: string): GatePair => ({ candidate, baseline: null, problems: [problem] });
  const [only] = offered;
  // The one that was named is the one that is meant; what is wrong with the pair is told by the gate.
  if (only !== undefined && offered.length === 1 && only.named) return paired(candidate, only);
  const ofProfile = offered.filter(({ facts }) => facts.profile === candidate.facts.profile);
  if (ofProfile.length === 0)
    return none(
      `there is no baseline of the profile ${String(candidate.facts.profile)}; there are ${listed([...new Set(offered.map(({ name, facts }) => `${name} (${String(facts.profile)})`))])}`,
    );
  const unlike = (one: Offered, classes: readonly EnvironmentClass[]) => refusedFacts(one, candidate, classes);
  const exact = ofProfile.filter((one) => unlike(one, []).length === 0);
  const fitting = ofSameLabel(
    candidate,
    exact.length > 0 ? exact : ofProfile.filter((one) => unlike(one, allowed).length === 0),
  );
  const [first, ...others] = fitting;
  if (first === undefined) {
    const why = ofProfile.map((one) =>
      unlike(one, allowed)
        .map((fact) => factSentence(fact, { a: one.name, b: candidate.label }))
        .join(', '),
    );
    const classes = [...new Set(ofProfile.flatMap((one) => unlike(one, allowed).map((fact) => fact.class)))];
    return none(
      `no baseline of ${String(candidate.facts.profile)} is of this environment: ${why.join('; ')}; save one measured here, or allow the difference (${classes.map((name) => `--allow-different ${name}`).join(' ')})`,
    );
  }
  if (others.length > 0)
    return none(
      `${listed(fitting.map(({ name }) => name))} are all baselines for ${candidate.label}; name the one that is meant with --baseline`,
    );
  return paired(candidate, first);
}

/** Where kernels may differ, the place of the same label is the one that is meant. */
function ofSameLabel({ facts: { label } }: Side, fitting: readonly Offered[]): readonly Offered[] {
  const same = fitting.filter(({ facts }) => label !== null && facts.label === label);
  return same.length > 0 ? same : fitting;
}

/** Saved before it was judged, a candidate would be its own baseline, and pass for ever. */
function paired(candidate: Side, chosen: Offered): GatePair {
  const baseline = chosen.read();
  const isItself =
    chosen.measuredAt !== null &&
    chosen.measuredAt === candidate.startedAt &&
    baseline.turns?.side === candidate.turns?.side;
  return {
    candidate,
    baseline,
    problems: isItself
      ? [`the baseline ${chosen.name} was saved of these very runs (${candidate.label}); save it of the version before`]
      : [],
  };
}
