// Error rates of whole gates, with the gate that ships. Figures of a run, victims of a process and arms of a round
// depend on each other (rounds.mjs). Part of errors.mjs.
//
//   node bench/compare/errors.mjs gates --gates 400 [--only PART …]
//
// PART: alarms, windows, power, thin, margin, drift, pass or one.
import { clopperPearson } from '../../dist/stats/clopper-pearson.js';
import { bootstrapMeans } from '../../dist/stats/bootstrap.js';
import { rankTest } from '../../dist/stats/rank-test.js';
import { mean } from '../../dist/stats/sample.js';
import { gate } from '../../dist/verdict/gate/gate.js';
import { readPolicy } from '../../dist/verdict/gate/policy.js';
import { mixture, randomOf, sideOf } from './rounds.mjs';
import { normal } from './synthetic.mjs';

const figures = ['stalled_share', 'stalls_per_minute', 'longest_ns', 'blocked_per_minute', 'service.p99_ns'];
const policyOf = (metrics) => readPolicy(`rules: [{ compare: [${metrics.join(', ')}] }]`, 'simulated');
const five = policyOf(figures);
const effort = { resamples: 1_000, seed: 1, estimates: false };
const sharing = [0, 0.3, 0.8];

/** The sizes of gates: checks = arms × victims × figures. */
const sizes = [
  { checks: 1, arms: 1, victims: 1, policy: policyOf(['stalled_share']) },
  { checks: 10, arms: 2, victims: 1, policy: five },
  { checks: 30, arms: 2, victims: 3, policy: five },
  { checks: 100, arms: 20, victims: 1, policy: five },
];

