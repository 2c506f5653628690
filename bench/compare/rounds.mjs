// Gates as a machine could have made them, from a seed: the figures of a side depend on each other as in real runs.
//
//   * The five figures of a series describe the same stalls.
//   * Victims of one process see nearly the same stalls.
//   * The arms of a round share a part of what makes runs differ (`shared`, 0 to 1), and now and then a stall of the
//     machine.
//   * Most runs of most arms have no stall, some arms stall all the time, some in a few runs, some by heavy tails.
//
// A side is what the gate reads (src/verdict/evidence/side.ts), so everything behind it is the code that ships.
import { seededRandom } from '../../dist/stats/prng.js';
import { unknownFacts } from '../../dist/verdict/evidence/side.js';
import { normal, poisson } from './synthetic.mjs';

/** The window, in seconds, that the rates below are of. */
const usual_s = 10;
const threshold_s = 0.1;

/**
 * Stalls of a run of an arm, in seconds. `factor` makes this run worse or better than others. `part` is its window as a
 * part of the usual window.
 */
const kinds = {
  quiet: () => [],
  stalling: ({ factor, part }, random) =>
    many(poisson(12 * part, random), () => 0.5 * factor * Math.exp(0.2 * normal(random))),
  rare: ({ factor, part }, random) => many(poisson(part, random), () => 0.15 * factor * Math.exp(0.3 * normal(random))),
  bursts: ({ factor, part }, random) =>
    random() < 0.3 * part
      ? many(1 + Math.floor(-Math.log(1 - random()) * 6), () => 0.3 * factor * Math.exp(0.4 * normal(random)))
      : [],
  'heavy-tailed': ({ part }, random) =>
    many(poisson(part, random), () => Math.min((part * usual_s) / 2, 0.1 / (1 - random()) ** (1 / 0.7))),
  bimodal: ({ factor, part }, random) =>
    random() < 0.5 ? many(poisson(6 * part, random), () => 0.2 * factor * Math.exp(0.2 * normal(random))) : [],
};

/** Half of the arms do not stall, a fifth stalls all the time, the rest is noisy in different ways. */
export const mixture = [
  'quiet',
  'stalling',
  'quiet',
  'bursts',
  'quiet',
  'stalling',
  'quiet',
  'heavy-tailed',
  'quiet',
  'bursts',
  'quiet',
  'stalling',
  'quiet',
  'bimodal',
  'quiet',
  'stalling',
  'quiet',
  'bursts',
  'quiet',
  'heavy-tailed',
];

function many(n, make) {
  return Array.from({ length: n }, make);
}

/**
 * `arms`: a kind each. `change(stalls, arm)`: changes a run's stalls. `noise`: the machine's stalls per run and arm, of
 * which a fifth hits all arms of a round. `slower`: the factor of all times. `moods`: of the rounds, if they are not
 * drawn. `window_s`: of each run. `path`: sides of one path are one experiment, measured in turns.
 */
export function sideOf(
  label,
  {
    arms,
    victims = 1,
    rounds = 6,
    shared = 0,
    sd = 0.2,
    noise = 0.005,
    slower = 1,
    moods = [],
    window_s = usual_s,
    path = label,
    change = (stalls) => stalls,
  },
  random,
) {
  const evidence = arms.flatMap((_, arm) =>
    many(victims, (__, victim) => ({
      arm: `arm-${arm}`,
      scope: 'series',
      series: `victim-${victim}.mprotect`,
      runs: [],
    })),
  );
  for (let round = 1; round <= rounds; round += 1) {
    const mood = moods[round - 1] ?? normal(random);
    const everywhere = random() < noise / 5;
    arms.forEach((kind, arm) => {
      const factor = slower * Math.exp(sd * (Math.sqrt(shared) * mood + Math.sqrt(1 - shared) * normal(random)));
      const own = [
        ...kinds[kind]({ factor, part: window_s / usual_s }, random),
        ...many(poisson(noise * 0.8, random) + (everywhere ? 1 : 0), () => 0.1 / (1 - random()) ** 0.5),
      ];
      const stalls = fitting(change(own, arm, random), window_s);
      for (let victim = 0; victim < victims; victim += 1) {
        // The first victim sees every stall. The others may be between two operations when a stall begins.
        const seen = stalls
          .filter(() => victim === 0 || random() < 0.9)
          .map((length) => length * (1 - 0.05 * random()))
          .filter((length) => length >= threshold_s);
        evidence[arm * victims + victim].runs.push(runOf(round, seen, { factor, window_s }, random));
      }
    });
  }
  return {
    label,
    path,
    kind: 'bundle',
    arms: arms.map((_, arm) => `arm-${arm}`),
    evidence,
    facts,
    resolved: null,
    startedAt: null,
    measured_ns: {},
    turns: path === label ? null : { id: path, side: label === 'before' ? 'baseline' : 'candidate' },
    incomplete: null,
    regions: [],
    refusedArms: [],
    leftOut: [],
    notes: [],
    degraded: [],
  };
}

const facts = {
  ...unknownFacts,
  profile: 'simulated',
  profileHash: '',
  label: null,
  kernel: '6.18.0',
  guest: null,
  image: null,
  preemption: null,
  hz: null,
  cpuModel: null,
  cpus: null,
  memoryBytes: null,
  tool: null,
  jdks: [],
};

/** Leaves out what would lie beyond the window. */
function fitting(stalls, window_s) {
  let left = 0.97 * window_s;
  return stalls.flatMap((length) => {
    const own = Math.min(length, left);
    left -= own;
    return own > 0 ? [own] : [];
  });
}

function runOf(round, stalls, { factor, window_s }, random) {
  const operations = Math.round((50 * window_s) / 100) * 100;
  const ns = (seconds) => Math.round(seconds * 1e9);
  const sorted = stalls.toSorted((x, y) => y - x);
  const blocked = stalls.filter(() => random() < 0.8).length;
  const ordinary = 20e-6 * factor * Math.exp(0.1 * normal(random));
  const p99_ns = ns(sorted[operations / 100 - 1] ?? ordinary);
  const total = stalls.reduce((sum, length) => sum + length, 0);
  return {
    scope: 'series',
    round,
    name: `run-${round}`,
    window_ns: ns(window_s),
    threshold_ns: ns(threshold_s),
    knowsStates: true,
    figures: {
      service: { n: operations },
      response: null,
      saturated: false,
      lost_records: 0,
      exhausted: 0,
      stalls: {
        threshold_ns: ns(threshold_s),
        count: stalls.length,
        blocked_count: blocked,
        unseen_count: 0,
        longest_ns: ns(sorted[0] ?? 0),
        longest_blocked_ns: ns(sorted[0] ?? 0),
        total_ns: ns(total),
        stalled_share: total / window_s,
        blocked_share: total / window_s,
        mutex_count: 0,
        longest_mutex_ns: 0,
        mutex_share: 0,
      },
    },
    quantile: () => p99_ns,
  };
}

/** A generator for each cell, so that a cell can be repeated alone. */
export function randomOf(seed, name) {
  return seededRandom(
    (seed + [...name].reduce((hash, letter) => (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0, 7)) >>> 0,
  );
}
