/**
 * Tests that what `profile check` accepts is run: profiles are generated beyond the edges of what is possible, and for each one
 * that the checks accept the engine and the JVM read the plans that are made of it. A reader that is stricter than the
 * checks, or a check that lets through what a reader refuses, fails here.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { expand } from '../../src/profile/resolved/expand.js';
import { allocators } from '../../src/catalogue/allocators.js';
import { purges as purgeOf } from '../../src/catalogue/purges.js';
import { jvmLoads, type JvmLoad, type LoadSetting } from '../../src/catalogue/jvm-loads.js';
import { jvmProbeNames } from '../../src/catalogue/jvm-probes.js';
import { holderOperations, layouts, victimLayouts, victimOperations } from '../../src/catalogue/operations.js';
import { isApp, isInJvm, type ResolvedArm, type ResolvedProfile } from '../../src/profile/resolved/resolved.js';
import { validate } from '../../src/profile/check/validate.js';
import { mappingOf } from '../../src/profile/written/yaml-file.js';
import { ExitCode, Failure } from '../../src/base/failure.js';
import { jvmPlan } from '../../src/workload/jvm/jvm-plan.js';
import { churnPlans, companionPlan, enginePlan, ridingHolderLine } from '../../src/workload/native/engine-plan.js';
import { programs } from '../../src/workload/programs.js';
import { testJdks } from './java.js';
import { jar } from './jdks.js';
import { scratchFolder } from './scratch.js';

/** Mostly nothing said; a value is often at an edge, and now and then beyond it. */
const perhaps = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined, freq: 2 });
const edges = (least: number, most: number): fc.Arbitrary<number> =>
  fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(least - 1, most + 1) },
    { weight: 9, arbitrary: fc.constantFrom(least, most) },
    { weight: 9, arbitrary: fc.integer({ min: least, max: most }) },
  );
const rate = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom('1/h', '1000000/s', 'back-to-back') },
  { weight: 9, arbitrary: fc.integer({ min: 1, max: 2_000 }).map((n) => `${n}/s`) },
);
const role = perhaps(
  fc.oneof(
    fc.constantFrom('a', 'b', 'c', 'load', 'holder', 'hog'),
    fc.integer({ min: 30, max: 60 }).map((n) => 'x'.repeat(n)),
  ),
);

function settingOf({ kind, least, most }: LoadSetting): fc.Arbitrary<unknown> {
  switch (kind) {
    case 'flag':
      return fc.boolean();
    case 'count':
      return edges(Number(least), Number(most));
    case 'size':
    case 'duration':
      return fc.oneof(
        fc.constantFrom(String(least), String(most)),
        kind === 'size'
          ? fc.constantFrom('0B', '1B', '31B', '4KiB', '1MiB', '64MiB', '2GiB', '3TiB')
          : fc.constantFrom('0ms', '9ms', '1s', '2h'),
      );
  }
}

const settingsOf = ({ settings }: JvmLoad) =>
  fc.record({
    seed: perhaps(edges(0, 2 ** 32 - 1)),
    ...Object.fromEntries(Object.entries(settings).map(([key, setting]) => [key, perhaps(settingOf(setting))])),
  });
const loadOf = (names: readonly string[]) =>
  fc.oneof(
    ...Object.entries(jvmLoads)
      .filter(([name]) => names.includes(name))
      .map(([name, one]) => settingsOf(one).map((settings) => ({ load: name, ...settings }))),
  );

/** Seldom said: in most profiles it does not fit the rest. */
const seldom = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined, freq: 6 });
const victims = (operations: readonly string[], layout: fc.Arbitrary<unknown>) =>
  fc.array(fc.record({ operation: fc.constantFrom(...operations), role, rate, layout }), {
    minLength: 1,
    maxLength: 3,
  });
const holder = (operations: readonly string[], regions: readonly string[]) =>
  fc.record({
    operation: fc.constantFrom(...operations),
    region: perhaps(fc.constantFrom(...regions)),
    pages: perhaps(fc.constantFrom('small', 'huge')),
    pause: perhaps(fc.constantFrom('0ms', '1h')),
    toucher: seldom(fc.constantFrom<unknown>('none', { nice: 19 })),
    process: seldom(fc.constantFrom('same', 'foreign')),
    active: seldom(fc.boolean()),
  });
