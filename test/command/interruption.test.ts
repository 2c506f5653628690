/**
 * How an experiment ends early by one signal. By two, and by a kill that it cannot answer, it ends in
 * test/machine/interruption.test.ts.
 */
import { test } from 'vitest';
import { expectKept, scratch, short } from '../support/interrupted.js';
import { expectFault, expectNothingLeft, startPauselab } from '../support/pauselab.js';
import { until } from '../support/until.js';

test('SIGINT while it measures ends with 130 and keeps what was measured, marked partial', async () => {
  await expectKept('SIGINT', 130);
});

test('SIGINT before the first run measures nothing, and no folder says otherwise', async () => {
  const out = scratch.fresh('out');
  const running = startPauselab(['run', short, '--duration', '60s', '--out', out]);
  await until('it sizes the region', () => running.logs().some((text) => text.startsWith('sizing the region')));
  running.kill('SIGINT');
  expectFault(await running.ended, {
    code: 130,
    says: [/^pauselab: interrupted by SIGINT before the first run; nothing was measured$/],
    out,
  });
});

expectNothingLeft();
