/** Preparations before a job: missing system packages, and the parts of pauselab that the job needs. */
import { Failure, unfit } from '../base/failure.js';
import type { Need } from '../base/system-packages.mjs';
import type { Sources } from '../debian/sources.js';
import type { Job } from '../experiment/plan/requirements.js';
import type { RefusedArm } from '../facts/refused-arm-facts.js';
import { isInJvm, jdkLabelOf, type ResolvedArm } from '../profile/resolved/resolved.js';

export interface Installing {
  /** Whether system packages that are missing may be installed. */
  readonly install: boolean;
  readonly note: (text: string) => void;
}

/**
 * Installs or names the packages that the machine lacks. Builds the parts of pauselab that the job needs. Returns the arms
 * that a JDK of their profile's list cannot run, which the job has to leave out.
 */
export async function makeReady(asked: Job, installing: Installing): Promise<readonly RefusedArm[]> {
  const [{ checkMachine, partsOf }, { ensurePart }] = await Promise.all([
    import('../experiment/plan/requirements.js'),
    import('../host/setup.js'),
  ]);
  await fetchJdks(asked, installing);
  const refused = await refusedIn(asked);
  const job = { ...asked, arms: withoutRefused(asked.arms, refused) };
  await withInstallations(installing, () => checkMachine(job));
  for (const part of partsOf(job)) await ensurePart(part, installing);
  return refused;
}

async function refusedIn({ arms }: Job): Promise<readonly RefusedArm[]> {
  if (arms.every((arm) => jdkLabelOf(arm) === null)) return [];
  const [{ refusedArms }, { whyNotRun }] = await Promise.all([
    import('../workload/jvm/refused-arms.js'),
    import('../words/verdict-words.js'),
  ]);
  const refused = await refusedArms(arms);
  const [first] = refused;
  const { length } = withoutRefused(arms, refused).filter(({ control }) => control === null);
  if (first !== undefined && length === 0)
    throw unfit(
      `none of the arms can run under its JDK (${first.arm}: ${whyNotRun(first)}); name other JDKs with --jdk`,
    );
  return refused;
}

/** `refused`: of these arms. */
export function withoutRefused<Arm extends ResolvedArm>(
  arms: readonly Arm[],
  refused: readonly RefusedArm[],
): readonly Arm[] {
  return arms.filter(({ name }) => !refused.some(({ arm }) => arm === name));
}

/** Fetches the JDKs that arms name by their packages, so that no run waits for the network. */
async function fetchJdks({ arms }: Job, installing: Installing): Promise<void> {
  const inJvms = arms.filter(isInJvm);
  if (inJvms.length === 0) return;
  const { fetchedJdk, namedPackages } = await import('../workload/native/tools.js');
  const named = namedPackages(inJvms);
  if (named.length === 0) return;
  for (const asked of named) await fillCache(installing, (sources) => fetchedJdk(asked, sources));
}

/** Work that fills the cache: it may install what it needs, and a signal ends it. `left`: what that means for the cache. */
export function fillCache<T>(
  installing: Installing,
  work: (sources: Sources) => Promise<T>,
  left = 'nothing was added to the cache',
): Promise<T> {
  return withInstallations(installing, async () => {
    const { exitCodeOf, listenForInterruption } = await import('../experiment/interruption.js');
    const abort = new AbortController();
    const interruption = listenForInterruption((signal) => {
      abort.abort(new Failure(exitCodeOf(signal), `${signal}: ${left}`));
    });
    try {
      return await work({ note: installing.note, signal: abort.signal });
    } finally {
      interruption.dispose();
    }
  });
}

/** Repeats `work` after each installation that its failure asks for. A failed `work` must leave nothing behind. */
export async function withInstallations<T>(installing: Installing, work: () => Promise<T>): Promise<T> {
  const installed = new Set<Need>();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const needs =
        installing.install && error instanceof Failure ? error.needs.filter((need) => !installed.has(need)) : [];
      if (needs.length === 0) throw error;
      for (const need of needs) installed.add(need);
      await installNeeds(needs, installing);
    }
  }
}

export async function installNeeds(needs: readonly Need[], { note }: Pick<Installing, 'note'>): Promise<void> {
  if (needs.length === 0) return;
  const { installPackages } = await import('../host/setup.js');
  await installPackages(needs, { note });
}
