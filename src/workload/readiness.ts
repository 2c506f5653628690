/** Waits until a user's program can be measured, by the sign that the profile names. */
import { createConnection } from 'node:net';
import { monotonic_ms, waitFor } from '../base/clock.js';
import { interruptedBefore, unfit, workloadFailed, type Failure } from '../base/failure.js';
import { formatDuration } from '../base/text/units.js';
import type { Readiness } from '../profile/resolved/resolved.js';
import type { JavaProgram } from './jvm/start.js';

const poll_ms = 50;
/** For each attempt to connect, on this machine. */
const connect_ms = 1_000;

export interface Waiting {
  readonly program: Pick<JavaProgram, 'output' | 'complaints'>;
  /** Start of the program, by monotonic_ms(). */
  readonly startedAt_ms: number;
  readonly interrupted?: Promise<unknown> | undefined;
  /** Why the program is gone; null while it runs. */
  readonly gone: () => Failure | null;
}

/** Called before the start: if another program already serves the port, a connection proves nothing. */
export async function refuseServedPort(ready: Readiness | null): Promise<void> {
  if (ready?.kind === 'port' && (await accepts(ready.port))) {
    throw unfit(
      `port ${ready.port}, which should show that the program is ready (jvm.app.ready), ` +
        'already accepts connections before the program starts; end the program that serves it, or choose another port',
    );
  }
}

/** Throws with the reason if the program ends or the deadline passes. */
export async function untilProgramReady(
  ready: Readiness,
  { program, startedAt_ms, interrupted, gone }: Waiting,
): Promise<void> {
  const limit_ms = (ready.kind === 'after' ? ready.after_ns : ready.deadline_ns) / 1e6;
  const pattern = ready.kind === 'log' ? new RegExp(ready.pattern) : null;
  const seen = await waitFor(
    async () => {
      const failure = gone();
      if (failure !== null) throw failure;
      if (pattern !== null)
        return [...program.output(), ...program.complaints()].some((line) => pattern.test(line)) || null;
      return (ready.kind === 'port' && (await accepts(ready.port))) || null;
    },
    { deadline_ms: startedAt_ms + limit_ms - monotonic_ms(), poll_ms, interrupted },
  );
  if (seen === 'interrupted') throw interruptedBefore('the program was ready');
  if (seen === 'late' && ready.kind !== 'after') throw notReady(ready, program);
}

function notReady(ready: Exclude<Readiness, { kind: 'after' }>, program: Waiting['program']): Failure {
  const last = [...program.output(), ...program.complaints()].at(-1);
  const what =
    ready.kind === 'port'
      ? `did not accept a connection at port ${ready.port}`
      : `printed no line that matches /${ready.pattern}/`;
  const printed = last === undefined ? 'it has printed nothing' : `its last line is ${JSON.stringify(last)}`;
  return workloadFailed(
    `the program ${what} within ${formatDuration(ready.deadline_ns)} of its start (jvm.app.ready); ${printed}; ` +
      'correct the program, or raise jvm.app.ready.deadline',
  );
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: 'localhost', timeout: connect_ms });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => {
      end(true);
    });
    socket.once('error', () => {
      end(false);
    });
    socket.once('timeout', () => {
      end(false);
    });
  });
}
