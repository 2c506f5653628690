/** The thread beside a churn that asks the allocator to give free memory back: a holder without a region to prepare. */
import { purges } from '../../catalogue/purges.js';
import { defaults } from './defaults.js';
import { expandThread } from './expand-thread.js';
import type { ResolvedHolder } from './resolved.js';
import type { ChurnSettings } from './settings.js';

/** The engine needs a region for each holder; a purge leaves its page alone. */
const onePage = 4096;

export function expandPurge({ purge, allocator }: ChurnSettings): ResolvedHolder | null {
  if (purge === undefined) return null;
  return {
    operation: purges[(allocator ?? defaults.jvm.allocator).name].name,
    ...expandThread(purge),
    pause_ns: purge.pause,
    region: { kind: 'bytes', bytes: onePage },
    pages: 'small',
    toucher: null,
    process: 'same',
    ...(purge.arena === 'all' ? {} : { arena: purge.arena }),
    active: true,
  };
}
