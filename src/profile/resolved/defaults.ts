import type { Parsed } from '../../base/text/units.js';

/** Defaults of a profile, in the form of a profile. */
export const defaults = {
  runs: 2,
  seed: 1,
  warmup: '200ms',
  duration: '3s',
  drain: '2s',
  threshold: '100ms',
  stall: { aim: '550ms', leastHold: '8ms' },
  layout: 'isolated',
  holder: {
    nice: 0,
    policy: 'other',
    rtPriority: 1,
    cpus: 'first',
    pause: '0ms',
    region: 'calibrated',
    pages: 'small',
    process: 'same',
    active: true,
  },
  toucher: { nice: 0, policy: 'other', rtPriority: 1, cpus: 'first' },
  purge: { nice: 0, policy: 'other', rtPriority: 1, cpus: 'first', pause: '100ms', arena: 'all' },
  jvm: { jdk: '>=17', collector: 'g1', flags: 'none', loads: 'none', threads: {}, allocator: { name: 'glibc' } },
  agent: { mode: 'repeat', pause: '100ms', nice: 0, policy: 'other', rtPriority: 1, cpus: 'first' },
  hogs: { count: 1, nice: 0, policy: 'other', rtPriority: 1, cpus: 'first', burst: 'steady' },
  ioHogs: {
    count: 1,
    fileSize: '64MiB',
    nice: 0,
    policy: 'other',
    rtPriority: 1,
    cpus: 'first',
  },
  victim: { nice: 0, policy: 'other', rtPriority: 1, cpus: 'second' },
  spoiled: { steal: '10%', foreignLoad: '25%', retries: 5 },
} as const;

/**
 * Default of ioHogs.atMost: for each second of warm-up and window, up to the limit of the key. A hog that ends before the
 * window degrades the run, so this is more than a disk takes from a thread that waits for each MiB.
 */
export const ioHogsAtMost = { perSecond: '4GiB', limit: '1TiB' } as const;

/** Default of jvm.app.ready.deadline. */
export const readyDeadline = '120s';

/** Of a default that the schema does not parse. */
export function defaultValue(parsed: Parsed): number {
  if (!parsed.ok) throw new Error(`a default is not ${parsed.expected}`);
  return parsed.value;
}
