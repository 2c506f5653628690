/**
 * Other differences between two kernels, and what they could explain: no comparison of kernels is of a patch alone.
 * Pure.
 */
import { compareDebianVersions } from '../debian/debian-version.js';
import type { KernelFacts } from './kernel-facts.js';

export interface KernelDifference {
  readonly fact:
    | 'version'
    | 'flavour'
    | 'compiler'
    | 'hz'
    | 'preemption default'
    | 'preemption models'
    | 'real time'
    | 'per-VMA locks'
    | 'transparent huge pages'
    | 'mitigations'
    | 'cpu.max'
    | 'autogroup'
    | 'config';
  readonly a: string;
  readonly b: string;
  /** What it could explain, as a sentence. */
  readonly sentence: string;
}

/**
 * From this version on, throttling waits for the return to user mode. The version only proves it for mainline kernels.
 */
const throttlingChanged = '6.18';

/** Both sides have their values in `a` and `b`; what is unknown for a side is stated once, as `config`. */
export function differences(a: KernelFacts, b: KernelFacts): KernelDifference[] {
  const found: KernelDifference[] = [];
  const compare = (fact: KernelDifference['fact'], ofA: string | null, ofB: string | null, explains: string): void => {
    if (ofA !== null && ofB !== null && ofA !== ofB)
      found.push({ fact, a: ofA, b: ofB, sentence: `${fact}: ${ofA} against ${ofB}, which ${explains}` });
  };
  const yesNo = (value: boolean | null | undefined): string | null =>
    value === null || value === undefined ? null : value ? 'yes' : 'no';

  compare('version', a.version, b.version, 'could explain anything: two versions differ in more than one change');
  compare(
    'flavour',
    a.flavour,
    b.flavour,
    'could explain a difference, because other options than those listed here differ',
  );
  compare(
    'compiler',
    a.compiler,
    b.compiler,
    'could explain a difference of some per cent in how long a call holds its lock',
  );
  compare(
    'hz',
    perSecond(a.hz),
    perSecond(b.hz),
    'could explain stalls: a lower tick rate preempts a call less often and later, ' +
      'and keeps it off the CPU for longer slices',
  );
  compare(
    'preemption default',
    a.preemption?.default ?? null,
    b.preemption?.default ?? null,
    'could explain stalls: full preempts a call while it holds its lock, lazy and none let it finish; ' +
      'boot both with the same preempt=',
  );
  compare(
    'preemption models',
    a.preemption?.models.join(', ') ?? null,
    b.preemption?.models.join(', ') ?? null,
    'could explain nothing by itself, but only a model that both have makes them comparable',
  );
  compare(
    'real time',
    yesNo(a.preemption?.realTime),
    yesNo(b.preemption?.realTime),
    "could explain stalls: a PREEMPT_RT kernel lends the waiter's priority to some holders and sleeps in other places",
  );
  compare(
    'per-VMA locks',
    yesNo(a.perVmaLocks),
    yesNo(b.perVmaLocks),
    'could explain stalls of page faults and of every call that does not need mmap_lock',
  );
  compare(
    'transparent huge pages',
    a.transparentHugePages,
    b.transparentHugePages,
    'could explain stalls: a huge page is given back in one step instead of 512, ' +
      'so that calls on the same bytes hold their lock for far less time',
  );
  found.push(...mitigationDifference(a, b));
  found.push(...throttling(a, b));
  compare(
    'autogroup',
    yesNo(a.autogroup),
    yesNo(b.autogroup),
    'could explain stalls: with autogroups nice values count only inside a session',
  );
  if ((a.configSha256 === null) !== (b.configSha256 === null)) {
    const [configA, configB] = [a, b].map(({ configSha256 }) => (configSha256 === null ? 'not known' : 'known'));
    found.push({
      fact: 'config',
      a: configA ?? '',
      b: configB ?? '',
      sentence:
        `config: ${configA ?? ''} against ${configB ?? ''}, so that unknown differences in HZ, preemption, ` +
        'huge pages and mitigations could explain anything',
    });
  }
  return found;
}

function perSecond(hz: number | null): string | null {
  return hz === null ? null : `${hz}/s`;
}

/** Only options that both have: an older kernel may do something for which it has no option. */
function mitigationDifference(a: KernelFacts, b: KernelFacts): KernelDifference[] {
  if (a.mitigations === null || b.mitigations === null) return [];
  const [ofA, ofB] = [a.mitigations, b.mitigations];
  const only = (x: typeof ofA, y: typeof ofA): string[] => x.on.filter((name) => y.off.includes(name) || !y.enabled);
  const [inA, inB] = [only(ofA, ofB), only(ofB, ofA)];
  if (ofA.enabled === ofB.enabled && inA.length === 0 && inB.length === 0) return [];
  const say = (enabled: boolean, names: readonly string[]): string =>
    !enabled ? 'off' : names.length === 0 ? 'fewer' : `also ${names.join(', ')}`;
  const [sayA, sayB] = [say(ofA.enabled, inA), say(ofB.enabled, inB)];
  return [
    {
      fact: 'mitigations',
      a: sayA,
      b: sayB,
      sentence:
        `mitigations: ${sayA} against ${sayB}, ` +
        'which could explain a difference in the cost of each system call and fault, but hardly waits of 100 ms',
    },
  ];
}

function throttling(a: KernelFacts, b: KernelFacts): KernelDifference[] {
  if (a.cpuBandwidth === false && b.cpuBandwidth === false) return [];
  const isNew = ({ version }: KernelFacts): boolean => compareDebianVersions(version, throttlingChanged) >= 0;
  if (isNew(a) === isNew(b)) return [];
  const say = (facts: KernelFacts): string =>
    isNew(facts) ? `${throttlingChanged} or newer` : `before ${throttlingChanged}`;
  return [
    {
      fact: 'cpu.max',
      a: say(a),
      b: say(b),
      sentence:
        `cpu.max: ${say(a)} against ${say(b)}, which could explain stalls of arms under cpu.max: ` +
        `before ${throttlingChanged} a throttled thread keeps its lock for the rest of the period (by version ` +
        'only; a backport would not show)',
    },
  ];
}
