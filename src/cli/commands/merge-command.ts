/** `pauselab merge`: several bundles of one profile, measured on one machine, as one with more runs. */
import { Command } from '@commander-js/extra-typings';
import { usage } from '../../base/failure.js';
import type { SummaryFile } from '../../bundle/bundle-schema.js';
import type { StoredBundle } from '../../bundle/store.js';
import type { MergePlan } from '../../bundle/merge.js';
import type { Side } from '../../verdict/evidence/side.js';
import { printJson, printNote, printText } from '../text/output.js';

export function mergeCommand() {
  return new Command('merge')
    .description('make one bundle of several that were measured alike: more runs, nothing lost, every origin kept')
    .argument('<bundles...>', 'two folders of `pauselab run` or more')
    .requiredOption('-o, --out <folder>', 'where the merged bundle goes')
    .option('--json', 'write one JSON document')
    .addHelpText('after', examples)
    .action(async (paths, options) => {
      const [{ planMerge, writeMerged }, { openBundle }, { readSide }] = await Promise.all([
        import('../../bundle/merge.js'),
        import('../../bundle/store.js'),
        import('../../verdict/evidence/read-side.js'),
      ]);
      if (paths.length < 2) throw usage(`merge ${paths.join(' ')}: expected two bundles or more`);
      const bundles = paths.map((path) => openBundle(path));
      for (const note of bundles.flatMap(({ notes }) => notes)) printNote(note);
      await refuseUnlike(paths.map((path) => readSide(path, { threshold_ns: 1 })));
      await refuseUnlikePlaces(bundles);
      refuseTwice(bundles);
      const plan = planMerge(bundles);
      const summary = await summaryOf(plan, bundles);
      const bundle = writeMerged(options.out, plan, summary);
      if (options.json === true) {
        printJson({ ...summary, bundle, origins: plan.manifest.origins.map(({ path, runs }) => ({ path, runs })) });
        return;
      }
      const { renderSummary } = await import('../text/summary-table.js');
      printText(renderSummary(summary, bundle));
    });
}

const examples = `
Examples:
  $ pauselab merge results/monday results/tuesday -o results/both

Bundles of different profiles, kernels, machines or JDKs are refused: their runs are no repetitions of each other.`;

async function refuseUnlike(sides: readonly Side[]): Promise<void> {
  const [{ differingFacts, differingSettings, measuredSettings }, { canonicalJson }, { factsText, settingsText }] =
    await Promise.all([
      import('../../verdict/compare/differences.js'),
      import('../../profile/resolved/hash.js'),
      import('../../words/side-words.js'),
    ]);
  const [first, ...others] = sides;
  for (const other of others) {
    if (first === undefined) return;
    const labels = { a: first.path, b: other.path };
    const facts = differingFacts(first.facts, other.facts).filter((fact) => fact.class !== 'pauselab');
    if (facts.length > 0)
      throw usage(
        `not merged, since the runs are no repetitions of each other: ${factsText(facts, labels)}; compare them instead (pauselab compare)`,
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

async function refuseUnlikePlaces([first, ...others]: readonly StoredBundle[]): Promise<void> {
  const { unlikePlaces } = await import('../../bundle/unlike-places.js');
  for (const other of others) {
    const why = first === undefined ? null : unlikePlaces(first, other);
    if (why !== null)
      throw usage(
        `not merged, since the runs are no repetitions of each other: ${why}; compare them instead (pauselab compare)`,
      );
  }
}

/** The same runs twice would be taken for more than they are. */
function refuseTwice(bundles: readonly StoredBundle[]): void {
  const seen = new Map<string, string>();
  for (const { path, runs } of bundles) {
    for (const { startedAt, arm, name } of runs) {
      const key = JSON.stringify([startedAt, arm]);
      const before = seen.get(key);
      if (before !== undefined)
        throw usage(
          `not merged: ${name} of ${path} is the same run as one of ${before}, and a run counts once; leave one of the bundles out`,
        );
    }
    for (const { startedAt, arm } of runs) seen.set(JSON.stringify([startedAt, arm]), path);
  }
}

async function summaryOf(plan: MergePlan, bundles: readonly StoredBundle[]): Promise<SummaryFile> {
  const [{ finishedRunOf }, { summarise }, { sumHlog }, path] = await Promise.all([
    import('../../experiment/run/stored-run.js'),
    import('../../experiment/summarise.js'),
    import('../../record/histogram/hlog-sum.js'),
    import('node:path'),
  ]);
  const { profile } = plan.manifest;
  const arms = profile.arms.filter(({ name }) => plan.runs.some(({ file }) => file.arm === name));
  const runs = plan.runs.map(({ from, before, file }) => {
    const arm = arms.find(({ name }) => name === file.arm);
    if (arm === undefined)
      throw usage(
        `${from.path} has a run of the arm ${JSON.stringify(file.arm.slice(0, 60))}, which its profile does not have; it was changed`,
      );
    return finishedRunOf(file, arm, sumHlog(path.join(from.path, 'runs', before.name, 'histograms.hlog')));
  });
  const status = bundles.every(({ summary }) => summary?.status === 'complete') ? 'complete' : 'partial';
  return summarise({ profile, arms, kernels: plan.manifest.kernels, status, runs });
}
