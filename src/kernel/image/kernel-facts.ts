/** Facts from a kernel's image and .config that matter for measurements, and what they cannot tell. */
import {
  bootablePreemption,
  configHz,
  configOffers,
  configOption,
  configuredPreemption,
} from '../../host/kernel-config.js';
import type { PreemptionModel } from '../../profile/check/preemption.js';
import { readConfig } from './config-file.js';
import { sha256OfText } from '../../debian/checksum.js';
import { flavours, type Flavour } from '../debian/deb-spec.js';
import { upstreamVersion } from '../../debian/debian-version.js';
import { configVersion } from './image-file.js';
import type { KernelImage } from './kernel.js';

export interface KernelFacts {
  readonly release: string;
  /** The upstream version: Debian's release 6.1.0-50 is 6.1.176. */
  readonly version: string;
  readonly flavour: Flavour | null;
  readonly imageSha256: string;
  /** Null without a .config; then everything that only the .config tells is null too. */
  readonly configSha256: string | null;
  readonly compiler: string | null;
  readonly hz: number | null;
  readonly preemption: {
    /** In force unless `preempt=` overrides it. */
    readonly default: PreemptionModel | null;
    /** The models that can be booted; more than one with PREEMPT_DYNAMIC. */
    readonly models: readonly PreemptionModel[];
    readonly realTime: boolean;
  } | null;
  readonly perVmaLocks: boolean | null;
  readonly transparentHugePages: 'always' | 'madvise' | 'never' | null;
  readonly mitigations: Mitigations | null;
  /** Whether cgroups can limit CPU time (cpu.max). */
  readonly cpuBandwidth: boolean | null;
  readonly autogroup: boolean | null;
  readonly notKnown: readonly string[];
}

export interface Mitigations {
  readonly enabled: boolean;
  /** Named as in newer kernels' options, without MITIGATION_. */
  readonly on: readonly string[];
  /** Offered by its Kconfig but not set. A mitigation without an option may be built in nevertheless. */
  readonly off: readonly string[];
}

export function kernelFacts(kernel: Pick<KernelImage, 'release' | 'sha256' | 'config' | 'origin'>): KernelFacts {
  return factsOf(kernel, kernel.config === null ? null : readConfig(kernel.config));
}

export function factsOf(
  { release, sha256, origin }: Pick<KernelImage, 'release' | 'sha256' | 'origin'>,
  config: string | null,
): KernelFacts {
  const fromConfig = <T>(read: (text: string) => T): T | null => (config === null ? null : read(config));
  const isSet = (name: string): boolean | null => fromConfig((text) => configOption(text, name) === 'y');
  return {
    release,
    version:
      fromConfig(configVersion) ??
      (origin.kind === 'deb' ? upstreamVersion(origin.version) : (/^\d+(?:\.\d+)*/.exec(release)?.[0] ?? release)),
    // The longest match: cloud-amd64 also ends in amd64.
    flavour:
      flavours.find((name) => name !== 'amd64' && release.endsWith(`-${name}`)) ??
      (release.endsWith('-amd64') ? 'amd64' : null),
    imageSha256: sha256,
    configSha256: fromConfig(sha256OfText),
    compiler: fromConfig((text) => configOption(text, 'CC_VERSION_TEXT')?.replaceAll('"', '') ?? null),
    hz: fromConfig(configHz),
    preemption: fromConfig((text) => ({
      default: configuredPreemption(text),
      models: bootablePreemption(text),
      realTime: configOption(text, 'PREEMPT_RT') === 'y',
    })),
    perVmaLocks: isSet('PER_VMA_LOCK'),
    transparentHugePages: fromConfig(hugePages),
    mitigations: fromConfig(mitigationsOf),
    cpuBandwidth: isSet('CFS_BANDWIDTH'),
    autogroup: isSet('SCHED_AUTOGROUP'),
    notKnown: [
      ...(config === null
        ? [
            'its .config is unknown, and with it HZ, preemption models, per-VMA locks, huge pages and mitigations; ' +
              'name it with ,config=PATH',
          ]
        : []),
      ...(origin.kind === 'deb' && origin.unlistedConfig !== undefined
        ? [
            `whether its .config is Debian's: the signed lists no longer have ${origin.unlistedConfig}, ` +
              'so it was fetched without a checksum; it names the version of this kernel',
          ]
        : []),
      'which lock a call takes: neither version nor config tells (fixes are backported, calls fall back), ' +
        'only behaviour does (`pauselab doctor`)',
      'which preemption model, huge pages and mitigations are in force: the command line and the CPU decide at boot',
    ],
  };
}

function hugePages(config: string): KernelFacts['transparentHugePages'] {
  if (configOption(config, 'TRANSPARENT_HUGEPAGE') !== 'y') return 'never';
  return (
    (['always', 'madvise', 'never'] as const).find(
      (mode) => configOption(config, `TRANSPARENT_HUGEPAGE_${mode.toUpperCase()}`) === 'y',
    ) ?? null
  );
}

/** Options that newer kernels call MITIGATION_…, with their older names. */
const olderNames: Record<string, string> = {
  PAGE_TABLE_ISOLATION: 'PAGE_TABLE_ISOLATION',
  RETPOLINE: 'RETPOLINE',
  RETHUNK: 'RETHUNK',
  CPU_UNRET_ENTRY: 'UNRET_ENTRY',
  CPU_IBPB_ENTRY: 'IBPB_ENTRY',
  CPU_IBRS_ENTRY: 'IBRS_ENTRY',
  CPU_SRSO: 'SRSO',
  CALL_DEPTH_TRACKING: 'CALL_DEPTH_TRACKING',
  SLS: 'SLS',
};

function mitigationsOf(config: string): Mitigations {
  const newer = [...config.matchAll(/^(?:# )?CONFIG_(MITIGATION_(\w+))[= ]/gm)].map(([, option = '', name = '']) => ({
    option,
    name,
  }));
  const older = Object.entries(olderNames)
    .map(([option, name]) => ({ option, name }))
    .filter(({ option }) => configOffers(config, option));
  const all = [...newer, ...older];
  const names = (set: boolean): string[] =>
    [
      ...new Set(all.filter(({ option }) => (configOption(config, option) === 'y') === set).map(({ name }) => name)),
    ].sort();
  return {
    enabled: [configOption(config, 'CPU_MITIGATIONS'), configOption(config, 'SPECULATION_MITIGATIONS')].includes('y'),
    on: names(true),
    off: names(false),
  };
}
