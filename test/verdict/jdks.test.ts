/** Arms under several JDKs: each is judged beside the controls of its JDK, and what no JDK can run is said. */
import { describe, expect, test } from 'vitest';
import type { ArmSummary } from '../../src/bundle/bundle-schema.js';
import type { RefusedArm } from '../../src/facts/refused-arm-facts.js';
import { planFrom } from '../../src/jobs/plan.js';
import { readProfile } from '../../src/profile/written/load.js';
import { checkCondition, parseFailCondition } from '../../src/verdict/run/fail-if.js';
import { judge } from '../../src/verdict/run/judge.js';
import {
  armOf,
  jvmFigures,
  kernelNamed,
  pausedRun,
  runOf,
  seriesOf,
  stalledRun,
  summaryOf,
  writer,
  writerArm,
} from './fake-summary.js';

const kernel = '6.18.0';
const under = (jdk: string, ...arms: ArmSummary[]): ArmSummary[] =>
  arms.map((arm) => ({ ...arm, name: `${arm.name}@${jdk}`, jdk }));
const [quiet, stalled] = [runOf(), stalledRun(5, 0.6)];
const controls = [
  writerArm('idle-control', 'idle', quiet, quiet),
  writerArm('foreign-control', 'foreign', quiet, quiet),
];
const noisy = [
  writerArm('idle-control', 'idle', quiet, quiet),
  writerArm('foreign-control', 'foreign', stalled, stalled),
];
const g1 = writerArm('g1', null, stalled, stalled);
const still = writerArm('g1', null, quiet, quiet);

const judged = (arms: readonly ArmSummary[], refused: readonly RefusedArm[] = []) =>
  judge({ arms, kernels: [kernelNamed(kernel)], status: 'complete', degraded: [], refused });

describe('an arm', () => {
  test('is compared with the controls of its JDK', () => {
    const { findings } = judged([...under('jdk-17', ...noisy, g1), ...under('jdk-26', ...controls, g1)]);
    expect(findings.map(({ arm, outcome }) => [arm, outcome])).toEqual([
      ['g1@jdk-17', 'unclear'],
      ['g1@jdk-26', 'stalls'],
    ]);
  });

  test('whose JDK could not run the control is compared with no other control', () => {
    const { findings } = judged([...under('jdk-17', ...controls, still), ...under('jdk-26', still)]);
    expect(findings.map(({ arm, code }) => [arm, code])).toEqual([
      ['g1@jdk-17', 'like-foreign'],
      ['g1@jdk-26', 'no-control-series'],
    ]);
  });

  test('without a JVM is compared with the first control', () => {
    const [, finding] = judged([
      ...under('jdk-17', ...controls, g1),
      writerArm('churn', null, stalled, stalled),
    ]).findings;
    expect(finding).toMatchObject({ arm: 'churn', series: writer, outcome: 'stalls' });
  });
});

test('the verdict says under which JDKs an arm stalls', () => {
  const { verdict, conclusions } = judged([
    ...under('jdk-17', ...controls, g1),
    ...under('jdk-26', ...controls, still),
    ...under('jdk-27', ...controls, writerArm('g1', null, quiet, stalled)),
  ]);
  expect(verdict).toContain('of these JDKs, g1 stalls on jdk-17 and not on jdk-26 (undecided on jdk-27)');
  expect(conclusions).toContainEqual(
    expect.objectContaining({
      code: 'jdks-compared',
      kernel,
      behaviours: [
        {
          arms: ['g1'],
          stallsOn: ['jdk-17'],
          pausedOn: [],
          quietOn: ['jdk-26'],
          undecidedOn: ['jdk-27'],
          notRunOn: [],
        },
      ],
    }),
  );
});

