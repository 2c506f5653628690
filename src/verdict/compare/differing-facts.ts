/** In which circumstances two sides were measured differently, besides their profiles. */
import { formatSize } from '../../base/text/units.js';
import { nominalMemory } from '../../bundle/environment-changes.js';
import type { DifferingFact } from '../../facts/side-facts.js';
import { listed } from '../../words/text.js';
import type { SideFacts, UsedAllocator } from '../evidence/side.js';

export type FactClass = DifferingFact['class'];

const facts: readonly {
  readonly class: FactClass;
  readonly fact: DifferingFact['fact'];
  readonly read?: (facts: SideFacts) => string | null;
  /** Null is then no difference: an older version did not record it, or there is none. */
  readonly onlyIfBoth?: true;
  /** Reported only where these are the same. */
  readonly among?: (facts: SideFacts) => string | null;
  /** Reads what differs, of what both sides could have. */
  readonly apart?: (own: SideFacts, other: SideFacts) => string | null;
}[] = [
  { class: 'profile', fact: 'profile', read: ({ profile }) => profile },
  { class: 'kernel', fact: 'label', read: ({ label }) => label, onlyIfBoth: true },
  { class: 'kernel', fact: 'kernel', read: ({ kernel }) => kernel },
  { class: 'kernel', fact: 'guest', read: ({ guest }) => guest, onlyIfBoth: true },
  // Other kernels have other images anyway.
  { class: 'kernel', fact: 'image', read: ({ image }) => image, onlyIfBoth: true, among: ({ kernel }) => kernel },
  { class: 'kernel', fact: 'preemption', read: ({ preemption }) => preemption },
  { class: 'kernel', fact: 'hz', read: ({ hz }) => (hz === null ? null : String(hz)) },
  {
    class: 'kernel',
    fact: 'transparentHugePages',
    read: ({ transparentHugePages }) => transparentHugePages,
    onlyIfBoth: true,
  },
  { class: 'kernel', fact: 'autogroup', read: ({ autogroup }) => onOrOff(autogroup), onlyIfBoth: true },
  { class: 'kernel', fact: 'clockSource', read: ({ clockSource }) => clockSource, onlyIfBoth: true },
  // Other kernels have other features anyway.
  {
    class: 'kernel',
    fact: 'schedFeatures',
    apart: (own, other) =>
      own.schedFeatures === null || other.schedFeatures === null
        ? null
        : featuresText(own.schedFeatures.filter((word) => other.schedFeatures?.includes(word) === false)),
    among: ({ kernel }) => kernel,
  },
  { class: 'machine', fact: 'cpuModel', read: ({ cpuModel }) => cpuModel },
  { class: 'machine', fact: 'cpus', read: ({ cpus }) => (cpus === null ? null : String(cpus)) },
  // The kernel reserves more or less memory from boot to boot.
  {
    class: 'machine',
    fact: 'memory',
    read: ({ memoryBytes }) => (memoryBytes === null ? null : formatSize(nominalMemory(memoryBytes))),
  },
  { class: 'jdk', fact: 'jdks', read: ({ jdks }) => (jdks.length === 0 ? null : jdks.join(' and ')) },
  {
    class: 'jdk',
    fact: 'jdkLibrary',
    apart: (own, other) =>
      [own, other].some(({ allocators }) => allocators.some(isOfJdk))
        ? versionsText(librariesOf(own), librariesOf(other))
        : null,
  },
  {
    class: 'allocator',
    fact: 'allocators',
    apart: (own, other) => versionsText(withoutJdks(own.allocators), withoutJdks(other.allocators)),
  },
  { class: 'pauselab', fact: 'tool', read: ({ tool }) => tool },
  { class: 'pauselab', fact: 'trace', read: ({ trace }) => onOrOff(trace), onlyIfBoth: true },
];

function onOrOff(isOn: boolean | null): string | null {
  return isOn === null ? null : isOn ? 'on' : 'off';
}

function featuresText(words: readonly string[]): string {
  return words.length === 0 ? 'no other feature' : words.join(' ');
}

function isOfJdk({ ofJdk }: UsedAllocator): boolean {
  return ofJdk === true;
}

function withoutJdks(allocators: readonly UsedAllocator[]): UsedAllocator[] {
  return allocators.filter((one) => !isOfJdk(one));
}

/** C libraries that JDKs brought; without any, those of the system, which a JDK of the system runs on. */
function librariesOf({ allocators }: SideFacts): readonly UsedAllocator[] {
  const ofJdks = allocators.filter(isOfJdk);
  return ofJdks.length > 0 ? ofJdks : allocators.filter(({ name }) => name === 'glibc');
}

/**
 * All versions of each allocator of which the sides have different ones. Other arms have other allocators anyway. Null:
 * none differs.
 */
function versionsText(own: readonly UsedAllocator[], other: readonly UsedAllocator[]): string | null {
  const versionsOf = (all: readonly UsedAllocator[], name: string): string[] =>
    [...new Set(all.flatMap((one) => (one.name === name ? [one.version] : [])))].sort();
  const texts = [...new Set(own.map(({ name }) => name))].flatMap((name) => {
    const [here, there] = [versionsOf(own, name), versionsOf(other, name)];
    return there.length === 0 || here.join() === there.join() ? [] : [`${name} ${listed(here)}`];
  });
  return texts.length === 0 ? null : texts.join(' ');
}

export function differingFacts(a: SideFacts, b: SideFacts): DifferingFact[] {
  return facts.flatMap(({ class: of, fact, read, apart, onlyIfBoth, among }): DifferingFact[] => {
    const differing = {
      class: of,
      fact,
      a: read?.(a) ?? apart?.(a, b) ?? null,
      b: read?.(b) ?? apart?.(b, a) ?? null,
    };
    const isUnknown = onlyIfBoth === true && (differing.a === null || differing.b === null);
    const isReported = !isUnknown && (among === undefined || among(a) === among(b));
    return differing.a === differing.b || !isReported ? [] : [differing];
  });
}
