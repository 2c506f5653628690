/**
 * Where the kernels ran, and how else they differ: two versions differ in more than a patch.
 */
import { grouped } from '../../base/group.js';
import { conditionsIn, conditionsOf } from '../../bundle/place-names.js';
import type { KernelRecord } from '../../bundle/bundle-schema.js';
import { featureName, oppositeFeature } from '../../profile/check/sched-feature.js';
import type { KernelFact, NoteFact } from '../../facts/note-facts.js';
import type { BetweenConclusion } from '../../facts/verdict-facts.js';

export function kernelNotes(kernels: readonly KernelRecord[]): NoteFact[] {
  return [...guestNotes(kernels), ...(kernels.length > 1 ? [...oneTreeNotes(kernels), ...differences(kernels)] : [])];
}

/** Guests with the same shape share a note. */
function guestNotes(kernels: readonly KernelRecord[]): NoteFact[] {
  const ran = kernels.flatMap(({ name, guest }) => {
    if (guest === null) return [];
    const { cpus, memoryBytes, pinnedTo, accelerator, withoutKvm } = guest;
    return [{ name, shape: { cpus, memoryBytes, isPinned: pinnedTo !== null, accelerator, withoutKvm } }];
  });
  const groups = [...grouped(ran, ({ shape }) => JSON.stringify(shape)).values()];
  const others = kernels.filter(({ guest }) => guest === null).map(({ name }) => name);
  return [
    ...groups.flatMap((guests): NoteFact[] =>
      guests
        .slice(0, 1)
        .map(({ shape }) => ({ code: 'ran-in-guest', kernels: guests.map(({ name }) => name), ...shape })),
    ),
    ...kernels.flatMap(({ name, guest }) =>
      (guest?.bootFailures ?? []).map(({ code, sentence }): NoteFact => ({
        code: 'booted-again',
        kernel: name,
        failure: code,
        why: sentence,
      })),
    ),
    ...(groups.length > 0 && others.length > 0 ? [{ code: 'ran-on-host', kernels: others } as const] : []),
  ];
}

/** Of a user's images with what was compared, because no image names its source; of pauselab's builds with what is known. */
function oneTreeNotes(kernels: readonly KernelRecord[]): NoteFact[] {
  const [first] = kernels.filter(({ guest }) => guest !== null);
  const trees = [
    ...grouped(
      kernels.filter(({ oneTree }) => oneTree !== null),
      ({ guest }) => guest?.sha256 ?? '',
    ).values(),
  ].flatMap(([one]) => one ?? []);
  return trees.flatMap((kernel): NoteFact[] => {
    const { oneTree } = kernel;
    if (first === undefined || oneTree === null) return [];
    const { built: known, ...probable } = oneTree;
    const names = { first: nameOfKernel(first), kernel: nameOfKernel(kernel) };
    return known === null
      ? [{ code: 'one-tree', ...names, ...probable }]
      : [{ code: 'built-from-one-tree', ...names, sameCompiler: oneTree.sameCompiler, ...known }];
  });
}

/**
 * Only two images of one tree differ in the patch alone, each under the same conditions, and only one kernel with
 * several scheduler features in these. Null: not known.
 */
export function betweenKernels(all: readonly KernelRecord[]): BetweenConclusion | null {
  const kernels = [...grouped(all, nameOfKernel).values()];
  if (kernels.length === 1) return betweenFeatures(all);
  const [[first, ...ofFirst], [second, ...ofSecond]] = [kernels[0] ?? [], kernels[1] ?? []];
  if (kernels.length !== 2 || first === undefined || second === undefined || second.oneTree === null) return null;
  if (allConditions([first, ...ofFirst]) !== allConditions([second, ...ofSecond])) return null;
  const { sameCompiler, built: known } = second.oneTree;
  if (known === null) return { code: 'between-kernels', difference: sameCompiler ? 'patch' : 'patch-and-compiler' };
  return {
    code: 'between-builds',
    source: known.source,
    sameCompiler,
    changes: [
      { kernel: nameOf(first, ofFirst), names: known.onlyFirst },
      { kernel: nameOf(second, ofSecond), names: known.onlyThis },
    ],
  };
}

function allConditions(kernels: readonly KernelRecord[]): string {
  return JSON.stringify(kernels.map((kernel) => JSON.stringify(conditionsOf(kernel))).sort());
}

