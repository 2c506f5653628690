/** What an observation says about a JVM, in sentences without a full stop. */
import { formatDuration, formatSize } from '../base/text/units.js';
import type { AttachRefusal, JvmGap, JvmLeftover } from '../facts/observed-jvm-facts.js';
import type { Stated } from '../facts/stated.js';
import { ofLogs } from './run-words.js';
import { counted, listed } from './text.js';
import { sentenceOf, type WordsOf } from './words-of.js';

export const ofJvmGaps: WordsOf<JvmGap> = {
  'jvm-unknown': ({ pid, name, errno }) =>
    `whether ${name} (${pid}) is a JVM, because this user may not look into it (${errno}); run pauselab as root or as its user`,
  'jvm-log-incomplete': ({ pid, name, problem }) => `of ${name} (${pid}): ${sentenceOf(ofLogs, problem)}`,
  'jvm-log-long': ({ pid, name, mostBytes }) =>
    `the log of ${name} (${pid}) grew beyond ${formatSize(mostBytes)}, so its first pauses may be missing; observe for a shorter time`,
  'jvm-log-unreadable': ({ pid, name }) =>
    `the log of ${name} (${pid}) could not be read, so its safepoints are those that were seen from outside`,
};

const ofLeftovers: WordsOf<JvmLeftover> = {
  'jvm-not-restored-yet': ({ pid, name, guardian }) =>
    `${name} (${pid}) does not answer, so its log is still on; the process ${guardian} (pauselab-guardian) switches it off as soon as ${name} answers`,
  'jvm-guardian-lost': ({ pid, name, file }) =>
    `pauselab-guardian was killed, so the log of ${name} (${pid}) may still be on; switch it off with \`jcmd ${pid} VM.log output=${file} what=all=off\`, and remove ${file} as ${name} sees it`,
  'jvm-outputs-differ': ({ pid, name, before, after }) =>
    `the log outputs of ${name} (${pid}) were changed while it was observed, and not by pauselab: ${outputs(before)} before, ${outputs(after)} after`,
};

const outputs = (all: readonly string[]): string => (all.length === 0 ? 'none' : listed(all));

export function statedLeftover(fact: JvmLeftover): Stated<JvmLeftover> {
  return { ...fact, sentence: sentenceOf(ofLeftovers, fact) };
}

const instead = 'or leave --jvm out';

const ofRefusals: WordsOf<AttachRefusal> = {
  'not-a-jvm': () => `is not a JVM, because it has not loaded libjvm.so; name a JVM, ${instead}`,
  'attach-disabled': ({ flag }) => `runs with ${flag}, so it accepts no tool; restart it without this flag, ${instead}`,
  'sigquit-uncaught': () =>
    `neither catches SIGQUIT nor listens at /tmp/.java_pid…, as it would with -Xrs, so attaching would end it; try again if it is still starting, restart it if that file was removed, ${instead}`,
  'jvm-stopped': () => `was stopped by a signal or a debugger, so it cannot answer; continue it, ${instead}`,
  'jvm-ended': () => 'ended before pauselab had attached to it; name a process that runs',
  'jvm-silent': () =>
    `did not answer within 10 s: it may be frozen, in a long pause, or closed to tools; try again later, ${instead}`,
  'jvm-unreachable': ({ errno }) =>
    `cannot be reached (${errno}); run pauselab as the user of that process or as root, ${instead}`,
  'command-failed': ({ command, text }) =>
    `did not carry out ${command}: "${text}"; --jvm needs JDK 9 or newer: use one, ${instead}`,
  'no-tmpfs': ({ folders }) =>
    `sees no tmpfs at ${listed(folders)}, and a log on a disk would stall it; mount a tmpfs there, ${instead}`,
  'guardian-ended': () =>
    `was not changed, because pauselab-guardian, which would undo the changes, ended early; try again, ${instead}`,
};

/** With the process as its subject. */
export function attachRefusalText(
  { pid, name }: { readonly pid: number; readonly name: string },
  fact: AttachRefusal,
): string {
  return `--jvm: ${name} (${pid}) ${sentenceOf(ofRefusals, fact)}`;
}

