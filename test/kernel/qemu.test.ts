import { expect, test } from 'vitest';
import { kernelCommandLine } from '../../src/kernel/guest/qemu.js';
import { tscFrequency_kHz } from '../../src/host/tsc.js';

const settings = {
  cpus: 2,
  memoryBytes: 2 ** 31,
  preempt: 'full',
  feature: null,
  append: ['quiet', 'preempt=none'],
} as const;

test('an emulated kernel is told what it cannot find out while it is kept waiting; with KVM it finds out by itself', () => {
  expect(kernelCommandLine(settings, 'tcg', 2_596_000)).toBe(
    'console=ttyS0 loglevel=4 panic=-1 oops=panic tsc=reliable no_timer_check tsc_early_khz=2596000 preempt=full quiet preempt=none',
  );
  expect(kernelCommandLine(settings, 'tcg', null)).not.toContain('tsc_early_khz');
  expect(kernelCommandLine(settings, 'kvm', 2_596_000)).toBe(
    'console=ttyS0 loglevel=4 panic=-1 oops=panic tsc=reliable preempt=full quiet preempt=none',
  );
});

test('the frequency of the time-stamp counter is one of a CPU of today, measured once', async () => {
  const found = await tscFrequency_kHz();
  if (found !== null) expect(found).toBeGreaterThan(500_000);
  expect(found ?? 0).toBeLessThan(10_000_000);
  expect(await tscFrequency_kHz()).toBe(found);
});
