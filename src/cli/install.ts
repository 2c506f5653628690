/** `--install`, the same in every command that may need system packages. */
import type { Installing } from '../jobs/make-ready.js';
import { progressOnStderr } from './text/progress-on-stderr.js';

export const installOption = [
  '--install',
  'name and install the missing system packages (root, Debian-like systems)',
] as const;

export async function installing(install: boolean): Promise<Installing> {
  const { note } = await progressOnStderr();
  return { install, note };
}