const hogs = perhaps(fc.record({ count: edges(0, 64), burst: perhaps(fc.constantFrom({ run: '1ms', sleep: '10s' })) }));
const times = {
  warmup: perhaps(fc.constantFrom('0ms', '1s')),
  duration: fc.constantFrom('5s', '10s', '30s', '24h'),
  threshold: perhaps(fc.constantFrom('1ms', '1h')),
};
const rest = { name: fc.constant('p'), title: fc.constant('P'), hogs, arms: fc.constant([{ name: 'a' }]), ...times };
const layout = seldom(fc.constantFrom(...layouts));
const nowhere = fc.constant(undefined);
const natively = (
  operations: readonly string[],
  layout: fc.Arbitrary<unknown>,
  holders: readonly string[],
  regions = ['calibrated', '64MiB', '256MiB', '16TiB'],
) =>
  fc.record({
    ...rest,
    layout,
    holder: holder(holders, regions),
    victims: victims(operations, seldom(fc.constantFrom(...victimLayouts))),
  });

/** What profiles are drawn from. */
type Kind = 'victims' | 'holders' | 'probes' | 'loads' | 'purges';
type Names = Readonly<Record<Kind, readonly string[]>>;

const allNames: Names = {
  victims: victimOperations,
  holders: holderOperations,
  probes: jvmProbeNames,
  loads: Object.keys(jvmLoads),
  purges: Object.values(purgeOf).map(({ name }) => name),
};

const profilesOf = ({ victims: operations, holders, probes, loads, purges }: Names): fc.Arbitrary<unknown> => {
  const load = loadOf(loads);
  return fc.oneof(
    natively(operations, layout, holders),
    // Those that can lie beside a holder, in the layouts in which they do.
    natively(
      ['mprotect', 'madvise_normal_page', 'madvise_dontneed_page', 'mmap_munmap', 'mincore'],
      fc.constantFrom('same', 'mergeable', 'adjacent'),
      holders,
    ),
    natively(['heap_allocate', 'mprotect'], nowhere, ['madvise_dontneed_chunks'], ['256MiB', '1GiB']),
    fc.record({
      ...rest,
      churn: fc.array(settingsOf(jvmLoads.malloc_churn), { minLength: 1, maxLength: 2 }),
      allocator: fc
        .constantFrom(...allocators.filter((one) => purges.includes(purgeOf[one].name)))
        .map((name) => ({ name })),
      purge: perhaps(fc.record({ pause: perhaps(fc.constantFrom('0ms', '1h')), arena: seldom(edges(0, 4095)) })),
      victims: victims(operations, nowhere),
    }),
    fc.record({
      ...rest,
      jvm: fc.record({
        loads: fc.array(load, { minLength: 1, maxLength: 2 }),
        jdk: perhaps(fc.constantFrom('>=17', '>=22')),
      }),
      victims: victims(probes, nowhere),
    }),
    fc.record({
      ...rest,
      layout,
      jvm: fc.boolean().map((probes) => ({ app: { args: '-jar x.jar', probes } })),
      holder: perhaps(holder(holders, ['4KiB', '64MiB'])),
      victims: victims(probes, nowhere),
    }),
  );
};

/** Null: refused by the checks. */
function accepted(profile: unknown): ResolvedProfile | null {
  try {
    return expand(validate(mappingOf(JSON.stringify(profile), 'p.yaml', 'a profile')));
  } catch (error) {
    if (error instanceof Failure && error.exitCode === ExitCode.usage) return null;
    throw error;
  }
}

interface Plans {
  readonly engine: readonly string[];
  readonly jvm: readonly string[];
}

function plansOf(arm: ResolvedArm, { warmup_ns, duration_ns, threshold_ns }: ResolvedProfile): Plans {
  const common = { boardPath: '/dev/shm/none/board', parentPid: 1, threshold_ns, warmup_ns, duration_ns };
  if (isInJvm(arm)) {
    const holderLine = ridingHolderLine(arm);
    const {
      victims: probes,
      jvm: { loads },
    } = arm;
    const has = probes.length > 0 || holderLine !== null || !isApp(arm);
    const plan = jvmPlan({
      boardPath: common.boardPath,
      reportPath: '/r',
      libraryPath: '/l',
      victims: probes,
      loads,
      holder: holderLine,
      recorded_ns: warmup_ns + duration_ns,
    });
    const riding = holderLine === null ? [] : [`board path=/b threshold_ns=0\n${holderLine}\n`];
    return { engine: [companionPlan({ ...common, arm }), ...riding], jvm: has ? [plan] : [] };
  }
  if (arm.kind === 'churn') {
    const { engine, joining } = churnPlans({ ...common, arm });
    return { engine: [engine, ...(joining === null ? [] : [joining])], jvm: [] };
  }
  const { region } = arm.holder;
  return {
    engine: [enginePlan({ ...common, arm, regionBytes: region.kind === 'bytes' ? region.bytes : 64 * 2 ** 20 })],
    jvm: [],
  };
}