/** What `--jvm` will do, before it does it. */
export function attachAnnouncement(
  { pid, name }: { readonly pid: number; readonly name: string },
  file: string,
): string {
  return `--jvm: pauselab attaches to ${name} (${pid}) as jcmd does, has it print the names of its threads (which takes a safepoint, before the observation), and switches its log of safepoints and collections on, into ${file} as ${name} sees it; after the observation the log is off again and the file removed, also if pauselab is killed`;
}

interface ShownCounters {
  readonly safepoints_n: number | null;
  readonly safepoint_ns: number | null;
  readonly safepointReach_ns: number | null;
  readonly heapCommittedBytes: number | null;
}

export interface ShownJvm {
  readonly version: string | null;
  readonly collector: string | null;
  readonly main: string | null;
  readonly flags: readonly string[];
  readonly logFiles: readonly string[];
  readonly counters: { readonly before: ShownCounters | null; readonly after: ShownCounters | null };
  readonly attached: {
    readonly threads_n: number;
    readonly events:
      | readonly {
          readonly name: string;
          readonly events_n: number;
          readonly total_ns: number;
          readonly longest_ns: number;
        }[]
      | null;
  } | null;
}

/** For a terminal: what is known of a JVM, one sentence a line. */
export function jvmLines(pid: number, jvm: ShownJvm): string[] {
  const { version, collector, main, flags, logFiles, attached } = jvm;
  const known = [
    `Java ${version ?? 'of an unknown version'}`,
    collector === null ? 'collector not known' : `collector ${collector}`,
    ...flags,
    main === null ? 'main class not known' : `main class ${main}`,
  ];
  return [
    `JVM ${pid}: ${known.join(', ')}.`,
    ...countersLine(jvm.counters),
    ...(logFiles.length === 0 ? [] : [`  It writes a log of its own: ${listed(logFiles)}.`]),
    ...(attached === null ? [] : [`  Its log, switched on meanwhile: ${eventsText(attached.events)}.`]),
  ];
}

function countersLine({ before, after }: ShownJvm['counters']): string[] {
  if (before === null || after === null)
    return [
      `  Its performance counters (hsperfdata) could not be read ${before === null ? 'before the observation' : 'after it'}.`,
    ];
  const grown = (key: 'safepoints_n' | 'safepoint_ns' | 'safepointReach_ns'): number | null => {
    const [from, to] = [before[key], after[key]];
    return from === null || to === null ? null : to - from;
  };
  const [safepoints_n, safepoint_ns, reach_ns] = [
    grown('safepoints_n'),
    grown('safepoint_ns'),
    grown('safepointReach_ns'),
  ];
  const times = [
    ...(safepoint_ns === null ? [] : [formatDuration(safepoint_ns)]),
    ...(reach_ns === null ? [] : [`${formatDuration(reach_ns)} to reach them`]),
  ];
  const [heapBefore, heapAfter] = [before.heapCommittedBytes, after.heapCommittedBytes];
  const parts = [
    ...(safepoints_n === null
      ? []
      : [
          `${counted(safepoints_n, 'safepoint')}${safepoints_n === 0 || times.length === 0 ? '' : ` (${times.join(', and ')})`}`,
        ]),
    ...(heapBefore === null || heapAfter === null
      ? []
      : [`heap ${formatSize(heapBefore)} before, ${formatSize(heapAfter)} after`]),
  ];
  return parts.length === 0 ? [] : [`  Its counters, from shortly before to shortly after: ${parts.join('; ')}.`];
}

/** In the order in which they are named. */
const eventTitles: Readonly<Record<string, readonly [one: string, many: string]>> = {
  'gc.pause': ['pause of the collector', 'pauses of the collector'],
  'safepoint.total': ['safepoint', 'safepoints'],
  'gc.uncommit': ['return of heap', 'returns of heap'],
};

function eventsText(events: NonNullable<ShownJvm['attached']>['events']): string {
  if (events === null) return 'it could not be read';
  const texts = Object.entries(eventTitles).flatMap(([name, [one, many]]) => {
    const found = events.find((event) => event.name === name);
    return found === undefined
      ? []
      : [
          `${counted(found.events_n, one, many)} (${formatDuration(found.total_ns)}, longest ${formatDuration(found.longest_ns)})`,
        ];
  });
  return texts.length === 0 ? 'no pause' : listed(texts);
}
