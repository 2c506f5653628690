/** What a profile repeats of an observation, where its settings come from, and how well a run repeated it. */
import { formatDuration, formatRate, formatShare, formatSize } from '../base/text/units.js';
import { printableLine } from '../base/text/printable.js';
import type { ExpectedRootFact, NotRepeatedFact, OriginFact, SeenRoot } from '../facts/repetition-facts.js';
import type { Stated } from '../facts/stated.js';
import { causeText, ownWaitText } from './cause-words.js';
import { counted, listed } from './text.js';
import { sentenceOf, type WordsOf } from './words-of.js';

/** `mmap-lock-reader by purger, madvise.DONTNEED (33 stalls, 1.03 s)`. */
function rootText(root: SeenRoot): string {
  return figuresText(causeText(root), root);
}

function figuresText(what: string, { call, stalls_n, total_ns }: SeenRoot): string {
  return `${printableLine(what)}${call === null ? '' : `, ${printableLine(call)}`} (${counted(stalls_n, 'stall')}, ${formatDuration(total_ns)})`;
}

const notRepeated: Readonly<Record<NotRepeatedFact['code'], string>> = {
  'cause-not-made': 'pauselab has no workload with this cause',
  'mutex-not-known':
    'the mutex is not known to be that of an arena of malloc, and nothing in the laboratory keeps another one; `explain --stall` shows where the program took it',
  'call-not-made': 'pauselab has no operation that makes this call from there',
  'call-unknown': 'it was not seen which call or which thread is behind it',
  'collector-unknown': 'neither the flags nor the threads of the JVM tell its collector',
  'several-jvms': 'several JVMs with different flags were observed; observe that JVM alone',
  'size-unknown': 'neither the size nor the CPU time of the call was seen',
  'stalled-themselves': 'these threads stalled others meanwhile, so this is a part of the stalls that they caused',
  'little-time': 'it has less than 5 % of the stalled time',
  'many-roots': 'the profile has four roots already, and these have more of the stalled time',
};

export function statedNotRepeated(fact: NotRepeatedFact): Stated<NotRepeatedFact> {
  const { code, cause, thread } = fact;
  const isOwnWait = code === 'stalled-themselves' && thread !== null;
  const root = isOwnWait ? figuresText(ownWaitText({ cause, thread }), fact) : rootText(fact);
  return { ...fact, sentence: `${root}: ${notRepeated[code]}` };
}

const origins: WordsOf<OriginFact> = {
  root: ({ root, longest_ns }) => `seen: ${rootText(root)}, the longest ${formatDuration(longest_ns)}`,
  'call-seen': ({ call, thread, isOutside }) =>
    `\`${printableLine(thread)}\`${isOutside ? ', a thread of another program,' : ''} made the call ${printableLine(call)}`,
  'size-seen': ({ medianBytes, largestBytes, distinct_n }) =>
    distinct_n === 1
      ? `the range of the call: ${formatSize(medianBytes)}`
      : `the median of ${distinct_n} ranges; the largest has ${formatSize(largestBytes)}`,
  'size-by-time': ({ onCpuMedian_ns }) =>
    `sized so that a call takes as much CPU time as the calls that were seen: median ${formatDuration(onCpuMedian_ns)}`,
  'size-by-waits': ({ onCpuMean_ns, n }) =>
    `sized so that a call takes as much CPU time as the thread had while others waited: ${formatDuration(onCpuMean_ns)} on average of ${counted(n, 'time')}`,
  'size-by-default': () => 'the range of the call was not seen: sized for pauselab’s usual stall',
  'rate-seen': ({ n, watched_ns, median_ns }) =>
    `${counted(n, 'call that stalled threads', 'calls that stalled threads')} in ${formatDuration(watched_ns)}, median ${formatDuration(median_ns)}: ${formatRate(n / (watched_ns / 1e9))}`,
  'layout-seen': ({ crossed }) =>
    crossed === 'yes'
      ? 'the call took mmap_lock, so its range crossed from one VMA into another'
      : 'the call took the lock of one VMA, and a thread waited that changes this VMA',
  'layout-unknown': ({ kernel }) =>
    `on Linux ${kernel} it cannot be seen whether the range crossed VMAs; on Linux 6.17 and later that decides which lock is taken, so try \`split\` too`,
  'competitors-seen': ({ names, total_ns, others, isFitted, otherNice }) =>
    `the CPU was taken for ${formatDuration(total_ns)} by ${namesText(names)}${isFitted ? '; so many hogs at once keep the thread off its CPU for as long' : ''}${otherNice === null ? '' : `; ${otherNiceText(otherNice)}`}${others.length === 0 ? '' : `; hogs are alike, so ${namesText(others)} ${others.length === 1 ? 'is' : 'are'} left out`}`,
  'no-competitor': () => 'no other thread was seen on the CPU',
  'waits-seen': ({ waits }) =>
    waits.length === 0
      ? 'it was not seen in which calls threads waited; rates are pauselab’s'
      : `threads waited in ${listed(waits.slice(0, 4).map(({ call, waits_n, threads_n }) => `${call === null ? 'a page fault' : printableLine(call)} (${counted(waits_n, 'time')}, ${counted(threads_n, 'thread')})`))}; rates are pauselab’s`,
  'holder-idle': () => 'no lock is to blame, so the holder does nothing',
  'jdk-seen': ({ version }) =>
    `the service ran on Java ${printableLine(version)}; \`run --java PATH\` names its JDK, or another one`,
  'collector-seen': () => 'by the flags and the threads of the JVM',
  'flags-seen': ({ wasAsked }) =>
    wasAsked
      ? 'of the collector and the heap, as the JVM has them in force'
      : 'of the collector and the heap, as the command line has them; sizes that the JVM chose itself are not known (`observe --jvm` asks it)',
  'load-chosen': ({ load, residentBytes }) =>
    load === 'heap_wave'
      ? `what the program allocates was not observed: a heap that grows and shrinks${residentBytes === null ? '' : `; the JVM had ${formatSize(residentBytes)} in memory at the start`}`
      : 'what the program allocates was not observed: a load of pauselab that makes the same thread give memory back',
  'thread-seen': ({ name, nice }) =>
    `the thread \`${printableLine(name)}\`${nice === null ? '' : ` was seen with nice ${nice}`}`,
};

