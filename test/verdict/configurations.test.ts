/** Configurations of a user's own program, which have no control: each beside the first. */
import { expect, test } from 'vitest';
import type { ArmSummary } from '../../src/bundle/bundle-schema.js';
import { judge } from '../../src/verdict/run/judge.js';
import { kernelNamed, runOf, stalledRun, writer, writerArm } from './fake-summary.js';

const jvm = {
  log: [],
  cpu_ns: 1,
  withoutProbes: null,
  perRun: [],
  removedFromEnvironment: [],
  changedFlags: [],
  isMeantToShrink: false,
  logProblems: [],
};
const program = (name: string, ...shares: readonly number[]): ArmSummary => ({
  ...writerArm(name, null, ...shares.map((share) => (share === 0 ? runOf() : stalledRun(3, share)))),
  jvm,
});
const verdictOf = (...arms: readonly ArmSummary[]): string =>
  judge({ arms, kernels: [kernelNamed('6.18.0')], status: 'complete', degraded: [] }).verdict;
const six = (share: number): number[] => [0, 0.01, 0.02, 0.03, 0.04, 0.05].map((more) => share + more);

test('an arm that is stalled more than the first one, or less', () => {
  expect(verdictOf(program('old', ...six(0.1)), program('new', ...six(0.4)))).toContain(
    `in new series are stalled for a share of the time that is longer than in old: ${writer} (42.5 % against 12.5 %)`,
  );
  expect(verdictOf(program('old', ...six(0.4)), program('new', ...six(0.1)))).toContain(
    `that is shorter than in old: ${writer} (12.5 % against 42.5 %)`,
  );
});

test('runs that do not decide say how many would, and the same is called so', () => {
  expect(verdictOf(program('old', 0, 0), program('new', 0.2, 0.3))).toContain(
    '2 runs of each do not decide whether new is stalled more or less than old; to show that they differ by at most ' +
      'the margin (10 % or 0.100 pp), make at least 6 runs of each (--runs 6)',
  );
  expect(verdictOf(program('old', ...six(0.1)), program('new', ...six(0.12)))).toContain(
    '6 runs of each do not decide whether new is stalled more or less than old.',
  );
  expect(verdictOf(program('old', 0, 0, 0, 0, 0, 0), program('new', 0, 0, 0, 0, 0, 0))).toContain(
    'the shares of the time for which new and old are stalled differ by no more than the margin of 10 % or 0.100 pp (6 runs each)',
  );
  expect(verdictOf(program('old'), program('new', 0.2))).toContain(
    'new cannot be compared with old, because at least one of the two has no complete, undisturbed run',
  );
});

test.each([
  [{ lost_records: 5000 }, 'records of slow operations were lost in 1 run of 8'],
  [{ exhausted: 3 }, 'the victim used up its fresh pages in 1 run of 8'],
])('%o: neither alike, nor better', (flaw, why) => {
  const flawed = (name: string, share: number): ArmSummary => ({
    ...writerArm(
      name,
      null,
      ...[0, 1, 2, 3, 4, 5, 6, 7].map((i) => runOf({ stalled_share: share, ...(i > 0 ? {} : flaw) })),
    ),
    jvm,
  });
  const quiet = program('g1', 0, 0, 0, 0, 0, 0, 0, 0);
  const alike = verdictOf(quiet, flawed('serial', 0));
  expect(alike).toContain(
    `8 runs of each do not decide whether serial is stalled more or less than g1; the share of ${writer} may be larger than it looks, because in serial ${why}`,
  );
  const stalling = program('g1', ...[0, 1, 2, 3, 4, 5, 6, 7].map((i) => 0.4 + i / 100));
  expect(verdictOf(stalling, flawed('serial', 0.1))).toContain(`because in serial ${why}`);
  // In spite of its flaw it is worse.
  expect(verdictOf(quiet, flawed('serial', 0.3))).toContain('that is longer than in g1');
});

test('every further arm has its clause; one arm, or arms with controls, have none', () => {
  const text = verdictOf(program('a', ...six(0.1)), program('b', ...six(0.1)), program('c', ...six(0.5)));
  expect(text).toContain('whether b is stalled more or less than a');
  expect(text).toContain('in c series are stalled for a share of the time that is longer than in a');
  expect(verdictOf(program('a', ...six(0.1)))).not.toContain('than');
  // A program's load is another program's: no run of it is undisturbed.
  expect(verdictOf(program('a', ...six(0.1)))).not.toContain('undisturbed');
  const controlled = [
    writerArm('idle-control', 'idle', runOf()),
    writerArm('foreign-control', 'foreign', runOf()),
    writerArm('a', null, runOf()),
    writerArm('b', null, stalledRun(3, 0.5)),
  ];
  expect(verdictOf(...controlled)).not.toMatch(/stalled more or less|that is longer than/);
});
