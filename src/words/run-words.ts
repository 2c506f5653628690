/** Sentences, without a full stop, of what is wrong with a run (src/facts/run-facts.ts). */
import { formatDuration, formatShare, formatSize } from '../base/text/units.js';
import type {
  Degradation,
  Disturbance,
  HelperEndFact,
  LogProblem,
  RunFailure,
  SchedulingAsked,
  SchedulingProblem,
  StatesUnknown,
} from '../facts/run-facts.js';
import type { Stated } from '../facts/stated.js';
import { errnoText } from './errno-words.js';
import { counted } from './text.js';
import { sentenceOf, type WordsOf } from './words-of.js';

type RunFact = Disturbance | Degradation | LogProblem | RunFailure;

const ofDisturbances: WordsOf<Disturbance> = {
  steal: ({ share, limit }) =>
    `the hypervisor took ${formatShare(share)} of the CPU time (limit ${formatShare(limit)})`,
  'foreign-load': ({ share, limit }) =>
    `other programs used ${formatShare(share)} of the CPU time (limit ${formatShare(limit)})`,
  'load-unread': () =>
    'the CPU time of other programs was not read over three quarters of the window, because pauselab got no CPU in time or a process of the run had ended',
  'guest-steal': ({ share, limit }) =>
    `the host kept the guest's CPUs waiting for ${formatShare(share)} of the time (limit ${formatShare(limit)})`,
  'clock-source': ({ now }) => `the kernel changed its clock source to ${now ?? 'an unreadable one'}`,
  'guest-clock': ({ ratio }) => `the guest's clock went ${ratio.toFixed(2)} times as fast as the host's`,
  'states-unknown': statesUnknown,
  stopped: ({ duration_ns }) =>
    `a signal or a debugger stopped the workload (state T) for ${formatDuration(duration_ns)} of its window`,
  'not-looked': ({ duration_ns }) =>
    `nobody looked at the workload for ${formatDuration(duration_ns)} of its window: pauselab or the whole machine stood still`,
};

const cgroupRemedy =
  'run as root on a machine whose /sys/fs/cgroup is cgroup v2 with the controller cpu, or in a guest (--kernel)';

const ofScheduling: WordsOf<SchedulingProblem> = {
  'scheduling-refused': ({ setting, asked, thread, errno }) =>
    `${setting === 'read-back' ? 'reading the priority' : `${setting === 'cpus' ? 'CPUs' : setting} ${asked ?? ''}`} of thread ${thread} was refused (${errno}); ${schedulingRemedy(setting, asked)}`,
  'scheduling-not-in-force': ({ thread, asked, actual }) =>
    `thread ${thread} was to have ${schedulingText(asked)} and has ${schedulingText(actual)}; ${actual.slice_ns === 0 ? 'slices need Linux 6.12' : 'something else sets it too'}`,
  'cpu-limit-refused': ({ thread, reason }) =>
    `the limit on CPU time of ${thread} could not be set (${reason}); ${cgroupRemedy}`,
  'cpu-weight-refused': ({ thread, reason }) =>
    `the cgroup weight of ${thread} could not be set (${reason}); ${cgroupRemedy}`,
};

const ofDegradations: WordsOf<Degradation> = {
  ...ofScheduling,
  'states-unknown': statesUnknown,
  untraced: ({ tracer }) => `the tracer ${helperEnd(tracer)}, so there is no trace of this run`,
  'files-exhausted': ({ threads_n }) => `${unopenedThreads(threads_n)}; raise it, or use fewer threads`,
  'io-hog-ended': ({ thread, after_ns, window_ns }) =>
    `${thread} had written as much as ioHogs.atMost allows ${formatDuration(after_ns)} after the start of a window of ${formatDuration(window_ns)}, ` +
    'and wrote nothing after that, so stalled shares and rates average the time with its writes and the time without them; ' +
    'raise ioHogs.atMost, or, if the profile sets it, shorten the window (--duration)',
};

