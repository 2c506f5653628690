/** How long the holder's calls held the lock on a CPU, and what the profile had asked for. */
import { formatDuration, formatSize } from '../../../base/text/units.js';
import type { SummaryFile } from '../../../bundle/bundle-schema.js';
import { nothing, type Markup } from '../markup.js';
import { table } from './table.js';

/** `of`: names the bundle, where there are several. */
export function holdsPart({ arms }: Pick<SummaryFile, 'arms'>, of: string, kernels: boolean): Markup {
  const rows = arms.flatMap(({ name, control, kernel, regionBytes, asked_hold_ns, holder }) =>
    holder === null || holder.window_calls === 0
      ? []
      : [
          [
            `${name}${control === null ? '' : ' (control)'}`,
            ...(kernels ? [kernel] : []),
            regionBytes === null ? '–' : formatSize(regionBytes),
            String(holder.window_calls),
            asked_hold_ns === null ? '–' : formatDuration(asked_hold_ns),
            holder.hold_ns === null ? '–' : formatDuration(holder.hold_ns),
            holder.calls_cpu_ns === null || holder.service.n === 0
              ? '–'
              : formatDuration(holder.calls_cpu_ns / holder.service.n),
          ],
        ],
  );
  if (rows.length === 0) return nothing;
  const head = ['arm', ...(kernels ? ['kernel'] : []), 'region', 'calls', 'asked', 'median', 'mean'];
  return table(`CPU time of a call of the holder${of}: its hold, if nothing preempts it`, head, rows, kernels ? 2 : 1);
}
