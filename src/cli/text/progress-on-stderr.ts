/** Progress of jobs on stderr: log lines, and the status of an experiment. */
import type { Progress } from '../../jobs/progress.js';

export async function progressOnStderr(): Promise<Progress> {
  const [{ createLogger }, { createStatus }] = await Promise.all([import('./logger.js'), import('./status.js')]);
  const logger = createLogger();
  return {
    note(text) {
      logger.info(text);
    },
    watch: (profile) => createStatus(logger, profile),
  };
}
