/** A workload brought to the point where only `go` is missing. */
import { unfit } from '../base/failure.js';
import { prepareNative } from './native-workload.js';
import type { PreparedWorkload, WorkloadInput } from './prepared.js';

export function prepareWorkload({ arm, ...input }: WorkloadInput): Promise<PreparedWorkload> {
  if (arm.jvm !== null) throw unfit(`the arm ${arm.name} needs a JVM, and this version of pauselab starts none`);
  return prepareNative({ ...input, arm });
}
