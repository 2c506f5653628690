/** A guest that ends before it was ready, played by a script in QEMU's place. */
import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/base/failure.js';
import { encodeFrame } from '../../src/kernel/guest/frames.js';
import { bootMachine, type Machine } from '../../src/kernel/guest/guest-machine.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();

/** It prints what a kernel would, and ends as QEMU does when that has panicked. */
const failureOf = (console: string): Promise<Failure> =>
  failureWith(
    `#!/bin/sh\nfor word; do case $word in file,id=console,path=*) file=\${word#*path=};; esac; done\ncat > "$file" <<'END'\n${console}\nEND\n`,
  );

/** QEMU that answers on its control channel, and reports a stopped guest in this state. */
const failureInState = (status: string, complaint: string): Promise<Failure> =>
  failureWith(`#!${process.execPath}
const path = /id=control,path=([^ ,]+)/.exec(process.argv.join(' '))[1];
console.error(${JSON.stringify(complaint)});
const control = require('node:net').connect(path);
control.write('{"QMP": {}}\\n');
const answers = { 'query-cpus-fast': [{ 'thread-id': 1 }], 'query-status': { status: '${status}' } };
control.on('data', (text) => {
  const { execute } = JSON.parse(text);
  control.write(JSON.stringify({ return: answers[execute] ?? {} }) + '\\n');
});
`);

/** A guest that is ready, and whose QEMU ends at `last`, a command of its control channel. */
const readyUntil = (last: 'stop' | 'cont', console: string): Promise<Machine> =>
  machineWith(`#!${process.execPath}
const at = (id) => new RegExp('id=' + id + ',path=([^ ,]+)').exec(process.argv.join(' '))[1];
const { connect } = require('node:net');
connect(at('channel')).write(Buffer.from('${encodeFrame({ type: 'hello' }).toString('base64')}', 'base64'));
const control = connect(at('control'));
control.write('{"QMP": {}}\\n');
const answers = { 'query-cpus-fast': [{ 'thread-id': 1 }], 'query-status': { status: 'running' } };
control.on('data', (text) => {
  for (const line of String(text).trim().split('\\n')) {
    const { execute } = JSON.parse(line);
    if (execute === '${last}') {
      require('node:fs').writeFileSync(at('console'), ${JSON.stringify(console)});
      control.destroy();
      setTimeout(() => process.exit(3), 100);
    } else control.write(JSON.stringify({ return: answers[execute] ?? {} }) + '\\n');
  }
});
`);

async function failureWith(qemu: string): Promise<Failure> {
  return failureIn(machineWith(qemu));
}

function machineWith(qemu: string): Promise<Machine> {
  const path = scratch.write('qemu', qemu, 0o755);
  return bootMachine({
    qemu: { path, version: '9', accelerators: [] },
    accelerator: 'tcg',
    settings: { cpus: 1, memoryBytes: 2 ** 28, preempt: null, feature: null, append: [] },
    kernel: '/k',
    initramfs: '/i',
    deadline_ms: 3_000,
    interrupted: new Promise(() => undefined),
  });
}

function failureIn(work: Promise<unknown>): Promise<Failure> {
  return work.then(
    () => {
      throw new Error('it did not fail');
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

test('a guest that QEMU stopped is given up at once, with the reason, and not after the deadline', async () => {
  const complaint = 'qemu: warning: no feature\nKVM internal error. Suberror: 1\nemulation failure\nRAX=0';
  const failure = await failureInState('internal-error', complaint);
  expect(failure.message).toBe(
    'QEMU stopped the guest (internal-error), with the message "KVM internal error. Suberror: 1"; ' +
      'its console ends with: nothing, because it printed no line',
  );
  expect((await failureInState('io-error', 'disk')).message).toMatch(/^QEMU stopped the guest \(io-error\); /);
});

test('a guest that runs and says nothing is given up after the deadline', async () => {
  expect((await failureInState('running', '')).message).toMatch(/^the guest was not ready after 3 s/);
});

describe('QEMU that ends while its guest is', () => {
  test.each([
    ['paused', 'cont', (machine: Machine) => machine.resume()],
    ['being paused', 'stop', (machine: Machine) => machine.pause()],
  ] as const)('%s: the guest is lost, with the reason and the console', async (_, last, act) => {
    const machine = await readyUntil(last, 'Out of memory: Killed process 7 (java)\n');
    try {
      const failure = await failureIn(act(machine));
      expect(failure.message).toMatch(
        /^the guest ended \(QEMU ended with exit code 3.*\); its console ends with: Out of memory: Killed process 7 \(java\)$/,
      );
      expect(failure.code).toBe('guest-lost');
    } finally {
      await machine.close();
    }
  });
});
