/** Sentences, without a full stop, about a side of a comparison (src/facts/side-facts.ts). */
import type { DifferingFact, DifferingSetting, IncompleteSide, Labels, SideNote } from '../facts/side-facts.js';
import { counted } from './text.js';
import { sentenceOf, type WordsOf } from './words-of.js';

const mostRuns = 3;
const mostSettings = 8;

const ofIncomplete: WordsOf<IncompleteSide> = {
  'no-summary': () => 'it has no summary: the experiment ended before it could write one',
  'not-complete': ({ status }) => `the experiment is not complete (${status})`,
  'runs-gone': ({ runs }) => {
    const names = `${runs.slice(0, mostRuns).join(', ')}${runs.length > mostRuns ? ', …' : ''}`;
    return `its summary lists ${counted(runs.length, 'run')} that ${runs.length === 1 ? 'is' : 'are'} missing (${names})`;
  },
};

const ofSides: WordsOf<SideNote> = {
  ...ofIncomplete,
  unreadable: ({ reason }) => reason,
  'runs-disturbed': ({ runs_n, of_n }) =>
    `${counted(runs_n, 'run')} of ${of_n} ${runs_n === 1 ? 'is' : 'are'} disturbed by other activity on the machine, and left out`,
  'runs-cut-short': ({ runs_n, of_n }) =>
    `${counted(runs_n, 'run')} of ${of_n} ${runs_n === 1 ? 'was' : 'were'} cut short, and ${runs_n === 1 ? 'is' : 'are'} left out: ` +
    'figures of windows of different length cannot be compared',
  'runs-failed': ({ runs_n, of_n }) =>
    `${counted(runs_n, 'run')} of ${of_n} failed, and ${runs_n === 1 ? 'is' : 'are'} left out`,
  'side-degraded': ({ why }) => `the set-up was not as asked for (--allow-degraded): ${why.join('; ')}`,
  'settings-unproven': ({ settings }) =>
    `not proven to be in force: ${settings.map(({ allocator, key, asked }) => `${key}=${asked} of ${allocator}`).join('; ')}`,
  'series-idle': ({ arm, series, runs_n }) =>
    `${arm}, ${series}: in ${counted(runs_n, 'run')} no operation was made; ${runs_n === 1 ? 'it is' : 'they are'} left out`,
  'records-lost': ({ arm, series, runs_n }) =>
    `${arm}, ${series}: records of slow operations were lost in ${counted(runs_n, 'run')}, so stalled shares and blocked stalls are lower bounds`,
  'pages-used-up': ({ arm, series, runs_n }) =>
    `${arm}, ${series}: the victim used up its fresh pages and stopped in ${counted(runs_n, 'run')}, so it could be stalled only in a part of the window`,
  'log-cut': ({ file }) => `the last line of ${file} was cut off and is left out`,
  'log-unit': ({ file, unit, from }) => {
    switch (from) {
      case 'line':
        return `the values of ${file} are ${unit}, as a line of the log states`;
      case 'maxima':
        return (
          `the values of ${file} are read as ${unit}, because its column Interval_Max, by convention in milliseconds, ` +
          'has the same maximum (--unit overrides it)'
        );
      case 'nothing':
        return `the values of ${file} are read as ${unit}, because the log does not state their unit (--unit does)`;
    }
  },
  'not-all-seen': ({ why }) => why.join('; '),
  'log-series-empty': ({ file, series }) => `${series} has no sample in ${file}; this run of it is left out`,
};

export function sideNoteText(note: SideNote): string {
  return sentenceOf<SideNote>(ofSides, note);
}

interface FactWords {
  readonly noun: string;
  readonly isPlural?: true;
  /** Before the value, if it is not the noun with its verb. */
  readonly clause?: string;
}