export function gateErrors({ gates, seed, only, print }) {
  const isWanted = (part) => only === undefined || only.includes(part);
  const rate = (hits) => {
    const { low, high } = clopperPearson(hits, gates);
    const percent = (value) => (100 * value).toFixed(1);
    return `${percent(hits / gates)} % [${percent(low)}, ${percent(high)}]`;
  };
  /** `a`, `b`: the two sides, or functions of what both sides of a gate share. */
  const count = (name, policy, a, b, draw = () => null) => {
    const random = randomOf(seed, name);
    const exits = { 0: 0, 3: 0, 4: 0 };
    let named = 0;
    for (let i = 0; i < gates; i += 1) {
      const drawn = draw(random);
      const of = (side) => (typeof side === 'function' ? side(drawn) : side);
      const result = gate(
        [{ baseline: sideOf('before', of(a), random), candidate: sideOf('after', of(b), random), problems: [] }],
        policy,
        effort,
      );
      exits[result.exitCode] += 1;
      if (result.together.finding === 'named') named += 1;
    }
    return { exits, named };
  };
  const told = ({ exits, named }) =>
    `exit 3 ${rate(exits[3])} (a figure named in ${rate(named)}), exit 0 ${rate(exits[0])}, exit 4 ${rate(exits[4])}`;
  const run = (name, ...sides) => {
    print(`  ${name}: ${told(count(name, ...sides))}`);
  };
  /** Alike, and with every stall and operation longer: by the margin, and by twice the margin. */
  const runWithMargin = (name, policy, side, margin = 0.1) => {
    print(`  ${name}, nothing changed: ${told(count(name, policy, side, side))}`);
    for (const times of [1, 2])
      run(
        `${name}, worse by ${times === 1 ? 'one margin' : 'two margins'} (×${(1 + times * margin).toFixed(1)})`,
        policy,
        side,
        { ...side, slower: 1 + times * margin },
      );
  };
  // If there is one arm, the arm that stalls all the time: the others cannot be judged wrongly.
  const armsOf = (n) => (n === 1 ? ['stalling'] : mixture.slice(0, n));

  if (isWanted('alarms')) {
    print(`False alarms, passes, and one margin worse: ${gates} gates, 6 runs of 10 s a side, arms of all kinds`);
    for (const { checks, arms, victims, policy } of sizes)
      for (const shared of sharing)
        runWithMargin(`${checks} checks, shared noise ${shared}`, policy, { arms: armsOf(arms), victims, shared });
  }
  if (isWanted('windows')) {
    print(
      'Windows that a pipeline has time for, 6 runs a side: false alarms and passes, 0 → 60 % stalled in one arm of 20',
    );
    for (const window_s of [3, 4, 20]) {
      const side = { arms: mixture, shared: 0.3, window_s };
      run(`100 checks, ${window_s} s, nothing changed`, five, side, side);
      run(
        `12 checks of arms that do not stall, ${window_s} s, nothing changed`,
        policyOf(figures.slice(0, 4)),
        { ...side, arms: Array(3).fill('quiet') },
        { ...side, arms: Array(3).fill('quiet') },
      );
      run(`100 checks, ${window_s} s, one arm from 0 to 60 %`, five, side, {
        ...side,
        arms: mixture.with(0, 'stalling'),
      });
    }
  }
  if (isWanted('power')) {
    print('Power: 0 → 60 % stalled, 6 runs a side');
    for (const shared of sharing) {
      run(
        `one arm of 20, the others of all kinds, shared noise ${shared}`,
        five,
        { arms: mixture, shared },
        { arms: mixture.with(0, 'stalling'), shared },
      );
      run(
        `20 of 20 arms × 5 figures, shared noise ${shared}`,
        five,
        { arms: Array(20).fill('quiet'), shared },
        { arms: Array(20).fill('stalling'), shared },
      );
    }
    run('one check', sizes[0].policy, { arms: ['quiet'] }, { arms: ['stalling'] });
  }
  if (isWanted('thin')) {
    print('A change spread thinly over 20 arms × 5 figures, 6 runs a side');
    for (const shared of sharing) {
      run(
        `a stall in 15 instead of 2 of 100 runs of each quiet arm, shared noise ${shared}`,
        five,
        { arms: Array(20).fill('quiet'), shared, noise: 0.02 },
        { arms: Array(20).fill('quiet'), shared, noise: 0.15 },
      );
      run(
        `all stalls of 20 stalling arms 20 % longer, shared noise ${shared}`,
        five,
        { arms: Array(20).fill('stalling'), shared },
        { arms: Array(20).fill('stalling'), shared, slower: 1.2 },
      );
    }
  }
  if (isWanted('margin')) {
    print('Worse by a part of the margin of 10 %: share of the window of one arm, and all figures of 20 stalling arms');
    for (const factor of [1.05, 1.1, 1.2, 1.3, 1.5]) {
      for (const sd of [0.05, 0.2])
        run(
          `one check, ×${factor}, log-sd ${sd}`,
          policyOf(['longest_ns']),
          { arms: ['stalling'], sd },
          { arms: ['stalling'], sd, slower: factor },
        );
      run(
        `100 checks, ×${factor}, shared noise 0.3`,
        five,
        { arms: Array(20).fill('stalling'), shared: 0.3 },
        { arms: Array(20).fill('stalling'), shared: 0.3, slower: factor },
      );
    }
  }
  if (isWanted('drift')) {
    print(
      'A machine that drifts from round to round (AR(1) of 0.8, log-sd 0.3), both sides alike, and worse by half, 6 runs a side',
    );
    const drift = (n) => (random) => {
      let x = normal(random);
      return Array.from({ length: n }, () => (x = 0.8 * x + 0.6 * normal(random)));
    };
    for (const slower of [1, 1.5]) {
      for (const [checks, arms, policy] of [
        [1, 1, policyOf(['longest_ns'])],
        [100, 20, five],
      ]) {
        const side = { arms: Array(arms).fill('stalling'), shared: 0.9, sd: 0.3 };
        run(
          `${checks} checks, ×${slower}, one side after the other`,
          policy,
          (moods) => ({ ...side, moods: moods.slice(0, 6) }),
          (moods) => ({ ...side, slower, moods: moods.slice(6) }),
          drift(12),
        );
        run(
          `${checks} checks, ×${slower}, in turns`,
          policy,
          (moods) => ({ ...side, path: 'both', moods }),
          (moods) => ({ ...side, slower, path: 'both', moods }),
          drift(6),
        );
      }
    }
  }
  if (isWanted('pass')) {
    print('Passes: both sides alike, 6 runs a side, arms that do not stall');
    const stalls = policyOf(figures.slice(0, 4));
    for (const [arms, victims] of [
      [1, 1],
      [3, 1],
      [4, 2],
      [25, 1],
    ])
      for (const noise of [0, 0.005, 0.01, 0.02])
        run(
          `${4 * arms * victims} checks of stalls, one of the machine's in ${100 * noise} of 100 runs`,
          stalls,
          { arms: Array(arms).fill('quiet'), victims, noise },
          { arms: Array(arms).fill('quiet'), victims, noise },
        );
    for (const runs of [6, 10, 20, 40])
      for (const relative of [10, 20, 40])
        runWithMargin(
          `p99 of one arm, log-sd 0.2, ${runs} runs a side, margin ${relative} %`,
          readPolicy(`rules: [{ compare: [{ metric: service.p99_ns, relative: ${relative}% }] }]`, 'x'),
          { arms: ['quiet'], rounds: runs, noise: 0 },
          relative / 100,
        );
    for (const runs of [6, 10, 20, 40])
      for (const relative of [10, 20, 40])
        runWithMargin(
          `an arm that stalls for 60 % of the time, share, ${runs} runs a side, margin ${relative} %`,
          readPolicy(`rules: [{ compare: [{ metric: stalled_share, relative: ${relative}% }] }]`, 'x'),
          { arms: ['stalling'], rounds: runs },
          relative / 100,
        );
    print('Wrong passes: worse in a part of the runs, one quiet arm, share, 6 and 10 runs a side');
    for (const runs of [6, 10, 20])
      for (const part of [1 / 6, 1 / 3, 1 / 2, 1])
        run(
          `a stall of 200 ms in ${(100 * part).toFixed(0)} of 100 runs, ${runs} runs a side`,
          sizes[0].policy,
          { arms: ['quiet'], rounds: runs, noise: 0 },
          {
            arms: ['quiet'],
            rounds: runs,
            noise: 0,
            change: (stalls, _, random) => (random() < part ? [...stalls, 0.2] : stalls),
          },
        );
    for (const factor of [1.1, 1.2])
      run(
        `worse by ${factor === 1.1 ? 'exactly the margin' : 'twice the margin'} (×${factor}), longest stall, log-sd 0.05`,
        policyOf(['longest_ns']),
        { arms: ['stalling'], sd: 0.05 },
        { arms: ['stalling'], sd: 0.05, slower: factor },
      );
  }
  if (isWanted('one')) oneCheck({ gates, seed, print, rate });
}

