/**
 * Two real kernels in real guests: the stall that the older one has and the newer one has not, and guests that hang or
 * are left alone.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { armOf, expectCountsToAgree, readBundle, type Bundle } from '../support/bundle.js';
import { guestRun, guestsOf, stock } from '../support/failing-guest.js';
import { expectNothingLeft, expectSuccess, pauselab, startPauselab } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { noisy, withinTries } from '../support/tries.js';
import { until } from '../support/until.js';

const patched = 'deb:6.17.13';
const scratch = scratchFolder();

describe('a kernel before the change and one with it', () => {
  let bundle: Bundle;
  let out: string;
  let printed: string;
  const blocked = (arm: string, kernel: string): number =>
    bundle.summary.arms
      .filter((one) => one.name === arm && one.kernel.startsWith(kernel))
      .flatMap(({ series }) => series)
      .reduce((sum, { stalls }) => sum + stalls.blocked_count, 0);

  // The first time kernels are fetched; a guest without KVM is many times slower.
  beforeAll(async () => {
    await withinTries(3, 'the stock kernel stalls inside one VMA, the patched one only across VMAs', async () => {
      out = scratch.fresh('bundle');
      const ended = await pauselab([
        ...[
          'run',
          'stock-vs-patched',
          '--kernel',
          stock,
          '--kernel',
          patched,
          '--arm',
          'free-one-vma',
          '--arm',
          'free-across-vmas',
          '--runs',
          '1',
          '--duration',
          '2500ms',
          '--out',
          out,
        ],
        ...['stall.aim=400ms', 'drain=500ms', 'spoiled.foreignLoad=100%', 'spoiled.steal=100%'].flatMap((value) => [
          '--set',
          value,
        ]),
      ]);
      expectSuccess(ended);
      printed = ended.stdout;
      bundle = readBundle(out);
      noisy(() => {
        expect(blocked('free-one-vma', '6.16')).toBeGreaterThan(0);
        expect(blocked('free-across-vmas', '6.16')).toBeGreaterThan(0);
        expect(blocked('free-across-vmas', '6.17')).toBeGreaterThan(0);
        expect(blocked('free-one-vma', '6.17')).toBe(0);
        for (const kernel of ['6.16', '6.17'])
          for (const control of ['idle-control', 'foreign-control'])
            expect(blocked(control, kernel), `${control} on ${kernel}`).toBe(0);
      });
    });
  }, 400_000);

  test('the verdict says it of both kernels by name', () => {
    expect(bundle.summary.verdict).toMatch(/free-one-vma stalls on 6\.16\.12\S* and not on 6\.17\.13/);
    expect(bundle.summary.verdict).not.toMatch(/patch/);
    expect(printed).toContain('free-one-vma on 6.16.12');
  });

  test('every run says on which kernel it was, and what the host did meanwhile', () => {
    expect(bundle.runs).toHaveLength(8);
    for (const { file } of bundle.runs) {
      expect(file.kernel).toMatch(/^6\.1[67]\./);
      expect(file.machine.guest?.runDelay_share).toBeGreaterThanOrEqual(0);
      expect(file.machine.guest?.clock_ratio).toBeGreaterThan(0.5);
    }
    expect(new Set(bundle.runs.map(({ file }) => file.regionBytes)).size, 'one size for all').toBe(1);
  });

  test('the manifest tells of each kernel what ran, how, and from which package', () => {
    expect(bundle.manifest.kernels).toHaveLength(2);
    for (const { asked, release, facts, guest } of bundle.manifest.kernels) {
      expect([stock, patched]).toContain(asked);
      expect(facts).toMatchObject({ kernel: release, preemption: 'full', cpus: [0, 1], root: true });
      expect(guest).toMatchObject({ preempt: 'full', channel: 'virtio', origin: { kind: 'deb' } });
      expect(guest?.commandLine).toContain('preempt=full');
      if (guest?.accelerator === 'tcg') expect(guest.withoutKvm).not.toBeNull();
    }
    expect(printed).toMatch(/ran in a guest of 2 CPUs and 2 GiB/);
  });

  test('the consoles are in the bundle, and the summary has each arm once per kernel', () => {
    for (const { name } of bundle.manifest.kernels) expect(existsSync(join(out, 'consoles', `${name}.log`))).toBe(true);
    expect(readFileSync(join(out, 'consoles', `${bundle.manifest.kernels[0]?.name ?? ''}.log`), 'utf8')).toContain(
      'pauselab-init: channel /dev/vport',
    );
    expect(bundle.summary.arms).toHaveLength(8);
    expect(armOf(bundle.summary, 'free-one-vma').kernel).toMatch(/^6\.16/);
  });
});

test('a kernel without a virtio console talks by the second serial port', async () => {
  const out = scratch.fresh('serial');
  const ended = await pauselab([
    // As if CONFIG_VIRTIO_CONSOLE were not built in.
    ...[
      'run',
      'stock-vs-patched',
      '--kernel',
      patched,
      '--arm',
      'free-one-vma',
      '--runs',
      '1',
      '--duration',
      '1s',
      '--append',
      'initcall_blacklist=virtio_console_init',
      '--out',
      out,
    ],
    ...[
      'holder.region=64MiB',
      'warmup=100ms',
      'spoiled.foreignLoad=100%',
      'spoiled.steal=100%',
      'spoiled.retries=0',
    ].flatMap((value) => ['--set', value]),
  ]);
  expect(ended.sentences).toEqual([]);
  const { manifest, runs } = readBundle(out);
  expect(manifest.kernels.map(({ guest }) => guest?.channel)).toEqual(['serial']);
  expect(runs.map(({ file }) => file.status)).toEqual(['complete', 'complete', 'complete']);
  for (const run of runs) expectCountsToAgree(run);
  expect(readFileSync(join(out, 'consoles', `${manifest.kernels[0]?.name ?? ''}.log`), 'utf8')).toContain(
    'pauselab-init: channel /dev/ttyS1',
  );
});

describe('a guest that fails', () => {
  const run = (...more: string[]): string[] => guestRun(scratch.fresh('failed'), ...more);

  test('a pauselab that is killed takes its guest with it, and the next one removes its folder', async () => {
    const running = startPauselab(run('--append', 'rdinit=/pauselab/node'));
    await until('QEMU runs', () => guestsOf(running.pid).length > 0);
    running.kill('SIGKILL');
    await running.ended;
    // The next boot removes what is left of it in /dev/shm.
    await until('QEMU is gone', () => guestsOf(running.pid).length === 0);
  });

  test('a guest that hangs: the deadline, exit code 6', async () => {
    // Node as process 1, which waits for what somebody types at the console.
    const { code, sentences } = await pauselab(run('--append', 'rdinit=/pauselab/node', '--boot-deadline', '6s'));
    expect(code).toBe(6);
    expect(sentences).toEqual([
      expect.stringMatching(/the guest was not ready after 6 s and was ended; its console ends with: /),
    ]);
  });
});

expectNothingLeft();
