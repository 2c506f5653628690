/** The system calls of arms, counted under strace one arm after the other. */
import { Failure } from '../base/failure.js';
import { exitCodeOf, listenForInterruption } from '../experiment/interruption.js';
import { verifyArm, type VerifiableArm, type VerifiedArm } from '../experiment/plan/verify.js';
import { cpuTopology } from '../host/cpus.js';
import type { ResolvedProfile } from '../profile/resolved/resolved.js';

export async function verifyArms(profile: ResolvedProfile, arms: readonly VerifiableArm[]): Promise<VerifiedArm[]> {
  const interruption = listenForInterruption(() => undefined);
  const results: VerifiedArm[] = [];
  try {
    for (const arm of arms) results.push(await verifyArm(profile, arm, cpuTopology(), interruption));
    return results;
  } catch (error) {
    const signal = interruption.signal();
    if (signal !== null && error instanceof Failure)
      throw new Failure(
        exitCodeOf(signal),
        `interrupted by ${signal}; calls that were not counted to the end say nothing, so there is no result`,
      );
    throw error;
  } finally {
    interruption.dispose();
  }
}
