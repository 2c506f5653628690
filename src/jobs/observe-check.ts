/** What this machine allows `observe` to do, what each missing permission takes from it, and what would give more. */
import {
  tiers,
  type ObservationLimit,
  type ObservationRemedy,
  type RefusedTier,
  type TierName,
} from '../facts/observation-facts.js';
import { missingCapabilities } from '../host/capabilities.js';
import { readIfThere } from '../host/files.js';
import type { SetupOptions } from '../host/setup.js';
import { areSymbolsHidden } from '../observe/ebpf/kernel-symbols.js';
import { shownByHelper } from '../observe/ebpf/observer.js';
import { hiddenFrom } from '../observe/sampling/sampling-needs.js';
import type { Target } from '../observe/target.js';
import type { Stated } from '../facts/stated.js';
import { statedLimit, statedRefusal, statedRemedy } from '../words/observation-words.js';
import { programs } from '../workload/programs.js';
import { observingTiers, type Tier } from './observe-tier.js';

export interface ObservationCheck {
  /** That would be used; null: none is possible. */
  readonly tier: TierName | null;
  readonly possible: readonly TierName[];
  readonly refusedTiers: readonly Stated<RefusedTier>[];
  /** Of the tiers that are possible. */
  readonly limits: readonly Stated<ObservationLimit>[];
  readonly remedies: readonly Stated<ObservationRemedy>[];
}

/** `targets` may be empty: then it is about the machine. */
export async function checkObservation(
  targets: readonly Target[],
  setup: SetupOptions,
  candidates: readonly Tier[] = observingTiers,
  helperStatus: () => string = () => shownByHelper('--status'),
): Promise<ObservationCheck> {
  const refused: RefusedTier[] = [];
  for (const tier of candidates) {
    const obstacle = await tier.whyNot(targets, setup);
    if (obstacle !== null) refused.push({ tier: tier.name, ...obstacle });
  }
  const possible = candidates.map(({ name }) => name).filter((name) => refused.every(({ tier }) => tier !== name));
  const limits = possible.flatMap((tier) => limitsOf(tier, targets, helperStatus));
  return {
    tier: possible[0] ?? null,
    possible,
    refusedTiers: refused.map(statedRefusal),
    limits: limits.map(statedLimit),
    remedies: remediesFor(refused, limits).map(statedRemedy),
  };
}

function limitsOf(tier: TierName, targets: readonly Target[], helperStatus: () => string): ObservationLimit[] {
  const isTracer = missingCapabilities(['CAP_SYS_PTRACE']).length === 0;
  if (tier !== 'sampling') {
    // By eBPF the helper reads files of others, which may have more capabilities; by tracefs pauselab does.
    const seesOthers =
      tier === 'ebpf' ? missingCapabilities(['CAP_SYS_PTRACE'], helperStatus()).length === 0 : isTracer;
    return [
      ...(areSymbolsHidden() ? [{ tier, code: 'symbols-hidden' } as const] : []),
      ...(seesOthers ? [] : [{ tier, code: 'files-of-others-hidden' } as const]),
    ];
  }
  const scope = Number(readIfThere('/proc/sys/kernel/yama/ptrace_scope') ?? 0);
  return [
    ...(isTracer ? [] : [{ tier, code: 'others-refused' } as const]),
    ...(isTracer || scope === 0 ? [] : [{ tier, code: 'calls-refused-by-yama', scope } as const]),
    ...targets.flatMap(hiddenFrom).map((hidden) => ({ tier, ...hidden })),
  ];
}

/** By file capabilities of the helper; `setcap` needs the whole path. */
const helperCapabilities = 'cap_bpf,cap_perfmon,cap_syslog,cap_sys_ptrace+ep';

/** Of a container. In a cgroup namespace of its own, the cgroups of other processes, and their limits, are not visible. */
const hostNamespaces = '--pid=host --cgroupns=host';

function remediesFor(refused: readonly RefusedTier[], limits: readonly ObservationLimit[]): ObservationRemedy[] {
  const best = refused.find(({ tier }) => tier === tiers[0]);
  const gives = tiers[0];
  const lacksCapabilities = best?.code === 'capabilities-missing';
  const isKeptShort = limits.some(({ tier }) => tier === gives) && missingCapabilities(['CAP_SYS_ADMIN']).length > 0;
  return [
    ...(lacksCapabilities || isKeptShort
      ? ([
          { code: 'set-capabilities', command: `setcap ${helperCapabilities} ${programs.observer()}`, gives },
          {
            code: 'add-capabilities',
            command: `--cap-add BPF --cap-add PERFMON --cap-add SYSLOG --cap-add SYS_PTRACE ${hostNamespaces}`,
            gives,
          },
        ] as const)
      : []),
    ...(best?.code === 'in-pid-namespace' ? [{ code: 'share-pids', command: hostNamespaces, gives } as const] : []),
    ...(refused.some(({ code }) => code === 'helper-not-built')
      ? [{ code: 'build-helper', command: 'pauselab observe --check --install' } as const]
      : []),
    ...(limits.some(({ code }) => code === 'symbols-hidden') && readIfThere('/proc/sys/kernel/kptr_restrict') === '2'
      ? [{ code: 'show-symbols', command: 'sysctl kernel.kptr_restrict=1' } as const]
      : []),
    ...(limits.some(({ code }) => code === 'calls-refused-by-yama')
      ? [{ code: 'show-calls', command: 'sysctl kernel.yama.ptrace_scope=0' } as const]
      : []),
  ];
}