const wantedNames = new Set<string>([...Object.values(allNames).flat(), 'churn', 'app']);

function namesIn({ arms }: ResolvedProfile): string[] {
  return arms.flatMap((arm) => [
    ...arm.victims.map(({ operation }) => operation),
    ...(arm.holder === null ? [] : [arm.holder.operation]),
    ...(isInJvm(arm) ? arm.jvm.loads.map((one) => one.load) : []),
    ...(arm.kind === 'churn' || arm.kind === 'app' ? [arm.kind] : []),
  ]);
}

const drawn = (names: Names, numRuns: number, seed: number): ResolvedProfile[] =>
  fc.sample(profilesOf(names), { numRuns, seed }).flatMap((profile) => accepted(profile) ?? []);

/** Accepted profiles of that many draws, and more draws for names that chance missed: each alone of its kind. */
function acceptedProfiles(numRuns: number): ResolvedProfile[] {
  const all = drawn(allNames, numRuns, 11);
  const found = new Set(all.flatMap(namesIn));
  for (const [kind, names] of Object.entries(allNames) as [Kind, readonly string[]][])
    for (const name of names) {
      for (let seed = 0; !found.has(name) && seed < 20; seed += 1) {
        const more = drawn({ ...allNames, [kind]: [name] }, 50, seed);
        for (const one of more.flatMap(namesIn)) found.add(one);
        all.push(...more);
      }
    }
  return all;
}

/** `least` plans have to come of `numRuns` profiles, of each kind. */
export async function testAcceptedProfiles(
  numRuns: number,
  least: { readonly engine: number; readonly jvm: number },
): Promise<void> {
  const scratch = scratchFolder();
  const [jdk] = await testJdks();
  const plans: { engine: string[]; jvm: string[] } = { engine: [], jvm: [] };
  let kinds = new Set<string>();

  beforeAll(() => {
    const all = acceptedProfiles(numRuns);
    kinds = new Set(all.flatMap(namesIn));
    const folder = scratch.fresh('plans');
    mkdirSync(folder);
    const write = (text: string, name: string): string => {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    };
    for (const profile of all)
      for (const arm of profile.arms) {
        const { engine, jvm } = plansOf(arm, profile);
        plans.engine.push(...engine.map((text, i) => write(text, `engine-${plans.engine.length + i}`)));
        plans.jvm.push(...jvm.map((text, i) => write(text, `jvm-${plans.jvm.length + i}`)));
      }
  }, 120_000);

  test('the profiles that are accepted have every operation and every load', () => {
    expect([...kinds].sort()).toEqual([...wantedNames].sort());
    expect(plans.engine.length).toBeGreaterThan(least.engine);
    expect(plans.jvm.length).toBeGreaterThan(least.jvm);
  });

  test('the engine takes every plan that is made of an accepted profile', () => {
    const { status, stderr } = spawnSync(programs.engine(), ['check', ...plans.engine], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('the JVM takes every plan that is made of an accepted profile', () => {
    const { status, stderr } = spawnSync(
      jdk?.java ?? 'java',
      ['-Xmx1g', '-XX:+UseSerialGC', '-cp', jar, 'pauselab.Workload', 'check', ...plans.jvm],
      { encoding: 'utf8' },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('both name a plan that they would not run', () => {
    const bad = join(scratch.path, 'bad.plan');
    writeFileSync(
      bad,
      'board path=/b threshold_ns=1\nvictim name=a operation=mprotect placement=same interval_ns=0 offset_ns=0 pool=0\n',
    );
    expect(() => execFileSync(programs.engine(), ['check', bad], { stdio: 'pipe' })).toThrow(
      /placed "same", which needs a holder/,
    );
    const { status, stderr } = spawnSync(jdk?.java ?? 'java', ['-cp', jar, 'pauselab.Workload', 'check', bad], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringContaining('board does not know the key threshold_ns') as string,
    });
  });
}
