/** Sentences of the notes of an experiment (src/facts/note-facts.ts). */
import { formatDuration, formatShare, formatSize } from '../base/text/units.js';
import type {
  CallsOfArm,
  CountedCall,
  HolderSize,
  KernelFact,
  MissedTicks,
  Note,
  NoteFact,
} from '../facts/note-facts.js';
import type { Stated } from '../facts/stated.js';
import { errnoText } from './errno-words.js';
import { changedSinceText } from './side-words.js';
import { counted, givingJvmText, listed } from './text.js';
import { sentenceOf, type WordsOf } from './words-of.js';

const words: WordsOf<NoteFact> = {
  degraded: ({ why }) => `Degraded: ${why}.`,
  'program-without-control': () =>
    'Your program has no control: other activity of the machine may contribute to every stall. Arms are compared with the first arm.',
  'environment-removed': ({ variables }) =>
    `The program did not get ${listed(variables)} of your environment; ` +
    `to pass ${variables.length === 1 ? 'it' : 'them'} on, name ${variables.length === 1 ? 'it' : 'them'} in jvm.app.environment.`,
  'few-runs': ({ runs_n, oneIn_n, oneInOfFive_n }) =>
    `With ${counted(runs_n, 'run')} an arm, chance alone would put all of an arm's runs above the control's ` +
    `in 1 of ${oneIn_n} cases; with --runs 5 in 1 of ${oneInOfFive_n}.`,
  'runs-disturbed': ({ runs_n }) =>
    `${counted(runs_n, 'run')} ${runs_n === 1 ? 'was' : 'were'} disturbed by other activity on this machine: ` +
    'kept in the bundle, and left out of these figures.',
  'runs-cut-short': ({ runs_n }) =>
    `${counted(runs_n, 'run')} ${runs_n === 1 ? 'was' : 'were'} cut short: in the figures, ` +
    `but no conclusion is drawn from ${runs_n === 1 ? 'it' : 'them'}.`,
  'runs-failed-in-window': ({ runs_n }) =>
    `${counted(runs_n, 'run')} failed in ${runs_n === 1 ? 'its window' : 'their windows'}: ` +
    `the figures contain what ${runs_n === 1 ? 'it' : 'they'} recorded, but no conclusion is drawn from ${runs_n === 1 ? 'it' : 'them'}.`,
  'runs-without-figures': ({ runs_n }) =>
    `${counted(runs_n, 'run')} ${runs_n === 1 ? 'is' : 'are'} in no figure, because nothing of ` +
    `${runs_n === 1 ? 'its window' : 'their windows'} was recorded.`,
  'stalls-in-idle-control': () =>
    'Victims were stalled in the idle control too, where the holder does nothing: something else on this machine stalls them.',
  'stalls-in-foreign-control': () =>
    'Victims were stalled in the foreign control too: the lock can only cause the stalls that an arm has beyond it.',
  'crossing-share': ({ arm, crossed_n, calls_n }) =>
    `${arm}: ${crossed_n} of ${counted(calls_n, 'call')} (${formatShare(crossed_n / calls_n)}) crossed VMAs.`,
  'crossing-published': ({ fellBack_n, perVma_n }) =>
    `Published, of Android's HeapTaskDaemon: ${grouped(fellBack_n)} calls fell back to mmap_lock beside ${grouped(perVma_n)} that did not ` +
    `(${formatShare(fellBack_n / (fellBack_n + perVma_n))} of ${grouped(fellBack_n + perVma_n)}). ` +
    'Neither the machine nor the heap is the same: the number of blocks in the heap decides how many calls cross, ' +
    'the kernel decides what a crossing call does to others.',
  'mean-calls': ({ operation, across, inside, publishedBefore_ns, publishedAfter_ns }) =>
    `${operation}: a call took ${meanOf(across)} across VMAs (${across.arm}) and ${meanOf(inside)} inside a VMA (${inside.arm}): ` +
    `${times(across.mean_ns, inside.mean_ns)} as long. ` +
    `Published: ${formatDuration(publishedBefore_ns)} before the per-VMA lock and ${formatDuration(publishedAfter_ns)} with it, ` +
    `${times(publishedBefore_ns, publishedAfter_ns)} as long. Not the same machine: only the ratios compare.`,
  unproven: ({ allocator, key, asked }) =>
    `${allocator} does not report whether ${key}: ${asked} is in force: ` +
    'it is only proven that the variable was set and that the library knows its name.',
  'churn-held-up': (fact) => heldUpText('the churn', fact),
  'load-held-up': (fact) => heldUpText(fact.load, fact),
  'flag-changed': ({ flag, asked, actual, jdks }) => {
    const under = jdks.length === 0 ? '' : ` (${listed(jdks)})`;
    return actual === null
      ? `The JDK${under} ignores the flag ${flag} (${asked} in the profile): it has no such setting any more.`
      : `The JDK${under} gave the flag ${flag} the value ${actual}, and not ${asked} as in the profile.`;
  },
  'flags-unread': () =>
    'A JDK did not print the values of its flags, so it is not proven that the flags of the profile are in force.',
  'heap-kept': ({ arm, kept_n, runs_n }) =>
    `${arm}: by its log, the JVM gave no heap back in ${kept_n} of ${counted(runs_n, 'run')}, so the arm does not show what giving back does; ` +
    'use a longer window (--duration), or flags by which this JDK gives heap back (docs/jvm.md).',
  'control-kept-heap': ({ arm, kept_n, runs_n }) =>
    `${arm}: by its log, the JVM with the loads gave no heap back in ${kept_n} of ${counted(runs_n, 'run')}, so ${kept_n === 1 ? 'that run controls' : 'those runs control'} nothing; ` +
    'use a longer window (--duration), or let controls.of name an arm that gives heap back under this JDK (docs/jvm.md).',
  'returns-unseen': ({ arms }) =>
    `Whether memory was given back in the windows was not seen in ${listed(arms)}: without it, victims have nothing to wait for. ` +
    '--trace (as root) counts the calls in each run, `pauselab profile verify` in separate runs.',
  'pauses-beside-stalls': ({ arms }) =>
    'A pause of the JVM between two operations is no stall: it makes the next operation late, which only the response time shows. ' +
    `By its log the JVM was paused for ${listed(
      arms.map(
        ({ arm, longest_ns, paused_share }) =>
          `${formatShare(paused_share)} of the time in ${arm} (up to ${formatDuration(longest_ns)} at a time)`,
      ),
    )}.`,
  'pauses-unseen': ({ arms, why }) => `${listed(arms)}: ${why}. Pauses that the log lacks are in no figure.`,
  'calls-counted': ({ arm, runs_n, calls }) =>
    `${arm}: in ${counted(runs_n, 'window')} the trace has ${listed(calls.map(callsText))}.`,
  'purge-gave-nothing': ({ arm, operation, calls_n }) =>
    `${arm}: ${counted(calls_n, 'call')} of ${operation} gave back nothing, so the arm does not show what a purge does` +
    (operation === 'mimalloc_collect'
      ? '; mi_collect works on the heap of its thread, and mimalloc before 2.1 has nothing else to give back.'
      : '; give the churn more memory to free (live, maxSize, burstPercent), or the allocator a longer decay.'),
  'control-of-other-process': ({ arm, armIsJvm, controlIsJvm }) =>
    `${arm} is ${processOf(armIsJvm)} and the foreign control ${processOf(controlIsJvm)}: --set controls.of=${arm} gives it a control of the same kind.`,
  'control-of-other-holder': ({ arms, controlHolder }) =>
    `The call of the holder is ${listed(arms.map(({ arm, holder }) => `${sizeOf(holder)} in ${arm}`))}, and ${sizeOf(controlHolder)} in the foreign control: similar, but not the same.`,
  'control-of-other-jvm': ({ arms, control }) =>
    `The JVM that gives memory back has ${listed(arms.map(({ arm, gives }) => `${givingJvmText(gives)} in ${arm}`))}, and ${givingJvmText(control)} in the foreign control. ` +
    'So it is not shown what the former do from another process; --set controls.of=ARM gives an arm a control of its kind.',
  'lock-free-stalled': ({ arm, series, allocates, longestPause_ns }) => {
    const pause =
      longestPause_ns === null
        ? null
        : `a pause of the JVM (its log has pauses of up to ${formatDuration(longestPause_ns)})`;
    return allocates
      ? `${arm}: ${series} takes no lock of the kernel and was stalled: it waited for the lock of the allocator, ${pause === null ? 'or ' : `was in ${pause}, or waited `}for a CPU.`
      : `${arm}: ${series} takes no lock and was stalled too, so some stalls in this arm have another cause, such as ${pause === null ? '' : `${pause} or `}a busy CPU.`;
  },
  'operations-refused': ({ arm, series, refused }) =>
    `${arm}, ${series}: the kernel refused ${listed(Object.entries(refused).map(([errno, count]) => `${counted(count, 'operation')} with ${errnoText(errno)}`))}; they are in no figure.`,
  'operations-given-up': ({ arm, series, operations_n, of_n }) =>
    `${arm}, ${series}: the kernel gave up ${grouped(operations_n)} of ${counted(of_n, 'operation')}, because it found no free huge page or a page in use. ` +
    'It mostly does so before it takes mmap_lock for write, so these operations show less waiting for it; free memory, or leave the victim out.',
  'fresh-pages-used-up': ({ arm, series, operations_n }) =>
    `${arm}, ${series}: ${counted(operations_n, 'operation')} ${operations_n === 1 ? 'was' : 'were'} not made because the victim's fresh pages were used up; lower its rate.`,
  'records-overwritten': ({ arm, series, records_n }) =>
    `${arm}, ${series}: ${counted(records_n, 'record')} of slow operations ${records_n === 1 ? 'was' : 'were'} overwritten before being read: ` +
    'the histograms and the number of stalls that were due in the window are exact, the list of stalls and the stalled share may be incomplete.',
  'holder-records-overwritten': ({ arm, series, records_n }) =>
    `${arm}, ${series}: ${counted(records_n, 'record')} of the holder's calls ${records_n === 1 ? 'was' : 'were'} overwritten before being read: ` +
    'the number of calls, their times and bytes are exact, but a stall may lack the call that caused it.',
  'ran-in-guest': ({ kernels, cpus, memoryBytes, isPinned, accelerator, withoutKvm }) =>
    `${listed(kernels)} ran in a guest of ${counted(cpus, 'CPU')} and ${formatSize(memoryBytes)}${isPinned ? '' : ', its CPUs not pinned'}, ` +
    (accelerator === 'kvm'
      ? 'with KVM.'
      : `emulated in software (TCG, because ${withoutKvm ?? 'KVM was not asked for'}), where all code runs many times slower: compare its times only with those of such guests.`),
  resumed: ({ at, setAside_n, folders, bootedAgain, changed }) =>
    `The experiment was interrupted, and resumed at ${listed(at)}` +
    (setAside_n === 0
      ? '.'
      : `; ${counted(setAside_n, 'run')} that ${setAside_n === 1 ? 'was' : 'were'} cut short or failed ` +
        `${setAside_n === 1 ? 'is' : 'are'} ${folders.length === 0 ? '' : `in the ${folders.length === 1 ? 'folder' : 'folders'} ${listed(folders)} and `}in no figure, and ${setAside_n === 1 ? 'was' : 'were'} made again.`) +
    (bootedAgain.length === 0
      ? ''
      : ` ${listed(bootedAgain)} ${bootedAgain.length === 1 ? 'was' : 'were'} booted again: the runs before and after are of two boots.`) +
    (changed.length === 0 ? '' : ` Changed meanwhile: ${changedSinceText(changed, 'after')}.`),
  'booted-again': ({ kernel, why }) =>
    `${kernel} was booted once more, because ${why}. Under TCG this may be a fault of the emulation; if it happens again, the kernel causes it.`,
  'jvm-started-again': ({ runs, starts_n, why }) =>
    `${listed(runs)}: the JVM was started again ${starts_n === 1 ? 'once' : `${starts_n} times`} before the window, because ${why}. ` +
    'Under TCG this may be a fault of the emulation; if it happens again, the JVM or the kernel causes it.',
  'ran-on-host': ({ kernels }) =>
    `${listed(kernels)} ran on this machine itself: its times cannot be compared with those of a guest.`,
  'one-tree': ({ first, kernel, version, options_n, sameCompiler }) =>
    `${first} and ${kernel} appear to be builds of one tree: both are your images of Linux ${version}, ` +
    `with the same ${options_n} options of the configuration (except local version and build salt)` +
    `${sameCompiler ? ' and the same compiler' : ', though by another compiler'}. ` +
    'Their sources were not compared: an image does not name them.',
  'built-from-one-tree': ({ first, kernel, source, sameCompiler, onlyFirst, onlyThis }) => {
    const only = (name: string, changes: readonly string[]): string[] =>
      changes.length === 0 ? [] : [`only ${name} has ${listed(changes)}`];
    return (
      `pauselab built ${first} and ${kernel} from ${source}, with the same options and ${sameCompiler ? 'compiler' : 'different compilers'}: ` +
      `${listed([...only(first, onlyFirst), ...only(kernel, onlyThis)])}. The text of these changes is in the manifest.`
    );
  },
  'kernels-differ': ({ fact, values }) =>
    `The kernels differ in ${kernelFacts[fact].what} too (${values.map(({ kernel, value }) => `${value} on ${kernel}`).join(', ')}): ` +
    `${kernelFacts[fact].because}, which may explain a difference.`,
  'features-differ': ({ kernels }) =>
    `The kernels differ in scheduler features too (${kernels.map(({ kernel, features }) => `${listed(features)} on ${kernel}`).join(', ')}): ` +
    'they decide when a thread is preempted, which may explain a difference.',
  'kernels-unknown': ({ facts }) =>
    `Unknown for some kernel: ${listed(facts.map((fact) => kernelFacts[fact].what))}; the kernels may differ in it.`,
  'built-differently': ({ first, kernel, why }) => `${first} against ${kernel}: ${why}.`,
  traced: ({ events_n, runs_n, withoutTrace_ns, withTrace_ns }) =>
    `Traced: ${grouped(events_n)} events in ${counted(runs_n, 'run')}.` +
    (withoutTrace_ns === null || withTrace_ns === null
      ? ''
      : ` A call of mprotect took ${formatDuration(withoutTrace_ns)} without the trace and ${formatDuration(withTrace_ns)} with it, ` +
        'measured before each run: compare small percentiles only with those of traced runs.'),
  'trace-lost': ({ events_n }) =>
    `${counted(events_n, 'event')} of the trace ${events_n === 1 ? 'was' : 'were'} lost, the oldest of a run first: stalls before that are explained without it.`,
};

