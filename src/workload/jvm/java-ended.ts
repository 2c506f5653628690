/** Ends a JVM within a time limit, and explains an end that came too early. */
import { waitFor } from '../../base/clock.js';
import { Failure, unfit, usage, workloadFailed } from '../../base/failure.js';
import { collectorOfFlag } from '../../host/jdks.js';
import { ownFailure } from '../launched.js';
import { howEnded, killAll, type Exit, type Program } from '../programs.js';
import type { JavaProgram } from './start.js';

export interface ForcedEnd {
  readonly exit: Exit;
  /**
   * It ignored SIGTERM (for example in a shutdown hook that hangs) and was killed. Its data on the board stay valid.
   */
  readonly killed: boolean;
}

const poll_ms = 20;

/** Sends SIGTERM, and SIGKILL if the JVM has not ended after `grace_ms`. */
export async function endJava(program: Program, grace_ms: number): Promise<ForcedEnd> {
  const before = program.exit();
  if (before !== null) return { exit: before, killed: false };
  program.kill('SIGTERM');
  const killed = (await waitFor(() => program.exit(), { deadline_ms: grace_ms, poll_ms })) === 'late';
  if (killed) await killAll([program]);
  return { exit: program.exit() ?? { code: null, signal: 'SIGKILL' }, killed };
}

type Ended = Pick<JavaProgram, 'java' | 'exit' | 'complaints' | 'output' | 'crashReport' | 'killedWhy'>;

/**
 * Explains an end that came too early; `when` completes "the JVM ended …". Exit code 2 for a wrong flag or program, 5
 * for what this JDK or machine lacks, 6 for a crash, too little memory and everything else. `speaksForItself`: it is
 * our main class, whose exit codes and last sentence are meant for the user.
 */
export function javaEnded(
  program: Ended,
  when: string,
  { speaksForItself }: { readonly speaksForItself: boolean },
): Failure {
  const printed = [...program.complaints(), ...program.output()];
  const { code, signal } = program.exit() ?? { code: null, signal: null };
  return (
    crashed(program, printed, when) ??
    refusedToStart(program.java, printed) ??
    (speaksForItself ? ownWords(code, program) : agentWords(code, program)) ??
    outOfMemory(printed, when) ??
    (speaksForItself
      ? unexplained({ code, signal }, program, printed, when)
      : endedByItself({ code, signal }, program, when))
  );
}

