/** A link in a plain sentence, which may be quoted alone. */
import { formatDuration } from '../base/text/units.js';
import type { BlamedPolicy } from '../facts/blame.js';
import type { Activity, BlamedThread, ChainStep, LinkFact, LinkReason } from '../facts/chain-facts.js';
import { kernelThreadOf, type KernelThread } from '../catalogue/kernel-threads.js';
import { listed } from './text.js';
import { sentenceOf, type WordsOf } from './words-of.js';

/** `victim`: as a sentence has it. */
export function linkSentence(link: LinkFact, victim: string): string {
  const late = link.steps.findLast(({ step }) => step === 'late-thread')?.thread ?? null;
  const waiter = late === null ? victim : quoted(late);
  const lastAt = link.steps.findLastIndex(({ step }) => step === 'mutex');
  const last = link.steps[lastAt]?.thread ?? null;
  if (last !== null) {
    const after = link.steps.slice(lastAt + 1);
    const isPause = after.some(({ step }) => step === 'late-thread');
    const root = isPause ? linkSentence({ ...link, steps: after }, quoted(last)) : rootOf(link, quoted(last));
    return `${victim} waited ${formatDuration(link.duration_ns)} for a mutex${ofHolders(link.steps)}: ${root}`;
  }
  const root = rootOf(
    link,
    link.steps.some(({ step }) => step === 'page-fault') ? `${waiter}, in a page fault,` : waiter,
  );
  const time = formatDuration(link.duration_ns);
  if (late === null) return root;
  if (link.steps.some(({ step }) => step === 'vm-operation'))
    return `${victim} waited ${time} for the VM thread of the JVM, which waited for another thread: ${root}`;
  return `${victim} was stopped for ${time} by ${pauseOf(link.steps)}: ${root}`;
}

/** ` that `a` held, which waited for one that `b` held`. */
function ofHolders(steps: LinkFact['steps']): string {
  const holders = steps.flatMap(({ step, thread }) => (step === 'mutex' && thread !== null ? [quoted(thread)] : []));
  return ` that ${holders.map((holder) => `${holder} held`).join(', which waited for a mutex that ')}`;
}

/** What the victim saw, and what that waited for. */
function pauseOf(steps: LinkFact['steps']): string {
  const [seen] = steps;
  const what = seen?.step === 'gc-pause' ? 'a pause of the JVM’s collector' : 'a safepoint of the JVM';
  const label = seen === undefined || seen.label === null ? '' : ` (${seen.label})`;
  return `${what}${label}, ${steps.some(({ step }) => step === 'time-to-safepoint') ? 'which a thread reached late' : 'whose work waited'}`;
}

