/**
 * For vitest's global set-up: the cache folder of all unit tests is new and empty, so that no test depends on the
 * kernels, JDKs and lists that this machine's user has in theirs. Test files share it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Workers inherit the environment of vitest, and start later. */
export function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'pauselab-cache-'));
  delete process.env.PAUSELAB_CACHE;
  process.env.XDG_CACHE_HOME = folder;
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
}
