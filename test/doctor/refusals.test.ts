/** What a seccomp filter refuses is found before any trial, by call, range and errno. */
import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { findRefusals } from '../../src/doctor/refusals.js';
import type { Probe } from '../../src/doctor/trial.js';
import type { Interruption } from '../../src/experiment/interruption.js';
import { nativeProgram } from '../native/programs.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const engine = nativeProgram('pauselab-engine');
const probes: readonly Probe[] = [
  { operation: 'mincore', layout: 'isolated' },
  { operation: 'mincore', layout: 'crossing' },
  { operation: 'madvise_cold_page', layout: 'isolated' },
  { operation: 'madvise_free_page', layout: 'isolated' },
  { operation: 'process_madvise_page', layout: 'isolated' },
];
const undisturbed: Interruption = {
  signalled: new Promise(() => undefined),
  signal: () => null,
  dispose: () => undefined,
};

const before = process.env.PAUSELAB_ENGINE;
afterEach(() => {
  if (before === undefined) delete process.env.PAUSELAB_ENGINE;
  else process.env.PAUSELAB_ENGINE = before;
});

function refusing(...filter: string[]): Promise<Map<string, string>> {
  const file = scratch.fresh('engine');
  writeFileSync(file, `#!/bin/sh\nexec ${nativeProgram('pauselab-refuse')} ${filter.join(' ')} -- ${engine} "$@"\n`, {
    mode: 0o755,
  });
  process.env.PAUSELAB_ENGINE = file;
  return findRefusals(probes, undisturbed);
}

describe('a filter that refuses', () => {
  test.each([
    { what: 'nothing of these', filter: ['EPERM', 'sched_setaffinity'], refused: {} },
    {
      what: 'a call',
      filter: ['EPERM', 'mincore'],
      refused: { 'isolated.mincore': 'EPERM', 'crossing.mincore': 'EPERM' },
    },
    { what: 'one advice', filter: ['ENOSYS', 'madvise:2=20'], refused: { 'isolated.madvise_cold_page': 'ENOSYS' } },
    {
      what: 'a call by a signal',
      filter: ['SIGSYS', 'process_madvise'],
      refused: { 'isolated.process_madvise_page': 'SIGSYS' },
    },
    {
      what: 'what lays out a range across VMAs',
      filter: ['EPERM', 'madvise'],
      refused: {
        'crossing.mincore': 'EPERM',
        'isolated.madvise_cold_page': 'EPERM',
        'isolated.madvise_free_page': 'EPERM',
      },
    },
  ])('$what', async ({ filter, refused }) => {
    expect(Object.fromEntries(await refusing(...filter))).toEqual(refused);
  });
});

test('an engine that cannot be started is no refusal', async () => {
  process.env.PAUSELAB_ENGINE = '/no/such/engine';
  await expect(findRefusals(probes, undisturbed)).rejects.toThrow(
    expect.objectContaining({ exitCode: 5, message: expect.stringContaining('run `npm run setup`') as string }),
  );
});

test('an interruption ends it with its exit code', async () => {
  await expect(findRefusals(probes, { ...undisturbed, signal: () => 'SIGTERM' })).rejects.toThrow(
    expect.objectContaining({
      exitCode: 143,
      message: expect.stringMatching(/^interrupted by SIGTERM; .*no result$/) as string,
    }),
  );
});
