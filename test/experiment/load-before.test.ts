import { describe, expect, test } from 'vitest';
import { ExitCode, Failure } from '../../src/base/failure.js';
import { busyText, stillBusyText, waitingText } from '../../src/jobs/load-words.js';
import { loadBefore, waitForQuiet } from '../../src/experiment/plan/load-before.js';
import type { LoadReading } from '../../src/host/machine-load.js';
import { loadResolved } from '../../src/profile/written/load.js';

const limits = { steal_share: 0.1, foreignLoad_share: 0.25 };
const never = new Promise<never>(() => undefined);

/**
 * A machine of one CPU on which others use these shares of each second, one after the other, and the last from then on.
 */
function looking(shares: readonly number[]) {
  let looks = 0;
  let busy_ns = 0;
  const read = (): LoadReading => {
    if (looks > 0) busy_ns += (shares[looks - 1] ?? shares.at(-1) ?? 0) * 1e9;
    looks += 1;
    return { time_ns: BigInt(looks) * 1_000_000_000n, cpus_n: 1, busy_ns, steal_ns: 0, own_ns: 0, clockSource: 'tsc' };
  };
  return { cpus: [0], interrupted: never, read, look_ms: 0 };
}

describe('the load before the first run', () => {
  test('is held against the limits of the profile', async () => {
    expect(await loadBefore(limits, looking([0.6]))).toMatchObject({ foreignLoad_share: 0.6, spoils: true });
    expect(await loadBefore(limits, looking([0.25]))).toMatchObject({ spoils: false });
  });

  test('is not looked at where none spoils a run', async () => {
    expect(await loadBefore({ steal_share: 1, foreignLoad_share: 1 }, looking([0.6]))).toBeNull();
  });
});

describe('waiting for a quiet machine', () => {
  const wait = async (shares: readonly number[], wait_ms = 60_000) => {
    const seen: number[] = [];
    const load = await waitForQuiet(limits, {
      ...looking(shares),
      wait_ms,
      onLook: ({ foreignLoad_share }) => {
        seen.push(foreignLoad_share);
      },
    });
    return { load, seen };
  };

  test('ends once it has been quiet for some looks in a row; a pause between two bursts is none', async () => {
    const { load, seen } = await wait([0.6, 0.1, 0.1, 0.6, 0.1]);
    expect(load).toMatchObject({ foreignLoad_share: expect.closeTo(0.1, 6) as number, spoils: false });
    expect(seen.map((share) => share.toFixed(1))).toEqual([
      '0.6',
      '0.1',
      '0.1',
      '0.6',
      '0.1',
      '0.1',
      '0.1',
      '0.1',
      '0.1',
    ]);
  });

  test('ends when its time is over, and says that the machine is busy', async () => {
    expect((await wait([0.6], 0)).load).toMatchObject({ spoils: true });
  });

  test('ends when it is interrupted', async () => {
    const failure: unknown = await waitForQuiet(limits, {
      ...looking([0.6]),
      interrupted: Promise.resolve(),
      wait_ms: 60_000,
      onLook: () => undefined,
    }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({ exitCode: ExitCode.interrupted, message: 'interrupted before the first run' });
  });
});

test('what it costs is said, and how to wait', async () => {
  const profile = await loadResolved('priority-inversion');
  const load = { steal_share: 0, foreignLoad_share: 0.472 };
  expect(busyText(load, profile, 5)).toMatchInlineSnapshot(
    `"other programs use 47.2 % of the CPU time (limit 25 %): runs will be disturbed. At most 5 disturbed runs are repeated, which takes 16.0 s or more. Runs under load show whether an arm stalls, and why; they give no rates, lengths or comparisons. --wait-for-quiet 10m waits for a quiet machine"`,
  );
  expect(busyText({ steal_share: 0.2, foreignLoad_share: 0.1 }, profile, 0)).toMatchInlineSnapshot(
    `"the hypervisor takes 20 % of the CPU time (limit 10 %): runs will be disturbed. Disturbed runs are not repeated (spoiled.retries). Runs under load show whether an arm stalls, and why; they give no rates, lengths or comparisons. --wait-for-quiet 10m waits for a quiet machine"`,
  );
  expect(waitingText(load, profile, 90_000)).toMatchInlineSnapshot(
    `"waiting for a quiet machine, at most 90.0 s more: other programs use 47.2 % of the CPU time (limit 25 %)"`,
  );
  expect(stillBusyText(load, profile, { waited_ms: 600_000, retries: 5 })).toMatchInlineSnapshot(
    `"the machine was not quiet within 600 s (--wait-for-quiet), so runs start under its load. Now other programs use 47.2 % of the CPU time (limit 25 %): runs will be disturbed. At most 5 disturbed runs are repeated, which takes 16.0 s or more. Runs under load show whether an arm stalls, and why; they give no rates, lengths or comparisons. --wait-for-quiet 10m waits for a quiet machine"`,
  );
});
