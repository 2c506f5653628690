/** Arms that show what ended the stalls, and arms that only seem to. */
import { expect, test } from 'vitest';
import type { ArmSummary, SeriesRunFigures, SummaryFile } from '../../src/bundle/bundle-schema.js';
import type { StoredBundle } from '../../src/bundle/store.js';
import { whatEndedStalls } from '../../src/report/html/parts/ended-part.js';
import { endedText } from '../../src/words/advice-words.js';
import { fakeProfile, type GivenArm } from '../support/fake-profile.js';
import { runOf, stalledRun, summaryOf, writer, writerArm } from '../verdict/fake-summary.js';

type Finding = SummaryFile['findings'][number];

interface Example {
  readonly arm?: Omit<GivenArm, 'name'>;
  readonly outcome?: Finding['outcome'];
  readonly run?: SeriesRunFigures;
  readonly more?: Partial<ArmSummary>;
}

function ended(examples: Readonly<Record<string, Example>>): string[] {
  const all = Object.entries(examples);
  const summary = summaryOf(
    all.map(([name, { run = runOf(), more = {} }]) => ({ ...writerArm(name, null, run), ...more })),
    {
      findings: all.map(([arm, { outcome = 'like-foreign' }]) => ({
        ...{ arm, outcome, kernel: null, series: writer, sentence: 'x', code: outcome, reason: null, seen: null },
        ...{ foreignStalls_n: null, idleStalls_n: null, underLoad: null },
      })) as unknown as Finding[],
    },
  );
  const profile = fakeProfile({ arms: all.map(([name, { arm = {} }]) => ({ ...arm, name })) });
  const manifest = { profile } as unknown as StoredBundle['manifest'];
  return whatEndedStalls({ summary, manifest }).map(endedText);
}

const stalled = (arm: NonNullable<Example['arm']>): Example => ({ arm, outcome: 'stalls', run: stalledRun(3, 0.2) });

test('an arm without a stall stands beside the most similar arm that stalled', () => {
  expect(
    ended({
      far: stalled({ layout: 'split', hogs: { count: 4 } }),
      crossing: stalled({ layout: 'split' }),
      'one-vma': { arm: { layout: 'isolated' } },
    }),
  ).toEqual([
    '`one-vma` had no stall, but `crossing` had. They differ in `layout`: "split" in crossing, "isolated" in one-vma.',
  ]);
});

test('an arm with stalls of another cause ended nothing', () => {
  expect(ended({ crossing: stalled({ layout: 'split' }), other: { run: stalledRun(1, 0, 0) } })).toEqual([
    'Of the arms that are like the foreign control, 1 had stalls of other causes: they show no remedy.',
  ]);
});

test('neither did an arm that paused, nor one of another collector or load', () => {
  const log = [
    {
      name: 'safepoint.total',
      durations: {
        n: 4,
        min_ns: 1,
        mean_ns: 1,
        p50_ns: 1,
        p90_ns: 1,
        p99_ns: 1,
        p99_9_ns: 1,
        p99_99_ns: 1,
        max_ns: 9e8,
      },
      long_count: 4,
      total_ns: 3e9,
    },
  ];
  const jvm = { log, cpu_ns: 1 } as unknown as NonNullable<ArmSummary['jvm']>;
  const wave = [{ name: 'load.heap-wave', load: 'heap_wave', values: {} }];
  expect(
    ended({
      g1: stalled({ jvm: { collector: 'g1', loads: wave, flags: ['-Xms64m'] } }),
      parallel: { arm: { jvm: { collector: 'parallel', loads: wave } }, more: { jvm } },
      zgc: { arm: { jvm: { collector: 'zgc', loads: wave } } },
      quiet: { arm: { jvm: { collector: 'g1', loads: [] } } },
      'fixed-heap': { arm: { jvm: { collector: 'g1', loads: wave, flags: ['-Xms640m'] } } },
    }),
  ).toEqual([
    expect.stringMatching(/^`fixed-heap` had no stall, but `g1` had\. They differ in `jvm\.flags\.-?Xms`: /),
    'Of the arms that are like the foreign control, in 1 the JVM itself paused for as long as a stall and 2 have no arm of the same collector and load that stalled: they show no remedy.',
  ]);
});

test('a user’s program with another collector by its flags is no pair either', () => {
  const app = (...args: string[]): NonNullable<Example['arm']> => ({
    jvm: { app: { args: [...args, '-jar', 'a.jar'] } },
  });
  expect(
    ended({
      shipped: stalled(app('-Xmx1g')),
      serial: { arm: app('-Xmx1g', '-XX:+UseSerialGC') },
      small: { arm: app('-Xmx2g') },
    }),
  ).toEqual([
    expect.stringMatching(/^`small` had no stall, but `shipped` had\. /),
    expect.stringMatching(/, 1 has no arm of the same collector and load that stalled/),
  ]);
});

test('what is beyond the sixth is counted', () => {
  const quiet = Object.fromEntries(
    Array.from({ length: 8 }, (_, i) => [`quiet-${i}`, { arm: { hogs: { count: i } } }]),
  );
  const sentences = ended({ crossing: stalled({ layout: 'split' }), ...quiet });
  expect(sentences).toHaveLength(7);
  expect(sentences.at(-1)).toBe('2 more arms had no stall.');
});

test('where nothing stalled, nothing ended', () => {
  expect(ended({ a: {}, b: {} })).toEqual([]);
});
