/** Whether the JDKs and allocators of an experiment are still those of its runs: an upgrade may come between them. */
import type { RunFile } from '../../bundle/bundle-schema.js';
import { allocatorLaunch, allocatorVersion } from '../../host/allocators/allocator-launch.js';
import type { Jdk } from '../../host/jdks.js';
import { isInJvm, workOf, type ResolvedArm } from '../../profile/resolved/resolved.js';
import { jdkOfArm } from '../../workload/jvm/jvm-workload.js';

export interface ChangedSoftware {
  readonly arm: string;
  readonly what: 'the JDK' | 'the allocator';
  readonly then: string;
  readonly now: string;
}

/** The first that changed; null: none, as far as the runs say. Arms that name the same JDK have the same. */
export async function changedSoftware(
  arms: readonly ResolvedArm[],
  runs: readonly Pick<RunFile, 'arm' | 'jvm' | 'churn'>[],
): Promise<ChangedSoftware | null> {
  for (const arm of arms) {
    const run = runs.find((one) => one.arm === arm.name);
    const [ran] = run?.jvm?.processes ?? run?.churn?.processes ?? [];
    if (ran === undefined) continue;
    if (isInJvm(arm)) {
      const [then, now] = [jdkText(ran), jdkText(await jdkOfArm(arm))];
      if (then !== now) return { arm: arm.name, what: 'the JDK', then, now };
    }
    const then = versionIn(ran.allocator);
    const work = workOf(arm);
    if (work === null || then === null) continue;
    const { name } = work.allocator;
    // A fetched JDK runs on the C library that it brought, whose version was compared with the JDK.
    if (name === 'glibc' && typeof ran.packaged === 'object' && ran.packaged !== null) continue;
    const now = allocatorVersion(name, allocatorLaunch(work.allocator).library).version ?? then;
    if (!saysTheSame(then, now))
      return { arm: arm.name, what: 'the allocator', then: `${name} ${then}`, now: `${name} ${now}` };
  }
  return null;
}

/**
 * A run has the version that the library reported, and `now` is read from its file, which may say less: 5.3.0 of
 * jemalloc's 5.3.0-0-g54eaed1d, and 2.0 of mimalloc's 2.0.9.
 */
function saysTheSame(then: string, now: string): boolean {
  const [short, long] = then.length < now.length ? [then, now] : [now, then];
  return long.startsWith(short) && !/^[0-9a-z]/i.test(long.slice(short.length));
}

/** `jdk`: as a run stores it, or as it is found. A fetched JDK has the versions of its package and of its C library. */
function jdkText(jdk: Readonly<Record<string, unknown>> | Jdk): string {
  const { vendor, version, packaged } = jdk as Partial<Jdk>;
  const own = `${String(vendor)} ${String(version)}`;
  return packaged === null || packaged === undefined
    ? own
    : `${own} (${packaged.package} ${packaged.version}, libc ${packaged.libc.version})`;
}

function versionIn(allocator: unknown): string | null {
  if (typeof allocator !== 'object' || allocator === null || !('version' in allocator)) return null;
  return typeof allocator.version === 'string' ? allocator.version : null;
}