const ofFacts: Readonly<Record<DifferingFact['fact'], FactWords>> = {
  profile: { noun: 'the profile' },
  label: { noun: 'the label' },
  kernel: { noun: 'the kernel' },
  guest: { noun: 'the guest' },
  image: { noun: "the kernel's image" },
  preemption: { noun: 'the preemption model' },
  hz: { noun: 'HZ' },
  transparentHugePages: { noun: 'the setting of transparent huge pages' },
  autogroup: { noun: 'autogroup' },
  clockSource: { noun: 'the clock source' },
  schedFeatures: { noun: 'the features of the scheduler', isPlural: true, clause: 'the scheduler has' },
  cpuModel: { noun: 'the CPU' },
  cpus: { noun: 'the number of CPUs' },
  memory: { noun: 'the memory' },
  jdks: { noun: 'the JDK' },
  jdkLibrary: { noun: 'the C library of the JDK' },
  allocators: { noun: 'the allocator' },
  tool: { noun: 'pauselab' },
  trace: { noun: 'tracing (--trace)' },
};

/** Facts that a manifest has by these names. */
const ofRecorded: ReadonlyMap<string, FactWords> = new Map<string, FactWords>([
  ...Object.entries(ofFacts),
  ['kernelVersion', { noun: "the kernel's build" }],
  ['perVmaLocks', { noun: 'per-VMA locks', isPlural: true }],
  ['cores', { noun: 'the number of cores of these CPUs' }],
  ['cpuNumbers', { noun: 'the CPUs that may be used', isPlural: true }],
  ['memoryBytes', ofFacts.memory],
  ['memoryLimitBytes', { noun: 'the limit on memory (cgroup)' }],
  ['hypervisor', { noun: 'being a virtual machine' }],
  ['maxMapCount', { noun: 'vm.max_map_count' }],
  ['mitigations', { noun: 'the mitigations', isPlural: true }],
  ['node', { noun: 'Node' }],
  ['root', { noun: 'being root' }],
]);

/** `the kernel is 6.16 in before and 6.17 in after` */
export function factText({ fact, a, b }: DifferingFact, labels: Labels): string {
  const words = ofFacts[fact];
  return `${words.clause ?? withVerb(words)} ${a ?? 'unknown'} in ${labels.a} and ${b ?? 'unknown'} in ${labels.b}`;
}

function withVerb({ noun, isPlural }: FactWords): string {
  return `${noun} ${isPlural === true ? 'are' : 'is'}`;
}

export function factsText(facts: readonly DifferingFact[], labels: Labels): string {
  return facts.map((fact) => factText(fact, labels)).join('; ');
}

/** A fact of a machine, by its name in a manifest. */
export interface RecordedChange {
  readonly fact: string;
  readonly then: string;
  readonly now: string;
}

function recorded(fact: string): FactWords {
  return ofRecorded.get(fact) ?? { noun: fact };
}

/** `the number of CPUs`. Another name, such as that of a fact of a guest, stays. */
export function factNoun(fact: string): string {
  return recorded(fact).noun;
}

/** `the number of CPUs is 2 in before and 4 in after` */
export function changedFactsText(facts: readonly RecordedChange[], { a, b }: Labels): string {
  return facts
    .map(({ fact, then, now }) => `${withVerb(recorded(fact))} ${then} in ${a} and ${now} in ${b}`)
    .join('; ');
}

/** `the CPU (Xeon before, EPYC now)` */
export function changedSinceText(facts: readonly RecordedChange[], now: 'now' | 'after'): string {
  return facts.map((one) => `${factNoun(one.fact)} (${one.then} before, ${one.now} ${now})`).join('; ');
}

/**
 * `of`: what was booted between the two, the machine with this label, a machine without a label, or that below the
 * guests.
 */
export function twoBootsText({ a, b }: Labels, of: { readonly label: string } | 'unlabelled' | 'guests'): string {
  const were = `${a} and ${b} were measured in two boots`;
  if (of === 'guests') return `${were} of the machine below the guests, or on two machines of the same make`;
  if (of === 'unlabelled')
    return `${were}, of this machine or of another of the same make; label machines to tell them apart (--kernel blue=host)`;
  return `${were} of ${of.label}`;
}

/** `arms.free.holder.nice (19, 10); hogs.count (1, 2)` */
export function settingsText(settings: readonly DifferingSetting[]): string {
  const more = settings.length > mostSettings ? `; and ${settings.length - mostSettings} more` : '';
  return `${settings
    .slice(0, mostSettings)
    .map(({ path, a, b }) => `${path} (${a.includes(', ') || b.includes(', ') ? `${a}; ${b}` : `${a}, ${b}`})`)
    .join('; ')}${more}`;
}