function rootOf(link: LinkFact, victim: string): string {
  const time = formatDuration(link.duration_ns);
  const perhaps = link.grade === 'possible' ? 'perhaps ' : '';
  switch (link.cause) {
    case 'mmap-lock-reader':
      return `${victim} waited ${time} ${perhaps}${inQueue(link.via)}, held for reading by ${holderOf(link)}${off(link)}`;
    case 'mmap-lock-writer':
      if (link.isNext)
        return `${victim} waited ${time} in mmap_lock’s queue behind ${holderOf(link)}, the writer whose turn it was${off(link)}`;
      return `${victim} waited ${time} ${perhaps}${inQueue(link.via)}, held for writing by ${holderOf(link)}${off(link)}`;
    case 'mmap-lock-holder':
      return `${victim} waited ${time} for mmap_lock, ${perhaps}held by ${holderOf(link)}${off(link)}${because(link.why)}`;
    case 'vma-lock':
      return link.via.length === 0
        ? `${victim} waited ${time} ${perhaps}for the readers of a VMA that it has to change: ${holderOf(link)}${off(link)}`
        : `${victim} waited ${time} ${perhaps}for mmap_lock, held for writing by ${named(link.via)}, which waited for a VMA’s lock that ${holderOf(link)} had${off(link)}`;
    case 'mutex':
      if (link.isNext)
        return `${victim} waited ${time} for a mutex behind ${holderOf(link)}, whose turn it was${off(link)}`;
      return `${victim} waited ${time} ${link.thread === null ? '' : perhaps}for a mutex${link.thread === null ? ' whose holder was not seen' : `, held by ${holderOf(link)}${off(link)}`}${because(link.why)}`;
    case 'allocator-mutex':
      if (link.isNext)
        return `${victim} slept ${time} on the allocator’s mutex behind ${holderOf(link)}, whose turn it was${off(link)}`;
      return `${victim} slept ${time} ${perhaps}on the allocator’s mutex${link.via.length === 0 ? '' : ` behind ${named(link.via)}`}${link.thread === null ? ', whose owner was not seen' : `, held by ${holderOf(link)}${off(link)}`}`;
    case 'safepoint':
      if (link.thread !== null) return `${holderOf(link)} ran on for ${time}`;
      return `${victim} was stopped for ${time} by a safepoint of the JVM${because(link.why)}`;
    case 'gc-pause':
      return `${victim} was stopped for ${time} by a pause of the JVM’s collector${because(link.why)}`;
    case 'block-io':
      return `${victim} waited ${time} in the kernel for a disk`;
    case 'swap-in':
      return `${victim} waited ${time} for memory that came back from swap`;
    case 'memory-reclaim':
      return `${victim} waited ${time} while the kernel freed memory`;
    case 'cpu-limit':
      return `${victim} was ready to run for ${time} and had no CPU, ${perhaps}because its cgroup had used up its CPU time (cpu.max, or cpu.cfs_quota_us in cgroup v1)`;
    case 'freezer':
      return `${victim} was frozen for ${time} by its cgroup`;
    case 'not-scheduled':
      if (link.why?.code === 'limit-used-up' || link.why?.code === 'limit-unread')
        return `${link.thread === null ? victim : holderOf(link)} was ready to run for ${time} and had no CPU${takers(link.cpuTakenBy, ' while ', link.duration_ns)}${because(link.why)}`;
      if (link.thread !== null)
        return `${holderOf(link)} was ready to run for ${time} and had no CPU${takers(link.cpuTakenBy, ': ', link.duration_ns)}`;
      return link.grade === 'possible'
        ? `${victim} was ready to run for ${time}, and its CPU was not seen busy for half of that time: a CPU limit may have kept it back, or it came from the queue of another CPU`
        : `${victim} was ready to run for ${time} and had no CPU${takers(link.cpuTakenBy, ': ', link.duration_ns)}; no lock is to blame`;
    case 'stopped':
      return `${victim} was stopped for ${time} by a signal or a debugger (state T); no lock is to blame`;
    case 'steal':
      return `${victim} was ready to run for ${time} while ${takers(link.cpuTakenBy, '', link.duration_ns, ' and ')}the hypervisor took CPU time from this machine${because(link.why)}`;
    case 'running':
      return `${victim} ran on a CPU for ${time}: its own work`;
    case 'unknown':
      return `for ${time} it is not known what ${victim} waited for${because(link.why)}`;
  }
}

const stepNames: Readonly<Record<ChainStep['step'], string>> = {
  'gc-pause': 'pause of the collector',
  safepoint: 'safepoint',
  'time-to-safepoint': 'time to reach it',
  'vm-operation': 'operation of the VM thread',
  'late-thread': 'late',
  'page-fault': 'page fault of',
  mutex: 'mutex of',
};
const activityNames: Readonly<Record<Activity, string>> = {
  running: 'running',
  runnable: 'without a CPU',
  blocked: 'blocked',
  asleep: 'asleep',
  stopped: 'stopped',
  gone: 'gone',
  unobserved: 'not looked at',
};

/**
 * From the victim to the cause: `safepoint (Cleanup) 3.30 s ← time to reach it 3.28 s ← late: `main` blocked 3.28 s`.
 */
export function stepsText(all: readonly ChainStep[]): string {
  return all
    .map(({ step, label, thread, activity, duration_ns }) => {
      const about = [
        ...(thread === null ? [] : [`${step === 'late-thread' ? ':' : ''} ${quoted(thread)}`]),
        ...(step === 'late-thread' && activity !== null ? [` ${activityNames[activity]}`] : []),
        ...(label === null || step === 'time-to-safepoint' ? [] : [` (${label})`]),
      ];
      return `${stepNames[step]}${about.join('')} ${formatDuration(duration_ns)}`;
    })
    .join(' ← ');
}

