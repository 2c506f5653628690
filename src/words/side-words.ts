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

const ofFacts: Readonly<Record<DifferingFact['fact'], string>> = {
  profile: 'the profile is',
  label: 'the label is',
  kernel: 'the kernel is',
  guest: 'the guest is',
  image: "the kernel's image is",
  preemption: 'the preemption model is',
  hz: 'HZ is',
  transparentHugePages: 'the setting of transparent huge pages is',
  autogroup: 'autogroup is',
  clockSource: 'the clock source is',
  schedFeatures: 'the scheduler has',
  cpuModel: 'the CPU is',
  cpus: 'the number of CPUs is',
  memory: 'the memory is',
  jdks: 'the JDK is',
  jdkLibrary: 'the C library of the JDK is',
  allocators: 'the allocator is',
  tool: 'pauselab is',
  trace: 'tracing (--trace) is',
};

/** `the kernel is 6.16 in before and 6.17 in after` */
export function factText({ fact, a, b }: DifferingFact, labels: Labels): string {
  return `${ofFacts[fact]} ${a ?? 'unknown'} in ${labels.a} and ${b ?? 'unknown'} in ${labels.b}`;
}

export function factsText(facts: readonly DifferingFact[], labels: Labels): string {
  return facts.map((fact) => factText(fact, labels)).join('; ');
}

/** Of facts of a machine, by their names in a manifest: `cpus is [0,1] in before and [2,3] in after` */
export function changedFactsText(
  facts: readonly { readonly fact: string; readonly then: string; readonly now: string }[],
  { a, b }: Labels,
): string {
  return facts.map(({ fact, then, now }) => `${fact} is ${then} in ${a} and ${now} in ${b}`).join('; ');
}

/** `arms.free.holder.nice (19, 10); hogs.count (1, 2)` */
export function settingsText(settings: readonly DifferingSetting[]): string {
  const more = settings.length > mostSettings ? `; and ${settings.length - mostSettings} more` : '';
  return `${settings
    .slice(0, mostSettings)
    .map(({ path, a, b }) => `${path} (${a.includes(', ') || b.includes(', ') ? `${a}; ${b}` : `${a}, ${b}`})`)
    .join('; ')}${more}`;
}
