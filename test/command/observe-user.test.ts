/** `pauselab observe` without root: by looks at processes of the same user, and what capabilities add. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, chownSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { expectFault, expectNothingLeft, mainFile, pauselab } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { skipEach } from '../support/skip-each.js';
import { noisy, withinTries } from '../support/tries.js';

const scratch = scratchFolder();
const nobody = 65_534;
const asNobody = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'];
const withCapabilities = (names: readonly string[]): string[] => {
  const set = ['-all', ...names.map((name) => `+${name}`)].join(',');
  return [...asNobody, `--inh-caps=${set}`, `--ambient-caps=${set}`];
};
const canBeNobody = process.getuid?.() === 0 && isReadable();

function isReadable(): boolean {
  try {
    execFileSync('setpriv', [...asNobody.slice(1), process.execPath, '--check', mainFile], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const started = new Set<ChildProcess>();

function start(program: string, args: readonly string[], uid?: number): number {
  const child = spawn(program, args, { stdio: 'ignore', ...(uid === undefined ? {} : { uid, gid: uid }) });
  started.add(child);
  return child.pid ?? 0;
}

afterEach(() => {
  for (const child of started) child.kill('SIGKILL');
  started.clear();
});

function folderOfNobody(): string {
  const folder = scratch.fresh('nobody');
  mkdirSync(folder);
  chownSync(folder, nobody, nobody);
  return folder;
}

describe('an ordinary user', () => {
  skipEach(!canBeNobody, 'needs root, and a folder that the user nobody can read');
  test('sees stalls of a process of the same user, and what sampling does not show', async () => {
    const pid = start('sleep', ['100'], nobody);
    await withinTries(3, 'a stopped process is seen', async () => {
      const out = join(folderOfNobody(), 'observed');
      const stop = start('sh', [
        '-c',
        `for i in 1 2 3 4 5 6 7 8; do sleep 0.2; kill -STOP ${pid}; sleep 0.2; kill -CONT ${pid}; done`,
      ]);
      expect(stop).toBeGreaterThan(0);
      const args = ['observe', '--pid', String(pid), '--for', '2s', '--threshold', '50ms', '--out', out, '--json'];
      const { code, stdout } = await pauselab(args, { wrapper: asNobody });
      expect(code).toBe(0);
      const { tier, refusedTiers, reasons, missing } = JSON.parse(stdout) as Observation;
      expect(tier).toBe('sampling');
      expect(refusedTiers).toMatchObject([
        { tier: 'ebpf', code: 'capabilities-missing' },
        { tier: 'tracefs', code: 'needs-root' },
      ]);
      expect(missing.map((one) => one.code)).toEqual(expect.arrayContaining(['looks-only', 'sleeps-not-judged']));
      noisy(() => {
        expect(reasons).toMatchObject([{ cause: 'stopped', grade: 'likely' }]);
      });
    });
  });

  test('is refused for a process of another user, in one sentence', async () => {
    const pid = start('sleep', ['100']);
    const ended = await pauselab(['observe', '--pid', String(pid), '--for', '1s'], { wrapper: asNobody });
    expectFault(ended, { code: 5, says: [/sleep \(\d+\) belongs to another user \(uid 0\)/] });
  });

  test('is refused eBPF in one sentence, and sampling is not used instead', async () => {
    const pid = start('sleep', ['100'], nobody);
    const args = ['observe', '--tier', 'ebpf', '--pid', String(pid), '--for', '1s'];
    const ended = await pauselab(args, { wrapper: asNobody });
    expectFault(ended, { code: 5, says: [/CAP_BPF and CAP_PERFMON are missing/] });
  });

  const hasTypes = existsSync('/sys/kernel/btf/vmlinux');
  const isHidden = readFileSync('/proc/sys/kernel/kptr_restrict', 'utf8').trim() === '2';
  test.for([
    { capabilities: [], tier: 'sampling', limits: ['others-refused'] },
    { capabilities: ['bpf'], tier: 'sampling', limits: ['others-refused'] },
    { capabilities: ['perfmon'], tier: 'sampling', limits: ['others-refused'] },
    { capabilities: ['sys_ptrace'], tier: 'sampling', limits: [] },
    { capabilities: ['bpf', 'perfmon', 'syslog'], tier: 'ebpf', limits: ['files-of-others-hidden', 'others-refused'] },
    { capabilities: ['bpf', 'perfmon', 'syslog', 'sys_ptrace'], tier: 'ebpf', limits: [] },
    { capabilities: ['sys_admin', 'syslog', 'sys_ptrace'], tier: 'ebpf', limits: [] },
  ])('with $capabilities: $tier, without $limits', async ({ capabilities, tier, limits }, { skip }) => {
    skip(!hasTypes || isHidden, 'needs BTF of this kernel, and kptr_restrict below 2');
    const { code, stdout } = await pauselab(['observe', '--check', '--json'], {
      wrapper: withCapabilities(capabilities),
    });
    expect(code).toBe(0);
    const found = JSON.parse(stdout) as { tier: string; limits: { code: string }[]; remedies: { code: string }[] };
    expect(found.tier).toBe(tier);
    const yama = ['calls-refused-by-yama'];
    expect(found.limits.map((one) => one.code).filter((one) => !yama.includes(one))).toEqual(limits);
    expect(found.remedies.some((one) => one.code === 'set-capabilities')).toBe(
      tier === 'sampling' || (capabilities.length === 3 && capabilities[0] === 'bpf'),
    );
  });
});

interface Observation {
  readonly tier: string;
  readonly refusedTiers: readonly { readonly tier: string; readonly code: string }[];
  readonly reasons: readonly {
    readonly cause: string;
    readonly grade: string;
    readonly thread: { readonly name: string } | null;
  }[];
  readonly missing: readonly { readonly code: string }[];
}

expectNothingLeft();
