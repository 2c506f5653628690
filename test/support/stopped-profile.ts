/** A writer back to back, so that a signal meets it inside an operation, beside a holder that makes it wait. */
export const stoppedProfile = `
name: stopped
title: Victims that are stopped
description: A writer that is always in an operation, and a timer, beside a holder at nice 19.
runs: 1
duration: 3s
drain: 1s
holder: { operation: madvise_free, nice: 19, cpus: first, pause: 100ms, region: 64MiB, toucher: { nice: 0, cpus: first } }
hogs: { count: 1, cpus: first }
victims:
  - { operation: mprotect, rate: back-to-back }
  - { operation: timer, rate: 200/s }
spoiled: { steal: 100%, foreignLoad: 100%, retries: 0 }
controls: { of: crossing }
arms:
  - { name: crossing, title: MADV_FREE across VMAs, layout: split }
`;