/** One kernel: each model has run with each of the features, and nothing else differs. */
function betweenFeatures(all: readonly KernelRecord[]): BetweenConclusion | null {
  const features = [...new Set(all.map(({ feature }) => feature ?? null))];
  const words = features.filter((feature) => feature !== null);
  const models = [...new Set(all.map((kernel) => conditionsOf(kernel).preempt))];
  const isWhole = words.length === features.length && all.length === words.length * models.length;
  return words.length < 2 || !isWhole ? null : { code: 'between-features', features: words, models_n: models.length };
}

/** Under several conditions a name is without them. */
function nameOf(kernel: KernelRecord, others: readonly KernelRecord[]): string {
  return others.length === 0 ? kernel.name : nameOfKernel(kernel);
}

/** The running kernels report these; image and config show the rest. */
const askedOfRunning = [
  'hz',
  'preemption default',
  'preemption models',
  'transparent huge pages',
  'per-VMA locks',
  'mitigations',
  'autogroup',
];

function built(kernels: readonly KernelRecord[]): NoteFact[] {
  const first = kernels.find(({ guest }) => guest !== null);
  const seen = new Set<string>();
  return kernels.flatMap((kernel) =>
    kernel.differences.flatMap(({ fact, a, b, options, sentence }): NoteFact[] => {
      // A kernel under several conditions differs from the first kernel once.
      const name = nameOfKernel(kernel);
      const key = `${name} ${sentence}`;
      if (askedOfRunning.includes(fact) || seen.has(key)) return [];
      seen.add(key);
      return [
        {
          code: 'built-differently',
          first: first === undefined ? '' : nameOfKernel(first),
          kernel: name,
          fact,
          a,
          b,
          options,
          why: sentence,
        },
      ];
    }),
  );
}

/** Without its conditions; two builds of a version have the same release. */
function nameOfKernel(kernel: KernelRecord): string {
  const { length } = conditionsIn(kernel);
  return kernel.name.slice(0, kernel.name.length - length);
}

const valueOf =
  (key: string, unit = '') =>
  ({ facts }: KernelRecord): string | null => {
    const value = facts[key];
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? `${String(value)}${unit}`
      : null;
  };

const compared: Readonly<Record<KernelFact, (kernel: KernelRecord) => string | null>> = {
  preemption: valueOf('preemption'),
  hz: valueOf('hz', ' Hz'),
  transparentHugePages: valueOf('transparentHugePages'),
  perVmaLocks: valueOf('perVmaLocks'),
  clockSource: valueOf('clockSource'),
  autogroup: valueOf('autogroup'),
  mitigations,
};
const comparedFacts = Object.keys(compared) as KernelFact[];

function differences(kernels: readonly KernelRecord[]): NoteFact[] {
  const found = comparedFacts.flatMap((fact): NoteFact[] => {
    const values = kernels.flatMap((kernel) => {
      const value = compared[fact](kernel);
      return value === null ? [] : [{ kernel: kernel.name, value }];
    });
    return new Set(values.map(({ value }) => value)).size < 2 ? [] : [{ code: 'kernels-differ', fact, values }];
  });
  const facts = comparedFacts.filter((fact) => kernels.some((kernel) => compared[fact](kernel) === null));
  return [
    ...found,
    ...featureNotes(kernels),
    ...(facts.length > 0 ? [{ code: 'kernels-unknown', facts } as const] : []),
    ...built(kernels),
  ];
}

/**
 * Scheduler features that are on in one kernel and off in another, without those that were asked for. A feature that a
 * kernel does not have is not in its list, and neither are all of them without debugfs.
 */
function featureNotes(kernels: readonly KernelRecord[]): NoteFact[] {
  const asked = kernels.flatMap(({ feature }) => (feature === undefined ? [] : [featureName(feature)]));
  const listed = kernels.flatMap(({ name, facts: { schedFeatures } }) =>
    Array.isArray(schedFeatures)
      ? [{ kernel: name, words: schedFeatures.filter((word) => typeof word === 'string') }]
      : [],
  );
  const differing = new Set(
    listed
      .flatMap(({ words }) => words)
      .filter((word) => listed.some(({ words }) => words.includes(oppositeFeature(word))))
      .filter((word) => !asked.includes(featureName(word))),
  );
  const values = listed
    .map(({ kernel, words }) => ({ kernel, features: words.filter((word) => differing.has(word)) }))
    .filter(({ features }) => features.length > 0);
  return differing.size === 0 ? [] : [{ code: 'features-differ', kernels: values }];
}

function mitigations({ facts }: KernelRecord): string | null {
  const all = facts.mitigations;
  if (typeof all !== 'object' || all === null) return null;
  const active = Object.entries(all)
    .filter(([, text]) => String(text).startsWith('Mitigation'))
    .map(([name]) => name);
  return active.length === 0 ? 'none' : active.join(' ');
}
