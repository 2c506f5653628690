/** What to try, in whole sentences. docs/findings.md has what they claim. */
import type { AdvisedThread, AdviceFact, EndedFact } from '../facts/advice-facts.js';
import { priorityText } from './chain-words.js';
import { counted, listed } from './text.js';
import { sentenceOf, type WordsOf } from './words-of.js';

const mostThreads = 3;

function threadsText(threads: readonly AdvisedThread[], of: (thread: AdvisedThread) => string): string {
  const more = threads.length - mostThreads;
  return listed([...threads.slice(0, mostThreads).map(of), ...(more > 0 ? [counted(more, 'other')] : [])]);
}

const quoted = ({ name }: AdvisedThread): string => `\`${name}\``;

function withPriority(thread: AdvisedThread): string {
  const priority = priorityText(thread);
  return `${quoted(thread)}${priority === null ? '' : ` (${priority})`}`;
}

/** `unseen`: where there is none. */
function namesOf(threads: readonly AdvisedThread[], unseen: string): string {
  return threads.length === 0 ? unseen : threadsText(threads, quoted);
}

const theHolder = 'the thread that the others waited for';

const priorityFindings =
  'In the findings this ended most such stalls, and not all: in a guest, G1 at nice 0 still stalled others for up to 931 ms. ';

const ofWeight =
  'Look at the weight of the cgroup (cpu.weight) first: where it is low, as for a container that asked for little CPU, nice 0 does not help.';

const collectorNames = { g1: 'G1', zgc: 'ZGC', shenandoah: 'Shenandoah', serial: 'Serial', parallel: 'Parallel' };

