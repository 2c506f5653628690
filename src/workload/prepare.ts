/** A workload of either kind, brought to the point where only `go` is missing. */
import { prepareJvm } from './jvm-workload.js';
import { prepareNative } from './native-workload.js';
import type { PreparedWorkload, WorkloadInput } from './prepared.js';

export function prepareWorkload({ arm, ...input }: WorkloadInput): Promise<PreparedWorkload> {
  return arm.jvm === null ? prepareNative({ ...input, arm }) : prepareJvm({ ...input, arm });
}
