/** What a baseline measured, from its bundle: the key by which a gate finds it. */
import { createHash } from 'node:crypto';
import { usage } from '../../../base/failure.js';
import type { BaselineFile } from '../../../bundle/baseline-schema.js';
import { baselineVersion } from '../../../bundle/baseline-schema.js';
import { measuredSettings } from '../../compare/differences.js';
import { nominalMemory } from '../../../bundle/environment-changes.js';
import { canonicalJson } from '../../../profile/resolved/hash.js';
import { unknownFacts, type Side, type SideFacts } from '../../evidence/side.js';
import { problemText } from '../../../words/gate-words.js';
import { sideProblems } from '../gate-evidence.js';

/** Refuses at once a bundle that no gate would accept. `sides`: one for each kernel. */
export function baselineOf(
  side: Side,
  sides: readonly Side[],
  own: { readonly name: string | null; readonly savedAt: string; readonly measuredAt: string; readonly runs: number },
): BaselineFile {
  if (side.kind !== 'bundle' || side.facts.profile === null)
    throw usage(`${side.path} is no bundle of \`pauselab run\`, and only these can be baselines`);
  const [problem] = sides.flatMap((one) => sideProblems(one, 'baseline'));
  if (problem !== undefined) throw usage(`not saved, because no gate would accept it: ${problemText(problem)}`);
  const key = keyOf(side, sides);
  return {
    schemaVersion: baselineVersion,
    name: own.name ?? defaultName(key),
    savedAt: own.savedAt,
    savedFrom: side.path,
    measuredAt: own.measuredAt,
    runs: own.runs,
    key,
  };
}

function keyOf({ facts, resolved }: Side, sides: readonly Side[]): BaselineFile['key'] {
  const { cpuModel, cpus, memoryBytes, jdks } = facts;
  return {
    profile: facts.profile ?? '',
    profileHash: sha256(measuredSettings(resolved)),
    ...kernelOf(facts),
    cpuModel,
    cpus,
    memoryBytes: memoryBytes === null ? null : nominalMemory(memoryBytes),
    jdks: [...jdks],
    ...(sides.length < 2 ? {} : { kernels: sides.map((one) => kernelOf(one.facts)) }),
  };
}

type KernelFacts = Pick<SideFacts, 'label' | 'kernel' | 'guest' | 'image' | 'preemption' | 'hz'>;

function kernelOf({ label, kernel, guest, image, preemption, hz }: SideFacts): KernelFacts {
  return { label, kernel, guest, image, preemption, hz };
}

/**
 * The same key gives the same name, so that saving again replaces the baseline. So does another build of the same
 * version without a label.
 */
function defaultName(key: BaselineFile['key']): string {
  const profile = key.profile
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 60);
  return `${profile === '' ? 'profile' : profile}-${sha256(namedBy(key)).slice(0, 8)}`;
}

/** Keys without a label keep the names that older versions gave them. */
function namedBy(key: BaselineFile['key']): unknown {
  const { kernels } = key;
  const own = (one: { readonly label: string | null }): object =>
    Object.fromEntries(
      Object.entries(one).filter(
        ([name, value]) => !['guest', 'image'].includes(name) && (name !== 'label' || value !== null),
      ),
    );
  return { ...own(key), ...(kernels === undefined ? {} : { kernels: kernels.map(own) }) };
}

/** As the facts of a side, for each of its kernels; its bundle is not read. */
export function factsOfBaseline({ key }: BaselineFile): SideFacts[] {
  const {
    profile,
    label,
    kernel,
    guest,
    image,
    preemption,
    hz,
    cpuModel,
    cpus,
    memoryBytes,
    jdks,
    kernels = [{ label, kernel, guest, image, preemption, hz }],
  } = key;
  return kernels.map((own) => ({
    ...unknownFacts,
    profile,
    profileHash: null,
    ...own,
    cpuModel,
    cpus,
    memoryBytes,
    tool: null,
    jdks,
  }));
}

function sha256(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}
