/** Bundles of runs on a machine that booted kernels of two builds in turns. */
import type { ManifestFile } from '../../src/bundle/bundle-schema.js';
import { stalled, valuesWithP99, writeFakeBundle, type FakeRun } from './fake-bundle.js';

const patch = {
  name: 'madvise-under-mmap-lock',
  origin: 'shipped',
  isReverted: false,
  text: 'a patch',
  sha256: 'of the patch',
};

export type Label = 'stock' | 'patched';

export interface AskedBoot {
  readonly label: Label;
  readonly bootId?: string | null;
  /** Changes what its kernel was built from. */
  readonly build?: object;
  readonly host?: object;
  readonly runs?: readonly FakeRun[];
}

const host = { kernel: '7.3.4', preemption: 'full', hz: 250, cpuModel: 'A CPU', cpus: [0, 1], memoryBytes: 2 ** 33 };

export function kernelOf({ label, bootId, build }: AskedBoot, i: number): ManifestFile['kernels'][number] {
  const release = `7.3.4-${label}`;
  return {
    name: label,
    label,
    asked: 'host',
    release,
    facts: { preemption: 'full', hz: 250 },
    differences: [],
    oneTree: null,
    guest: null,
    boot: {
      label,
      buildId: `build of ${label}`,
      version: '#1 SMP',
      bootId: bootId === undefined ? `boot ${i}` : bootId,
      configSha256: null,
      origin: {
        kind: 'built',
        source: { kind: 'tarball', name: 'linux-7.3.4.tar.xz', sha256: 'tree' },
        version: '7.3.4',
        changes: label === 'stock' ? [patch] : [],
        options: 'CONFIG_64BIT=y\n',
        compiler: 'gcc 14',
        ...build,
      },
    },
  };
}

/** Two runs a boot, which differ less than boots do. */
function runsOf(label: Label, i: number): FakeRun[] {
  return [0, 1].map((run) => ({
    values_ns: valuesWithP99(20_000 + 1000 * i + run),
    stalls: stalled(label === 'stock' ? 5 + (i % 3) : 0),
  }));
}

/** The bundle of the `i`th boot of the machine. */
export function writeFakeBoot(path: string, boot: AskedBoot, i: number): void {
  writeFakeBundle(path, {
    runs: boot.runs ?? runsOf(boot.label, i),
    manifest: {
      kernels: [kernelOf(boot, i)],
      startedAt: `2026-01-01T${String(i).padStart(2, '0')}:00:00.000Z`,
      host: { ...host, ...boot.host },
    },
  });
}
