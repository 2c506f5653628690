/**
 * What a command may leave in the kernel: instances of tracefs and cgroups, which outlive every process. Both are named
 * after its pid.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const cgroups = '/sys/fs/cgroup';

export function kernelLeftovers(pid: number, { traced }: { readonly traced: boolean }): string[] {
  const isOurs = (name: string): boolean => name.startsWith('pauselab-') && name.split(/[^\d]+/).includes(String(pid));
  const instances = traced
    ? traceInstances()
        .filter(isOurs)
        .map((name) => `the trace instance ${name}`)
    : [];
  return [
    ...instances,
    ...foldersBelow(cgroups)
      .filter((path) => isOurs(path.slice(path.lastIndexOf('/') + 1)))
      .map((path) => `the cgroup ${path}`),
  ];
}

/** Where tracefs is not mounted, in a mount namespace that goes with the look. */
function traceInstances(): string[] {
  const { status, stdout, stderr } = spawnSync(
    'unshare',
    ['--mount', 'sh', '-c', 'mount -t tracefs nodev /mnt && ls /mnt/instances'],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`the instances of tracefs could not be listed: ${stderr}`);
  return stdout.split('\n').filter((name) => name !== '');
}

function foldersBelow(path: string): string[] {
  if (!existsSync(path)) return [];
  // Groups come and go while one looks.
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .flatMap((entry) => [join(path, entry.name), ...foldersBelow(join(path, entry.name))]);
  } catch {
    return [];
  }
}
