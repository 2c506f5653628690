/** Agents under a real launcher, beside this process. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { ExitCode } from '../../src/base/failure.js';
import { cpuTopology } from '../../src/host/cpus.js';
import { readIfThere } from '../../src/host/files.js';
import { startAgent, type RunningAgent } from '../../src/workload/agent.js';
import { until } from '../support/until.js';

/** The window begins later. */
const board = {
  window: () => ({ go_ns: 0n, windowStart_ns: 0n, windowEnd_ns: 0n, drainEnd_ns: 0n }),
};

const agentOf = async (script: string): Promise<RunningAgent> => (await agentIn(() => script)).agent;

/** With the folder of its files. */
async function agentIn(script: (folder: string) => string): Promise<{ agent: RunningAgent; path: string }> {
  const path = mkdtempSync('/dev/shm/pauselab-test-agent-');
  onTestFinished(() => {
    rmSync(path, { recursive: true, force: true });
  });
  const agent = await startAgent({
    agent: {
      command: ['/bin/sh', '-c', script(path), '{pid}'],
      mode: 'repeat',
      pause_ns: 1e6,
      active: true,
      nice: 0,
      policy: 'other',
      cpus: { kind: 'first' },
    },
    pid: process.pid,
    folder: { path, remove: () => undefined },
    board,
    topology: cpuTopology(),
  });
  onTestFinished(() => agent.stop());
  return { agent, path };
}

test('its CPU time is known while its keeper ends what it left', async () => {
  const { agent, path } = await agentIn(
    (folder) => `[ -e ${folder}/begun ] || { touch ${folder}/begun; exit; }; trap '' TERM; sleep 60 &`,
  );
  const ended_ns = (): number => agent.use().starts.reduce((sum, { cpu_ns }) => sum + cpu_ns, 0);
  // The keeper waits for a process that ignores SIGTERM.
  const known = await until('a start has ended, and its keeper not', () => {
    const pid = Number((readIfThere(`${path}/agent.pid`) ?? '').split('\n')[0]);
    const hasEnded = pid > 0 && pid !== agent.use().starts.at(-1)?.pid && existsSync(`${path}/agent.end`);
    return hasEnded && { cpu_ns: agent.cpu_ns(), ended_ns: ended_ns() };
  });
  expect(known.cpu_ns).toBeGreaterThan(known.ended_ns);
});

const likeTheLauncher = 'backup: /opt/tool could not be executed (ENOENT)';

test('an agent whose messages resemble those of the launcher has started, and goes on', async () => {
  const agent = await agentOf(`echo '${likeTheLauncher}' >&2`);
  await until('a second start', () => agent.use().starts.length >= 2);
  expect(agent.failure()).toBeNull();
  expect(agent.use().lastComplaint).toBe(likeTheLauncher);
});

test.each([2, 5, 6])(
  'an agent that ends with exit code %i ended badly: the code is not of the launcher',
  async (code) => {
    await expect(agentOf(`echo '${likeTheLauncher}' >&2; exit ${code}`)).rejects.toMatchObject({
      exitCode: ExitCode.workload,
      message: expect.stringContaining(`ended with exit code ${code} after`) as string,
    });
  },
);
