import { chmodSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ExitCode } from '../../src/base/failure.js';
import { startObserver } from '../../src/observe/ebpf/observer.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();

/** A helper that writes these lines, and then waits until it is ended. */
function helper(lines: readonly string[], end: string): string {
  const path = scratch.fresh('pauselab-observer');
  writeFileSync(path, `#!/bin/sh\ncat <<'END'\n${lines.map((line) => `${line}\n`).join('')}END\n${end}\n`);
  chmodSync(path, 0o755);
  return path;
}

const ready = '{"kind":"ready","start_ns":1,"detail_ns":1000000}';
const start = (program: string) =>
  startObserver({ pids: [1], detail_ns: 1e6, threshold_ns: 20e6, onRecord: () => undefined, program });
const isStale = expect.objectContaining({
  exitCode: ExitCode.unfit,
  message: expect.stringMatching(
    /is of another version than pauselab: .*; build it again with `npm run setup`$/,
  ) as string,
}) as Error;

test('a helper whose first line is of another version is said to be one', async () => {
  await expect(start(helper(['{"kind":"begin"}'], 'exec sleep 100'))).rejects.toEqual(isStale);
});

test('a helper with a record of another version ends the observation, which says why', async () => {
  const observer = await start(helper([ready, '{"kind":"off","state":"blocked"}'], 'exec sleep 100'));
  await observer.ended;
  await expect(observer.finish()).rejects.toEqual(isStale);
});

test('a helper that does not take the arguments is said to be of another version', async () => {
  await expect(start(helper([], 'exit 2'))).rejects.toEqual(isStale);
});

test('a helper that ends for another reason is not', async () => {
  await expect(start(helper([], 'exit 6'))).rejects.toMatchObject({ exitCode: ExitCode.workload });
});
