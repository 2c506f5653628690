/** The JVM of an arm, with the defaults of its loads applied. */
import { parseDuration } from '../../base/text/units.js';
import { defaultValue, readyDeadline } from './defaults.js';
import { scheduling } from './expand-thread.js';
import { expandWork } from './expand-work.js';
import type { Readiness, ResolvedApp, ResolvedJvm } from './resolved.js';
import type { ArmSettings, JvmAppSettings, JvmSettings } from './settings.js';

export function expandJvm(jvm: JvmSettings, issues: ArmSettings['issues']): ResolvedJvm {
  return {
    jdk: jvm.jdk,
    java: jvm.java ?? null,
    collector: jvm.collector,
    flags: jvm.flags,
    ...expandWork(jvm, issues),
    process: { ...scheduling(jvm.process ?? {}), limits: jvm.process?.limits ?? {} },
  };
}

export function expandApp({ args, ready, environment, probes }: JvmAppSettings): ResolvedApp {
  return {
    args: args ?? [],
    ready: ready === undefined ? null : expandReady(ready),
    environment: environment ?? {},
    probes: probes ?? true,
  };
}

function expandReady(ready: NonNullable<JvmAppSettings['ready']>): Readiness {
  if ('after' in ready) return { kind: 'after', after_ns: ready.after };
  const deadline_ns = ('deadline' in ready ? ready.deadline : undefined) ?? defaultValue(parseDuration(readyDeadline));
  return 'port' in ready
    ? { kind: 'port', port: ready.port, deadline_ns }
    : { kind: 'log', pattern: ready.log, deadline_ns };
}
