// Error rates of the decision core on runs made from a seed: false alarms and power.
//
//   node bench/compare/errors.mjs           all, some ten minutes of one CPU
//   node bench/compare/errors.mjs gates     whole gates of 1 to 100 checks: false alarms, power, passes (gates.mjs)
//   node bench/compare/errors.mjs alarms    false alarms of comparisons of 20 metrics
//   node bench/compare/errors.mjs power     power, and its curves
//   node bench/compare/errors.mjs observations  comparisons of observations (observations.mjs)
//   node bench/compare/errors.mjs alarms --gates 100 --seed 7 --only bimodal
import { parseArgs } from 'node:util';
import { clopperPearson } from '../../dist/stats/clopper-pearson.js';
import { seededRandom } from '../../dist/stats/prng.js';
import { decide, defaultPolicy } from '../../dist/verdict/compare/decide.js';
import { gateErrors } from './gates.mjs';
import { observationErrors } from './observations.mjs';
import {
  generators,
  inputsOf,
  ms,
  normal,
  ordinaryRun,
  poisson,
  series,
  syntheticRun,
  withStalls,
} from './synthetic.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    gates: { type: 'string', default: '1000' },
    curve: { type: 'string', default: '100' },
    seed: { type: 'string', default: '20251126' },
    only: { type: 'string', multiple: true },
  },
});
const parts = positionals.length === 0 ? ['gates', 'alarms', 'power', 'observations'] : positionals;
const gates = Number(values.gates);
const seed = Number(values.seed);
const policy = { ...defaultPolicy, resamples: 1_000, estimates: false };

function alarms() {
  print(
    `False alarms: ${gates} gates of 20 metrics each, 10 runs of 30 s a side, both sides alike, between-run log-sd 0.2`,
  );
  const isWanted = (name) => values.only?.includes(name) ?? true;
  for (const [name, generate] of Object.entries(generators)) {
    if (!isWanted(name)) continue;
    const random = seededRandom(seed);
    report(name, () => {
      const side = () =>
        Array.from({ length: 10 }, () => run(30, 0.2, (_, n, shared) => generate(n, 30, shared, random), random));
      return decide(inputsOf(side(), side()), policy).decisions;
    });
  }
  if (!isWanted('drift')) return;
  const random = seededRandom(seed);
  report('drift: runs that drift (AR(1), 0.8, log-sd 0.3), one side after the other', () => {
    let x = 0.3 * normal(random);
    const drifting = () => {
      x = 0.8 * x + 0.6 * 0.3 * normal(random);
      const factor = Math.exp(x);
      return syntheticRun(30, (_, n) => ordinaryRun(n, 30, { factor }, random), random);
    };
    const all = Array.from({ length: 20 }, drifting);
    return decide(inputsOf(all.slice(0, 10), all.slice(10)), policy).decisions;
  });
}

function report(name, gate) {
  let alarmed = 0;
  let regressed = 0;
  let equivalent = 0;
  let metrics = 0;
  for (let i = 0; i < gates; i += 1) {
    const decisions = gate();
    const is = (verdict) => decisions.filter((decision) => decision.verdict === verdict).length;
    if (is('regressed') + is('improved') > 0) alarmed += 1;
    if (is('regressed') > 0) regressed += 1;
    equivalent += is('equivalent');
    metrics += decisions.length;
  }
  print(
    `  ${name}: any verdict of a difference ${share(alarmed, gates)}; regressed ${share(regressed, gates)}; metrics called equivalent ${((100 * equivalent) / metrics).toFixed(0)} %`,
  );
}

const effects = {
  'p99 doubled': (durations) => {
    const cut = durations.toSorted((a, b) => a - b)[Math.floor(durations.length * 0.95)];
    return durations.map((ns) => (ns > cut ? ns * 2 : ns));
  },
  'one stall of 100 ms added per 10 s': (durations, window_s, random) =>
    withStalls(durations, poisson(window_s / 10, random), 100 * ms, random),
};

function power() {
  const cells = [
    { runs: 10, window_s: 30, sd: 0.2, tries: gates },
    ...[4, 6, 8, 15, 20].map((runs) => ({ runs, window_s: 30, sd: 0.2, tries: Number(values.curve) })),
    ...[10, 60].map((window_s) => ({ runs: 10, window_s, sd: 0.2, tries: Number(values.curve) })),
    ...[0.1, 0.4, 0.8].map((sd) => ({ runs: 10, window_s: 30, sd, tries: Number(values.curve) })),
  ];
  for (const [name, effect] of Object.entries(effects)) {
    print(`Power: ${name} in one series of ${series.length}, in a gate of 20 metrics: the series is called regressed`);
    for (const { runs, window_s, sd, tries } of cells) {
      const random = seededRandom(seed);
      let seen = 0;
      for (let i = 0; i < tries; i += 1) {
        const side = (change) =>
          Array.from({ length: runs }, () =>
            run(
              window_s,
              sd,
              (which, n, shared) => {
                const durations = ordinaryRun(n, window_s, shared, random);
                return which === series[0] ? change(durations, window_s, random) : durations;
              },
              random,
            ),
          );
        const { decisions } = decide(
          inputsOf(
            side((durations) => durations),
            side(effect),
          ),
          policy,
        );
        if (decisions.some(({ key, verdict }) => key.startsWith(`${series[0]} `) && verdict === 'regressed')) seen += 1;
      }
      print(`  ${String(runs).padStart(2)} runs of ${window_s} s a side, log-sd ${sd}: ${share(seen, tries)}`);
    }
  }
}

/** What the series of a run share: the spread between runs, and a coin. */
function run(window_s, sd, durationsOf, random) {
  const shared = { factor: Math.exp(sd * normal(random)), coin: random() };
  return syntheticRun(window_s, (name, n) => durationsOf(name, n, shared), random);
}

function share(hits, n) {
  const { low, high } = clopperPearson(hits, n);
  const percent = (value) => (100 * value).toFixed(1);
  return `${percent(hits / n)} % [${percent(low)}, ${percent(high)}]`;
}

function print(line) {
  process.stdout.write(`${line}\n`);
}

if (parts.includes('gates')) gateErrors({ gates, seed, only: values.only, print });
if (parts.includes('observations')) observationErrors({ gates, seed, only: values.only, print });
if (parts.includes('alarms')) alarms();
if (parts.includes('power')) power();
