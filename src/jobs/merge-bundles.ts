/** Makes a bundle from several bundles of a profile, measured on the same machine. */
import { join } from 'node:path';
import { usage } from '../base/failure.js';
import type { SummaryFile } from '../bundle/bundle-schema.js';
import { planMerge, writeMerged, type MergePlan } from '../bundle/merge.js';
import { environmentChanges } from '../bundle/environment-changes.js';
import { hasCutShort, originFolder } from '../bundle/origin-files.js';
import { cutShortFolder, openBundle, type StoredBundle } from '../bundle/store.js';
import { unlikePlaces } from '../bundle/unlike-places.js';
import { finishedRunOf } from '../experiment/run/stored-run.js';
import { summarise } from '../experiment/summarise.js';
import { canonicalJson } from '../profile/resolved/hash.js';
import { sumHlog } from '../record/histogram/hlog-sum.js';
import { differingSettings, measuredSettings } from '../verdict/compare/differences.js';
import { differingFacts } from '../verdict/compare/differing-facts.js';
import { readSide } from '../verdict/evidence/read-side.js';
import type { Side } from '../verdict/evidence/side.js';
import { changedFactsText, factsText, settingsText, twoBootsText } from '../words/side-words.js';

export interface Merged {
  /** Its path. */
  readonly bundle: string;
  readonly summary: SummaryFile;
  readonly origins: MergePlan['manifest']['origins'];
}

export function mergeBundles(paths: readonly string[], out: string, note: (text: string) => void): Merged {
  if (paths.length < 2) throw usage(`merge ${paths.join(' ')}: expected two bundles or more`);
  const bundles = paths.map((path) => openBundle(path));
  for (const text of bundles.flatMap(({ notes }) => notes)) note(text);
  refuseUnlike(paths.map((path) => readSide(path, { threshold_ns: 1 })));
  refuseUnlikePlaces(bundles);
  for (const text of compareEnvironments(bundles)) note(text);
  refuseTwice(bundles);
  const plan = planMerge(bundles);
  const summary = summaryOf(plan, bundles);
  return { bundle: writeMerged(out, plan, summary), summary, origins: plan.manifest.origins };
}

function refuseUnlike(sides: readonly Side[]): void {
  const [first, ...others] = sides;
  for (const other of others) {
    if (first === undefined) return;
    const labels = { a: first.path, b: other.path };
    if (first.boot?.bootId !== other.boot?.bootId)
      throw usage(
        `not merged: ${first.path} and ${other.path} were measured in different boots, and a comparison takes each boot ` +
          'as a block; name the bundles in pauselab compare instead',
      );
    const facts = differingFacts(first.facts, other.facts);
    if (facts.length > 0)
      throw usage(
        `not merged, because the runs do not repeat each other: ${factsText(facts, labels)}; compare them instead (pauselab compare)`,
      );
    const settings = differingSettings(first, other);
    if (
      settings.length > 0 ||
      canonicalJson(measuredSettings(first.resolved)) !== canonicalJson(measuredSettings(other.resolved))
    ) {
      throw usage(
        `not merged: the profile ${String(first.facts.profile)} is not the same in ${first.path} and ${other.path}: ${settings.length > 0 ? settingsText(settings) : 'their arms differ'}`,
      );
    }
  }
}

function refuseUnlikePlaces([first, ...others]: readonly StoredBundle[]): void {
  for (const other of others) {
    const why = first === undefined ? null : unlikePlaces(first, other);
    if (why !== null)
      throw usage(
        `not merged, because the runs do not repeat each other: ${why}; compare them instead (pauselab compare)`,
      );
  }
}

/** As an experiment is resumed, but also in another boot of the machine. Returns what differs and forbids nothing. */
function compareEnvironments([first, ...others]: readonly StoredBundle[]): string[] {
  return others.flatMap((other) => {
    if (first === undefined) return [];
    const labels = { a: first.path, b: other.path };
    const { decisive, harmless, hasTwoBoots } = environmentChanges(first.manifest, other.manifest);
    if (decisive.length > 0)
      throw usage(
        `not merged, because the runs do not repeat each other: ${changedFactsText(decisive, labels)}; compare them instead (pauselab compare)`,
      );
    return [
      ...(harmless.length === 0 ? [] : [`merged all the same: ${changedFactsText(harmless, labels)}`]),
      ...(hasTwoBoots ? [twoBootsText(labels, bootedOf(first.manifest))] : []),
    ];
  });
}

/** All bundles have the same places by now. */
function bootedOf({ kernels }: StoredBundle['manifest']): Parameters<typeof twoBootsText>[1] {
  const here = kernels.filter(({ guest }) => guest === null);
  if (kernels.length > 0 && here.length === 0) return 'guests';
  const label = here[0]?.label ?? null;
  return label === null ? 'unlabelled' : { label };
}

/** A run that counts twice would look like more evidence than there is. */
function refuseTwice(bundles: readonly StoredBundle[]): void {
  const seen = new Map<string, string>();
  for (const { path, runs } of bundles) {
    for (const { startedAt, arm, name } of runs) {
      const key = JSON.stringify([startedAt, arm]);
      const before = seen.get(key);
      if (before !== undefined)
        throw usage(
          `not merged: ${name} of ${path} is also a run of ${before}, and a run counts once; leave one of the bundles out`,
        );
    }
    for (const { startedAt, arm } of runs) seen.set(JSON.stringify([startedAt, arm]), path);
  }
}

function summaryOf(plan: MergePlan, bundles: readonly StoredBundle[]): SummaryFile {
  const { profile } = plan.manifest;
  const arms = profile.arms.filter(({ name }) => plan.runs.some(({ file }) => file.arm === name));
  const runs = plan.runs.map(({ from, before, file }) => {
    const arm = arms.find(({ name }) => name === file.arm);
    if (arm === undefined)
      throw usage(
        `${from.path} has a run of the arm ${JSON.stringify(file.arm.slice(0, 60))}, which its profile lacks: it was changed`,
      );
    return finishedRunOf(file, arm, sumHlog(join(from.path, 'runs', before.name, 'histograms.hlog')));
  });
  const status = bundles.every(({ summary }) => summary?.status === 'complete') ? 'complete' : 'partial';
  const { kernels, refusedArms: refused, origins } = plan.manifest;
  const resumed = origins.map(({ manifest }, i) => {
    const before = plan.besideRuns[i];
    const isThere = before !== undefined && hasCutShort(before);
    return { resumed: manifest.resumed, cutShort: isThere ? join(originFolder(i), cutShortFolder) : null };
  });
  return summarise({ profile, arms, kernels, status, runs, refused, resumed });
}
