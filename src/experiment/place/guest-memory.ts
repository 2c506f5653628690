/** Whether the guests fit into memory. A guest takes its memory only as it uses it, so QEMU starts in any case. */
import { unfit } from '../../base/failure.js';
import { formatSize } from '../../base/text/units.js';
import { availableMemoryBytes } from '../../host/memory.js';

/** For QEMU itself and for pauselab. */
const besideGuests = 256 * 2 ** 20;

/** `guests`: open at the same time. Otherwise the kernel would end one of them in the middle of the experiment. */
export function refuseTooMuchMemory(
  guests: readonly { readonly memoryBytes: number }[],
  available = availableMemoryBytes(),
): void {
  const [first] = guests;
  if (first === undefined) return;
  const sum = guests.reduce((total, { memoryBytes }) => total + memoryBytes, 0);
  if (sum + besideGuests <= available) return;
  const here = `${formatSize(available)} of memory are available here`;
  throw unfit(
    guests.length === 1
      ? `a guest of ${formatSize(sum)} does not fit: ${here}; lower --guest-memory`
      : `${guests.length} guests with ${formatSize(sum)} in total do not fit: all of them are open until the experiment ends, and ${here}; ` +
          'lower --guest-memory, or measure fewer kernels at a time',
  );
}
