// Events of the kernel, recorded by a shell in a private mount namespace with a trace of its own. It uses nothing of
// pauselab's tracer, because its text judges pauselab.
import { spawn } from 'node:child_process';
import { createReadStream, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
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

const line = /^\s*.*-(\d+)\s+\[\d+\]\s+(\S+)\s+(\d+)\.(\d+): (\w+): (.*)$/;

/**
 * The events of a folder in order, each as `{ tid, flags, time_ns, event, rest }`: the thread that was running, the
 * flags as the kernel prints them, CLOCK_MONOTONIC, and the text behind the event's name. A gap is an error, because an
 * answer to who held what would be wrong; so is a text without an event.
 */
export async function* eventsIn(folder) {
  const path = join(folder, 'events');
  let events_n = 0;
  for await (const text of createInterface({ input: createReadStream(path) })) {
    const [, kept, written] = /^# entries-in-buffer\/entries-written: (\d+)\/(\d+)/.exec(text) ?? [];
    if (kept !== written || /\[LOST \d+ EVENTS\]/.test(text))
      throw new Error('the kernel’s events were not kept in full, so nothing is judged; use a shorter --duration');
    const [, tid, flags, seconds, micros, event, rest] = line.exec(text) ?? [];
    if (event === undefined) continue;
    events_n += 1;
    yield { tid: Number(tid), flags, time_ns: Number(seconds) * 1e9 + Number(micros) * 1e3, event, rest };
  }
  if (events_n === 0) throw new Error(`${path} has no event`);
}
