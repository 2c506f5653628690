import { spawn, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startProgram } from '../../src/workload/programs.js';
import { createRuntimeFolder, writeRuntimeFile } from '../../src/workload/runtime-folder.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const isRoot = process.getuid?.() === 0;

test('it is on tmpfs, ours by name, and gone with all in it once it is removed', () => {
  const folder = createRuntimeFolder();
  expect(folder.path).toMatch(new RegExp(`^/dev/shm/pauselab-run-${process.pid}-`));
  writeFileSync(join(folder.path, 'board'), 'x');
  folder.remove();
  expect(existsSync(folder.path)).toBe(false);
  folder.remove();
});

test('a file there that the system refuses is a failure with a remedy, and no bug', async () => {
  expect(() => {
    writeRuntimeFile('/dev/full', 'a plan');
  }).toThrow(
    expect.objectContaining({
      code: 'unfit',
      message: expect.stringMatching(/^\/dev\/full could not be written \(ENOSPC\): .*free some space/) as string,
    }),
  );
  const gone = join(scratch.fresh('gone'), 'out');
  await expect(startProgram('/bin/true', [], '/dev/null', gone)).rejects.toMatchObject({
    code: 'unfit',
    message: expect.stringContaining(`${gone} could not be written (ENOENT)`) as string,
  });
  const secret = scratch.fresh('secret');
  writeRuntimeFile(secret, 'x', { mode: 0o600 });
  expect(statSync(secret).mode & 0o777).toBe(0o600);
});

const holderScript = `
  const { createRuntimeFolder } = await import(${JSON.stringify(new URL('../../dist/workload/runtime-folder.js', import.meta.url).href)});
  process.stdout.write(createRuntimeFolder().path + '\\n');
  setInterval(() => undefined, 1000);`;

/** Another pauselab that has a runtime folder. */
async function another(
  wrapper: readonly string[] = [],
): Promise<{ path: string; child: ChildProcess; kill: () => Promise<void> }> {
  const words = [...wrapper, process.execPath, '--input-type=module', '-e', holderScript];
  const child = spawn(words[0] ?? '', words.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      resolve();
    });
  });
  const path = await new Promise<string>((resolve) => {
    child.stdout.once('data', (text: Buffer) => {
      resolve(text.toString().trim());
    });
  });
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  onTestFinished(async () => {
    await kill();
    rmSync(path, { recursive: true, force: true });
  });
  return { path, child, kill };
}

describe('a folder of another pauselab', () => {
  test('stays while that one lives, and is removed once it was killed', async () => {
    const { path, kill } = await another();
    createRuntimeFolder().remove();
    expect(existsSync(path)).toBe(true);
    await kill();
    expect(existsSync(path)).toBe(true);
    createRuntimeFolder().remove();
    expect(existsSync(path)).toBe(false);
  });

  test('whose name has the pid of a living process is removed all the same: nobody holds it', () => {
    const left = mkdtempSync(`/dev/shm/pauselab-run-${process.ppid}-`);
    onTestFinished(() => {
      rmSync(left, { recursive: true, force: true });
    });
    createRuntimeFolder().remove();
    expect(existsSync(left)).toBe(false);
  });

  // In its own PID namespace each is a process 1 or 2, and here nobody is, or somebody else.
  test('in another PID namespace stays while that one lives', async ({ skip }) => {
    skip(!isRoot, 'needs root');
    const { path, kill } = await another(['unshare', '--pid', '--fork', '--kill-child', '--mount-proc']);
    expect(Number(/run-(\d+)-/.exec(path)?.[1])).toBeLessThan(10);
    createRuntimeFolder().remove();
    expect(existsSync(path)).toBe(true);
    await kill();
    await expect
      .poll(
        () => {
          createRuntimeFolder().remove();
          return existsSync(path);
        },
        { timeout: 25_000 },
      )
      .toBe(false);
  });

  test('is not what a link of its name leads to', () => {
    const victim = scratch.fresh('victim');
    mkdirSync(victim);
    writeFileSync(join(victim, 'file'), 'mine');
    const link = `/dev/shm/pauselab-run-1-link${process.pid}`;
    symlinkSync(victim, link);
    onTestFinished(() => {
      rmSync(link);
    });
    createRuntimeFolder().remove();
    expect(readFileSync(join(victim, 'file'), 'utf8')).toBe('mine');
  });
});

describe('cgroups that a killed pauselab noted', () => {
  const left = (text: string): string => {
    const path = mkdtempSync('/dev/shm/pauselab-run-1-');
    onTestFinished(() => {
      rmSync(path, { recursive: true, force: true });
    });
    writeFileSync(join(path, 'cgroups'), text);
    return path;
  };

  test('are removed with its folder; what is not named as they are is left alone', () => {
    const home = scratch.fresh('cgroup');
    for (const name of ['pauselab-1-0a0b0c0d', 'others']) mkdirSync(join(home, name), { recursive: true });
    writeFileSync(join(home, 'cgroup.subtree_control'), 'cpu');
    const notes = [
      { cgroup: join(home, 'pauselab-1-0a0b0c0d'), takesBack: true },
      { cgroup: join(home, 'others'), takesBack: true },
      { cgroup: join(home, 'pauselab-gone'), takesBack: false },
    ];
    const path = left(`${notes.map((note) => JSON.stringify(note)).join('\n')}\n{"cgroup": "/cut o`);
    createRuntimeFolder().remove();
    expect([existsSync(join(home, 'pauselab-1-0a0b0c0d')), existsSync(join(home, 'others')), existsSync(path)]).toEqual(
      [false, true, false],
    );
    expect(readFileSync(join(home, 'cgroup.subtree_control'), 'utf8')).toBe('-cpu');
  });
});
