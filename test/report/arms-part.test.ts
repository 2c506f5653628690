/** The matrix of arms in a report: each state has its letter, and no text of a bundle is trusted. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ArmSummary } from '../../src/bundle/bundle-schema.js';
import type { RefusedArm } from '../../src/facts/refused-arm-facts.js';
import { report } from '../../src/report/html/report.js';
import { judge } from '../../src/verdict/run/judge.js';
import { textOfPart } from '../support/report-page.js';
import { scratchFolder } from '../support/scratch.js';
import { kernelRecord, writeFakeBundle } from '../verdict/fake-bundle.js';
import { jvmFigures, pausedRun, runOf, stalledRun, summaryOf, writerArm } from '../verdict/fake-summary.js';

const scratch = scratchFolder();
const [quiet, stalled, often] = [runOf(), stalledRun(5, 0.05), stalledRun(5, 0.6)];
const refused: RefusedArm = { arm: 'zgc@jdk-17', jdk: '17.0.1', code: 'jdk-without-collector', collector: 'zgc' };

function pageOf(kernels: readonly string[], jdks: readonly string[], title = 'Fake', paused = pausedRun(0, 0)): string {
  const own = (name: string, run: typeof quiet): ArmSummary => ({
    ...writerArm(name, null, run, run),
    jvm: jvmFigures([paused, paused]),
  });
  const arms: ArmSummary[] = kernels.flatMap((kernel, k) =>
    jdks.flatMap((jdk, j) =>
      [
        writerArm('idle-control', 'idle', quiet, quiet),
        writerArm('foreign-control', 'foreign', quiet, quiet),
        own('g1', (k + j) % 2 === 0 ? stalled : quiet),
        ...(jdk === 'jdk-17' ? [] : [own('zgc', often)]),
      ].map((arm) => ({ ...arm, name: `${arm.name}@${jdk}`, jdk, kernel })),
    ),
  );
  const records = kernels.map((release) => kernelRecord(release));
  const missing = jdks.includes('jdk-17') ? [refused] : [];
  const names = [...arms, ...missing.map(({ arm }) => ({ name: arm, control: null, jdk: 'jdk-17' }))];
  const path = scratch.fresh('bundle');
  writeFakeBundle(path, {
    runs: [],
    manifest: {
      kernels: records,
      refusedArms: missing,
      profile: {
        title,
        arms: [
          ...new Map(names.map(({ name, control, jdk }) => [name, { name, control, jvm: { jdkLabel: jdk } }])).values(),
        ],
      },
    },
  });
  const judgement = judge({ arms, kernels: records, status: 'complete', degraded: [], refused: missing });
  writeFileSync(join(path, 'summary.json'), JSON.stringify({ ...summaryOf(arms), ...judgement }));
  return report([path]);
}

test('has a row per arm, a column per JDK on each kernel, and a letter for what was found', () => {
  const page = pageOf(['6.16.12', '6.17.13'], ['jdk-17', 'jdk-26']);
  const text = textOfPart(page, 'matrix');
  expect(text).toMatch(/^S stalls – no stalls beyond the controls x its JDK cannot run it With the longest stall/);
  expect(text).toMatch(
    /6\.16\.12 6\.17\.13 arm jdk-17 jdk-26 jdk-17 jdk-26 g1 S 500 ms 5 % – – S 500 ms 5 % zgc x S 500 ms 60 % x S 500 ms 60 %$/,
  );
  // Colour is beside the letter: stronger for a larger share.
  expect(page).toContain('class="sign k-write-some"');
  expect(page).toContain('class="sign k-write"');
  expect(page).toContain('title="g1, jdk-17 on 6.16.12: stalls; longest stall 500 ms; 5 % of the time stalled"');
  expect(page).toMatch(/title="zgc, jdk-17 on 6\.16\.12: JDK 17\.0\.1 has no zgc collector"/);
});

test('shows a paused JVM apart from an arm without stalls, with its pauses', () => {
  const text = textOfPart(pageOf(['6.16.12'], ['jdk-25', 'jdk-26'], 'Fake', pausedRun(1580, 0.75)), 'matrix');
  expect(text).toContain('P no lock shown, but its JVM is paused for longer than the control is known to be');
  expect(text).toContain(
    'Of a paused JVM: the longest pause, and the share of a run that was spent in pauses, at most.',
  );
  expect(text).toMatch(/ g1 S 500 ms 5 % P 1\.58 s 75 % /);
});

test('is on no page of one kernel and one JDK', () => {
  expect(pageOf(['6.16.12'], ['jdk-26'])).not.toContain('id="matrix"');
  expect(pageOf(['6.16.12'], ['jdk-25', 'jdk-26'])).toContain('id="matrix"');
});

test('trusts no name', () => {
  const page = pageOf(['"><script>x</script>', '6.17.13'], ['jdk-25', 'jdk-26']);
  expect(page).not.toContain('<script>x');
});
