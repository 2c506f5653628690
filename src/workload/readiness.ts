/** Waiting until a program of the user's own can be measured, by what the profile says shows it. */
import { createConnection } from 'node:net';
import { monotonic_ms, waitFor } from '../base/clock.js';
import { interruptedBefore, unfit, workloadFailed, type Failure } from '../base/failure.js';
import { formatDuration } from '../base/text/units.js';
import type { Readiness } from '../profile/resolved/resolved.js';
import type { JavaProgram } from './jvm/start.js';

const poll_ms = 50;
/** Of one attempt to connect, on this machine. */
const connect_ms = 1_000;

export interface Waiting {
  readonly program: Pick<JavaProgram, 'output' | 'complaints'>;
  /** Of the program, by monotonic_ms(). */
  readonly startedAt_ms: number;
  readonly interrupted?: Promise<unknown> | undefined;
  /** Why it is gone; null while it runs. */
  readonly gone: () => Failure | null;
}

/** Before the start: a port that another program serves would say nothing of this one. */
export async function refuseServedPort(ready: Readiness | null): Promise<void> {
  if (ready?.kind === 'port' && (await accepts(ready.port))) {
    throw unfit(
      `port ${ready.port}, at which the program is to show that it is ready (jvm.app.ready), accepts connections before the program was started; end what serves it, or choose another port`,
    );
  }
}

/** Throws with the reason when it ends or when the deadline has passed. */
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
        return [...program.output(), ...program.complaints()].some((said) => pattern.test(said)) || null;
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
  const said = last === undefined ? 'it has printed nothing' : `its last line is ${JSON.stringify(last)}`;
  return workloadFailed(
    `the program ${what} within ${formatDuration(ready.deadline_ns)} of its start (jvm.app.ready); ${said}; correct it, or give it longer with jvm.app.ready.deadline`,
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
