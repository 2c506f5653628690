/**
 * Loads, allocator and rules for threads, of a JVM or of a churn in the native engine, with the defaults of the loads.
 */
import { parseDuration, parseSize } from '../../base/text/units.js';
import { defaultValue, defaults } from './defaults.js';
import { scheduling } from './expand-thread.js';
import { jvmLoads, type JvmLoad, type LoadSetting } from '../../catalogue/jvm-loads.js';
import type { AllocatorWork, ResolvedLoad } from './resolved.js';
import type { ArmSettings, ChurnSettings, JvmSettings } from './settings.js';

type Load = JvmSettings['loads'][number];

/** A churn is a malloc_churn with a shorter name, because the names of its helper threads have at most 15 characters. */
const churnStem = 'churn';

export function expandChurn({ churn, allocator, threads, issues }: ChurnSettings): AllocatorWork {
  const loads = churn.map((one) => ({ load: 'malloc_churn', ...one }));
  return expandWork(
    { loads, allocator: allocator ?? defaults.jvm.allocator, threads: threads ?? {} },
    issues,
    () => churnStem,
  );
}

export function expandWork(
  { loads, allocator, threads }: Pick<JvmSettings, 'loads' | 'allocator' | 'threads'>,
  issues: ArmSettings['issues'],
  stemOf = ({ load }: Load): string => load.replaceAll('_', '-'),
): AllocatorWork {
  return {
    loads: loads.map((load, index) =>
      expandLoad(load, stemOf(load), loads.slice(0, index).filter((other) => stemOf(other) === stemOf(load)).length),
    ),
    loadsIn: 'same',
    threads: Object.entries(threads).map(([pattern, rule]) => ({ pattern, ...scheduling(rule) })),
    allocator: {
      name: allocator.name,
      path: allocator.path ?? null,
      settings: Object.fromEntries(
        Object.entries(allocator.settings ?? {}).map(([key, value]) => [key, String(value)]),
      ),
    },
    issues: expandIssues(issues),
  };
}

export function expandIssues(issues: ArmSettings['issues']): AllocatorWork['issues'] {
  return Object.entries(issues).map(([call, { by, atLeast }]) => ({ call, by: by ?? null, atLeast: atLeast ?? 1 }));
}

function expandLoad(load: Load, stem: string, twins: number): ResolvedLoad {
  const { settings }: JvmLoad = jvmLoads[load.load as keyof typeof jvmLoads];
  const values = Object.entries(settings).map(
    ([key, setting]) => [setting.planKey, settingValue(setting, (load as Record<string, unknown>)[key])] as const,
  );
  return {
    name: `load.${stem}${twins === 0 ? '' : `-${twins + 1}`}`,
    load: load.load,
    values: { seed: load.seed ?? 1, ...Object.fromEntries(values) },
  };
}

/** A value as the schema read it, or the default as a profile would write it. */
export function settingValue({ kind, default: fallback }: LoadSetting, given: unknown): number {
  const value =
    given ??
    (typeof fallback === 'string' ? defaultValue((kind === 'size' ? parseSize : parseDuration)(fallback)) : fallback);
  return Number(value);
}
