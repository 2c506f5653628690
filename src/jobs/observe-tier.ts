/** Which way of observing is used: of those that this machine allows, the one that shows most. */
import { ExitCode, Failure, unfit } from '../base/failure.js';
import type { RefusedTier, TierName, TierObstacle } from '../facts/observation-facts.js';
import { ensurePart, type SetupOptions } from '../host/setup.js';
import { whyKernelRefuses, whyNoKernelPrograms } from '../observe/ebpf/ebpf-needs.js';
import { watchInKernel } from '../observe/ebpf/ebpf-tier.js';
import { whyNoLooks } from '../observe/sampling/sampling-needs.js';
import { watchByLooks } from '../observe/sampling/sampling-tier.js';
import { whyNoTrace, whyTraceRefused } from '../observe/tracefs/tracefs-needs.js';
import { watchByTracefs } from '../observe/tracefs/tracefs-tier.js';
import type { Target } from '../observe/target.js';
import type { Watch, WatchOptions } from '../observe/tier.js';
import { statedRefusal } from '../words/observation-words.js';

export interface Tier {
  readonly name: TierName;
  /** Null: it is possible for these targets. Builds what it needs. */
  readonly whyNot: (targets: readonly Target[], setup: SetupOptions) => Promise<TierObstacle | null>;
  readonly watch: (options: WatchOptions) => Promise<Watch>;
}

async function whyNotBuilt(part: 'observe' | 'trace', setup: SetupOptions): Promise<TierObstacle | null> {
  try {
    await ensurePart(part, setup);
    return null;
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode !== ExitCode.unfit) throw error;
    return { code: 'helper-not-built', complaint: error.message };
  }
}

/** From what shows most to what needs least. */
export const observingTiers: readonly Tier[] = [
  {
    name: 'ebpf',
    async whyNot(_, setup) {
      const obstacle = whyNoKernelPrograms();
      if (obstacle !== null) return obstacle;
      return (await whyNotBuilt('observe', setup)) ?? whyKernelRefuses();
    },
    watch: watchInKernel,
  },
  {
    name: 'tracefs',
    async whyNot(_, setup) {
      const obstacle = whyNoTrace();
      if (obstacle !== null) return obstacle;
      return (await whyNotBuilt('trace', setup)) ?? whyTraceRefused();
    },
    watch: watchByTracefs,
  },
  {
    name: 'sampling',
    whyNot: (targets) => Promise.resolve(whyNoLooks(targets)),
    watch: watchByLooks,
  },
];

export interface ChosenTier {
  readonly tier: Tier;
  /** Tiers that would have shown more. */
  readonly refused: readonly RefusedTier[];
}

/** `asked`: only this tier; null: the first that is possible. Throws one sentence where there is none. */
export async function chosenTier(
  asked: TierName | null,
  targets: readonly Target[],
  setup: SetupOptions,
  tiers: readonly Tier[] = observingTiers,
): Promise<ChosenTier> {
  const refused: RefusedTier[] = [];
  for (const tier of tiers.filter(({ name }) => asked === null || name === asked)) {
    const obstacle = await tier.whyNot(targets, setup);
    if (obstacle === null) return { tier, refused };
    refused.push({ tier: tier.name, ...obstacle });
  }
  throw unfit(refused.map((one) => statedRefusal(one).sentence).join('; '));
}
