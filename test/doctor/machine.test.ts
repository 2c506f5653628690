import { describe, expect, test } from 'vitest';
import type { NativeAddon } from '../../src/base/native.js';
import { checkCpuLimit, checkCpus, checkPermissions, loadChecks, type MachineCheck } from '../../src/doctor/machine.js';
import { hostFacts } from '../../src/host/facts.js';

const host = { ...hostFacts(), clockSource: 'tsc', hypervisor: false };
const named = (checks: readonly MachineCheck[], name: string): MachineCheck => {
  const found = checks.find((check) => check.name === name);
  if (found === undefined) throw new Error(`no check ${name}`);
  return found;
};

describe('CPUs', () => {
  test('one is too few', () => {
    expect(named(checkCpus({ allowed: [3], siblings: (cpu) => [cpu] }, host), 'CPUs')).toMatchObject({
      status: 'unfit',
      found: '1 may be used',
      advice: expect.stringMatching(/taskset or the cpuset/) as string,
    });
  });

  test('two threads of one core do, with advice', () => {
    const checks = checkCpus({ allowed: [0, 1], siblings: () => [0, 1] }, host);
    expect(named(checks, 'CPUs').status).toBe('ok');
    expect(named(checks, 'cores').status).toBe('advice');
  });

  test('a hypervisor that cannot be seen is unknown', () => {
    const of = (hypervisor: boolean | null): MachineCheck =>
      named(checkCpus({ allowed: [0, 1], siblings: (cpu) => [cpu] }, { ...host, hypervisor }), 'hypervisor');
    expect([of(true), of(false), of(null)].map(({ status }) => status)).toEqual(['advice', 'ok', 'info']);
    expect(of(null).found).toMatch(/^unknown/);
  });
});

test('load and steal come with advice', () => {
  const of = (steal_share: number, foreignLoad_share: number): string[] =>
    loadChecks({ steal_share, foreignLoad_share, ownLoad_share: 0, clockSource: 'tsc', clockSourceChanged: false }).map(
      ({ status }) => status,
    );
  expect(of(0, 0)).toEqual(['ok', 'ok']);
  expect(of(0.02, 0.5)).toEqual(['advice', 'advice']);
});

test('a limit of CPU time is named with its file, and what is not visible is not called none', () => {
  const of = (...limit: Parameters<typeof checkCpuLimit>): string => {
    const { status, found } = checkCpuLimit(...limit);
    return `${status}: ${found}`;
  };
  expect(of({ kind: 'limit', cpus: 0.5, file: '/sys/fs/cgroup/pod/cpu.max' })).toBe(
    'advice: 0.50 CPUs (/sys/fs/cgroup/pod/cpu.max)',
  );
  expect(of({ kind: 'none' })).toBe('ok: none');
  expect(of({ kind: 'none-visible' })).toMatch(/^info: none in this container/);
  expect(of({ kind: 'unknown' })).toMatch(/^info: unknown/);
});

describe('permissions', () => {
  const refuse = (): never => {
    throw Object.assign(new Error('refused'), { code: 'EPERM' });
  };
  const all: NativeAddon = {
    setNice: () => undefined,
    setPolicy: () => undefined,
    setSlice: () => undefined,
    threadSlice: () => 0,
    setAffinity: () => undefined,
    threadScheduling: () => ({ nice: 0, policy: 0, cpus: [0, 1] }),
    mapShared: refuse,
    unmapShared: refuse,
    copyWords: refuse,
    storeWord: refuse,
    readTimestampCounter: refuse,
    tryLock: refuse,
    exchange: refuse,
  };

  test('a machine without the right to choose CPUs is unfit', async () => {
    expect(named(await checkPermissions({ ...all, setAffinity: refuse }), 'CPU affinity')).toMatchObject({
      status: 'unfit',
      found: 'refused (EPERM): CPUs cannot be chosen',
      advice: expect.stringContaining('seccomp') as string,
    });
  });

  test('one without real-time policies is fit, and says so', async () => {
    const checks = await checkPermissions({ ...all, setPolicy: refuse });
    expect(named(checks, 'SCHED_FIFO')).toMatchObject({
      status: 'info',
      found: expect.stringMatching(/^refused \(EPERM\)/) as string,
    });
    expect(checks.filter(({ status }) => status === 'unfit')).toEqual([]);
  });
});
