/** A profile whose runs are over in half a second: for tests of everything but stalls. */
import { runOrder } from '../../src/experiment/plan/order.js';

export const shortProfile = `
name: short
title: Runs of no length
runs: 1
warmup: 50ms
duration: 300ms
drain: 200ms
spoiled: { steal: 100%, foreignLoad: 100%, retries: 0 }
holder: { operation: madvise_free, region: 4MiB, pause: 20ms, toucher: { nice: 0 } }
hogs: { count: 1, burst: { run: 10ms, sleep: 10ms } }
victims:
  - { operation: mprotect, rate: 1000/s }
  - { operation: timer, rate: 200/s }
arms:
  - { name: one-vma, title: Inside one VMA, layout: isolated }
  - { name: crossing, title: Across two VMAs, layout: split }
`;

export const victims = ['writer.mprotect', 'control.timer'] as const;

/** `--arm` and `--seed` that put an arm first, so that a test need not wait for the others. */
export function armFirst(name: 'foreign-control' | 'crossing'): string[] {
  const arms = ['idle-control', 'foreign-control', 'crossing'];
  for (let seed = 1; ; seed += 1)
    if (runOrder(arms, ['host'], 1, seed)[0]?.arm === name) return ['--arm', 'crossing', '--seed', String(seed)];
}
