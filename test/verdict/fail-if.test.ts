import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ExitCode, Failure } from '../../src/base/failure.js';
import { loadResolved } from '../../src/profile/written/load.js';
import { checkCondition, parseFailCondition, refuseUndecidable } from '../../src/verdict/run/fail-if.js';
import { armOf, ms, runOf, seriesOf, stalledRun, summaryOf, writer, writerArm } from './fake-summary.js';
import { said } from '../support/stated.js';

const { arms } = await loadResolved('priority-inversion');
const parse = (text: string) => parseFailCondition(text, arms);
const realArms = ['free-one-vma', 'free-across-vmas', 'dontneed-across-vmas'];

describe('a condition is read', () => {
  test.each([
    ['writer.mprotect.stalls > 0', 'stalls.count', '>', 0],
    ['  writer.mprotect.stalls>=1  ', 'stalls.count', '>=', 1],
    ['writer.mprotect.longest > 1.5s', 'longest_ns', '>', 1.5e9],
    ['writer.mprotect.stalled > 5%', 'stalled_share', '>', 0.05],
    ['writer.mprotect.stalls.stalled_share > 0.05', 'stalled_share', '>', 0.05],
    ['reader.first_fault.service.p99 >= 20ms', 'service.p99_ns', '>=', 20 * ms],
    ['reader.first_fault.service.p99_9_ns < 500', 'service.p99_9_ns', '<', 500],
    ['control.timer.response.max <= 1m', 'response.max_ns', '<=', 60e9],
    ['control.timer.inflight > 0ms', 'inflight_ns', '>', 0],
    ['control.timer.saturated == true', 'saturated', '==', 1],
    ['control.timer.saturated != 0', 'saturated', '!=', 0],
    ['control.timer.unserved == 0', 'unserved', '==', 0],
    ['control.timer.service.n < 100', 'service.n', '<', 100],
    ['writer.mprotect.stalls_per_minute > 3', 'stalls_per_minute', '>', 3],
  ])('%s', (text, metric, comparison, value) => {
    expect(parse(text)).toMatchObject({ text, metric: { name: metric }, comparison, value, arms: realArms });
  });

  test('on one arm if it names one, a control too', () => {
    expect(parse('free-one-vma/writer.mprotect.stalls > 0').arms).toEqual(['free-one-vma']);
    expect(parse('idle-control/writer.mprotect.stalls > 0').arms).toEqual(['idle-control']);
  });
});

function refusal(text: string): string {
  try {
    parse(text);
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.exitCode === ExitCode.usage) return thrown.message;
    throw thrown;
  }
  return 'no refusal';
}