const ofAdvice: WordsOf<AdviceFact> = {
  'raise-priority': ({ threads, lock }) =>
    `Give ${threadsText(threads, withPriority)} normal priority (nice 0), or a cgroup apart with the usual weight of 100. ${lock === 'kernel' ? priorityFindings : ''}${ofWeight}`,
  'raise-if-low': ({ threads }) =>
    `If ${namesOf(threads, theHolder)} ${threads.length > 1 ? 'have' : 'has'} low priority (a nice value above 0, or SCHED_IDLE), raise it to nice 0, and look at the weight of its cgroup (cpu.weight).`,
  'raise-weight': ({ threads, lock }) =>
    `Look at the weight of the cgroup (cpu.weight) of ${namesOf(threads, theHolder)}, whose priority is not low` +
    (lock === 'kernel'
      ? ': on Linux 7.3, calls of a thread at nice 0 in a cgroup of weight 1 stalled the whole process in the findings.'
      : '.'),
  'give-cpu': ({ threads }) =>
    `Give ${threadsText(threads, withPriority)} a CPU: ` +
    'a higher priority if it is low, a higher CPU limit or weight of the cgroup, or CPUs that other programs do not use. ' +
    `The program waited for ${threads.length > 1 ? 'these threads' : 'this thread'}.`,
  'move-competitors': () =>
    `Give the programs on the CPU of ${theHolder} other CPUs, or a cgroup with a low weight (cpu.weight).`,
  'longer-slice': ({ isNewKernel, lock }) =>
    `${isNewKernel ? 'Give' : 'On Linux 7.1 and newer, give'} ${theHolder} a time slice that is longer than ${lock === 'kernel' ? 'its call' : 'it keeps the mutex'} (sched_setattr, for the normal scheduling policy).` +
    (lock === 'kernel'
      ? ' In the findings stalls then became rare, but those that remained were as long as before.'
      : ''),
  'raise-holders-limit': ({ lock }) =>
    `If the cgroup of ${theHolder} has a CPU limit (cpu.max), raise it: ` +
    (lock === 'kernel'
      ? 'before Linux 6.18 a thread that has used it up keeps locks of the kernel until the next period.'
      : 'a thread that has used it up keeps the mutex until the next period.'),
  'newer-kernel': ({ call, since, needsOneVma, isBatch }) =>
    needsOneVma
      ? `Linux ${since} and newer take only the lock of the VMA for \`${call}\`, if ${isBatch ? 'each of its ranges' : 'its range'} lies inside one VMA; \`pauselab doctor\` shows the locks of a kernel.`
      : `Linux ${since} and newer take only locks of single VMAs for \`${call}\`; \`pauselab doctor\` shows the locks of a kernel.`,
  'one-vma': ({ call, since, isBatch }) =>
    `If the program chooses the ranges of \`${call}\`, keep each of them inside one VMA: since Linux ${since} the kernel then takes only the lock of that VMA.` +
    (isBatch ? ' One range that crosses is enough for mmap_lock.' : ''),
  'smaller-calls': ({ givesBack }) =>
    `${givesBack ? 'Give back' : 'Cover'} less memory per call. ` +
    'A shorter call holds the lock for less time and loses its CPU less often, but no length is safe: ' +
    'calls of 1.4 ms (Linux 6.18) and of 2 ms (7.3) stalled others in the findings.',
  'huge-pages': () =>
    '`khugepaged` makes huge pages of small ones, at nice 19. Write madvise to /sys/kernel/mm/transparent_hugepage/enabled: ' +
    'it then works only on memory that asks for huge pages, as a JVM’s heap does with -XX:+UseTransparentHugePages. ' +
    'Where that memory must have them, give khugepaged normal priority (renice -n 0 -p its id).',
  'equal-pages': () =>
    '`ksmd` looks for equal pages, at nice 5. Write 0 to /sys/kernel/mm/ksm/run, or give it normal priority (renice -n 0 -p its id).',
  'read-less': () =>
    'Read smaps, smaps_rollup, numa_maps and pagemap of the process less often, and not at low priority: ' +
    'a read walks all its memory. smaps_rollup takes mmap_lock on every kernel up to 7.3. ' +
    'Resident memory is in /proc/PID/statm too, which takes no mmap_lock.',
  'clear-less': () =>
    'Write clear_refs of the process less often, or switch off what writes it: ' +
    'it walks all page tables with mmap_lock held for writing, on every kernel up to 7.3.',
  'fork-less': () =>
    'Fork less often, or from a smaller process: fork copies the page tables with mmap_lock held for writing. ' +
    'To start another program, posix_spawn and vfork copy none.',
  'unmap-early': () =>
    'Free direct buffers and unmap files in the thread that stops using them, instead of leaving that to `Reference Handler` after a collection. ' +
    'In the findings, files that were unmapped at once stalled nobody.',
  'keep-mappings': () =>
    'If the allocator makes this call, let it keep the memory: ' +
    'under glibc by a higher M_MMAP_THRESHOLD and M_TRIM_THRESHOLD, under jemalloc by retain:true.',
  'separate-vma': () =>
    'Keep the memory of the call in a separate VMA: leave a gap or a guard page beside it, or use a mapping that cannot merge. ' +
    'In the findings a thread that changed this VMA, or a neighbour that merges with it, stalled the process; beside a gap none did.',
  'keep-heap': ({ collector, isSeen }) =>
    `${isSeen ? 'If the heap may keep its size' : 'If the thread gave heap back, and the heap may keep its size'}, set ${heapFlags(collector)}.${heapFindings(collector)}`,
  'no-native-trim': () =>
    'Leave -XX:TrimNativeHeapInterval out, or make it longer: its thread keeps the mutex of an arena of malloc while it trims it.',
  retain: () =>
    'Set retain:true, jemalloc’s default on 64-bit Linux: it then purges by madvise inside one VMA, which takes no mmap_lock on Linux 6.17 and newer.',
  'longer-decay': () =>
    'Let jemalloc purge less often: with a longer dirty_decay_ms and muzzy_decay_ms it keeps unused memory for longer (-1: for ever).',
  'purge-less': () => 'Purge the allocator less often, or arena by arena.',
  'smaller-frees': () =>
    'Under tcmalloc (gperftools), free smaller blocks, and call ReleaseFreeMemory less often: both keep the page heap locked meanwhile.',
  'background-purge': () =>
    'Try jemalloc with background_thread:true, which is off by default: it holds no mutex of an arena while it purges. ' +
    'Only on Linux 6.17 and newer: on 6.16 such purges stalled the whole process in the findings, for up to 1.04 s. ' +
    'On newer kernels a purge beside a growing arena can still stall it.',
  'trim-less': ({ isSeen, isJvm }) =>
    `${isSeen ? 'Call malloc_trim less often' : 'If the program calls malloc_trim, call it less often'}, and not at low priority: it keeps the mutex of an arena while it trims it.` +
    (isJvm === false ? '' : ' A JVM trims by itself with -XX:TrimNativeHeapInterval.'),
  'shorten-mutex': ({ threads }) =>
    `Look at what ${namesOf(threads, 'the thread that held the mutex')} did: keep long calls, and calls that give memory back, out of the mutex.`,
  'profile-late': ({ threads }) =>
    `Look with a profiler at what ${namesOf(threads, 'the late thread')} did: the JVM waited for it to stop, or for its part of a pause’s work.`,
  'find-late': () =>
    '-Xlog:safepoint has how long the threads took to reach a safepoint, and how long its work took, but no names. ' +
    '-XX:+SafepointTimeout with -XX:SafepointTimeoutDelay=100 (in ms) names the late threads, and `pauselab observe --jvm` those that had no CPU or waited for mmap_lock.',
  'see-lock': () =>
    'Check whether the VM thread waited for mmap_lock: then every thread of the JVM waits, and the advice against that lock applies.',
  'read-gc-log': () =>
    'Check what the pause did (-Xlog:gc*), and whether the collector’s threads had a CPU meanwhile: ' +
    'in the findings Serial paused for up to 1.2 s, and for up to 3.9 s with `VM Thread` at nice 10.',
  'shrink-in-pause': ({ collector }) =>
    `${collector === null ? 'Serial and Parallel shrink' : `${collectorNames[collector]} shrinks`} the heap inside pauses: -Xms equal to -Xmx ends that, if the heap may keep its size.`,
  'look-at-disk': () => 'No lock is to blame: look at the disk (`iostat -x 1`), and at what else writes to it.',
  'avoid-swap': ({ isJvm }) =>
    'Keep the process out of swap: more memory, a smaller process, or memory.swap.max=0 for its cgroup, which may then run out of memory.' +
    (isJvm === false
      ? ''
      : ' -XX:+AlwaysPreTouch keeps nothing out of swap, and makes a JVM larger; HotSpot has no flag for mlock.'),
  'more-memory': ({ isJvm }) =>
    `Give the cgroup or the machine more memory${isJvm === false ? '' : ', or a JVM less heap'}: look at memory.events and memory.pressure.`,
  'raise-limit': ({ isJvm }) =>
    `Raise the CPU limit (cpu.max, or cpu.cfs_quota_us in cgroup v1)${isJvm === false ? '' : ', or give a JVM fewer threads (-XX:ActiveProcessorCount)'}: look at nr_throttled in cpu.stat.`,
  'find-freezer': () => 'Look for who freezes the cgroup (cgroup.freeze, docker pause).',
  'look-at-cpus': () =>
    'No lock is the cause: the stalled thread had no CPU. ' +
    'Check the CPU limits (cpu.max), the other programs on its CPUs, its priority, and the weight of its cgroup.',
  'find-stopper': () => 'A signal or a debugger stopped the thread: find out what sends SIGSTOP.',
  'quieter-host': () =>
    'The hypervisor used the CPU. Use a machine that is not overcommitted, or count this run as disturbed.',
  'profile-work': () => 'The work itself took that long. A CPU profiler shows where.',
  'observe-as-root': () =>
    'Observe again as root, or with the capabilities that `pauselab observe --check` names: ' +
    'that shows who held the lock, and in which call.',
  trace: () => 'Run it again as root with `--trace`: the trace shows which thread held which lock.',
  'nothing-known': () => 'What was seen does not show what to try.',
};