/** Weights of cgroups and autogroups are not observed, so the nice value stands for them. */
function otherNiceText({ seen, written }: { readonly seen: number | null; readonly written: number }): string {
  if (seen !== null && written < seen)
    return `the thread had nice ${seen}, and a lower value here, because beside one hog of its own group it would be off its CPU for longer than it was`;
  const [had, shorter] =
    seen === null
      ? ['the nice value of the thread was not seen, and is above 0 here', 'at nice 0 beside these hogs']
      : [`the thread had nice ${seen}, and a higher value here`, 'beside these hogs'];
  return `${had}, because ${shorter} it would be off its CPU for a shorter time than it was: perhaps ${seen === null ? 'its value is above 0, or ' : ''}its cgroup has a low weight (cpu.weight), or theirs has a high one`;
}

const namesText = (names: readonly string[]): string => listed(names.map((name) => `\`${printableLine(name)}\``));

export function originText(fact: OriginFact): string {
  return sentenceOf(origins, fact);
}

/** At the head of the profile. */
export function headText({
  observed,
  kernel,
  watched_ns,
}: {
  observed: string;
  kernel: string;
  watched_ns: number;
}): string {
  return `Repeats what \`pauselab observe\` saw of ${printableLine(observed)} in ${formatDuration(watched_ns)} on Linux ${printableLine(kernel)}. \`pauselab run\` measures it and says whether the same root came back.`;
}

export const notRepeatedHead = 'Not in this profile:';
export const thresholdOrigin = 'the threshold of the observation';

const expected: WordsOf<ExpectedRootFact> = {
  repeated: (fact) => `repeated: ${shareText(fact)}${lengths(fact)}`,
  'partly-repeated': (fact) => `repeated in part: ${shareText(fact)}${lengths(fact)}${otherText(fact)}`,
  'same-cause': (fact) =>
    `not known: in ${fact.arm} ${fact.stalls_n} of ${counted(fact.allStalls_n, 'stall')} have the observed cause ${fact.cause}, and only \`run --trace\` can show whether \`${printableLine(fact.by ?? '')}\` is behind it`,
  'other-roots': (fact) =>
    `not repeated: none of ${counted(fact.allStalls_n, 'stall')} in ${fact.arm} has the observed root ${wanted(fact)}${otherText(fact)}`,
  'no-stall': (fact) => `not repeated: ${fact.arm} had no stall, and the observed root is ${wanted(fact)}`,
  'other-lock': (fact) =>
    `not known: ${fact.arm} ${fact.allStalls_n === 0 ? 'had no stall' : `had ${counted(fact.allStalls_n, 'stall')}, none with the observed root`}, and could not have ${wanted(fact)}: ${otherLockText(fact)}`,
  'no-run': (fact) =>
    `not known: no run of ${fact.arm} was recorded, so nothing says whether ${wanted(fact)} came back`,
};

const wanted = ({ cause, by }: ExpectedRootFact): string => printableLine(causeText({ cause, thread: by }));

const shareText = (fact: ExpectedRootFact): string =>
  `in ${fact.arm} the observed root ${wanted(fact)} has ${fact.stalls_n} of ${counted(fact.allStalls_n, 'stall')} and ${formatShare(fact.total_ns / fact.all_ns)} of the stalled time`;

function lengths({ median_ns, observedMedian_ns }: ExpectedRootFact): string {
  if (median_ns === null) return '';
  const seen = observedMedian_ns === null ? '' : `, and took ${formatDuration(observedMedian_ns)} when it was observed`;
  return `; the median stall takes ${formatDuration(median_ns)}${seen}`;
}

const otherText = ({ other }: ExpectedRootFact): string =>
  other === null ? '' : `; most other time has ${printableLine(causeText(other))} (${formatDuration(other.total_ns)})`;

function otherLockText({ arm, otherLock }: Extract<ExpectedRootFact, { readonly code: 'other-lock' }>): string {
  const { call, kernel, lock, observedKernel, observedLock, isOfOneVma } = otherLock;
  const locks = `${printableLine(call)}${isOfOneVma ? ' inside one VMA' : ''} takes ${takenText(lock)} on Linux ${printableLine(kernel)}, and it took ${takenText(observedLock)} on Linux ${printableLine(observedKernel)}, where it was observed`;
  return isOfOneVma
    ? `${locks}; a range across VMAs takes ${takenText(observedLock)} there, too, and is measured by \`--set arms.${arm}.layout=split\``
    : `${locks}; measure on a kernel that takes the same lock`;
}

/** Of a class of locks (src/catalogue/locks.ts). */
function takenText(lock: string): string {
  const [, mode] = /^mmap_lock (read|write)$/.exec(lock) ?? [];
  return mode === undefined
    ? lock === 'none'
      ? 'no lock'
      : 'the lock of a VMA'
    : `mmap_lock for ${mode === 'read' ? 'reading' : 'writing'}`;
}

export function statedExpected(fact: ExpectedRootFact): Stated<ExpectedRootFact> {
  return { ...fact, sentence: sentenceOf(expected, fact) };
}
