import type { Need } from './system-packages.mjs';

/** Exit codes of the process. Scripts rely on these numbers: never give a number a second meaning. */
export const ExitCode = {
  ok: 0,
  internal: 1,
  usage: 2,
  regression: 3,
  inconclusive: 4,
  unfit: 5,
  workload: 6,
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** What failed, for programs. The exit code follows from it. A narrower code exists where somebody decides by it. */
const exitOfCode = {
  internal: ExitCode.internal,
  usage: ExitCode.usage,
  regression: ExitCode.regression,
  inconclusive: ExitCode.inconclusive,
  unfit: ExitCode.unfit,
  workload: ExitCode.workload,
  'hung-up': ExitCode.hungUp,
  interrupted: ExitCode.interrupted,
  terminated: ExitCode.terminated,
  /** The guest kernel's code failed, or the CPU that the guest was given. */
  'guest-kernel-crashed': ExitCode.workload,
  'guest-lost': ExitCode.workload,
  /** The lists of the mirror, of which all could be read, have no such package. */
  'not-on-mirror': ExitCode.usage,
  'download-failed': ExitCode.unfit,
  'jvm-crashed': ExitCode.workload,
  'jvm-hung': ExitCode.workload,
  'threads-unmatched': ExitCode.unfit,
  'operations-refused': ExitCode.workload,
  'holder-refused': ExitCode.workload,
  'malloc-refused': ExitCode.workload,
  'scheduling-refused': ExitCode.workload,
  'scheduling-not-in-force': ExitCode.workload,
  'cpu-limit-refused': ExitCode.workload,
  'cpu-weight-refused': ExitCode.workload,
} as const satisfies Readonly<Record<string, ExitCode>>;

export type FailureCode = keyof typeof exitOfCode;

export const failureCodes = Object.keys(exitOfCode) as FailureCode[];

/** A code of a newer pauselab or of another program counts as a failed workload. */
export function failureCodeOf(code: string): FailureCode {
  return failureCodes.find((one) => one === code) ?? 'workload';
}

/** The most general code of an exit code. */
function wideCode(exitCode: ExitCode): FailureCode {
  return failureCodes.find((code) => exitOfCode[code] === exitCode) ?? 'internal';
}

/**
 * The only error that is meant for the user. `message` is a whole sentence that names what was given, what was expected
 * and the remedy. Anything else that is thrown is a bug of ours.
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;
  readonly exitCode: ExitCode;
  /**
   * What is printed, line by line: mostly just the sentence. Other line breaks in `message` are not printed as such.
   */
  readonly lines: readonly string[];
  /** System packages that would help, by what they are needed for (system-packages.mjs). */
  readonly needs: readonly Need[];

  /** `code`: an exit code stands for its most general code. */
  constructor(
    code: FailureCode | ExitCode,
    sentence: string,
    {
      lines = [sentence],
      needs = [],
      ...options
    }: { cause?: unknown; lines?: readonly string[]; needs?: readonly Need[] } = {},
  ) {
    super(sentence, options);
    this.code = typeof code === 'number' ? wideCode(code) : code;
    this.exitCode = exitOfCode[this.code];
    this.lines = lines;
    this.needs = needs;
  }
}

type FailureOptions = ConstructorParameters<typeof Failure>[2];

/** The input is invalid: an option, a profile, a file. */
export function usage(sentence: string, options?: FailureOptions): Failure {
  return new Failure(ExitCode.usage, sentence, options);
}

/** The machine cannot do it: a missing permission, kernel feature or program. */
export function unfit(sentence: string, options?: FailureOptions): Failure {
  return new Failure(ExitCode.unfit, sentence, options);
}

/** The workload crashed, hung or ended early. */
export function workloadFailed(sentence: string, options?: FailureOptions): Failure {
  return new Failure(ExitCode.workload, sentence, options);
}

/** A signal came before the work was done. The signal handler knows which one, and sets the exit code. */
export function interruptedBefore(what: string): Failure {
  return new Failure(ExitCode.interrupted, `interrupted before ${what}`);
}

export function isInterruption(error: unknown): error is Failure {
  return error instanceof Failure && signalCodes.includes(error.exitCode);
}

const signalCodes: readonly ExitCode[] = [ExitCode.hungUp, ExitCode.interrupted, ExitCode.terminated];
