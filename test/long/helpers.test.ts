/** The tracer beside a workload: that it dies or is stopped costs no sample and keeps nobody waiting. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { expectNothingLeft } from '../support/pauselab.js';
import { childrenOf, isAlive } from '../support/processes.js';
import { scratchFolder } from '../support/scratch.js';
import { interruptedAfter } from '../support/interrupted-run.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();

const nameOf = (pid: number): string => readFileSync(`/proc/${pid}/comm`, 'utf8').trim();

describe.runIf(process.geteuid?.() === 0)('a tracer', () => {
  test.each([
    ['is killed', 'SIGKILL', ['the tracer ended by SIGKILL, so there is no trace of this run']],
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
    expect(file).toMatchObject({ status: 'partial', degraded });
    expect(file.trace === null).toBe(signal === 'SIGKILL');
    expect(isAlive(tracer)).toBe(false);
  });
});

expectNothingLeft();
