/** Stalls by looks, while looks go on. */
import { describe, expect, test } from 'vitest';
import { attributed } from '../../src/observe/observation.js';
import { liveLooks, type SeenLooks } from '../../src/observe/sampling/live-looks.js';
import { lookedStalls } from '../../src/observe/sampling/sampling-evidence.js';
import { look_ns, lookedAt, stream } from '../support/looks.js';

const options = { threshold_ns: 30e6, cpuCount: 2, kernelRelease: '6.18.0', kernelTids: [] };
const spanOf = ({ start_ns, duration_ns }: { readonly start_ns: number; readonly duration_ns: number }) => [
  start_ns,
  duration_ns,
];

/** Waits of 60 ms each half second, for 30 s, and a thread that is stopped for 20 s. */
const waiter = `${'s'.repeat(20)}dddddd${'s'.repeat(24)}`.repeat(60);
const stopped = `${'s'.repeat(400)}${'t'.repeat(2000)}${'s'.repeat(600)}`;

const upTo = (look: number): SeenLooks => ({
  samples: stream(lookedAt('waiter', 11, waiter.slice(0, look)), lookedAt('stopped', 12, stopped.slice(0, look))),
  waits: [],
});

function followed(every: number) {
  const live = liveLooks(options);
  const shown: number[][] = [];
  for (let look = every; look <= waiter.length; look += every) {
    live.advance(upTo(look));
    const settled = live.take();
    if (settled === null) continue;
    for (const stall of attributed(settled).stalls) {
      expect(stall.cause?.sentence).toMatch(stall.thread?.tid === 12 ? /was stopped/ : /waiter/);
      expect(stall.start_ns + stall.duration_ns).toBeLessThanOrEqual((look - 50) * look_ns);
      shown.push(spanOf(stall));
    }
  }
  return { shown, stalls_n: live.stalls_n() };
}

describe('stalls that have been over for half a second', () => {
  const all = lookedStalls(upTo(waiter.length).samples, [], options).map(({ stall }) => spanOf(stall));
  const last_ns = (waiter.length - 50) * look_ns;
  const over = all.filter(([start_ns = 0, duration_ns = 0]) => start_ns + duration_ns <= last_ns);

  test.each([1, 20, 130])('are shown once each, with looks in pieces of %i', (every) => {
    const { shown, stalls_n } = followed(every);
    expect(over.length).toBeGreaterThan(50);
    // With larger pieces, the last second may not have been searched yet.
    const due = over.filter(([start_ns = 0, duration_ns = 0]) => start_ns + duration_ns <= last_ns - 2e9);
    expect(shown).toEqual(expect.arrayContaining(due));
    expect(all).toEqual(expect.arrayContaining(shown));
    expect(new Set(shown.map(String)).size).toBe(shown.length);
    expect(stalls_n).toBe(shown.length);
  });
});
