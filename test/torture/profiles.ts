/** Profiles whose runs take a moment, and how many runs they make. */
import { shortProfile } from '../support/short-profile.js';

/** Both controls and one arm: as many windows as a command needs to be torn apart at any of them. */
export const nativeRun = { file: 'short.yaml', text: shortProfile, args: ['--arm', 'crossing'], runs: 3 };

const common = 'runs: 1\nspoiled: { steal: 100%, foreignLoad: 100%, retries: 0 }\n';

export const jvmRun = {
  file: 'short-jvm.yaml',
  text: `name: short-jvm
title: Runs of no length in a JVM
${common}jvm: { collector: serial, flags: [-Xmx64m], loads: [{ load: heap_wave, low: 4MiB, high: 16MiB, period: 200ms }] }
hogs: { count: 1, burst: { run: 10ms, sleep: 10ms } }
warmup: 50ms
duration: 300ms
drain: 200ms
victims: [{ operation: mmap_munmap, rate: 1000/s }, { operation: timer, rate: 200/s }]
arms: [{ name: a, title: A }]
`,
  args: [],
  runs: 3,
};

/** For system calls that fail: all that a run does, and hardly any time in which it does nothing. */
export const tinyRun = {
  file: 'tiny.yaml',
  text: `name: tiny
title: Runs of no length
${common}holder: { operation: madvise_free, region: 1MiB, pause: 5ms, toucher: { nice: 0 } }
hogs: { count: 0 }
warmup: 10ms
duration: 50ms
drain: 50ms
victims: [{ operation: mprotect, rate: 1000/s }]
arms: [{ name: crossing, title: Across two VMAs, layout: split }]
`,
  args: [],
  runs: 3,
};
