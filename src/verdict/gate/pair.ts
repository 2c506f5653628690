/** Which baseline a candidate is compared with: of the same profile, kernel, machine and JDK, and one that is told apart. */
import { existsSync } from 'node:fs';
import { usage } from '../../base/failure.js';
import { isBaseline, listBaselines, readBaseline } from '../../bundle/baselines.js';
import { isBundle } from '../../bundle/store.js';
import { factSentence } from '../differences.js';
import { readSide } from '../read-side.js';
import type { Side, SideFacts } from '../side.js';
import { listed } from '../words.js';
import { factsOfBaseline } from './baseline-key.js';
import { refusedFacts } from './evidence.js';
import type { GatePair } from './gate.js';
import type { EnvironmentClass } from './policy-schema.js';

/** A stall's threshold is in the bundle; the option is for logs. */
const noLogs = { threshold_ns: 1 };

interface Offered {
  readonly path: string;
  readonly name: string;
  readonly facts: SideFacts;
  /** Named by itself, and not found in a folder of baselines: then what is wrong with it is told in full. */
  readonly named: boolean;
  read(): Side;
}

/** Bundles, baselines, and folders of baselines. */
export function offeredBaselines(paths: readonly string[]): Offered[] {
  return paths.flatMap((path): Offered[] => {
    if (!existsSync(path)) throw usage(`--baseline ${path}: it does not exist; save one with \`pauselab baseline save BUNDLE\`, or name the bundle of a run`);
    if (isBaseline(path)) {
      const { name, ...baseline } = readBaseline(path);
      return [{ path, name, facts: factsOfBaseline({ name, ...baseline }), named: true, read: () => readSide(path, noLogs) }];
    }
    if (isBundle(path)) {
      const side = readSide(path, noLogs);
      return [{ path, name: side.label, facts: side.facts, named: true, read: () => side }];
    }
    const { baselines } = listBaselines(path);
    if (baselines.length === 0) throw usage(`--baseline ${path}: it holds neither a bundle nor a baseline; save one with \`pauselab baseline save BUNDLE --in ${path}\``);
    return baselines.map(({ path: own, baseline }) => ({ path: own, name: baseline.name, facts: factsOfBaseline(baseline), named: false, read: () => readSide(own, noLogs) }));
  });
}

export function readCandidate(path: string): Side {
  if (!isBundle(path)) throw usage(`--candidate ${path}: ${existsSync(path) ? 'it is no bundle (it has no manifest.json)' : 'it does not exist'}; name the folder of a bundle that \`pauselab run\` wrote`);
  return readSide(path, noLogs);
}

export function pairWith(candidate: Side, offered: readonly Offered[], allowed: readonly EnvironmentClass[]): GatePair {
  const none = (problem: string): GatePair => ({ candidate, baseline: null, problems: [problem] });
  const [only] = offered;
  // The one that was named is the one that is meant; what is wrong with the pair is told by the gate.
  if (only !== undefined && offered.length === 1 && only.named) return { candidate, baseline: only.read(), problems: [] };
  const ofProfile = offered.filter(({ facts }) => facts.profile === candidate.facts.profile);
  if (ofProfile.length === 0) return none(`there is no baseline of the profile ${String(candidate.facts.profile)}; there are ${listed([...new Set(offered.map(({ name, facts }) => `${name} (${String(facts.profile)})`))])}`);
  const unlike = (one: Offered, classes: readonly EnvironmentClass[]) => refusedFacts(one, candidate, classes);
  const exact = ofProfile.filter((one) => unlike(one, []).length === 0);
  const fitting = exact.length > 0 ? exact : ofProfile.filter((one) => unlike(one, allowed).length === 0);
  const [first, ...others] = fitting;
  if (first === undefined) {
    const why = ofProfile.map((one) => unlike(one, allowed).map((fact) => factSentence(fact, { a: one.name, b: candidate.label })).join(', '));
    const classes = [...new Set(ofProfile.flatMap((one) => unlike(one, allowed).map((fact) => fact.class)))];
    return none(`no baseline of ${String(candidate.facts.profile)} is of this environment: ${why.join('; ')}; save one measured here, or allow the difference (${classes.map((name) => `--allow-different ${name}`).join(' ')})`);
  }
  if (others.length > 0) return none(`${listed(fitting.map(({ name }) => name))} are all baselines for ${candidate.label}; name the one that is meant with --baseline`);
  return { candidate, baseline: first.read(), problems: [] };
}
