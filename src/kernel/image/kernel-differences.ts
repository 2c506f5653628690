/**
 * Other differences between two kernels, and what they could explain: no comparison of kernels is of a patch alone.
 * Pure.
 */
import type { KernelDifferenceFact, StoredKernelDifference } from '../../facts/kernel-difference-facts.js';
import { statedDifference } from '../../words/kernel-words.js';
import { compareDebianVersions } from '../../debian/debian-version.js';
import type { KernelFacts } from './kernel-facts.js';

type ComparedFact = Exclude<KernelDifferenceFact, { readonly fact: 'options' }>;

/**
 * From this version on, throttling waits for the return to user mode. The version only proves it for mainline kernels.
 */
const throttlingChanged = '6.18';

/** Both sides have their values in `a` and `b`; what is unknown for a side is stated once, as `config`. */
export function kernelDifferences(a: KernelFacts, b: KernelFacts): StoredKernelDifference[] {
  const compare = (fact: ComparedFact['fact'], of: (facts: KernelFacts) => string | null): ComparedFact[] => {
    const [ofA, ofB] = [of(a), of(b)];
    return ofA === null || ofB === null || ofA === ofB ? [] : [{ fact, a: ofA, b: ofB }];
  };
  const config = ({ configSha256 }: KernelFacts): string => (configSha256 === null ? 'not known' : 'known');
  return [
    ...compare('version', ({ version }) => version),
    ...compare('flavour', ({ flavour }) => flavour),
    ...compare('compiler', ({ compiler }) => compiler),
    ...compare('hz', ({ hz }) => (hz === null ? null : `${hz}/s`)),
    ...compare('preemption default', ({ preemption }) => preemption?.default ?? null),
    ...compare('preemption models', ({ preemption }) => preemption?.models.join(', ') ?? null),
    ...compare('real time', ({ preemption }) => yesNo(preemption?.realTime)),
    ...compare('per-VMA locks', ({ perVmaLocks }) => yesNo(perVmaLocks)),
    ...compare('transparent huge pages', ({ transparentHugePages }) => transparentHugePages),
    ...mitigationDifference(a, b),
    ...throttling(a, b),
    ...compare('autogroup', ({ autogroup }) => yesNo(autogroup)),
    ...compare('config', config),
  ].map(statedDifference);
}

function yesNo(value: boolean | null | undefined): string | null {
  return value === null || value === undefined ? null : value ? 'yes' : 'no';
}

/** Only options that both have: an older kernel may do something for which it has no option. */
function mitigationDifference(a: KernelFacts, b: KernelFacts): ComparedFact[] {
  if (a.mitigations === null || b.mitigations === null) return [];
  const [ofA, ofB] = [a.mitigations, b.mitigations];
  const only = (x: typeof ofA, y: typeof ofA): string[] => x.on.filter((name) => y.off.includes(name) || !y.enabled);
  const [inA, inB] = [only(ofA, ofB), only(ofB, ofA)];
  if (ofA.enabled === ofB.enabled && inA.length === 0 && inB.length === 0) return [];
  const valueOf = (enabled: boolean, names: readonly string[]): string =>
    !enabled ? 'off' : names.length === 0 ? 'fewer' : `also ${names.join(', ')}`;
  return [{ fact: 'mitigations', a: valueOf(ofA.enabled, inA), b: valueOf(ofB.enabled, inB) }];
}

function throttling(a: KernelFacts, b: KernelFacts): ComparedFact[] {
  if (a.cpuBandwidth === false && b.cpuBandwidth === false) return [];
  const isNew = ({ version }: KernelFacts): boolean => compareDebianVersions(version, throttlingChanged) >= 0;
  if (isNew(a) === isNew(b)) return [];
  const valueOf = (facts: KernelFacts): string =>
    isNew(facts) ? `${throttlingChanged} or newer` : `before ${throttlingChanged}`;
  return [{ fact: 'cpu.max', a: valueOf(a), b: valueOf(b) }];
}
