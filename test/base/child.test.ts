/**
 * Programs of the system: that they end, with us, after their deadline and when nobody wants them, with all that they
 * started.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runChild } from '../../src/base/child.js';
import { endProcess, isAlive } from '../support/processes.js';
import { repository } from '../support/pauselab.js';
import { scratchFolder } from '../support/scratch.js';
import { until } from '../support/until.js';

const scratch = scratchFolder();

/**
 * A shell that starts a child and a daemon in a session of its own, and tells their pids in a file; it ignores SIGTERM.
 */
function family(): { readonly args: string[]; readonly pids: () => Promise<number[]> } {
  const file = scratch.fresh('pids');
  const pids = (): Promise<number[]> =>
    until('three pids', () => {
      const all = readOrEmpty(file)
        .split('\n')
        .filter((line) => line !== '')
        .map(Number);
      return all.length === 3 && all;
    });
  return {
    pids,
    args: [
      '-c',
      'trap "" TERM; echo $$ > "$0"; setsid sh -c "sleep 1000 & echo \\$! >> $0"; sleep 1000 & echo $! >> "$0"; wait',
      file,
    ],
  };
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

async function expectGone(pids: readonly number[]): Promise<void> {
  onTestFinished(() => {
    pids.forEach(endProcess);
  });
  await until(`${pids.join(', ')} are gone`, () => !pids.some(isAlive));
}

test('its output, exit code and signal are passed on; one that is not there is null', async () => {
  expect(await runChild('sh', ['-c', 'echo out; echo err >&2; exit 3'])).toEqual({
    code: 3,
    signal: null,
    isLate: false,
    stdout: 'out\n',
    stderr: 'err\n',
  });
  expect(await runChild('sh', ['-c', 'kill -SEGV $$'])).toMatchObject({ code: null, signal: 'SIGSEGV' });
  expect(await runChild('sh', ['-c', 'exit 127'])).toMatchObject({ code: 127 });
  expect(await runChild('/no/such/program', [])).toBe(null);
  const lines: string[] = [];
  expect(
    await runChild('sh', ['-c', 'echo one; echo two'], {
      onLine: (line) => {
        lines.push(line);
      },
    }),
  ).toMatchObject({ code: 0, stdout: '' });
  expect(lines).toEqual(['one', 'two']);
});

test('what it leaves behind ends with it', async () => {
  const end = await runChild('sh', ['-c', 'setsid sleep 1000 > /dev/null & echo $!']);
  expect(end).toMatchObject({ code: 0 });
  await expectGone([Number(end?.stdout)]);
});

test('one that ignores SIGTERM is killed after its deadline, with all that it started', async () => {
  const { args, pids } = family();
  const [end, started] = await Promise.all([runChild('sh', args, { deadline_ms: 500 }), pids()]);
  expect(end?.isLate).toBe(true);
  await expectGone(started);
});

test('one that is stopped ends when nobody wants it any more, with the reason', async () => {
  const { args, pids } = family();
  const abort = new AbortController();
  const running = runChild('sh', args, { signal: abort.signal });
  const started = await pids();
  process.kill(started[0] ?? 0, 'SIGSTOP');
  abort.abort(new Error('not wanted'));
  await expect(running).rejects.toThrow('not wanted');
  await expectGone(started);
});

test.each(['SIGKILL', 'SIGTERM'] as const)('%s of the process that started it ends all of them', async (signal) => {
  const { args, pids } = family();
  const script = `import { runChild } from ${JSON.stringify(join(repository, 'dist/base/child.js'))}; await runChild('sh', ${JSON.stringify(args)});`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
  const started = await pids();
  parent.kill(signal);
  await expectGone(started);
});
