/** The JVM of an arm, with the defaults of its loads applied. */
import { parseDuration, parseSize, type Parsed } from '../base/units.js';
import { defaults } from './defaults.js';
import { cpusOf, policyOf } from './expand-thread.js';
import { jvmLoads, type JvmLoad, type LoadSetting } from './jvm-table.js';
import type { ResolvedJvm, ResolvedLoad, ThreadRule } from './resolved.js';
import type { ArmSettings, JvmSettings } from './settings.js';

export function expandJvm(jvm: JvmSettings, issues: ArmSettings['issues']): ResolvedJvm {
  const { app, allocator } = jvm;
  return {
    jdk: jvm.jdk,
    java: jvm.java ?? null,
    collector: jvm.collector,
    flags: jvm.flags,
    loads: jvm.loads.map(expandLoad),
    loadsIn: 'same',
    threads: Object.entries(jvm.threads).map(expandRule),
    allocator: {
      name: allocator.name,
      path: allocator.path ?? null,
      settings: Object.fromEntries(Object.entries(allocator.settings ?? {}).map(([key, value]) => [key, String(value)])),
    },
    app: app === undefined ? null : { args: app.args ?? [], ready: app.ready ?? null, probes: app.probes ?? true },
    issues: Object.entries(issues).map(([call, { by, atLeast }]) => ({ call, by: by ?? null, atLeast: atLeast ?? 1 })),
  };
}

function expandLoad(load: JvmSettings['loads'][number], index: number, all: JvmSettings['loads']): ResolvedLoad {
  const { settings }: JvmLoad = jvmLoads[load.load as keyof typeof jvmLoads];
  const values = Object.entries(settings).map(([key, setting]) => [setting.planKey, planValue(setting, (load as Record<string, unknown>)[key])] as const);
  const twin = all.slice(0, index).filter((other) => other.load === load.load).length;
  return {
    name: `load.${load.load.replaceAll('_', '-')}${twin === 0 ? '' : `-${twin + 1}`}`,
    load: load.load,
    values: { seed: load.seed ?? 1, ...Object.fromEntries(values) },
  };
}

/** A value as the schema read it, or the default as a profile would write it. */
function planValue({ kind, default: fallback }: LoadSetting, given: unknown): number {
  const value = given ?? (typeof fallback === 'string' ? exactly((kind === 'size' ? parseSize : parseDuration)(fallback)) : fallback);
  return Number(value);
}

function exactly(parsed: Parsed): number {
  if (!parsed.ok) throw new Error(`a default is not ${parsed.expected}`);
  return parsed.value;
}

function expandRule([pattern, rule]: [string, JvmSettings['threads'][string]]): ThreadRule {
  const { nice, policy, rtPriority, cpus } = { policy: undefined, rtPriority: undefined, cpus: undefined, ...rule };
  return {
    pattern,
    nice: nice ?? null,
    policy: policy === undefined ? null : policyOf(policy, rtPriority ?? defaults.victim.rtPriority),
    cpus: cpus === undefined ? null : cpusOf(cpus),
  };
}