const quoted = ({ name }: BlamedThread): string => `\`${name}\``;

export function named(threads: readonly BlamedThread[]): string {
  return listed([...new Set(threads.map(quoted))]);
}

const policyNames: Readonly<Record<BlamedPolicy, string>> = {
  other: 'SCHED_OTHER',
  batch: 'SCHED_BATCH',
  idle: 'SCHED_IDLE',
  fifo: 'SCHED_FIFO',
  rr: 'SCHED_RR',
  deadline: 'SCHED_DEADLINE',
};

/** `nice 19`, `SCHED_IDLE`: policies whose threads have no nice value, or hardly heed it, stand alone. Null: not known. */
export function priorityText({ nice, policy = 'other' }: Pick<BlamedThread, 'nice' | 'policy'>): string | null {
  const niceText = nice === null ? [] : [`nice ${nice}`];
  if (policy === 'other') return niceText[0] ?? null;
  return [policyNames[policy], ...(policy === 'batch' ? niceText : [])].join(', ');
}

const kernelThreadWork: Readonly<Record<KernelThread, string>> = {
  khugepaged: 'makes huge pages of small ones',
  ksmd: 'merges equal pages',
};

function holderOf({ thread, call }: LinkFact): string {
  if (thread === null) return 'a thread that was not seen';
  const ofKernel = kernelThreadOf(thread);
  if (ofKernel !== null)
    return `${quoted(thread)}, a thread of the kernel${priorityText(thread) === null ? '' : ` (${priorityText(thread) ?? ''})`} that ${kernelThreadWork[ofKernel]}`;
  if (thread.role === 'outside')
    return `${quoted(thread)}, a thread outside this process${call === null ? '' : ` (${call})`}`;
  const about = [call, priorityText(thread)].filter((part) => part !== null);
  return `${quoted(thread)}${about.length === 0 ? '' : ` (${about.join(', ')})`}`;
}

/** Before the holder, so that what the holder did follows its name. */
function inQueue(via: readonly BlamedThread[]): string {
  return via.length === 0 ? 'for mmap_lock' : `behind ${named(via)} in the queue of mmap_lock`;
}

/** What kept the holder from letting go: only if it explains a tenth of the time. */
function off({ holder, holderWaited, cpuTakenBy, duration_ns, thread }: LinkFact): string {
  if (holderWaited) return ', which was blocked itself (state D): a thread outside this process may hold the lock';
  if (holder === null || thread === null) return '';
  const [preempted, blocked, running] = [holder.preempted_ns, holder.blocked_ns, holder.running_ns].map((time_ns) =>
    time_ns >= duration_ns / 10 ? formatDuration(time_ns) : null,
  );
  const atMost = holder.isExact ? '' : 'at most ';
  if (preempted !== null && preempted !== undefined) {
    const limit = holder.mayBeLimited === true ? ', perhaps because its cgroup had used up its CPU time (cpu.max)' : '';
    const noCpu = `had no CPU for ${atMost}${preempted}${takers(cpuTakenBy, ' while ', holder.preempted_ns)}${limit}`;
    // The larger part first: a thread that ran for most of the time would not be quicker with another priority.
    return running !== null && running !== undefined && holder.running_ns > holder.preempted_ns
      ? `, which ran for ${running} of it and ${noCpu}`
      : `, which was ready to run but ${noCpu}`;
  }
  if (blocked !== null && blocked !== undefined) return `, which was itself blocked for ${atMost}${blocked}`;
  return running === null || running === undefined ? '' : `, which ran for ${running} of it`;
}

/** Those who ran there for a tenth of the wait or more. */
function takers(takenBy: LinkFact['cpuTakenBy'], before: string, waited_ns: number, after = ''): string {
  const most = takenBy.slice(0, 3).filter(({ duration_ns }) => duration_ns >= waited_ns / 10);
  return most.length === 0 ? '' : `${before}${named(most.map(({ thread }) => thread))} ran there${after}`;
}

