// Events of the kernel, recorded by a shell in a private mount namespace with a trace of its own. It uses nothing of
// pauselab's tracer, because its text judges pauselab.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';

/**
 * Begins the script of a judge: `$own` is its trace, and `$1/events` the file for its text. `atEnd`: what the shell does
 * before it removes the trace.
 */
export const traceScript = (atEnd, begin) => `set -e
mount -t tracefs nodev "$1/tracefs"; own="$1/tracefs/instances/judge-$$"; mkdir "$own"
trap 'set +e; echo 0 > "$own/tracing_on"; ${atEnd}; rmdir "$own"; exit 0' TERM
echo mono > "$own/trace_clock"
${begin}
touch "$1/ready"; while :; do sleep 0.2; done`;

/** Starts a `traceScript` with $1, the folder, and further arguments. It records once this resolves. */
export async function recordTrace(script, folder, ...more) {
  mkdirSync(join(folder, 'tracefs'), { recursive: true });
  // Of an earlier try in a folder that is kept.
  rmSync(join(folder, 'ready'), { force: true });
  const child = spawn('unshare', ['-m', 'bash', '-c', script, 'judge', folder, ...more], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise((resolve) => {
    child.once('close', resolve);
  });
  while (!existsSync(join(folder, 'ready'))) {
    if (child.exitCode !== null) throw new Error('the kernel’s events could not be read; root and tracefs are needed');
    await after(50);
  }
  return {
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
