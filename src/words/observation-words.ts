/** What an observation says, in sentences without a full stop. */
import { printableLine } from '../base/text/printable.js';
import { formatDuration } from '../base/text/units.js';
import type { Collector } from '../catalogue/collectors.js';
import { givesBackOf, type GivesBack } from '../catalogue/gives-back.js';
import { isHeldUnseen, type Cause } from '../facts/blame.js';
import type {
  AnswerFact,
  ObservationGap,
  StallCut,
  StallReasonFact,
  ObservationLimit,
  ObservationRemedy,
  RefusedTier,
  TierName,
  TierObstacle,
} from '../facts/observation-facts.js';
import type { Stated } from '../facts/stated.js';
import type { HiddenNames, RefusedMap } from '../facts/user-stack-facts.js';
import { helperEnd, unopenedThreads } from './run-words.js';
import { counted, listed } from './text.js';
import { ofJvmGaps } from './observed-jvm-words.js';
import { sentenceOf, type WordsOf } from './words-of.js';

const ofAnswers: WordsOf<AnswerFact> = {
  'no-stall': ({ threshold_ns, watched_ns, threads_n }) =>
    `in ${formatDuration(watched_ns)} none of the threads (${threads_n} at the start) was stalled for ${formatDuration(threshold_ns)} or more`,
  'gives-back': ({
    stalls_n,
    total_ns,
    givingBack_n,
    givingBack_ns,
    perhaps_n,
    others,
    ofHolders_n,
    ofHolders_ns,
    unknown_n,
    unknown_ns,
  }) =>
    [
      givingBack_n === 0
        ? `giving memory back ${isRuledOut({ others, unknown_n }) ? 'is not' : 'was not seen to be'} the reason for any of ${counted(stalls_n, 'stall')} (${formatDuration(total_ns)} in all)`
        : `giving memory back ${perhaps_n === givingBack_n ? 'may be' : 'is'} the reason for ${givingBack_n} of ${counted(stalls_n, 'stall')}${perhaps_n > 0 && perhaps_n < givingBack_n ? ` (for ${perhaps_n} of these it is only possible)` : ''} and ${formatDuration(givingBack_ns)} of ${formatDuration(total_ns)} stalled time`,
      ...others.map(
        (other) =>
          `${counted(other.stalls_n, 'stall')} (${formatDuration(other.total_ns)}) ${other.isOpen ? openReason(other.cause) : otherReasons[other.cause]}`,
      ),
      ...(ofHolders_n === 0
        ? []
        : [
            `besides, in ${counted(ofHolders_n, 'stall')} (${formatDuration(ofHolders_ns)}) a thread that others waited for had no CPU itself`,
          ]),
      ...(unknown_n === 0
        ? []
        : [`the reason for ${counted(unknown_n, 'stall')} (${formatDuration(unknown_ns)}) is not known`]),
    ].join('; '),
};

/** Whether the reason of every stall is known. */
function isRuledOut({ others, unknown_n }: Pick<Extract<AnswerFact, { code: 'gives-back' }>, 'others' | 'unknown_n'>) {
  return unknown_n === 0 && others.every(({ cause, isOpen }) => !isOpen && !isHeldUnseen(cause));
}

/** `sh (4711)`, `sh (4711, at the end java)`; `about`: more of it. */
export function targetText(
  { name, nameAtEnd, pid }: { readonly name: string; readonly nameAtEnd?: string | undefined; readonly pid: number },
  about?: string,
): string {
  const parts = [
    String(pid),
    ...(nameAtEnd === undefined ? [] : [`at the end ${nameAtEnd}`]),
    ...(about === undefined ? [] : [about]),
  ];
  return `${name} (${parts.join(', ')})`;
}

const givesBackWords: Readonly<Record<GivesBack, string>> = { yes: 'yes', no: 'no', open: 'not known' };

/** For a reason in a table. */
export function givesBackWord(
  reason: Pick<StallReasonFact, 'cause' | 'call' | 'grade' | 'thread'>,
  collector: Collector | null = null,
): string {
  return givesBackWords[givesBackOf(reason, reason.call, reason.grade, collector)];
}