test.each([
  ['', 'expected [ARM/]SERIES.FIGURE, a comparison and a value'],
  ['writer.mprotect.stalls', 'expected [ARM/]SERIES.FIGURE, a comparison and a value'],
  ['writer.mprotect.stalls = 0', 'expected [ARM/]SERIES.FIGURE, a comparison and a value'],
  ['writer.mprotect.stalls > ', 'expected [ARM/]SERIES.FIGURE, a comparison and a value'],
  ['writer.mprotect.stalls > 0 ms', 'expected [ARM/]SERIES.FIGURE, a comparison and a value'],
  [
    'free-one-vam/writer.mprotect.stalls > 0',
    'there is no arm free-one-vam; did you mean free-one-vma?; there are idle-control',
  ],
  [
    'writer.mprotct.stalls > 0',
    'there is no series writer.mprotct; did you mean writer.mprotect?; there are writer.mprotect, reader.first_fault, control.timer',
  ],
  ['stalls > 0', 'there is no series stalls; there are'],
  [
    'writer.mprotect.stals > 0',
    'there is no metric stals; did you mean stalls?; there are stalled_share, stalls_per_minute, longest_ns, blocked_per_minute, service.p99_ns, response.p99_ns and those of docs/metrics.md',
  ],
  ['writer.mprotect.constructor > 0', 'there is no metric constructor; there are'],
  ['writer.mprotect.service > 0', 'there is no metric service; '],
  ['writer.mprotect.stalls > 20ms', 'expected a number to compare stalls with, got 20ms'],
  ['writer.mprotect.stalls > 1e3', 'expected a number to compare stalls with, got 1e3'],
  ['writer.mprotect.stalls > -1', 'expected a number to compare stalls with, got -1'],
  [`writer.mprotect.stalls > ${'9'.repeat(400)}`, 'expected a number to compare stalls with, got 999'],
  ['writer.mprotect.longest > 5%', 'expected a duration such as 20ms to compare longest with, got 5%'],
  ['writer.mprotect.longest > 500', 'expected a duration such as 20ms to compare longest with, got 500'],
  ['writer.mprotect.stalled > 5', 'expected a share such as 5% or 0.05 to compare stalled with, got 5'],
  ['writer.mprotect.saturated == constructor', 'expected true or false to compare saturated with, got constructor'],
  ['writer.mprotect.service.p99 == 5ms', 'expected >, >=, < or <= to compare a percentile with, got =='],
  [
    'writer.mprotect.service.p75 > 5ms',
    "a summary has no service.p75_ns of each run; there are percentiles of service, response and the JVM's log at 50, 90, 99, 99.9, 99.99",
  ],
  [
    'writer.mprotect.memory.rss_peak > 1GiB',
    'memory.rss_peak_bytes belongs to the whole arm; leave out writer.mprotect.',
  ],
  ['memory.rss_paek > 1GiB', 'there is no metric memory.rss_paek; did you mean memory.rss_peak?'],
  ['memory.rss_peak > 5%', 'expected a size such as 64MiB to compare memory.rss_peak with, got 5%'],
  ['gc.pause.longest > 5ms', 'no arm has gc.pause.longest_ns: none is a JVM'],
])('%s is refused', (text, sentence) => {
  expect(refusal(text)).toContain(sentence);
  expect(refusal(text)).toMatch(/^--fail-if "/);
});

describe('whatever is given', () => {
  const pieces = fc.constantFrom(
    'writer.mprotect',
    'writer',
    '.',
    '/',
    'stalls',
    'service.p99_ns',
    'saturated',
    '__proto__',
    'toString',
    '>',
    '>=',
    '=',
    '!',
    ' ',
    '0',
    '20ms',
    '5%',
    'true',
    '1e9',
    '-',
    'free-one-vma',
    '%',
    '\n',
    '​',
    '9'.repeat(40),
  );
  const nearly = fc.array(pieces, { maxLength: 9 }).map((parts) => parts.join(''));
  const shaped = fc
    .tuple(
      fc.constantFrom('writer.mprotect', 'control.timer', 'x.y'),
      fc.oneof(fc.constantFrom('stalls', 'longest', 'stalled', 'saturated', 'service.p50', 'unserved'), fc.string()),
      fc.constantFrom('>', '<', '==', '!=', '=>', ''),
      fc.oneof(fc.constantFrom('0', '1', '20ms', '5%', 'true', 'NaN', 'Infinity', '0x10'), fc.string()),
    )
    .map(([series, figure, comparison, value]) => `${series}.${figure} ${comparison} ${value}`);

  test('it is a condition with a finite value, or a usage error in one line that names the option', () => {
    let good = 0;
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearly, shaped), (text) => {
        let condition;
        try {
          condition = parse(text);
        } catch (thrown) {
          if (!(thrown instanceof Failure)) throw thrown;
          expect(thrown.exitCode).toBe(ExitCode.usage);
          expect(thrown.message.startsWith(`--fail-if "${text}"`)).toBe(true);
          return;
        }
        good += 1;
        expect(Number.isFinite(condition.value)).toBe(true);
        expect(condition.arms.length).toBeGreaterThan(0);
      }),
      { numRuns: 6000 },
    );
    expect(good).toBeGreaterThan(10);
  });
});

