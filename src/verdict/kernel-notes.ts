/**
 * Where the kernels ran, and in what they differ beside what is compared: two versions differ in more than one patch.
 */
import { grouped } from '../base/group.js';
import { formatSize } from '../base/units.js';
import { modelSuffix } from '../bundle/place-names.js';
import type { KernelRecord } from '../bundle/schema.js';
import { counted, listed } from './words.js';

export function kernelNotes(kernels: readonly KernelRecord[]): string[] {
  return [...guestNotes(kernels), ...(kernels.length > 1 ? [...oneTreeNotes(kernels), ...differences(kernels)] : [])];
}

/** Guests of one shape share a sentence. */
function guestNotes(kernels: readonly KernelRecord[]): string[] {
  const ran = kernels.flatMap(({ name, guest }) => {
    if (guest === null) return [];
    const how =
      guest.accelerator === 'kvm'
        ? 'with KVM'
        : `emulated in software (TCG, because ${guest.withoutKvm ?? 'KVM was not asked for'}), where all code runs many times slower and times are to be compared among such guests only`;
    return [
      {
        name,
        text: `in a guest of ${counted(guest.cpus, 'CPU')} and ${formatSize(guest.memoryBytes)}${guest.pinnedTo === null ? ', its CPUs not pinned' : ''}, ${how}`,
      },
    ];
  });
  const groups = grouped(ran, ({ text }) => text);
  const others = kernels.filter(({ guest }) => guest === null).map(({ name }) => name);
  return [
    ...[...groups].map(([text, guests]) => `${listed(guests.map(({ name }) => name))} ran ${text}.`),
    ...kernels.flatMap(({ name, guest }) =>
      (guest?.bootFailures ?? []).map(
        (failure) =>
          `${name} was booted once more, because ${failure}. Under TCG this may be a fault of the emulation; if it comes again it is the kernel's.`,
      ),
    ),
    ...(groups.size > 0 && others.length > 0
      ? [`${listed(others)} ran on this machine itself: its times and those of a guest cannot be set side by side.`]
      : []),
  ];
}

/** Own images only, and always with what was looked at: no image names its source. */
function oneTreeNotes(kernels: readonly KernelRecord[]): string[] {
  const [first] = kernels.filter(({ guest }) => guest !== null);
  const trees = [
    ...grouped(
      kernels.filter(({ oneTree }) => oneTree !== null),
      ({ guest }) => guest?.sha256 ?? '',
    ).values(),
  ].flatMap(([one]) => one ?? []);
  return trees.flatMap(({ name, oneTree }) => {
    if (first === undefined || oneTree === null) return [];
    const { version, options_n, sameCompiler } = oneTree;
    return [
      `${first.name} and ${name} are taken for builds of one tree: both are images of your own, of Linux ${version}, with the same ${options_n} options of the configuration (but for local version and build salt)${sameCompiler ? ' and the same compiler' : ', though by another compiler'}. Their sources were not looked at: an image does not name them.`,
    ];
  });
}

/** Two images of one tree and nothing else: then what lies between them may be called the patch. */
export function betweenIsThePatch(kernels: readonly KernelRecord[]): 'the patch' | 'the patch and the compiler' | null {
  const [, second] = kernels;
  if (kernels.length !== 2 || second === undefined || second.oneTree === null) return null;
  return second.oneTree.sameCompiler ? 'the patch' : 'the patch and the compiler';
}

/** What is in force was asked of the running kernels; the rest is told by image and config. */
const askedOfRunning = [
  'hz',
  'preemption default',
  'preemption models',
  'transparent huge pages',
  'per-VMA locks',
  'mitigations',
  'autogroup',
];

function built(kernels: readonly KernelRecord[]): string[] {
  const first = kernels.find(({ guest }) => guest !== null);
  const seen = new Set<string>();
  return kernels.flatMap((kernel) =>
    kernel.differences.flatMap(({ fact, sentence }) => {
      // One kernel under several models differs from the first one once.
      const name = nameOfKernel(kernel);
      const key = `${name} ${sentence}`;
      if (askedOfRunning.includes(fact) || seen.has(key)) return [];
      seen.add(key);
      return [`${first === undefined ? '' : nameOfKernel(first)} against ${name}: ${sentence}.`];
    }),
  );
}

/** Without its model; two builds of one version have one release. */
function nameOfKernel({ name, guest }: KernelRecord): string {
  const suffix = modelSuffix(guest?.preempt ?? null);
  return suffix !== '' && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
}

interface Difference {
  readonly what: string;
  readonly of: (kernel: KernelRecord) => string | null;
  readonly because: string;
}

const fact =
  (key: string, unit = '') =>
  ({ facts }: KernelRecord): string | null => {
    const value = facts[key];
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? `${String(value)}${unit}`
      : null;
  };

const compared: readonly Difference[] = [
  {
    what: 'preemption model',
    of: fact('preemption'),
    because: 'it decides whether a holder is preempted inside a call at all',
  },
  {
    what: 'timer frequency',
    of: fact('hz', ' Hz'),
    because: 'it decides how soon a holder is preempted and how long a slice is',
  },
  {
    what: 'transparent huge pages',
    of: fact('transparentHugePages'),
    because: 'they change how long a call holds the lock',
  },
  { what: 'per-VMA locks', of: fact('perVmaLocks'), because: 'without them every fault takes mmap_lock too' },
  { what: 'clock source', of: fact('clockSource'), because: 'a slow clock adds to every time' },
  { what: 'autogroup', of: fact('autogroup'), because: 'it decides what nice values mean' },
  { what: 'CPU mitigations', of: mitigations, because: 'they lengthen every system call' },
];

function differences(kernels: readonly KernelRecord[]): string[] {
  const found = compared.flatMap(({ what, of, because }) => {
    const values = kernels.map((kernel) => ({ name: kernel.name, value: of(kernel) }));
    const known = values.filter(({ value }) => value !== null);
    if (new Set(known.map(({ value }) => value)).size < 2) return [];
    return [
      `The kernels differ in ${what} too (${known.map(({ name, value }) => `${String(value)} on ${name}`).join(', ')}): ${because}, which may explain a difference found.`,
    ];
  });
  const unknown = compared.filter(({ of }) => kernels.some((kernel) => of(kernel) === null)).map(({ what }) => what);
  return [
    ...found,
    ...(unknown.length > 0
      ? [`Not known of every kernel: ${listed(unknown)}; whether they differ in it cannot be said.`]
      : []),
    ...built(kernels),
  ];
}

function mitigations({ facts }: KernelRecord): string | null {
  const all = facts.mitigations;
  if (typeof all !== 'object' || all === null) return null;
  const active = Object.entries(all)
    .filter(([, text]) => String(text).startsWith('Mitigation'))
    .map(([name]) => name);
  return active.length === 0 ? 'none' : active.join(' ');
}
