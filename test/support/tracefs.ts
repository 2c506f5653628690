/** Instances of tracefs, as a tracer makes and removes them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/** In a mount namespace of its own, as the tracer's: tracefs is not mounted everywhere. `folder` does not exist yet. */
export function traceInstances(folder: string): string[] {
  mkdirSync(folder);
  return execFileSync('unshare', ['-m', 'sh', '-c', 'mount -t tracefs nodev "$1" && ls "$1/instances"', 'sh', folder], {
    encoding: 'utf8',
  }).split('\n');
}

export function canTrace(folder: string): boolean {
  try {
    return process.getuid?.() === 0 && traceInstances(folder).length > 0;
  } catch {
    return false;
  }
}
