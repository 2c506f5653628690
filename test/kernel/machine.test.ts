/** A guest that ends before it was ready, played by a script in QEMU's place. */
import { expect, test } from 'vitest';
import { Failure } from '../../src/base/failure.js';
import { bootMachine } from '../../src/kernel/guest/guest-machine.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();

/** It prints what a kernel would, and ends as QEMU does when that has panicked. */
async function failureOf(console: string): Promise<Failure> {
  const path = scratch.write(
    'qemu',
    `#!/bin/sh\nfor word; do case $word in file,id=console,path=*) file=\${word#*path=};; esac; done\ncat > "$file" <<'END'\n${console}\nEND\n`,
    0o755,
  );
  const boot = bootMachine({
    qemu: { path, version: '9', accelerators: [] },
    accelerator: 'tcg',
    settings: { cpus: 1, memoryBytes: 2 ** 28, preempt: null, append: [] },
    kernel: '/k',
    initramfs: '/i',
    deadline_ms: 20_000,
    interrupted: new Promise(() => undefined),
  });
  return boot.then(
    () => {
      throw new Error('it booted');
    },
    (error: unknown) => {
      if (error instanceof Failure) return error;
      throw error;
    },
  );
}

const oops =
  '[    3.1] Oops: int3: 0000 [#1] PREEMPT SMP NOPTI\n[    3.2] RIP: 0010:text_poke+0x3/0x9\n[    3.3] RAX: 0';
const panic = (why: string): string => `[    3.4] Kernel panic - not syncing: ${why}\n[    3.5] Kernel Offset: 0x1`;

test('a fault of the kernel is named with its place, beside the panic and the last lines', async () => {
  const failure = await failureOf(`${oops}\n${panic('Fatal exception in interrupt')}`);
  expect(failure.exitCode).toBe(6);
  expect(failure.message).toMatch(
    /^the guest's kernel failed \(Kernel panic - not syncing: Fatal exception in interrupt, after Oops: int3: 0000 \[#1\] PREEMPT SMP NOPTI at text_poke\+0x3\/0x9\); its console ends with: .*Kernel Offset/,
  );
  expect(failure.code).toBe('guest-kernel-crashed');
});

test('a panic that no fault came before is no fault', async () => {
  const failure = await failureOf(panic('No working init found.'));
  expect(failure.message).toMatch(
    /^the guest's kernel failed \(Kernel panic - not syncing: No working init found\.\); its console/,
  );
  expect(failure.code).toBe('guest-lost');
});