/**
 * Power of one check beside the earlier test, on the same runs. That test was two-sided on ranks, with the mean's
 * interval above 0.
 */
function oneCheck({ gates, seed, print, rate }) {
  print('One check beside the test on ranks that was used before, on the same runs, 6 a side: found');
  const before = (a, b, { relative, absolute }, random) =>
    rankTest(a, b, random).p <= 0.05 &&
    bootstrapMeans(a, b, random, 1_000).difference.low > 0 &&
    mean(b) - mean(a) > Math.max(absolute, relative * mean(a));
  const cells = [
    ...[0.5, 1, 2, 3].map((rate) => [
      'stalled_share',
      `0 → ${rate} stalls of 150 ms a run`,
      { arms: ['quiet'] },
      {
        arms: ['quiet'],
        change: (stalls, _, random) => [
          ...stalls,
          ...Array.from({ length: poissonOf(rate, random) }, () => 0.15 * (0.8 + 0.4 * random())),
        ],
      },
    ]),
    ...['rare', 'bursts', 'heavy-tailed', 'bimodal', 'stalling'].flatMap((kind) =>
      [1.3, 2, 4].map((factor) => [
        'stalled_share',
        `${kind}, stalls ×${factor}`,
        { arms: [kind] },
        { arms: [kind], change: (stalls) => stalls.map((length) => length * factor) },
      ]),
    ),
    ...[0.05, 0.1, 0.2, 0.4].flatMap((sd) =>
      [1.1, 1.2, 1.5, 2].map((factor) => [
        'service.p99_ns',
        `p99 ×${factor}, log-sd ${sd}`,
        { arms: ['quiet'], sd },
        { arms: ['quiet'], sd, slower: factor },
      ]),
    ),
  ];
  for (const [metric, name, a, b] of cells) {
    const random = randomOf(seed, name);
    let [now, then, lost] = [0, 0, 0];
    for (let i = 0; i < gates; i += 1) {
      const result = gate(
        [{ baseline: sideOf('before', a, random), candidate: sideOf('after', b, random), problems: [] }],
        policyOf([metric]),
        effort,
      );
      const row = result.suites[0].checks[0].comparison;
      const [isNow, isThen] = [result.exitCode === 3, before(row.values.a, row.values.b, row.margin, random)];
      if (isNow) now += 1;
      if (isThen) then += 1;
      if (isThen && !isNow) lost += 1;
    }
    print(`  ${metric}, ${name}: now ${rate(now)}, before ${rate(then)}; found before and not now ${rate(lost)}`);
  }
}

function poissonOf(mean_, random) {
  let k = 0;
  for (let product = random(); product > Math.exp(-mean_); product *= random()) k += 1;
  return k;
}
