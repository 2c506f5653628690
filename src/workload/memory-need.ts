/** Compares the memory that a workload needs with what is available. pauselab uses at most half of it. */
import { usage } from '../base/failure.js';
import { formatSize } from '../base/text/units.js';
import { availableMemoryBytes } from '../host/memory.js';
import type { ChurnArm, ResolvedLoad } from '../profile/resolved/resolved.js';

/** `what` includes its verb, such as `the churn of arm a keeps`. */
export function refuseTooMuch(what: string, bytes: number, remedy: string): void {
  const available = availableMemoryBytes();
  if (bytes > available / 2)
    throw usage(
      `${what} ${formatSize(Math.round(bytes))}, but ${formatSize(available)} of memory are available, ` +
        `of which pauselab uses at most half; lower ${remedy}`,
    );
}

export function refuseLargeChurn({ name, churn }: ChurnArm): void {
  refuseTooMuch(`the churn of arm ${name} keeps`, liveBytes(churn.loads), 'threads, live or maxSize');
}

/** Live blocks only, at the mean of a log-uniform size, (max - min) / ln(max / min); an allocator keeps more. */
export function liveBytes(loads: readonly ResolvedLoad[]): number {
  return loads.reduce((sum, { values }) => {
    const [threads = 0, live = 0, min = 1, max = 1] = ['threads', 'live', 'min_bytes', 'max_bytes'].map((key) =>
      Number(values[key]),
    );
    return sum + threads * live * (max === min ? min : (max - min) / Math.log(max / min));
  }, 0);
}
