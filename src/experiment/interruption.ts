/**
 * SIGINT, SIGTERM and SIGHUP during an experiment: the first signal ends the window and keeps the measured runs, and a
 * second signal ends the process immediately.
 */
import { ExitCode, Failure } from '../base/failure.js';

export interface Interruption {
  /** Resolves with the first signal. */
  readonly signalled: Promise<NodeJS.Signals>;
  signal(): NodeJS.Signals | null;
  /** Removes the handlers. */
  dispose(): void;
}

/** SIGHUP: the terminal or the connection is gone. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const codes: Partial<Record<NodeJS.Signals, ExitCode>> = {
  SIGHUP: ExitCode.hungUp,
  SIGINT: ExitCode.interrupted,
  SIGTERM: ExitCode.terminated,
};

export function listenForInterruption(onFirst: (signal: NodeJS.Signals) => void): Interruption {
  let first: NodeJS.Signals | null = null;
  let tell: (signal: NodeJS.Signals) => void = () => undefined;
  const signalled = new Promise<NodeJS.Signals>((resolve) => {
    tell = resolve;
  });
  const dispose = (): void => {
    for (const signal of signals) process.off(signal, handle);
  };
  const handle = (signal: NodeJS.Signals): void => {
    if (first !== null) {
      // The default action of the signal ends this process; its children die with it.
      dispose();
      process.kill(process.pid, signal);
      return;
    }
    first = signal;
    onFirst(signal);
    tell(signal);
  };
  for (const signal of signals) process.on(signal, handle);
  return { signalled, signal: () => first, dispose };
}

export function exitCodeOf(signal: NodeJS.Signals): ExitCode {
  return codes[signal] ?? ExitCode.interrupted;
}

/** For work that takes an AbortSignal; the reason is a failure with the signal's exit code. */
export function abortSignalOf({ signalled }: Pick<Interruption, 'signalled'>): AbortSignal {
  const ended = new AbortController();
  void signalled.then((signal) => {
    ended.abort(new Failure(exitCodeOf(signal), `interrupted by ${signal}`));
  });
  return ended.signal;
}
