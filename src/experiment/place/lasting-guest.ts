/**
 * A guest that may be lost while others are measured: in a run, or while it is paused. The next run says so, and the
 * rest of the experiment goes on without it.
 */
import { cleanUp } from '../../base/clean-up.js';
import { lostItsPlace } from '../../bundle/stored.js';
import { MachineLost, type Machine } from '../../kernel/guest/guest-machine.js';
import type { RunInput, RunOutput } from '../run/one-run.js';
import { lostRun } from './guest-run.js';
import type { Place } from './place.js';

export function lastingGuest(
  machine: Machine,
  run: (input: RunInput) => Promise<RunOutput>,
): Pick<Place, 'run' | 'pause' | 'resume' | 'close' | 'console'> {
  let end: { readonly why: MachineLost | null; readonly console: string } | null = null;
  const lose = async (why: MachineLost | null): Promise<void> => {
    end ??= { why, console: machine.console() };
    // A guest that does not answer may run on, beside those that are measured.
    await cleanUp(() => machine.close());
  };
  const controlled = async (work: () => Promise<void>): Promise<void> => {
    if (end !== null) return;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof MachineLost)) throw error;
      await lose(error);
    }
  };
  return {
    async run(input) {
      if (end?.why instanceof MachineLost)
        return lostRun({ vcpus: machine.vcpus, console: () => end?.console ?? '' }, input, { error: end.why });
      const output = await run(input);
      if (lostItsPlace(output.file)) await lose(null);
      return output;
    },
    pause: () => controlled(() => machine.pause()),
    resume: () => controlled(() => machine.resume()),
    close: () => (end === null ? machine.close() : Promise.resolve()),
    console: () => end?.console ?? machine.console(),
  };
}
