/** The allocators that runs used, as their processes recorded them. */
import type { RunFile } from '../../bundle/bundle-schema.js';
import type { UsedAllocator } from './side.js';

/** Each version once. A process without a recorded version is left out. */
export function allocatorsOf(runs: readonly Pick<RunFile, 'jvm' | 'churn'>[]): UsedAllocator[] {
  const found = runs
    .flatMap(({ jvm, churn }) => [...(jvm?.processes ?? []), ...(churn?.processes ?? [])])
    .flatMap((process) => allocatorIn(process) ?? []);
  return [...new Map(found.map((one) => [JSON.stringify(one), one])).entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, one]) => one);
}

function allocatorIn({ allocator, packaged }: Readonly<Record<string, unknown>>): UsedAllocator | null {
  const name = textIn(allocator, 'name');
  if (name === null) return null;
  // A fetched JDK runs on the C library that it brought.
  const libc = name === 'glibc' && isObject(packaged) && 'libc' in packaged ? packaged.libc : null;
  const ofJdk = textIn(libc, 'version');
  if (ofJdk !== null) return { name, version: ofJdk, ofJdk: true };
  const version = textIn(allocator, 'version');
  return version === null ? null : { name, version };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function textIn(value: unknown, key: string): string | null {
  if (!isObject(value) || !Object.hasOwn(value, key)) return null;
  const text = (value as Readonly<Record<string, unknown>>)[key];
  return typeof text === 'string' ? text : null;
}
