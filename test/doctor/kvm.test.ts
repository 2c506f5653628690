/** KVM works if a guest boots with it, and for no other reason. */
import { expect, test } from 'vitest';
import { interruptedBefore, unfit, workloadFailed } from '../../src/base/failure.js';
import { checkKvm, type KvmSeams } from '../../src/doctor/kvm.js';
import type { Interruption } from '../../src/experiment/interruption.js';
import type { Machine } from '../../src/kernel/guest/guest-machine.js';

const uninterrupted: Interruption = {
  signalled: new Promise<never>(() => undefined),
  signal: () => null,
  dispose: () => undefined,
};

let closed = 0;
const machine = {
  boot_ms: 1234,
  close: () => {
    closed += 1;
    return Promise.resolve();
  },
} as unknown as Machine;

const check = (more: Partial<KvmSeams> = {}) =>
  checkKvm(uninterrupted, () => undefined, {
    qemu: () => ({ path: '/usr/bin/qemu', version: '7.2.22', accelerators: ['tcg', 'kvm'] }),
    refusal: () => null,
    guest: () => Promise.resolve({ kernel: '/boot/vmlinuz', initramfs: '/cache/image' }),
    boot: () => Promise.resolve(machine),
    ...more,
  });

test('it works if a guest boots, which is then ended', async () => {
  expect(await check()).toMatchObject({ name: 'KVM', status: 'ok', found: 'works: a guest booted in 1.2 s' });
  expect(closed).toBe(1);
});

test('it does not work if /dev/kvm can be opened and the guest does not boot', async () => {
  const boot = () => Promise.reject(workloadFailed('QEMU ended: failed to set MSR 0x48d'));
  expect(await check({ boot })).toMatchObject({
    status: 'advice',
    found: 'does not work',
    advice: expect.stringContaining('failed to set MSR 0x48d') as string,
  });
});

test('it is not known without QEMU or without something to boot, and nothing is booted', async () => {
  const boot = () => Promise.reject(new Error('it booted'));
  const noQemu = () => {
    throw unfit('qemu is missing');
  };
  expect(await check({ boot, qemu: noQemu })).toMatchObject({
    status: 'info',
    found: expect.stringMatching(/^not tried/) as string,
  });
  expect(await check({ boot, refusal: () => '/dev/kvm does not exist' })).toMatchObject({
    status: 'info',
    found: '/dev/kvm does not exist: guests run under emulation',
  });
  expect(await check({ boot, guest: () => Promise.resolve('there is no kernel to boot') })).toMatchObject({
    status: 'info',
    found: expect.stringMatching(/is not known, because there is no kernel to boot$/) as string,
  });
});

test('an interruption, and a fault of ours, are not taken for a KVM that does not work', async () => {
  await expect(check({ boot: () => Promise.reject(interruptedBefore('the guest booted')) })).rejects.toThrow(
    'interrupted',
  );
  await expect(check({ boot: () => Promise.reject(new TypeError('ours')) })).rejects.toThrow('ours');
});
