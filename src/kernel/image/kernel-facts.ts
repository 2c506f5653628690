/** What a kernel's image and .config tell of what is measured, and what they cannot tell. */
import {
  bootablePreemption,
  configHz,
  configOffers,
  configOption,
  configuredPreemption,
} from '../../host/kernel-config.js';
import type { PreemptionModel } from '../../profile/check/preemption.js';
import { readConfig } from './config-file.js';
import { sha256OfText } from '../debian/checksum.js';
import { flavours, type Flavour } from '../debian/deb-spec.js';
import { upstreamVersion } from '../debian/debian-version.js';
import { configVersion } from './image-file.js';
import type { KernelImage } from './kernel.js';

export interface KernelFacts {
  readonly release: string;
  /** The kernel's own version: Debian's release 6.1.0-50 is 6.1.176. */
  readonly version: string;
  readonly flavour: Flavour | null;
  readonly imageSha256: string;
  /** Null without a .config, and then so is all that only it tells. */
  readonly configSha256: string | null;
  readonly compiler: string | null;
  readonly hz: number | null;
  readonly preemption: {
    /** In force unless `preempt=` says otherwise. */
    readonly default: PreemptionModel | null;
    /** What can be booted; more than one with PREEMPT_DYNAMIC. */
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
  /** By the names of newer kernels' options, without MITIGATION_. */
  readonly on: readonly string[];
  /** Offered by its Kconfig and not taken. What a kernel has no option for may be built in all the same. */
  readonly off: readonly string[];
}

export function kernelFacts(kernel: Pick<KernelImage, 'release' | 'sha256' | 'config' | 'origin'>): KernelFacts {
  return factsOf(kernel, kernel.config === null ? null : readConfig(kernel.config));
}

export function factsOf(
  { release, sha256, origin }: Pick<KernelImage, 'release' | 'sha256' | 'origin'>,
  config: string | null,
): KernelFacts {
  const own = <T>(read: (text: string) => T): T | null => (config === null ? null : read(config));
  const isSet = (name: string): boolean | null => own((text) => configOption(text, name) === 'y');
  return {
    release,
    version:
      own(configVersion) ??
      (origin.kind === 'deb' ? upstreamVersion(origin.version) : (/^\d+(?:\.\d+)*/.exec(release)?.[0] ?? release)),
    // The longest name: cloud-amd64 ends in amd64 too.
    flavour:
      flavours.find((name) => name !== 'amd64' && release.endsWith(`-${name}`)) ??
      (release.endsWith('-amd64') ? 'amd64' : null),
    imageSha256: sha256,
    configSha256: own(sha256OfText),
    compiler: own((text) => configOption(text, 'CC_VERSION_TEXT')?.replaceAll('"', '') ?? null),
    hz: own(configHz),
    preemption: own((text) => ({
      default: configuredPreemption(text),
      models: bootablePreemption(text),
      realTime: configOption(text, 'PREEMPT_RT') === 'y',
    })),
    perVmaLocks: isSet('PER_VMA_LOCK'),
    transparentHugePages: own(hugePages),
    mitigations: own(mitigationsOf),
    cpuBandwidth: isSet('CFS_BANDWIDTH'),
    autogroup: isSet('SCHED_AUTOGROUP'),
    notKnown: [
      ...(config === null
        ? [
            'its .config is not known, and with it HZ, preemption models, per-VMA locks, huge pages and mitigations; name it with ,config=PATH',
          ]
        : []),
      'which lock a call takes: neither version nor config tells (fixes are backported, calls fall back), only behaviour does (`pauselab doctor`)',
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

/** What newer kernels call MITIGATION_… and older ones otherwise. */
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
