/** Files as the kernel shows them, below a folder of their own. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { KernelFiles } from '../../src/host/cgroups.js';
import { scratchFolder } from './scratch.js';

const scratch = scratchFolder();

export interface FakeMachine extends KernelFiles {
  /** At first. */
  readonly files: Readonly<Record<string, string>>;
  put(name: string, text: string): void;
}

export function machineWith(files: Readonly<Record<string, string>>): FakeMachine {
  const root = scratch.fresh('machine');
  const put = (name: string, text: string): void => {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  };
  for (const [name, text] of Object.entries(files)) put(name, text);
  return { proc: join(root, 'proc'), root, files, put };
}

/** A line of mountinfo; `point`: without its slash. */
export function mountOf(point: string, type: 'cgroup' | 'cgroup2', options: string, root = '/'): string {
  return `30 23 0:27 ${root} /${point} rw,relatime shared:5 - ${type} cgroup ${options}\n`;
}