function crashed({ crashReport }: Ended, printed: readonly string[], when: string): Failure | null {
  const report = crashReport();
  if (report === null) return null;
  const shortage = find(printed, /^# (Native memory allocation .*|There is insufficient memory .*)$/);
  if (shortage !== null)
    return workloadFailed(
      `the system refused more memory to the JVM ${when} (${shortage}); its report ${report} is kept; ` +
        'lower -Xmx or free memory',
    );
  // Line 4: `#  SIGSEGV (0xb) at pc=…`, or `#  Internal Error (…)` with a reason below.
  const what =
    find(printed, /^#\s+((?:SIG[A-Z]+|EXCEPTION|Internal Error|Out of Memory Error)\b.*?)(?:, pid=.*)?$/) ??
    'it printed no cause';
  const heading = printed.findIndex((text) => text.startsWith('# Problematic frame:'));
  const frame = heading < 0 ? undefined : /^#\s+(.+)$/.exec(printed[heading + 1] ?? '')?.[1];
  const reason = find(printed, /^#\s+((?:fatal error|assert|guarantee|Error): ?.*)$/);
  return new Failure(
    'jvm-crashed',
    `the JVM crashed ${when}: ${what}${reason === null ? '' : ` (${reason})`}` +
      `${frame === undefined ? '' : `, in ${frame.replace(/\s+/g, ' ')}`}; its report ${report} is kept`,
  );
}

/** Messages with which a JVM refuses its command line, each with whose fault it is. */
const refusals: readonly { readonly pattern: RegExp; readonly explain: (java: string, part: string) => Failure }[] = [
  { pattern: /^Unrecognized VM option '(.+)'$/, explain: unknownOption },
  { pattern: /^Option -XX:\+(\w+) not supported$/, explain: unknownOption },
  {
    pattern:
      /^(Unrecognized option: .+|Invalid -Xlog option .+|Invalid (?:maximum|initial) heap size: .+|Improperly specified VM option .+|Error: VM option .+|Conflicting collector combinations .+)$/,
    explain: wrongOption,
  },
  {
    pattern: /^Error: (Could not find or load main class .+)$/,
    explain: (_, part) => usage(`java did not find its program: ${part}; check the class path`),
  },
  {
    pattern: /^Error: (Unable to access jarfile .+|Invalid or corrupt jarfile .+)$/,
    explain: (_, part) => usage(`java did not find its program: ${part}`),
  },
  {
    pattern: /UnsupportedClassVersionError: (.+)$/,
    explain: (java, part) =>
      unfit(`the program needs a newer JDK than ${java}: ${part}; choose another JDK with --java`),
  },
  {
    pattern: /^Error opening zip file or JAR manifest missing : (.+)$/,
    explain: (_, part) => usage(`java did not find its agent: ${part} does not exist or is not an agent`),
  },
  {
    pattern: /^(Could not reserve enough space .+|.*[Cc]ould not allocate metaspace.*)$/,
    explain: (_, part) => unfit(`the machine has too little memory for this JVM: ${part}; lower -Xmx or free memory`),
  },
];

function refusedToStart(java: string, printed: readonly string[]): Failure | null {
  for (const { pattern, explain } of refusals) {
    const part = find(printed, pattern);
    if (part !== null) return explain(java, part);
  }
  const start = printed.findIndex((text) => text.startsWith('Error occurred during initialization of '));
  // The last message before the JDK's launcher gives up is the reason.
  const reason = start >= 0 ? printed[start + 1] : lastBeforeItGaveUp(printed);
  return reason === undefined ? null : usage(`${java} could not start with these flags: ${reason}`);
}

/** Some reasons lack a line break, so that the two sentences share a line. */
function lastBeforeItGaveUp(printed: readonly string[]): string | undefined {
  const gaveUp = 'Error: Could not create the Java Virtual Machine.';
  const at = printed.findIndex((text) => text.endsWith(gaveUp));
  if (at < 0) return undefined;
  return (
    [printed[at]?.slice(0, -gaveUp.length), ...printed.slice(0, at).reverse()].find(
      (text) => text !== undefined && text !== '' && !isNoise(text),
    ) ?? gaveUp
  );
}

function unknownOption(java: string, option: string): Failure {
  const collector = collectorOfFlag(option.replace(/^[+-]/, ''));
  if (collector !== null)
    return unfit(
      `${java} has no ${collector} collector (option ${option}); choose another collector, or another JDK with --java`,
    );
  return usage(`${java} does not know the VM option "${option}"; correct it, or choose another JDK with --java`);
}

function wrongOption(java: string, part: string): Failure {
  return usage(`${java} refused its options: ${part}`);
}

/** Warnings of the JVM on stderr, which any program may have before its last messages. */
const isNoise = (text: string): boolean => /^WARNING:|\bVM warning:|^Picked up |^ERROR: ld\.so: |^\[/.test(text);

function ownWords(code: number | null, { complaints }: Ended): Failure | null {
  return ownFailure(
    code,
    complaints().find((text) => !isNoise(text)),
  );
}

/** In the user's program, only messages of our agent before the main method are ours. */
function agentWords(code: number | null, { complaints }: Ended): Failure | null {
  const sentence = find(complaints(), /^pauselab agent: (.+)$/);
  // If the program's security manager does not let the agent end the JVM, java ends it with exit code 1.
  return sentence === null ? null : (ownFailure(code, sentence) ?? usage(sentence));
}

function outOfMemory(printed: readonly string[], when: string): Failure | null {
  const found = printed
    .map((text) =>
      /^(?:Exception in thread "(.+?)" |Terminating due to |Aborting due to )?java\.lang\.OutOfMemoryError(?:: (.+))?$/.exec(
        text,
      ),
    )
    .find((match) => match !== null);
  if (found === undefined) return null;
  const [, thread, kind = 'no details'] = found;
  return workloadFailed(
    `the JVM ran out of memory ${when} ` +
      `(OutOfMemoryError${thread === undefined ? '' : ` in thread ${thread}`}: ${kind}); raise -Xmx or lower the load`,
  );
}

function unexplained(exit: Exit, program: Ended, printed: readonly string[], when: string): Failure {
  // A JVM that got SIGTERM reports the signal as 128 + its number.
  const how = `${howEnded(exit, program)}${exit.code === 143 ? ' (SIGTERM)' : ''}`;
  const lastWords =
    find(printed, /^(Exception in thread .+)$/) ??
    printed.findLast((text) => !isNoise(text) && !/^\s+at |^# ?/.test(text)) ??
    null;
  return workloadFailed(
    `the JVM ended ${when} ${how}${lastWords === null ? '' : `, with the message "${lastWords}"`}; ` +
      'its recordings are kept',
  );
}

/** The user's program: its last lines are quoted, not interpreted. */
function endedByItself(exit: Exit, program: Ended, when: string): Failure {
  const { complaints, output } = program;
  const lastLines = (printed: readonly string[]): string[] =>
    printed.filter((text) => !isNoise(text) && !/^\s+at |^# ?/.test(text)).slice(-mostLastLines);
  const lines = [...lastLines(output()), ...lastLines(complaints())].map((text) => JSON.stringify(text));
  const how = howEnded(exit, program);
  const advice =
    exit.code === 0
      ? 'a measured program must run until SIGTERM (it has no input: reads of stdin find its end)'
      : 'correct the error that it reports';
  return workloadFailed(
    `the program ended by itself ${when} ${how}, ` +
      `${lines.length === 0 ? 'and printed nothing' : `and its last lines are ${lines.join(', ')}`}; ` +
      `${advice}; its recordings are kept`,
  );
}

/** Per stream: stdout and stderr. */
const mostLastLines = 3;

/** The first group of the first line that matches. */
function find(lines: readonly string[], pattern: RegExp): string | null {
  for (const text of lines) {
    const match = pattern.exec(text);
    if (match !== null) return match[1] ?? match[0];
  }
  return null;
}