/** Of a log, for those that quote them. */
export const ofLogs: WordsOf<LogProblem> = {
  'log-empty': () =>
    'the JVM’s log is empty, so nothing is known of its pauses and of the heap that it gave back; ' +
    'leave out what switches it off, such as -Xlog:disable in _JAVA_OPTIONS',
  'log-cut': () => 'the last line of the JVM’s log is cut off and was left out',
  'log-dropped': ({ messages_n }) =>
    `the JVM dropped ${messages_n} messages of its log, so pauses may be missing; log less, or raise -XX:AsyncLogBufferSize`,
  'log-without-time': ({ lines_n }) => `${lines_n} lines of the JVM’s log have no time and were left out`,
  'uncommit-without-length': ({ events_n, first }) =>
    `the JVM gave heap back ${events_n} times without saying how long it took, so gc.uncommit lacks these: ${first}`,
  'jvm-warning': ({ text }) => `the JVM warns: ${text}`,
};

const ofFailures: WordsOf<RunFailure> = {
  ...ofScheduling,
  'operations-refused': ({ series, errno, count }) =>
    `the kernel refused ${count} operations of ${series} with ${errnoText(errno)}`,
  'holder-refused': ({ thread, errno, count }) =>
    `the kernel refused ${count} calls of the ${thread} with ${errnoText(errno)}`,
  'malloc-refused': ({ thread, count }) =>
    `malloc refused ${count} blocks of ${thread}; lower live, maxSize or threads, or raise the limit on memory`,
  'jvm-hung': () => 'the JVM did not end after its window and was killed; what it had recorded is kept',
};

const ofRuns: WordsOf<RunFact> = { ...ofDisturbances, ...ofDegradations, ...ofLogs, ...ofFailures };

/** The fact with its sentence, as a bundle stores it. */
export function stated<Fact extends RunFact>(fact: Fact): Stated<Fact> {
  return { ...fact, sentence: sentenceOf<RunFact>(ofRuns, fact) };
}

function statesUnknown({ sampler, from_ns }: StatesUnknown): string {
  const from = from_ns === null ? 'in the whole run' : `from ${formatDuration(from_ns)} after the start on`;
  const remedy =
    sampler.end === 'too-large'
      ? '; use a shorter --duration or fewer threads, or set NODE_OPTIONS=--max-old-space-size=8192 (MiB)'
      : '';
  return `the sampler ${helperEnd(sampler)}, so the states of the threads are unknown ${from}${remedy}`;
}

/** Of an observation too. The sampler has raised its soft limit to the hard limit. */
export function unopenedThreads(threads_n: number): string {
  return (
    `${counted(threads_n, 'thread')} could not be looked at, because the hard limit of open files ` +
    '(ulimit -Hn; in a container --ulimit nofile) is too low: each thread needs two files'
  );
}

/** To follow "the sampler". */
export function helperEnd(fact: HelperEndFact): string {
  switch (fact.end) {
    case 'exited':
      return `ended ${fact.signal === null ? `with exit code ${String(fact.exitCode)}` : `by ${fact.signal}`}${fact.saying === null ? '' : `, saying "${fact.saying}"`}`;
    case 'was-stopped':
      return 'was stopped (SIGSTOP) when the window ended';
    case 'was-killed':
      return 'did not end when asked to, and was killed';
    case 'did-not-end':
      return 'did not end';
    case 'unreadable':
      return `left a file that cannot be read (${fact.reason})`;
    case 'too-large':
      return `wrote ${formatSize(fact.fileBytes)}, of which the first ${formatSize(fact.readBytes)} fit into the memory of Node`;
  }
}

function schedulingRemedy(
  setting: (SchedulingProblem & { code: 'scheduling-refused' })['setting'],
  asked: string | null,
): string {
  switch (setting) {
    case 'policy':
      return asked?.includes(' ') === true
        ? 'a real-time policy needs root, CAP_SYS_NICE or a raised RLIMIT_RTPRIO (ulimit -r), and a cgroup that has real-time time'
        : 'run as root or leave the policy out';
    case 'nice':
      return 'a negative nice value needs root, CAP_SYS_NICE or a raised RLIMIT_NICE (ulimit -e)';
    case 'slice':
      return 'run as root, or leave the slice out';
    case 'cpus':
      return 'choose CPUs that taskset and the cpuset allow';
    case 'read-back':
      return 'the workload ended too early';
  }
}

function schedulingText({ nice, policy, slice_ns, cpus }: SchedulingAsked): string {
  return [
    nice === undefined ? [] : `nice ${nice}`,
    policy === undefined ? [] : `policy ${policy}`,
    slice_ns === undefined ? [] : slice_ns === 0 ? 'no slice of its own' : `slice ${formatDuration(slice_ns)}`,
    cpus === undefined ? [] : `CPUs ${cpus.join(',')}`,
  ]
    .flat()
    .join(', ');
}