const kernelFacts: Readonly<Record<KernelFact, { readonly what: string; readonly because: string }>> = {
  preemption: {
    what: 'preemption model',
    because: 'it decides whether a holder is preempted inside a call at all',
  },
  hz: {
    what: 'timer frequency',
    because: 'it decides how soon a holder is preempted and how long a slice is',
  },
  transparentHugePages: {
    what: 'transparent huge pages',
    because: 'they change how long a call holds the lock',
  },
  perVmaLocks: { what: 'per-VMA locks', because: 'without them every fault takes mmap_lock too' },
  clockSource: { what: 'clock source', because: 'a slow clock adds to every time' },
  autogroup: { what: 'autogroup', because: 'it decides what nice values mean' },
  mitigations: { what: 'CPU mitigations', because: 'they lengthen every system call' },
};

/** The note with its sentence. */
export function statedNote(note: Note): Stated<Note> {
  const sentence = sentenceOf<NoteFact>(words, note);
  return { ...note, sentence: note.onKernel === null ? sentence : `On ${note.onKernel}: ${sentence}` };
}

function heldUpText(load: string, { arm, dropped_n, ticks_n, dropped_share }: MissedTicks & { arm: string }): string {
  return (
    `${arm}: ${load} missed ${grouped(dropped_n)} of ${grouped(ticks_n)} ticks (${formatShare(dropped_share)}, warm-up included), ` +
    'and did less work than asked for by that share. Stalls and pauses of its process hold it up too. ' +
    'If that process has neither, lower the rate, or let it use more CPUs.'
  );
}

function meanOf({ mean_ns, calls_n }: CallsOfArm): string {
  return `${formatDuration(mean_ns)} on average of ${calls_n}`;
}

function times(one_ns: number, other_ns: number): string {
  return `${(one_ns / other_ns).toFixed(2)} times`;
}

function processOf(isJvm: boolean): string {
  return isJvm ? 'a JVM' : 'a native process';
}

function sizeOf({ operation, regionBytes }: HolderSize): string {
  return `${operation}${regionBytes === null ? '' : ` of ${formatSize(regionBytes)}`}`;
}

function grouped(n: number): string {
  return n.toLocaleString('en-US');
}

/** `4570 mmap.NONE of 300 MiB by "Shen*" (67.2 KiB a call)` */
function callsText({ call, by, n, bytes }: CountedCall): string {
  const each = n === 0 || bytes === 0 ? '' : ` (${formatSize(bytes / n)} a call)`;
  return `${n} ${call} of ${formatSize(bytes)}${by === null ? '' : ` by "${by}"`}${each}`;
}
