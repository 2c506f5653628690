/** Where looks end: by themselves, or because their helper did. */
import { spawn } from 'node:child_process';
import { afterAll, expect, test } from 'vitest';
import { cutsOf } from '../../src/bundle/read-observation.js';
import { readIfThere } from '../../src/host/files.js';
import { statOf } from '../../src/host/process-stat.js';
import { parentOf } from '../../src/workload/process-identity.js';
import { roomForLooks, watchByLooks } from '../../src/observe/sampling/sampling-tier.js';
import { targetOf } from '../../src/observe/target.js';
import { everyPid } from '../../src/workload/process-identity.js';
import { statedGap } from '../../src/words/observation-words.js';
import { kernelThreadIds } from '../../src/workload/watch/kernel-thread-ids.js';
import { until } from '../support/until.js';

const target = spawn('sleep', ['600'], { stdio: 'ignore' });
afterAll(() => {
  target.kill('SIGKILL');
});

test('looks take at most half of the memory that is free', () => {
  expect(roomForLooks(64 * 2 ** 20)).toBe(32 * 2 ** 20);
  expect(roomForLooks(64 * 2 ** 30)).toBe(256 * 2 ** 20);
});

const ourSampler = (): number | undefined =>
  everyPid().find((pid) => parentOf(pid) === process.pid && readIfThere(`/proc/${pid}/comm`) === 'pauselab-sample');

test('looks of a helper that ended are kept, and it is said how it ended', async () => {
  const watch = await watchByLooks({ targets: [targetOf(target.pid ?? 0)], threshold_ns: 2e7 });
  const sampler = await until('the sampler runs', ourSampler);
  await until('two looks', () => process.hrtime.bigint() - BigInt(watch.start_ns) > 200_000_000n);
  process.kill(sampler, 'SIGKILL');
  await watch.ended;
  const { gaps, watched_ns, cost } = await watch.finish();
  expect(watched_ns).toBeGreaterThan(0);
  expect(cost.memoryBytes).toBeGreaterThan(0);
  expect(gaps).toContainEqual({
    code: 'looks-ended',
    seen_ns: watched_ns,
    sampler: { end: 'exited', exitCode: null, signal: 'SIGKILL', saying: null },
  });
});

test('looks end as asked without such a note', async () => {
  const watch = await watchByLooks({ targets: [targetOf(target.pid ?? 0)], threshold_ns: 2e7 });
  const { gaps } = await watch.finish();
  expect(gaps.map(({ code }) => code)).not.toContain('looks-ended');
});

test('what the first look finds had begun before the start', async () => {
  const stopped = spawn('sleep', ['600'], { stdio: 'ignore' });
  try {
    stopped.kill('SIGSTOP');
    await until('it is stopped', () => statOf(stopped.pid ?? 0)?.[0] === 'T');
    const watch = await watchByLooks({ targets: [targetOf(stopped.pid ?? 0)], threshold_ns: 2e7 });
    await until('it was looked at', () => process.hrtime.bigint() - BigInt(watch.start_ns) > 200_000_000n);
    const { stalls, watched_ns } = await watch.finish();
    expect(stalls.map(({ stall }) => stall)).toMatchObject([{ start_ns: 0, duration_ns: watched_ns }]);
    expect(stalls.flatMap(({ stall }) => cutsOf(stall))).toEqual(['began-before', 'still-going-on']);
  } finally {
    stopped.kill('SIGKILL');
  }
});

test('the kernel’s threads that take the mmap_lock of programs are looked at too, until the processes end', async () => {
  const ending = spawn('sleep', ['600'], { stdio: 'ignore' });
  const watch = await watchByLooks({ targets: [targetOf(ending.pid ?? 0)], threshold_ns: 2e7 });
  ending.kill('SIGKILL');
  await watch.ended;
  const { evidence, gaps } = await watch.finish();
  // None in a container.
  const ofKernel = kernelThreadIds();
  expect(evidence.ofKernel?.map(({ tid }) => tid)).toEqual(ofKernel);
  expect(gaps).toContainEqual({
    code: 'looks-only',
    period_ns: 1e7,
    kernelThreads: ofKernel.map((tid) => readIfThere(`/proc/${tid}/comm`)?.trim()),
  });
});

test.each([
  [undefined, 'threads of other programs and of the kernel,'],
  [[], 'threads of other programs and of the kernel,'],
  [['khugepaged', 'ksmd'], 'threads of other programs and of the kernel (except `khugepaged` and `ksmd`),'],
] as const)('it is said which threads looks do not find: %j', (kernelThreads, words) => {
  const gap = {
    code: 'looks-only',
    period_ns: 1e7,
    ...(kernelThreads === undefined ? {} : { kernelThreads }),
  } as const;
  expect(statedGap(gap).sentence).toContain(words);
});
