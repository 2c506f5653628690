/** How long cgroups kept a process back. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { throttled_ns } from '../../src/host/cpu-throttling.js';

const folder = mkdtempSync(join(tmpdir(), 'pauselab-throttling-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function machine(cgroup: string, stats: Readonly<Record<string, number>>) {
  const [proc, cgroups] = [mkdtempSync(join(folder, 'proc-')), mkdtempSync(join(folder, 'cgroup-'))];
  mkdirSync(join(proc, '7'));
  writeFileSync(join(proc, '7/cgroup'), `1:name=systemd:/other\n0::${cgroup}\n`);
  for (const [path, usec] of Object.entries(stats)) {
    mkdirSync(join(cgroups, path), { recursive: true });
    writeFileSync(join(cgroups, path, 'cpu.stat'), `usage_usec 5\nnr_throttled 3\nthrottled_usec ${usec}\n`);
  }
  return { proc, cgroups };
}

test('its cgroup and those above it count', () => {
  const files = machine('/app/worker', { 'app/worker': 20, app: 300, other: 4000 });
  expect(throttled_ns(7, files)).toBe(320_000);
});

test('no limit, no cgroup and no process are no time', () => {
  expect(throttled_ns(7, machine('/app', {}))).toBe(0);
  expect(throttled_ns(7, machine('/', {}))).toBe(0);
  expect(throttled_ns(8, machine('/app', { app: 300 }))).toBe(0);
});
