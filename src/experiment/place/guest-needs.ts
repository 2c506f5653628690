/**
 * Files that arms need in a guest beyond the files of every guest: a Java runtime, allocators, and the program that
 * tries allocators.
 */
import { realpathSync } from 'node:fs';
import { allocatorLaunch } from '../../host/allocators/allocator-launch.js';
import { javaRuntime } from '../../kernel/guest/java-runtime.js';
import type { GuestFile } from '../../kernel/guest/guest-image.js';
import { isInJvm, workOf, type ResolvedArm } from '../../profile/resolved/resolved.js';
import { jdkOfArm } from '../../workload/jvm/jvm-workload.js';
import { refuseProgramInGuest } from '../plan/check-plan.js';

export interface GuestNeeds {
  readonly files: readonly GuestFile[];
  /** Arms with the path of each JVM's JDK, which is the same in the guest. */
  readonly arms: readonly ResolvedArm[];
}

export async function guestNeeds(arms: readonly ResolvedArm[], signal?: AbortSignal): Promise<GuestNeeds> {
  const files = new Map<string, GuestFile>();
  const runtimes = new Map<string, readonly GuestFile[]>();
  const add = (file: GuestFile): unknown => files.set(file.to, file);
  const changed: ResolvedArm[] = [];
  for (const arm of arms) {
    const work = workOf(arm);
    if (work !== null && work.allocator.name !== 'glibc') {
      const { library } = allocatorLaunch(work.allocator);
      if (library !== null) add({ from: realpathSync(library), to: library });
      add({ from: realpathSync('/bin/sh'), to: '/bin/sh' });
    }
    if (!isInJvm(arm)) {
      changed.push(arm);
      continue;
    }
    refuseProgramInGuest(arm);
    const { jvm } = arm;
    const jdk = await jdkOfArm(arm);
    // Its files are checked each time, and arms share it.
    const runtime = runtimes.get(jdk.home) ?? (await javaRuntime(jdk, signal));
    runtimes.set(jdk.home, runtime);
    for (const file of runtime) add(file);
    changed.push({ ...arm, jvm: { ...jvm, java: jdk.home } });
  }
  return { files: [...files.values()], arms: changed };
}
