/** Installed software that some jobs use, and the packages of what is missing. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { Failure } from '../base/failure.js';
import { onPath } from '../base/on-path.mjs';
import { howToInstall, type Need } from '../base/system-packages.mjs';
import { cacheFolder } from '../debian/cache-folder.js';
import { allocatorLaunch } from '../host/allocators/allocator-launch.js';
import { cachedJdks } from '../jdk/cached-jdks.js';
import { jdkSpecOf } from '../jdk/jdk-spec.js';
import type { MachineCheck } from './machine.js';

const info = (name: string, found: string): MachineCheck => ({ name, found, status: 'info', advice: null });

export async function checkSoftware(): Promise<MachineCheck[]> {
  const needs = softwareNeeds();
  return [
    info('JDKs', list(findJdks())),
    info('fetched JDKs', list(fetchedJdks())),
    info('allocators', list(await findAllocators())),
    ...(needs.length === 0
      ? []
      : [info('not installed', `${needs.join(', ')}: ${howToInstall(needs)}; only the jobs that use them need them`)]),
  ];
}

/** Software that some job needs. */
export function softwareNeeds(): Need[] {
  const isHere: Partial<Record<Need, () => boolean>> = {
    jdk: () => findJdks().length > 0 || onPath('java') !== null,
    jemalloc: () => hasAllocator('jemalloc'),
    tcmalloc: () => hasAllocator('tcmalloc'),
    mimalloc: () => hasAllocator('mimalloc'),
    ...(process.arch === 'x64' ? { qemu: () => onPath('qemu-system-x86_64') !== null } : {}),
    strace: () => onPath('strace') !== null,
  };
  return (Object.keys(isHere) as Need[]).filter((need) => isHere[need]?.() === false);
}

function hasAllocator(name: 'jemalloc' | 'tcmalloc' | 'mimalloc'): boolean {
  try {
    return allocatorLaunch({ name, path: null, settings: {} }).library !== null;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

function findJdks(): string[] {
  const folder = '/usr/lib/jvm';
  const installed = existsSync(folder) ? readdirSync(folder).map((name) => `${folder}/${name}`) : [];
  const home = process.env.JAVA_HOME;
  return [...(home === undefined ? [] : [home]), ...installed].filter((path) => existsSync(`${path}/bin/java`));
}

/** As --java takes them. */
function fetchedJdks(): string[] {
  try {
    return cachedJdks(cacheFolder({})).map((jdk) => `${jdkSpecOf(jdk)} (glibc ${jdk.libc.version})`);
  } catch (error) {
    // Without a home folder there is no cache.
    if (error instanceof Failure) return [];
    throw error;
  }
}

async function findAllocators(): Promise<string[]> {
  try {
    const { stdout } = await promisify(execFile)('/sbin/ldconfig', ['-p']);
    return [...new Set(stdout.match(/lib(?:jemalloc|tcmalloc(?:_minimal)?|mimalloc)\.so\.[\d.]+(?= )/g) ?? [])];
  } catch {
    return [];
  }
}

function list(items: readonly string[]): string {
  return items.length === 0 ? 'none found' : items.join(', ');
}
