/** Sampler and tracer beside a workload: that they die or are stopped costs no sample and keeps nobody waiting. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { expectNothingLeft } from '../support/pauselab.js';
import { childrenOf, isAlive } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';
import { interruptedAfter } from '../support/interrupted-run.js';
import { skipEach } from '../support/skip-each.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();

const nameOf = (pid: number): string => readFileSync(`/proc/${pid}/comm`, 'utf8').trim();

describe('a sampler', () => {
  test.each([
    [
      'is killed',
      'SIGKILL',
      /^the sampler ended by SIGKILL, so the states of the threads are unknown from .* after the start on$/,
    ],
    [
      'is stopped',
      'SIGSTOP',
      /^the sampler was stopped \(SIGSTOP\) when the window ended, so the states of the threads are unknown from .* after the start on$/,
    ],
  ] as const)('that %s leaves a run with all its samples, which says so', async (_, signal, says) => {
    const { file, run } = await interruptedAfter(scratch, ({ sampler }) => {
      process.kill(sampler, signal);
    });
    expect(file).toMatchObject({
      status: 'partial',
      failures: [],
      degraded: [{ sentence: expect.stringMatching(says) as string }],
    });
    expect(isAlive(run.sampler)).toBe(false);
  });
});

describe('a tracer', () => {
  skipEach(process.geteuid?.() !== 0, 'needs root');
  test.each([
    ['is killed', 'SIGKILL', ['untraced']],
    ['is stopped', 'SIGSTOP', []],
  ] as const)('that %s leaves a run with all its samples', async (_, signal, degraded) => {
    let tracer = 0;
    const { file } = await interruptedAfter(
      scratch,
      async (_run, pauselab) => {
        tracer = await until('the tracer', () =>
          childrenOf(pauselab).find((pid) => nameOf(pid).startsWith('pauselab-tracer')),
        );
        process.kill(tracer, signal);
      },
      '--trace',
    );
    expect(file.status).toBe('partial');
    expect(file.degraded.map(({ code }) => code)).toEqual(degraded);
    expect(file.trace === null).toBe(signal === 'SIGKILL');
    expect(isAlive(tracer)).toBe(false);
  });
});

expectNothingLeft();