function because(why: LinkReason | null): string {
  return why === null ? '' : `: ${sentenceOf(reasons, why)}`;
}

const reasons: WordsOf<LinkReason> = {
  'nothing-seen': () => 'nothing was seen',
  'not-looked': () => 'nobody looked, since the sampler did not get a CPU',
  'thread-ended': () => 'its thread had ended',
  'no-suspect': () =>
    'it was blocked in the kernel (state D), and no thread of its process was seen in a call that keeps a lock',
  'no-holder-seen': () => 'nobody was seen holding mmap_lock',
  'waker-unseen': () => 'who ended the wait was not seen',
  'woken-from-outside': () => 'it was woken by no thread of the workload',
  asleep: ({ systemCall }) => `it slept (state S)${inCall(systemCall)}, so it did not wait for mmap_lock`,
  'blocked-elsewhere': ({ systemCall }) =>
    `it was blocked in the kernel (state D)${inCall(systemCall)}, and its operation takes no lock that is known here`,
  'lock-unseen': ({ systemCall }) =>
    `it was blocked in the kernel (state D)${inCall(systemCall)}, and it was not seen which lock it waited for`,
  'blocked-in': ({ function: name, systemCall }) =>
    `it was blocked in the kernel (state D)${inCall(systemCall)}${name === null ? '' : `, in the function ${name}`}`,
  'suspects-alike': ({ threads, ofKernel = [] }) => {
    const ofProcess = threads.length === 0 ? '' : `${someOf(threads)} of this process`;
    const inKernel = ofKernel.length === 0 ? '' : `the kernel ${kernelThreadsOf(ofKernel)}`;
    const all = ofProcess === '' || inKernel === '' ? `${ofProcess}${inKernel}` : `${ofProcess}, or ${inKernel},`;
    return `${all} may have held it`;
  },
  'no-suspect-inside': () =>
    'no thread of this process was without a CPU, or on one, all that time, so a thread of another program or of the kernel may have had it',
  'call-without-lock': ({ thread }) => `\`${thread}\` was in a call that takes no lock`,
  'not-mmap-lock': ({ lock, wokenBy }) =>
    `it was blocked in the kernel, and not for mmap_lock${lock === null ? '' : ` but for ${otherLocks[lock]}${wokenBy === null ? '' : `, until \`${wokenBy}\` woke it`}`}`,
  'steal-share': ({ share, uncounted_ns }) =>
    `${(share * 100).toFixed(0)} % of the CPU time${uncounted_ns === null ? '' : `, and by its own counters it neither ran nor waited for at least ${formatDuration(uncounted_ns)}`}`,
  'mutex-memory': ({ file }) =>
    file === null
      ? 'the mutex lies in memory of the program'
      : file.startsWith('libc.so.')
        ? `the mutex lies in the data of ${file}: it is that of malloc’s main arena, or another lock of the C library`
        : `the mutex lies in the data of ${file}`,
  'limit-used-up': () =>
    'its cgroup used up its CPU time (cpu.max) around that time, and that may be why the thread had no CPU',
  'limit-unread': () =>
    'pauselab could not read whether its cgroup had used up its CPU time (cpu.max); if it had, that may be why the thread had no CPU',
  'log-label': ({ label }) => label,
};

const mostNamed = 4;

function kernelThreadsOf(names: readonly string[]): string {
  return `${names.length === 1 ? 'thread' : 'threads'} ${someOf(names)}`;
}

function someOf(threads: readonly string[]): string {
  const others = threads.length > mostNamed ? ` and ${threads.length - mostNamed} others` : '';
  return `${listed(threads.slice(0, mostNamed).map((name) => `\`${name}\``))}${others}`;
}

const otherLocks = {
  'rwsem-read': 'another read-write lock of the kernel, for reading',
  'rwsem-write': 'another read-write lock of the kernel, for writing',
  mutex: 'a mutex of the kernel',
} as const;

function inCall(systemCall: string | null): string {
  return systemCall === null ? '' : ` in ${systemCall}`;
}