/** What it was instead, after the number of stalls. Of the locks: held by a call that gives nothing back. */
const otherReasons: Readonly<Record<Cause, string>> = {
  'mmap-lock-reader': 'waited for mmap_lock, which another call held for reading',
  'mmap-lock-writer': 'waited for mmap_lock, which another call held for writing',
  'mmap-lock-holder':
    'waited for mmap_lock, held by a call that is not known for certain and may have given memory back',
  'vma-lock': 'waited for a VMA’s lock, which another call held',
  'allocator-mutex': 'waited for a mutex of the allocator, and its holder was not seen to give memory back',
  mutex: 'waited for a mutex, and its holder was not seen to give memory back',
  safepoint: 'waited for a safepoint of the JVM',
  'gc-pause': 'waited for a pause of the collector',
  'block-io': 'waited for a disk',
  'swap-in': 'waited for memory that came back from swap',
  'memory-reclaim': 'waited while the kernel freed memory',
  'cpu-limit': 'waited because a cgroup had used up its CPU time (cpu.max, or cpu.cfs_quota_us in cgroup v1)',
  freezer: 'came from a cgroup that was frozen',
  'not-scheduled': 'waited for a CPU',
  stopped: 'came from a signal or a debugger, which stopped the thread',
  // No evidence proves it.
  steal: 'may have come from the hypervisor, which took CPU time meanwhile',
  running: 'came from the work of the thread itself',
  unknown: 'came from nothing that is known',
};

/** Where the call of the thread that others waited for was not seen. */
const openReasons: Readonly<Partial<Record<Cause, string>>> = {
  'mmap-lock-reader':
    'waited for mmap_lock, held for reading by a call that is not known for certain and may have given memory back',
  'mmap-lock-writer':
    'waited for mmap_lock, held for writing by a call that is not known for certain and may have given memory back',
  'vma-lock': 'waited for a VMA’s lock, held by a call that is not known for certain and may have given memory back',
  safepoint: 'waited for a safepoint of the JVM, in which heap may have been given back unseen',
  'gc-pause': 'waited for a pause of the collector, in which heap may have been given back unseen',
  'not-scheduled': 'waited for a thread of the JVM that had no CPU, and that may have given memory back unseen',
};

function openReason(cause: Cause): string {
  const heldUp = 'waited for a thread of the JVM that was held up, and that may have given memory back unseen';
  // What the holder of a mutex did is never certain, and its words say so.
  return openReasons[cause] ?? (isHeldUnseen(cause) ? otherReasons[cause] : heldUp);
}

const hiddenNames: Readonly<Record<HiddenNames, string>> = {
  'not-allowed': '/proc/PID/maps may not be read (CAP_SYS_PTRACE is missing)',
  ended: 'it had ended before its /proc/PID/maps was read',
  'other-program': 'it became another program meanwhile (execve)',
};

const refusedMaps: Readonly<Record<RefusedMap, string>> = {
  owner: 'belongs to neither the user of the process nor root',
  'no-file': 'is no regular file',
  large: 'has more than 64 MiB or 1,048,576 functions',
  unreadable: 'could not be read',
};

