/** Prepares a workload of any kind until only `go` is missing. */
import { isInJvm } from '../profile/resolved/resolved.js';
import { prepareNative } from './native/native-workload.js';
import type { PreparedWorkload, WorkloadInput } from './prepared.js';

export async function prepareWorkload({ arm, ...input }: WorkloadInput): Promise<PreparedWorkload> {
  if (!isInJvm(arm)) return prepareNative({ ...input, arm });
  // Imported late: a guest without a JVM would have to load it at boot.
  const { prepareJvm } = await import('./jvm/jvm-workload.js');
  return prepareJvm({ ...input, arm });
}
