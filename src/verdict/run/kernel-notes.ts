/**
 * Where the kernels ran, and how else they differ: two versions differ in more than a patch.
 */
import { grouped } from '../../base/group.js';
import { modelSuffix } from '../../bundle/place-names.js';
import type { KernelRecord } from '../../bundle/bundle-schema.js';
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

/** Only two images of one tree differ in the patch alone, each under the same models. Null: not known. */
export function betweenKernels(all: readonly KernelRecord[]): BetweenConclusion | null {
  const kernels = [...grouped(all, nameOfKernel).values()];
  const [[first, ...ofFirst], [second, ...ofSecond]] = [kernels[0] ?? [], kernels[1] ?? []];
  if (kernels.length !== 2 || first === undefined || second === undefined || second.oneTree === null) return null;
  if (modelsOf([first, ...ofFirst]) !== modelsOf([second, ...ofSecond])) return null;
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

function modelsOf(kernels: readonly KernelRecord[]): string {
  return JSON.stringify(kernels.map(({ guest }) => guest?.preempt ?? null).sort());
}

/** Under several models a name is without them. */
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
      // A kernel under several models differs from the first kernel once.
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

/** Without its model; two builds of a version have the same release. */
function nameOfKernel({ name, guest }: KernelRecord): string {
  const suffix = modelSuffix(guest?.preempt ?? null);
  return suffix !== '' && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
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
  return [...found, ...(facts.length > 0 ? [{ code: 'kernels-unknown', facts } as const] : []), ...built(kernels)];
}

function mitigations({ facts }: KernelRecord): string | null {
  const all = facts.mitigations;
  if (typeof all !== 'object' || all === null) return null;
  const active = Object.entries(all)
    .filter(([, text]) => String(text).startsWith('Mitigation'))
    .map(([name]) => name);
  return active.length === 0 ? 'none' : active.join(' ');
}