const ofGaps: WordsOf<ObservationGap> = {
  ...ofJvmGaps,
  'records-dropped': ({ records_n }) =>
    `${counted(records_n, 'record')} did not fit into the buffer of the kernel: stalls and their reasons may be missing`,
  'stalls-left-out': ({ stalls_n, kept_n }) =>
    `the bundle has the ${kept_n} longest of ${counted(stalls_n, 'stall')}, because the file of stalls is limited in size: \`pauselab compare\` does not take it; observe for a shorter time, or with a longer --threshold`,
  'threads-not-followed': ({ threads_n }) =>
    `${counted(threads_n, 'thread')} could not be followed, because pauselab’s table in the kernel had another thread in ${threads_n === 1 ? 'its' : 'their'} place: ${threads_n === 1 ? 'its' : 'their'} stalls are missing`,
  'lock-users-missed': ({ times_n }) =>
    `${counted(times_n, 'time')} a thread that used mmap_lock could not be followed, because pauselab’s table in the kernel had another thread in its place; for ${times_n === 1 ? 'this time' : 'these times'} the holder may be unknown`,
  'user-stacks-lost': ({ stacks_n }) =>
    `${counted(stacks_n, 'stack')} of programs did not fit into the map of the kernel: where these programs called the kernel is not known`,
  'user-stacks-cut': ({ cut_n, stacks_n }) =>
    `${cut_n} of ${counted(stacks_n, 'stack')} of programs ${cut_n === 1 ? 'has' : 'have'} one frame, because the program was built without frame pointers (-fno-omit-frame-pointer; a JVM: -XX:+PreserveFramePointer)`,
  'user-names-hidden': ({ pid, processes_n, why }) =>
    `the functions of process ${pid}${processes_n === 1 ? '' : ` and ${counted(processes_n - 1, 'other')}`} are not named, because ${hiddenNames[why]}`,
  'jit-map-refused': ({ pid, why }) =>
    `functions that process ${pid} compiled itself are not named, because its /tmp/perf-PID.map ${refusedMaps[why]}`,
  'events-missed': ({ events_n }) => `${counted(events_n, 'event')} of the kernel came while another was handled`,
  'target-ended': ({ pid, name }) =>
    `${name} (${pid}) ended before the observation did, so nothing after that is known`,
  'processes-started': ({ processes_n }) =>
    `${counted(processes_n, 'process', 'processes')} that started during the observation ${processes_n === 1 ? 'was' : 'were'} not observed; others may have started and ended`,
  'records-limit': ({ seen_ns }) =>
    `pauselab keeps a limited number of records and had reached the limit, so the observation ended after ${formatDuration(seen_ns)}`,
  'looks-only': ({ period_ns, kernelThreads = [] }) => {
    const except = kernelThreads.length === 0 ? '' : ` (except ${listed(kernelThreads.map((name) => `\`${name}\``))})`;
    return [
      `sampling looks at each thread every ${formatDuration(period_ns)}, so lengths are known to ${formatDuration(period_ns)}, and waits of less than ${formatDuration(2 * period_ns)} are not seen`,
      `It does not see threads of other programs and of the kernel${except}, the call of a holder that lost its CPU, or who woke whom`,
    ].join('. ');
  },
  'looks-late': ({ looks_n, late_n, period_ns, mean_ns, longest_ns }) =>
    `${late_n} of ${counted(looks_n, 'look')} came late, because looking uses about a tenth of a CPU at most or had no CPU itself: ${formatDuration(mean_ns)} apart on average instead of ${formatDuration(period_ns)}, at most ${formatDuration(longest_ns)}`,
  'looks-ended': ({ seen_ns, sampler }) =>
    `the sampler ${sampler === null ? 'could not write what it had missed' : helperEnd(sampler)}: what it saw in ${formatDuration(seen_ns)} is kept, and whether threads or waits are missing there is not known`,
  'calls-hidden': ({ pid }) =>
    `the system calls of ${pid} may not be read (/proc/${pid}/syscall: Yama, or a process that may not be traced), so what a blocked thread waited for is known by the kernel’s function only`,
  'functions-hidden': ({ pid }) =>
    `what threads of ${pid} wait for may not be read (/proc/${pid}/wchan and syscall: a process that may not be traced), so no lock is certain`,
  'waits-dropped': ({ waits_n }) =>
    `what the thread waited for is missing for ${counted(waits_n, 'wait')}, because pauselab keeps a limited number; observe for a shorter time`,
  'files-exhausted': ({ threads_n }) => unopenedThreads(threads_n),
  'cgroup-throttled': ({ pid, throttled_ns }) =>
    `a limit of CPU time (cpu.max) of the cgroup of ${pid}, or of one above it, stopped its threads for ${formatDuration(throttled_ns)} in all. This sums CPUs and cgroups, so it can exceed the time observed. Waits for a CPU may come from it`,
  'throttling-unread': ({ pid }) =>
    `pauselab could not read whether a limit of CPU time (cpu.max) stopped threads of ${pid}: their cgroup is not visible, or they moved to another one. Waits for a CPU may come from it. In a container, start pauselab with --cgroupns=host`,
  'steal-unread': () =>
    'pauselab could not read whether the hypervisor took CPU time, because /proc/stat is hidden (/proc is mounted with subset=pid). Waits for a CPU may come from the hypervisor',
  'sleeps-not-judged': () =>
    'a thread that sleeps is not counted as stalled, except for a mutex of the C library, because threads sleep between their jobs: waits for monitors, condition variables, locks of other kinds and the network are not in these figures',
  'allocator-locks-unseen': ({ pid, file, processes_n }) =>
    `process ${pid}${processes_n === 1 ? '' : ` and ${counted(processes_n - 1, 'other')}`} ${processes_n === 1 ? 'uses' : 'use'} tcmalloc (${printableLine(file)}), whose locks are spin locks that sleep with a timeout: waits for them, as for a thread that gives memory of the page heap back, are not in these figures`,
  'symbols-hidden': () => 'the names of kernel functions are hidden (kernel.kptr_restrict), so stacks are not shown',
  'trace-overrun': ({ seen_ns }) =>
    `the kernel made more events than pauselab could read, so the observation ended after ${formatDuration(seen_ns)}`,
  'trace-refused': ({ what }) =>
    `this kernel refused ${what} of tracefs: causes that are seen by it may be missing or unknown`,
  'others-untraced': ({ reason }) =>
    `other programs were not traced (${reason}): who holds a lock from outside may be unknown`,
  'calls-partly-traced': () =>
    'of system calls only futex and those that change memory were traced, and none of other programs: what else a thread did that held a lock is not known',
  'freezer-unseen': () => 'a frozen cgroup looks like a sleep, so it is not in these figures',
};

const ofObstacles: WordsOf<TierObstacle> = {
  'no-kernel-program': ({ processor }) =>
    `native/observer/observer.${processor}.bpf.o, the programs for the kernel of this processor, is not there; pauselab comes with those for x64`,
  'no-type-information': () =>
    'this kernel has no type information (/sys/kernel/btf/vmlinux); boot a kernel that was built with CONFIG_DEBUG_INFO_BTF',
  'in-pid-namespace': () =>
    'pauselab runs in a PID namespace of a container, and the kernel names threads by their ids outside; start it on the host, or in a container with the host’s PID and cgroup namespaces (--pid=host --cgroupns=host)',
  'capabilities-missing': ({ capabilities }) =>
    `${listed(capabilities)} ${capabilities.length === 1 ? 'is' : 'are'} missing; be root, or give them to pauselab`,
  'helper-not-built': ({ complaint }) => `its helper could not be built (${complaint})`,
  'other-user': ({ pid, name, uid }) =>
    `${name} (${pid}) belongs to another user (uid ${uid}), and CAP_SYS_PTRACE is missing; observe as that user, or as root`,
  'no-run-delay': () =>
    'this kernel does not count how long threads wait for a CPU (/proc/PID/schedstat); boot a kernel that was built with CONFIG_SCHED_INFO',
  'needs-root': () => 'it needs root; run pauselab as root',
  'kernel-refuses': ({ complaint, lockdown }) =>
    `the kernel refuses it (${complaint})${lockdown === null ? '' : `; its lockdown mode is ${lockdown}`}`,
};

/** As in a sentence. */
export const tierWords: Readonly<Record<TierName, string>> = {
  ebpf: 'eBPF',
  tracefs: 'tracefs',
  sampling: 'sampling',
};

export function statedObstacle<Fact extends TierObstacle>(fact: Fact): Stated<Fact> {
  return { ...fact, sentence: sentenceOf<TierObstacle>(ofObstacles, fact) };
}

export function statedRefusal(fact: RefusedTier): Stated<RefusedTier> {
  return {
    ...fact,
    sentence: `observing by ${tierWords[fact.tier]} is not possible: ${statedObstacle(fact).sentence}`,
  };
}

export function statedAnswer(fact: AnswerFact): Stated<AnswerFact> {
  return { ...fact, sentence: sentenceOf(ofAnswers, fact) };
}

export function statedGap(fact: ObservationGap): Stated<ObservationGap> {
  return { ...fact, sentence: sentenceOf(ofGaps, fact) };
}

/** Behind the length of a stall. */
const cutWords: Readonly<Record<StallCut, string>> = {
  'began-before': 'from before the start',
  'still-going-on': 'still going on at the end',
  'thread-ended': 'until its thread ended',
};

interface SeenStall {
  readonly start_ns: number;
  readonly duration_ns: number;
  readonly cuts: readonly StallCut[];
}

/** `56.9 ms`; `56.9 ms or more` where an end of the stall was not seen. */
export function observedLength({ duration_ns, cuts }: Pick<SeenStall, 'duration_ns' | 'cuts'>): string {
  const isWhole = cuts.every((cut) => cut === 'thread-ended');
  return `${formatDuration(duration_ns)}${isWhole ? '' : ' or more'}`;
}

/** `from 1.20 s on`, `from before the start, still going on at the end`. */
export function observedWhen({ start_ns, cuts }: Pick<SeenStall, 'start_ns' | 'cuts'>): string {
  return [
    ...(cuts.includes('began-before') ? [] : [`from ${formatDuration(start_ns)} on`]),
    ...cuts.map((cut) => cutWords[cut]),
  ].join(', ');
}

const ofLimits: WordsOf<ObservationLimit> = {
  'symbols-hidden': () =>
    'the names of kernel functions are hidden, so stacks are not shown, and disks, swap and reclaim are not told apart: that needs CAP_SYSLOG and kernel.kptr_restrict below 2',
  'files-of-others-hidden': () =>
    'CAP_SYS_PTRACE is missing, so of threads of another user it is not shown which file, such as /proc/PID/smaps, they read while they have the lock, nor the functions of their programs',
  'others-refused': () => 'CAP_SYS_PTRACE is missing, so only processes of the same user can be observed',
  'calls-refused-by-yama': ({ scope }) =>
    `Yama refuses /proc/PID/syscall (kernel.yama.ptrace_scope = ${scope}), so what a blocked thread waits for is known by the kernel’s function only`,
  'calls-hidden': ({ pid }) => ofGaps['calls-hidden']({ code: 'calls-hidden', pid }),
  'functions-hidden': ({ pid }) => ofGaps['functions-hidden']({ code: 'functions-hidden', pid }),
};

const ofRemedies: WordsOf<ObservationRemedy> = {
  'set-capabilities': ({ gives }) =>
    `as root, once, and again after each set-up: gives pauselab’s helper what ${tierWords[gives]} needs; then every user of this machine can observe with it`,
  'add-capabilities': ({ gives }) =>
    `as options of the container’s start: what ${tierWords[gives]} needs, and the host’s cgroups, which show limits of CPU time`,
  'share-pids': ({ gives }) =>
    `as options of the container’s start: ${tierWords[gives]} needs the host’s process ids, and limits of CPU time are visible in the host’s cgroups`,
  'show-symbols': () => 'as root: shows the names of kernel functions to those who have CAP_SYSLOG',
  'show-calls': () => 'as root: lets processes of one user read each other’s system calls',
  'build-helper': () => 'as root: installs what the helper needs, and builds it',
};

export function statedLimit(fact: ObservationLimit): Stated<ObservationLimit> {
  return { ...fact, sentence: sentenceOf(ofLimits, fact) };
}

export function statedRemedy(fact: ObservationRemedy): Stated<ObservationRemedy> {
  return { ...fact, sentence: sentenceOf(ofRemedies, fact) };
}