describe('of JDKs side by side, the verdict', () => {
  const sideBySide = (arms: readonly ArmSummary[]): string =>
    /of these JDKs, ([^;.]*)/.exec(judged(arms).verdict)?.[1] ?? '';
  const inJvm = (arm: ArmSummary, ...pauses: ReturnType<typeof pausedRun>[]): ArmSummary => ({
    ...arm,
    holder: null,
    jvm: jvmFigures(pauses),
  });
  const quietJvm = controls.map((arm) => inJvm(arm, pausedRun(0, 0), pausedRun(0, 0)));
  const paused = inJvm(still, pausedRun(1800, 0.9), pausedRun(1500, 0.8));
  const unpaused = inJvm(still, pausedRun(0, 0), pausedRun(0, 0));
  const serial = (arm: ArmSummary): ArmSummary => ({ ...arm, name: 'serial' });

  test('names those that an arm was not run on, and calls it undecided on none of them', () => {
    const without = under('jdk-17', ...controls, serial(g1));
    const both = under('jdk-26', ...controls, g1, serial(g1));
    expect(sideBySide([...without, ...both])).toBe('serial stalls on all, g1 stalls on jdk-26 (not run on jdk-17)');
    const quietThere = under('jdk-26', ...controls, still, serial(g1));
    expect(sideBySide([...without, ...quietThere])).toContain('g1 does not stall on jdk-26 (not run on jdk-17)');
    const open = under('jdk-26', ...noisy, g1, serial(g1));
    expect(sideBySide([...without, ...open])).toContain('g1 is undecided on jdk-26 and not run on jdk-17');
  });

  test('says on which the JVM of an arm is paused, and never that it stalls on none', () => {
    const [first, second, third] = ['jdk-17', 'jdk-26', 'jdk-27'] as const;
    const all = [first, second].flatMap((jdk) => under(jdk, ...quietJvm, paused));
    expect(sideBySide(all)).toBe('g1 is paused on all');
    expect(sideBySide([...under(first, ...quietJvm, paused), ...under(second, ...quietJvm, unpaused)])).toBe(
      'g1 is paused on jdk-17 and not on jdk-26',
    );
    expect(
      sideBySide([
        ...under(first, ...quietJvm, paused),
        ...under(second, ...quietJvm, unpaused),
        ...under(third, ...quietJvm, g1),
      ]),
    ).toBe('g1 stalls on jdk-27, is paused on jdk-17 and does neither on jdk-26');
  });
});

test('the verdict says which arms were not run, each reason once, and calls them not quiet', () => {
  const refused: RefusedArm[] = [
    { arm: 'zgc@jdk-26', jdk: '26.0.2', code: 'jdk-without-collector', collector: 'zgc' },
    { arm: 'zgc-off@jdk-26', jdk: '26.0.2', code: 'jdk-without-collector', collector: 'zgc' },
    { arm: 'g1@jdk-26', jdk: '26.0.2', code: 'jdk-without-flag', flag: '+Old' },
    { arm: 'arena@jdk-17', jdk: '17.0.1', code: 'jdk-not-accepted', accepted: '>=22' },
  ];
  const { verdict, conclusions } = judged(under('jdk-17', ...controls, still), refused);
  expect(verdict).toContain(
    '4 arms were not run: zgc@jdk-26 and zgc-off@jdk-26, because JDK 26.0.2 has no zgc collector; ' +
      'g1@jdk-26, because JDK 26.0.2 does not know the VM option "+Old"; ' +
      'arena@jdk-17, because JDK 17.0.1 is not one that the arm accepts (jdk: ">=22").',
  );
  const quietArms = conclusions.flatMap((one) => (one.code === 'like-foreign' && 'arms' in one ? one.arms : []));
  expect(quietArms).toEqual(['g1@jdk-17']);
});

test('a condition on an arm that was not run is undecided', async () => {
  const { arms } = planFrom(await readProfile('g1-uncommit'), { arm: [], jdk: ['deb:17', 'deb:26'], guestCpus: 2 });
  const condition = parseFailCondition('hogs-only/writer.mmap_munmap.stalls > 0', arms);
  expect(condition.arms).toEqual(['hogs-only@jdk-17', 'hogs-only@jdk-26']);
  const ran = under('jdk-17', armOf('hogs-only', null, [seriesOf('writer.mmap_munmap', [quiet])]));
  const { conclusions } = judged(ran, [
    { arm: 'hogs-only@jdk-26', jdk: '26.0.2', code: 'jdk-without-flag', flag: '+Old' },
  ]);
  expect(checkCondition(condition, summaryOf(ran, { conclusions }))).toMatchObject({
    outcome: 'unknown',
    arms: [
      { arm: 'hogs-only@jdk-17', outcome: 'not met' },
      { arm: 'hogs-only@jdk-26', outcome: 'unknown', code: 'not-measured' },
    ],
  });
  expect(checkCondition(condition, summaryOf(ran)).outcome).toBe('not met');
});
