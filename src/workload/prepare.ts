/** A workload of either kind, brought to the point where only `go` is missing. */
import { isInJvm } from '../profile/resolved/resolved.js';
import { prepareNative } from './native/native-workload.js';
import type { PreparedWorkload, WorkloadInput } from './prepared.js';

export async function prepareWorkload({ arm, ...input }: WorkloadInput): Promise<PreparedWorkload> {
  if (!isInJvm(arm)) return prepareNative({ ...input, arm });
  // In a guest that runs no JVM it would be a part of the boot.
  const { prepareJvm } = await import('./jvm/jvm-workload.js');
  return prepareJvm({ ...input, arm });
}
