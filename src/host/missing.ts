/** What the machine lacks, as a failure that names the packages which have it. */
import { existsSync } from 'node:fs';
import { unfit, type Failure } from '../base/failure.js';
import { onPath } from '../base/on-path.mjs';
import { howToInstall, type Need } from '../base/system-packages.mjs';

interface Remedy {
  /** What else helps, such as "use --kernel host". */
  readonly otherwise?: string | undefined;
  readonly cause?: unknown;
}

/** `lacks` says what is not there. */
export function missing(lacks: string, needs: readonly Need[], { otherwise, cause }: Remedy = {}): Failure {
  const alternative = otherwise === undefined ? '' : `, or ${otherwise}`;
  return unfit(
    `${lacks}; install it (${howToInstall(needs)}${canInstall() ? '; --install does it' : ''})${alternative}`,
    { cause, needs },
  );
}

/** What scripts/setup/apt.mjs asks for. */
function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && onPath('apt-get') !== null;
}