describe('a condition is checked', () => {
  const check = (text: string, given: ReturnType<typeof summaryOf>) => {
    const { outcome, sentence } = checkCondition(parse(text), given);
    return { outcome, sentence };
  };
  const quiet = runOf();
  const across = writerArm('free-across-vmas', null, stalledRun(3, 0.2));
  const one = writerArm('free-one-vma', null, quiet);
  const noisyControl = writerArm('foreign-control', 'foreign', stalledRun(9, 0.2));

  test('and met by any arm that is no control', () => {
    expect(check('writer.mprotect.stalls > 0', summaryOf([noisyControl, one, across]))).toEqual({
      outcome: 'met',
      sentence: '"writer.mprotect.stalls > 0" is met: writer.mprotect.stalls.count is 3 in free-across-vmas (1 run).',
    });
    expect(check('writer.mprotect.longest >= 500ms', summaryOf([across])).sentence).toBe(
      '"writer.mprotect.longest >= 500ms" is met: writer.mprotect.stalls.longest_ns is 500 ms in free-across-vmas (1 run).',
    );
    expect(check('writer.mprotect.stalled > 5%', summaryOf([across])).sentence).toContain('stalled_share is 20 % in');
  });

  test('and not met', () => {
    expect(check('writer.mprotect.stalls > 0', summaryOf([noisyControl, one]))).toEqual({
      outcome: 'not met',
      sentence: '"writer.mprotect.stalls > 0" is not met: writer.mprotect.stalls.count is 0 in free-one-vma (1 run).',
    });
    expect(check('writer.mprotect.inflight > 0ms', summaryOf([one])).outcome).toBe('not met');
    expect(check('writer.mprotect.saturated == true', summaryOf([one])).outcome).toBe('not met');
  });

  test.each([
    ['without a run', summaryOf([writerArm('free-one-vma', null)]), /is not known in free-one-vma/],
    [
      'with one arm known and another not',
      summaryOf([one, writerArm('free-across-vmas', null)]),
      /writer\.mprotect\.stalls\.count is not known in free-across-vmas; use more or longer runs/,
    ],
    ['of a victim that never operated', summaryOf([writerArm('free-one-vma', null, runOf({ n: 0 }))]), /not known/],
    ['of an experiment that is not complete', summaryOf([one], { status: 'partial' }), /not complete/],
    ['of a degraded experiment', summaryOf([one], { degraded: [said('nice 19 was refused')] }), /--allow-degraded/],
  ])('and undecided %s', (_, summary, why) => {
    const result = check('writer.mprotect.stalls > 0', summary);
    expect(result.outcome).toBe('unknown');
    expect(result.sentence).toMatch(why);
  });

  test('and undecided where n is too small or the series is saturated', () => {
    expect(check('writer.mprotect.service.p99_99 > 1ms', summaryOf([one])).outcome).toBe('unknown');
    const saturated = armOf('free-one-vma', null, [seriesOf(writer, [quiet], { saturated: true, response: null })]);
    expect(check('writer.mprotect.response.p50 > 1ms', summaryOf([saturated])).outcome).toBe('unknown');
  });

  describe('and undecided where a figure that does not meet it may be too low', () => {
    const flawed = (run: Parameters<typeof runOf>[0]) => writerArm('free-one-vma', null, quiet, runOf(run));

    test.each([
      [
        'writer.mprotect.stalls > 0',
        flawed({ exhausted: 9 }),
        'writer.mprotect.stalls.count is 0 in free-one-vma (2 runs), but the victim used up its fresh pages in 1 run of 2, and could be stalled only in a part of the window; lower its rate',
      ],
      [
        'writer.mprotect.stalled > 5%',
        flawed({ lost_records: 9 }),
        'writer.mprotect.stalls.stalled_share is 0 in free-one-vma (2 runs), but records of slow operations were lost in 1 run of 2, so the figure is a lower bound',
      ],
      [
        'writer.mprotect.stalls.blocked_count == 1',
        flawed({ count: 2, unseen_count: 2 }),
        'writer.mprotect.stalls.blocked_count is 0 in free-one-vma (2 runs), but in 1 run of 2 there are stalls in which the state of the victim was not seen',
      ],
      [
        'writer.mprotect.stalls > 0',
        flawed({ holder_calls: 0 }),
        'writer.mprotect.stalls.count is 0 in free-one-vma (2 runs), but none of the calls under test was made in 1 run of 2, so there was nothing to wait for; use a longer window (--duration)',
      ],
      [
        'writer.mprotect.stalls != 0',
        flawed({ saturated: true }),
        'writer.mprotect.stalls.count is 0 in free-one-vma (2 runs), but the series is saturated in 1 run of 2: it could not keep its schedule, so its figures show only a part of the delay; lower its rate',
      ],
    ])('%s', (text, arm, why) => {
      expect(check(text, summaryOf([arm]))).toEqual({
        outcome: 'unknown',
        sentence: `"${text}" cannot be decided: ${why}.`,
      });
      // Another arm may still meet it, and an arm without the flaw does not.
      expect(check(text, summaryOf([arm, one])).outcome).toBe('unknown');
      expect(check(text, summaryOf([one])).outcome).toBe('not met');
    });

    test.each([
      ['writer.mprotect.service.p99 > 5s', { holder_calls: 0 }],
      ['writer.mprotect.service.max > 5s', { holder_calls: 0 }],
      ['writer.mprotect.service.max > 5s', { exhausted: 9 }],
      ['writer.mprotect.service.max > 5s', { gaveUp: 31 }],
      ['writer.mprotect.service.max > 5s', { gaveUp: 30 }, 'not met'],
      ['writer.mprotect.response.max > 5s', { holder_calls: 0 }],
      ['writer.mprotect.inflight > 5s', { holder_calls: 0 }],
      // Only figures of records and of states need these.
      ['writer.mprotect.service.max > 5s', { lost_records: 9, count: 1, unseen_count: 1 }, 'not met'],
    ])('%s: a stall would have made any time longer (%o)', (text, run, outcome = 'unknown') => {
      const { service } = seriesOf(writer, [quiet]);
      const six = writerArm('free-one-vma', null, ...Array.from({ length: 6 }, () => runOf({ service, ...run })));
      expect(check(text, summaryOf([six])).outcome).toBe(outcome);
    });

    test.each([
      ['writer.mprotect.stalled == 0', { lost_records: 9 }, 'unknown'],
      ['writer.mprotect.stalled < 5%', { lost_records: 9 }, 'unknown'],
      ['writer.mprotect.longest <= 50ms', { holder_calls: 0 }, 'unknown'],
      ['writer.mprotect.stalls != 2', { exhausted: 9 }, 'unknown'],
      ['writer.mprotect.stalls == 0', {}, 'met'],
      // It is not the value already, however much higher it is.
      ['writer.mprotect.stalls != 2', { count: 3, exhausted: 9 }, 'met'],
      // What was served is counted exactly.
      ['writer.mprotect.service.n < 1000000', { saturated: true }, 'met'],
    ])('%s is met by what may be too low (%o)', (text, run, outcome) => {
      expect(check(text, summaryOf([flawed(run)])).outcome).toBe(outcome);
    });

    test('which a higher figure would not meet either: not met', () => {
      const stalling = summaryOf([flawed({ count: 3, exhausted: 9, lost_records: 9 })]);
      expect(check('writer.mprotect.stalls < 1', stalling).outcome).toBe('not met');
      expect(check('writer.mprotect.stalls == 0', stalling).outcome).toBe('not met');
      expect(check('writer.mprotect.stalls > 2', stalling).outcome).toBe('met');
      const saturated = armOf('free-one-vma', null, [
        seriesOf(writer, [runOf({ saturated: true })], { saturated: true }),
      ]);
      expect(check('writer.mprotect.saturated != true', summaryOf([saturated])).outcome).toBe('not met');
      // A series with unserved operations is saturated; their number is exact.
      expect(check('writer.mprotect.unserved > 10', summaryOf([saturated])).outcome).toBe('not met');
    });
  });

  test('and undecided where the holder of an arm made no call, beside an arm whose holder did', () => {
    const { holder } = one;
    if (holder === null) throw new Error('an arm has a holder');
    const service = { ...holder.service, n: 0, max_ns: null };
    const idle = { ...across, holder: { ...holder, service, window_calls: 0 } };
    const short = { ...one, holder: { ...holder, service: { ...holder.service, max_ns: 20 * ms } } };
    expect(check('holder.longest > 50ms', summaryOf([short])).outcome).toBe('not met');
    expect(check('holder.longest > 50ms', summaryOf([short, idle]))).toEqual({
      outcome: 'unknown',
      sentence:
        '"holder.longest > 50ms" cannot be decided: holder.longest_ns is not known (no call of the holder is known) in free-across-vmas; use more or longer runs.',
    });
  });

  test('and of an arm itself', () => {
    const memoryUse = { rssMeanBytes: 2 ** 30, rssPeakBytes: 2 ** 31, pssBytes: null, cgroup: null };
    const withMemory = summaryOf([{ ...one, memoryUse }]);
    expect(check('memory.rss_peak > 1GiB', withMemory)).toEqual({
      outcome: 'met',
      sentence: '"memory.rss_peak > 1GiB" is met: memory.rss_peak_bytes is 2 GiB in free-one-vma (1 run).',
    });
    expect(check('free-one-vma/memory.rss_mean > 1GiB', withMemory).outcome).toBe('not met');
    expect(check('memory.rss_mean > 1GiB', summaryOf([one]))).toEqual({
      outcome: 'unknown',
      sentence:
        '"memory.rss_mean > 1GiB" cannot be decided: memory.rss_mean_bytes is not known (its memory was not read, or not in every run) in free-one-vma; use more or longer runs.',
    });
    expect(check('holder.calls < 1', withMemory).outcome).toBe('not met');
    // As many a minute as in all windows together.
    expect(check('writer.mprotect.stalls_per_minute > 17', summaryOf([across])).sentence).toContain(
      'is 18 in free-across-vmas',
    );
  });

  describe('of a percentile by its bound', () => {
    const runs = (...values_ms: number[]) =>
      values_ms.map((value, i) =>
        runOf({
          run: `00${i}-free`,
          service: {
            n: 3000,
            min_ns: 1,
            mean_ns: 1,
            p50_ns: 1,
            p90_ns: 1,
            p99_ns: value * ms,
            p99_9_ns: null,
            p99_99_ns: null,
            max_ns: 1,
          },
        }),
      );
    const of = (...values_ms: number[]) => summaryOf([writerArm('free-one-vma', null, ...runs(...values_ms))]);

    test('met where the typical run is beyond it', () => {
      expect(check('writer.mprotect.service.p99 > 5ms', of(7, 6, 8, 9, 6, 7))).toEqual({
        outcome: 'met',
        sentence:
          '"writer.mprotect.service.p99 > 5ms" is met: writer.mprotect.service.p99_ns is at least 6.00 ms in the typical run (95 % bound of 6 runs, whose median is 7.00 ms) in free-one-vma.',
      });
      expect(check('writer.mprotect.service.p99 < 10ms', of(7, 6, 8, 9, 6, 7)).outcome).toBe('met');
    });

    test('not met where it is below', () => {
      expect(check('writer.mprotect.service.p99 > 5ms', of(1, 2, 3, 4, 4, 4))).toEqual({
        outcome: 'not met',
        sentence:
          '"writer.mprotect.service.p99 > 5ms" is not met: writer.mprotect.service.p99_ns is at most 4.00 ms in the typical run (95 % bound of 6 runs, whose median is 3.50 ms) in free-one-vma.',
      });
    });

    test('undecided between, however far the pooled figure is', () => {
      const result = check('writer.mprotect.service.p99 > 5ms', of(1, 1, 1, 1, 1, 900));
      expect(result.outcome).toBe('unknown');
      expect(result.sentence).toContain(
        'is between 1.00 ms and 900 ms in the typical run (95 % bound of 6 runs, whose median is 1.00 ms) in free-one-vma; use more or longer runs',
      );
    });

    test('one odd run of twenty decides nothing', () => {
      expect(check('writer.mprotect.service.p99 > 5ms', of(900, ...Array<number>(19).fill(1))).outcome).toBe('not met');
    });

    test('undecided with fewer runs, and where one run does not know it', () => {
      expect(check('writer.mprotect.service.p99 > 5ms', of(900, 900)).sentence).toContain(
        'is known in 2 complete, undisturbed runs (900 ms and 900 ms), and a bound needs 6 in free-one-vma',
      );
      const gap = summaryOf([writerArm('free-one-vma', null, ...runs(7, 7, 7, 7, 7, 7), quiet)]);
      expect(check('writer.mprotect.service.p99 > 5ms', gap).sentence).toContain('not known in 1 of 7 runs');
    });

    test('and refused before anything is measured where no outcome could decide it', () => {
      const conditions = [parse('writer.mprotect.stalls > 0'), parse('writer.mprotect.service.p99 > 5ms')];
      expect(() => {
        refuseUndecidable(conditions, 5);
      }).toThrow(
        '--fail-if "writer.mprotect.service.p99 > 5ms" cannot be decided, whatever is measured: 5 runs do not show how a percentile differs from run to run; use --runs 6 or more',
      );
      expect(() => {
        refuseUndecidable(conditions, 6);
        refuseUndecidable(conditions.slice(0, 1), 1);
      }).not.toThrow();
    });
  });

  test('and met all the same where something else is not known', () => {
    expect(
      check(
        'writer.mprotect.stalls > 0',
        summaryOf([across, writerArm('free-one-vma', null)], { status: 'failed', degraded: [said('nice')] }),
      ).outcome,
    ).toBe('met');
  });
});
