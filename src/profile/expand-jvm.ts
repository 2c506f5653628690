/** The JVM of an arm, with the defaults of its loads applied. */
import { scheduling } from './expand-thread.js';
import { expandWork } from './expand-work.js';
import type { ResolvedJvm } from './resolved.js';
import type { ArmSettings, JvmSettings } from './settings.js';

export function expandJvm(jvm: JvmSettings, issues: ArmSettings['issues']): ResolvedJvm {
  const { app } = jvm;
  return {
    jdk: jvm.jdk,
    java: jvm.java ?? null,
    collector: jvm.collector,
    flags: jvm.flags,
    ...expandWork(jvm, issues),
    process: { ...scheduling(jvm.process ?? {}), limits: jvm.process?.limits ?? {} },
    app: app === undefined ? null : { args: app.args ?? [], ready: app.ready ?? null, probes: app.probes ?? true },
  };
}
