import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createRuntimeFolder } from '../../src/workload/runtime-folder.js';

test('it is on tmpfs, ours by name, and gone with all in it once it is removed', () => {
  const folder = createRuntimeFolder();
  expect(folder.path).toMatch(new RegExp(`^/dev/shm/pauselab-run-${process.pid}-`));
  writeFileSync(join(folder.path, 'board'), 'x');
  folder.remove();
  expect(existsSync(folder.path)).toBe(false);
  folder.remove();
});

test('what a killed pauselab left is removed, and what a living one uses is not', () => {
  // A process that has ended has a pid that nobody has for now.
  const { pid: ended } = spawnSync(process.execPath, ['--version']);
  const left = mkdtempSync(`/dev/shm/pauselab-run-${ended}-`);
  const used = mkdtempSync(`/dev/shm/pauselab-run-${process.ppid}-`);
  onTestFinished(() => {
    for (const path of [left, used]) rmSync(path, { recursive: true, force: true });
  });
  createRuntimeFolder().remove();
  expect([existsSync(left), existsSync(used)]).toEqual([false, true]);
});
