/** Of the ways of observing, which one is used, and what is said of the others. */
import { describe, expect, test } from 'vitest';
import type { TierObstacle } from '../../src/facts/observation-facts.js';
import { chosenTier, observingTiers, type Tier } from '../../src/jobs/observe-tier.js';
import { whyNoTrace } from '../../src/observe/tracefs/tracefs-needs.js';
import { statedRefusal } from '../../src/words/observation-words.js';

const setup = { note: () => undefined, install: false };
const noCapabilities: TierObstacle = { code: 'capabilities-missing', capabilities: ['CAP_BPF', 'CAP_PERFMON'] };

function tier(name: Tier['name'], obstacle: TierObstacle | null): Tier {
  return {
    name,
    whyNot: () => Promise.resolve(obstacle),
    watch: () => Promise.reject(new Error('not watched')),
  };
}

describe('the tier', () => {
  test('is the first that is possible, with the reasons against those before it', async () => {
    const tiers = [tier('ebpf', noCapabilities), tier('tracefs', null), tier('sampling', null)];
    const { tier: used, refused } = await chosenTier(null, [], setup, tiers);
    expect(used.name).toBe('tracefs');
    expect(refused).toEqual([{ tier: 'ebpf', ...noCapabilities }]);
  });

  test('that is asked for is used even if another one shows more', async () => {
    const { tier: used, refused } = await chosenTier('sampling', [], setup, [
      tier('ebpf', null),
      tier('sampling', null),
    ]);
    expect(used.name).toBe('sampling');
    expect(refused).toEqual([]);
  });

  test('that is asked for and not possible is refused with its reason, and no other one is used', async () => {
    const tiers = [tier('ebpf', { code: 'no-type-information' }), tier('sampling', null)];
    await expect(chosenTier('ebpf', [], setup, tiers)).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringMatching(/^observing by eBPF is not possible: this kernel has no type/) as unknown,
    });
  });

  test('is refused with all reasons where none is possible', async () => {
    const tiers = [tier('ebpf', noCapabilities), tier('tracefs', { code: 'in-pid-namespace' })];
    await expect(chosenTier(null, [], setup, tiers)).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringMatching(/eBPF.*CAP_BPF and CAP_PERFMON are missing.*tracefs.*--pid=host/) as unknown,
    });
  });
});

test('tracefs is refused where its helper cannot be built, and sampling is used', async ({ skip }) => {
  skip(whyNoTrace() !== null, 'needs root, and tracefs');
  const [tracefs] = observingTiers.filter(({ name }) => name === 'tracefs');
  const tree = new URL('file:///nonexistent/');
  const { tier: used, refused } = await chosenTier(null, [], { ...setup, tree }, [
    ...(tracefs === undefined ? [] : [tracefs]),
    tier('sampling', null),
  ]);
  expect(used.name).toBe('sampling');
  expect(refused).toMatchObject([{ tier: 'tracefs', code: 'helper-not-built' }]);
});

test('what the kernel refuses is told in the words of the program that tried', () => {
  const fact = { tier: 'ebpf', code: 'kernel-refuses', complaint: 'EPERM', lockdown: 'confidentiality' } as const;
  expect(statedRefusal(fact).sentence).toBe(
    'observing by eBPF is not possible: the kernel refuses it (EPERM); its lockdown mode is confidentiality',
  );
});