function heapFlags(collector: keyof typeof collectorNames | null): string {
  switch (collector) {
    case 'zgc':
      return '-XX:-ZUncommit, or -Xms equal to -Xmx: ZGC then gives no heap back';
    case 'shenandoah':
      return '-Xms equal to -Xmx, or -XX:-ShenandoahUncommit with -XX:+UnlockExperimentalVMOptions: Shenandoah then gives no heap back';
    case 'g1':
    case 'serial':
    case 'parallel':
      return `-Xms equal to -Xmx: ${collectorNames[collector]} then gives no heap back`;
    case null:
      return '-Xms equal to -Xmx: a collector of HotSpot then gives no heap back';
  }
}

function heapFindings(collector: keyof typeof collectorNames | null): string {
  if (collector === 'g1') return ' In the findings this ended the stalls of mmap.';
  return collector === 'zgc' ? ' In the findings -XX:-ZUncommit ended the stalls.' : '';
}

export const onlyProbesText = 'Threads of pauselab itself stalled each other, so there is nothing to try.';

export function adviceText(fact: AdviceFact): string {
  return sentenceOf(ofAdvice, fact);
}

const ofEnded: WordsOf<EndedFact> = {
  ended: ({ quiet, stalling, kernel, settings, moreSettings_n }) =>
    `\`${quiet}\` had no stall${kernel === null ? '' : ` on ${kernel}`}, but \`${stalling}\` had. ` +
    (settings.length === 0
      ? 'The bundle does not show in which setting they differ.'
      : `They differ in ${settings.map(({ path, a, b }) => `\`${path}\`: ${a} in ${stalling}, ${b} in ${quiet}`).join('; ')}` +
        `${moreSettings_n === 0 ? '' : `, and in ${moreSettings_n} more`}.`),
  'more-ended': ({ arms_n }) => `${counted(arms_n, 'more arm')} had no stall.`,
  'not-compared': ({ stalled_n, paused_n, unlike_n }) =>
    `Of the arms that are like the foreign control, ${listed([
      ...(stalled_n === 0 ? [] : [`${stalled_n} had stalls of other causes`]),
      ...(paused_n === 0 ? [] : [`in ${paused_n} the JVM itself paused for as long as a stall`]),
      ...(unlike_n === 0
        ? []
        : [`${unlike_n} ${unlike_n === 1 ? 'has' : 'have'} no arm of the same collector and load that stalled`]),
    ])}: they show no remedy.`,
};

export function endedText(fact: EndedFact): string {
  return sentenceOf(ofEnded, fact);
}
