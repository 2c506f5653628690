/** What `observe --check` finds, for ways of observing that are and are not possible. */
import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { TierObstacle } from '../../src/facts/observation-facts.js';
import { missingCapabilities } from '../../src/host/capabilities.js';
import { checkObservation } from '../../src/jobs/observe-check.js';
import type { Tier } from '../../src/jobs/observe-tier.js';
import { hiddenFrom } from '../../src/observe/sampling/sampling-needs.js';
import { scratchFolder } from '../support/scratch.js';
import { skipEach } from '../support/skip-each.js';

const scratch = scratchFolder();
const setup = { note: () => undefined, install: false };

function tier(name: Tier['name'], obstacle: TierObstacle | null): Tier {
  return {
    name,
    whyNot: () => Promise.resolve(obstacle),
    watch: () => Promise.reject(new Error('not watched')),
  };
}

const check = (obstacle: TierObstacle, sampling: TierObstacle | null = null) =>
  checkObservation([], setup, [tier('ebpf', obstacle), tier('sampling', sampling)]);

describe('a check', () => {
  test.each<{ obstacle: TierObstacle; remedies: string[] }>([
    {
      obstacle: { code: 'capabilities-missing', capabilities: ['CAP_BPF'] },
      remedies: ['set-capabilities', 'add-capabilities'],
    },
    { obstacle: { code: 'in-pid-namespace' }, remedies: ['share-pids'] },
    { obstacle: { code: 'helper-not-built', complaint: 'libbpf is missing' }, remedies: ['build-helper'] },
    { obstacle: { code: 'no-type-information' }, remedies: [] },
    { obstacle: { code: 'kernel-refuses', complaint: 'EPERM', lockdown: 'confidentiality' }, remedies: [] },
  ])('says what helps against $obstacle.code', async ({ obstacle, remedies }) => {
    const found = await check(obstacle);
    expect(found.tier).toBe('sampling');
    expect(found.possible).toEqual(['sampling']);
    expect(found.refusedTiers).toMatchObject([{ tier: 'ebpf', ...obstacle }]);
    expect(found.remedies.map(({ code }) => code)).toEqual(remedies);
    for (const { command, sentence } of found.remedies) expect(command.length * sentence.length).toBeGreaterThan(0);
    // In a cgroup namespace of its own, a container sees no limit of the others.
    const ofContainer = found.remedies.filter(({ command }) => command.includes('--pid=host'));
    for (const { command } of ofContainer) expect(command).toContain('--cgroupns=host');
    expect(ofContainer).toHaveLength(remedies.filter((code) => /^(?:add|share)-/.test(code)).length);
  });

  test('asks the helper for its capabilities where that is what observes', async () => {
    const limited = async (name: Tier['name'], status: string): Promise<boolean> => {
      const { limits } = await checkObservation([], setup, [tier(name, null)], () => status);
      return limits.some(({ code }) => code === 'files-of-others-hidden');
    };
    const [all, none] = ['CapEff:\t000001ffffffffff', ''];
    expect([await limited('ebpf', all), await limited('ebpf', none)]).toEqual([false, true]);
    const isTracer = missingCapabilities(['CAP_SYS_PTRACE']).length === 0;
    expect([await limited('tracefs', all), await limited('tracefs', none)]).toEqual([!isTracer, !isTracer]);
  });

  test('says that nothing is possible, with every reason', async () => {
    const found = await check({ code: 'in-pid-namespace' }, { code: 'other-user', pid: 7, name: 'java', uid: 0 });
    expect(found).toMatchObject({ tier: null, possible: [], limits: [] });
    expect(found.refusedTiers.map(({ sentence }) => sentence)).toEqual([
      expect.stringMatching(/^observing by eBPF is not possible/) as string,
      'observing by sampling is not possible: java (7) belongs to another user (uid 0), and CAP_SYS_PTRACE is missing; observe as that user, or as root',
    ]);
  });
});

describe('of a process of the same user', () => {
  skipEach(process.getuid?.() !== 0, 'needs root');
  const nobody = 65_534;

  /** Who may not read the file of a program may not look into its process. */
  function hiddenOf(mode: number): string[] {
    const program = join(scratch.fresh('program'), 'sleep');
    mkdirSync(dirname(program));
    copyFileSync('/bin/sleep', program);
    chmodSync(program, mode);
    const child = spawn(program, ['600'], { stdio: 'ignore', uid: nobody, gid: nobody });
    try {
      process.setegid?.(nobody);
      process.seteuid?.(nobody);
      return hiddenFrom({ pid: child.pid ?? 0 }).map(({ code }) => code);
    } finally {
      process.seteuid?.(0);
      process.setegid?.(0);
      child.kill('SIGKILL');
    }
  }

  test('functions are hidden where it may not be traced, and are not where it may', () => {
    expect(hiddenOf(0o711)).toEqual(['functions-hidden']);
    expect(hiddenOf(0o755)).not.toContain('functions-hidden');
  });
});
