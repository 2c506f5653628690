/** `--install`, alike in every command that may find something missing, and what is made ready before a job. */
import { Failure } from '../base/failure.js';
import type { Need } from '../base/system-packages.mjs';
import type { Job } from '../experiment/requirements.js';

export const installOption = [
  '--install',
  'install the system packages that this needs and lacks, after naming them (root, Debian-like systems)',
] as const;

/** What the machine lacks is installed or told; parts of pauselab that the job needs are built on first use. */
export async function makeReady(job: Job, install: boolean): Promise<void> {
  const [{ checkMachine, partsOf }, { ensurePart }] = await Promise.all([
    import('../experiment/requirements.js'),
    import('../host/setup.js'),
  ]);
  await installing(install, () => checkMachine(job));
  const note = await createNote();
  for (const part of partsOf(job)) await ensurePart(part, { note, install });
}

/** `work` once more after each installation that its failure asks for. It has to leave nothing behind when it fails. */
export async function installing<T>(install: boolean, work: () => Promise<T>): Promise<T> {
  const installed = new Set<Need>();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const needs = install && error instanceof Failure ? error.needs.filter((need) => !installed.has(need)) : [];
      if (needs.length === 0) throw error;
      for (const need of needs) installed.add(need);
      await installNeeds(needs);
    }
  }
}

export async function installNeeds(needs: readonly Need[]): Promise<void> {
  if (needs.length === 0) return;
  const { installPackages } = await import('../host/setup.js');
  await installPackages(needs, { note: await createNote() });
}

async function createNote(): Promise<(text: string) => void> {
  const logger = (await import('./logger.js')).createLogger();
  return (text) => {
    logger.info(text);
  };
}
