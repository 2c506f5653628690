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
    atMost: '8GiB',
    nice: 0,
    policy: 'other',
    rtPriority: 1,
    cpus: 'first',
  },
  victim: { nice: 0, policy: 'other', rtPriority: 1, cpus: 'second' },
  spoiled: { steal: '10%', foreignLoad: '25%', retries: 5 },
} as const;

/** Default of jvm.app.ready.deadline. */
export const readyDeadline = '120s';
