/** A failure for something that the machine lacks, with the packages that contain it. */
import { existsSync } from 'node:fs';
import { unfit, type Failure } from '../base/failure.js';
import { onPath } from '../base/on-path.mjs';
import { howToInstall, type Need } from '../base/system-packages.mjs';

interface Remedy {
  /** An alternative, such as "use --kernel host". */
  readonly otherwise?: string | undefined;
  readonly cause?: unknown;
}

/** `lacks` says what is missing. */
export function missing(lacks: string, needs: readonly Need[], { otherwise, cause }: Remedy = {}): Failure {
  const alternative = otherwise === undefined ? '' : `, or ${otherwise}`;
  return unfit(
    `${lacks}; install it (${howToInstall(needs)}${canInstall() ? '; --install does it' : ''})${alternative}`,
    { cause, needs },
  );
}

/** The conditions of scripts/setup/apt.mjs. */
function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && onPath('apt-get') !== null;
}
