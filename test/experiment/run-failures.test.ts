/** What makes a run degraded once its window is over. */
import { expect, test } from 'vitest';
import type { HelperEndFact } from '../../src/facts/run-facts.js';
import { endedIoHogs, worthOf } from '../../src/experiment/run/run-failures.js';
import type { ThreadSnapshot } from '../../src/record/board/snapshot.js';
import type { WindowResult } from '../../src/workload/window.js';
import type { MeasuredRun } from '../../src/experiment/run/measured-run.js';
import { stated } from '../../src/words/run-words.js';
import { infoOf, ms, snapshotOf, window } from './fake-run.js';

const ended = (name: string, state: Partial<ThreadSnapshot>) =>
  endedIoHogs({ threads: [infoOf(0, name, 'hog', 0)] }, {
    window,
    last: { threads: [{ ...snapshotOf(0), ...state }] },
  } as unknown as WindowResult);

test('a run says when an I/O hog had written its most before the window’s end', () => {
  const facts = ended('io-hog-0', { ended_ns: 1_700 * ms });
  expect(facts).toEqual([{ code: 'io-hog-ended', thread: 'io-hog-0', after_ns: 1_500 * ms, window_ns: 3_000 * ms }]);
  expect(facts.map((fact) => stated(fact).sentence)).toEqual([
    'io-hog-0 had written as much as ioHogs.atMost allows 1.50 s after the start of a window of 3.00 s, and wrote nothing after that, so stalled shares and rates average the time with its writes and the time without them; raise ioHogs.atMost, or, if the profile sets it, shorten the window (--duration)',
  ]);
});

test('in the warm-up, no part of the window had its writes', () => {
  expect(ended('io-hog-0', { ended_ns: 100 * ms })).toMatchObject([{ after_ns: 0 }]);
});

test('after the window, while it runs, or refused by the kernel, it is no degradation', () => {
  expect(ended('io-hog-0', { ended_ns: 3_300 * ms })).toEqual([]);
  expect(ended('io-hog-0', { ended_ns: null })).toEqual([]);
  expect(ended('io-hog-0', { ended_ns: 1_700 * ms, refused_n: 1 })).toEqual([]);
  expect(ended('hog-0', { ended_ns: 1_700 * ms })).toEqual([]);
});

const worthWith = (sampler: HelperEndFact) =>
  worthOf(
    [],
    {
      workload: { degraded: [], board: { threads: [] } },
      result: { window, interrupted: false, last: { threads: [] } },
      sampled: {
        samples: { timelines: new Map(), ticks_ns: [], period_ns: 10 * ms },
        problem: stated({ code: 'states-unknown', sampler, from_ns: 100 * ms }),
        unopened_n: 0,
      },
      machine: { steal_share: 0, foreignLoad_share: 0, clockSourceChanged: false },
      untraced: null,
    } as unknown as MeasuredRun,
    { steal_share: 1, foreignLoad_share: 1 } as unknown as Parameters<typeof worthOf>[2],
  );

test('a run without states is repeated, but not if the next run would lack them too', () => {
  const died = worthWith({ end: 'was-killed' });
  expect(died.disturbances).toMatchObject([{ code: 'states-unknown' }]);
  expect(died.degraded).toEqual([]);
  const { disturbances, degraded } = worthWith({ end: 'too-large', fileBytes: 3 * 2 ** 30, readBytes: 2 ** 30 });
  expect(disturbances).toEqual([]);
  expect(degraded.map(({ sentence }) => sentence)).toEqual([
    'the sampler wrote 3 GiB, of which the first 1 GiB fit into the memory of Node, so the states of the threads are unknown from 100 ms after the start on; use a shorter --duration or fewer threads, or set NODE_OPTIONS=--max-old-space-size=8192 (MiB)',
  ]);
});

test('threads that could not be looked at name the hard limit, because the sampler has raised its own to that', () => {
  const because =
    'because the hard limit of open files (ulimit -Hn; in a container --ulimit nofile) is too low: each thread needs two files';
  expect(stated({ code: 'files-exhausted', threads_n: 3 }).sentence).toBe(
    `3 threads could not be looked at, ${because}; raise it, or use fewer threads`,
  );
});
