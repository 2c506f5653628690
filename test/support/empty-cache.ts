/**
 * For the global set-up of the projects of unit tests: their cache folder is new and empty, so that no test depends on
 * the kernels, JDKs and lists that this machine's user has in theirs. Test files of a project share it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

/** Workers of this project get its environment, and start later. Other projects have the cache of the user. */
export function setup({ config }: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'pauselab-cache-'));
  config.env = { ...config.env, PAUSELAB_CACHE: '', XDG_CACHE_HOME: folder };
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
}
