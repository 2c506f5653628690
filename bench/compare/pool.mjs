// Gates drawn from a pool of real runs: two folders of bundles that were measured alike, one without and one with the
// change. The rounds of both sides are drawn for each gate, no round twice.
//
//   node bench/compare/pool.mjs BASELINES CANDIDATES [--gates 20] [--rounds 6] [--policy gate.yaml] [--seed 1]
//
// `power`: baseline against candidate. `alarms`: baseline against baseline, and candidate against candidate.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { clopperPearson } from '../../dist/stats/clopper-pearson.js';
import { seededRandom, shuffle } from '../../dist/stats/prng.js';
import { gate } from '../../dist/verdict/gate/gate.js';
import { defaultGatePolicy, loadPolicy } from '../../dist/verdict/gate/policy.js';
import { readSide } from '../../dist/verdict/evidence/read-side.js';

const {
  values,
  positionals: [baselines, candidates],
} = parseArgs({
  allowPositionals: true,
  options: {
    gates: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '6' },
    policy: { type: 'string' },
    seed: { type: 'string', default: '1' },
  },
});
const [gates, rounds] = [Number(values.gates), Number(values.rounds)];
const policy = values.policy === undefined ? defaultGatePolicy() : await loadPolicy(values.policy);
const random = seededRandom(Number(values.seed));

/** All bundles of a folder as one side, with rounds numbered across bundles. */
function poolOf(folder) {
  const sides = readdirSync(folder)
    .sort()
    .map((name) => readSide(join(folder, name), { threshold_ns: 1 }));
  const series = new Map();
  let first = 0;
  for (const { evidence } of sides) {
    for (const { arm, scope, series: name, runs } of evidence) {
      const key = JSON.stringify([arm, scope, name]);
      const own = series.get(key) ?? { arm, scope, series: name, runs: [] };
      series.set(key, own);
      own.runs.push(...runs.map((run) => ({ ...run, round: first + run.round })));
    }
    first += Math.max(0, ...evidence.flatMap(({ runs }) => runs.map(({ round }) => round)));
  }
  const evidence = [...series.values()];
  const all = [...new Set(evidence.flatMap(({ runs }) => runs.map(({ round }) => round)))];
  // A round that lacks an arm would leave a gate with too few runs of that arm.
  const whole = all.filter((round) => evidence.every(({ runs }) => runs.some((run) => run.round === round)));
  process.stdout.write(`${folder}: ${whole.length} whole rounds of ${all.length}, ${evidence.length} series\n`);
  return { side: { ...sides[0], evidence }, whole };
}

function drawn({ side, whole }, label, own) {
  const chosen = new Set(own ?? shuffle(whole, random).slice(0, rounds));
  return {
    ...side,
    label,
    path: label,
    evidence: side.evidence.map((one) => ({ ...one, runs: one.runs.filter(({ round }) => chosen.has(round)) })),
  };
}

function count(name, pairOf) {
  const exits = { 0: 0, 3: 0, 4: 0 };
  let named = 0;
  for (let i = 0; i < gates; i += 1) {
    const [baseline, candidate] = pairOf();
    const result = gate([{ baseline, candidate, problems: [] }], policy, {
      resamples: 2_000,
      seed: 1,
      estimates: false,
    });
    exits[result.exitCode] += 1;
    if (result.counts.fail > 0) named += 1;
  }
  const { low, high } = clopperPearson(exits[3], gates);
  process.stdout.write(
    `${name}: exit 3 in ${exits[3]} of ${gates} [${(100 * low).toFixed(0)}, ${(100 * high).toFixed(0)} %], a check named in ${named}; exit 0 in ${exits[0]}, exit 4 in ${exits[4]}\n`,
  );
}

if (candidates === undefined) {
  process.stderr.write('expected: node bench/compare/pool.mjs BASELINES CANDIDATES [--gates 20] [--rounds 6]\n');
  process.exitCode = 2;
} else {
  const [before, after] = [poolOf(baselines), poolOf(candidates)];
  const halves = (pool) => {
    const mixed = shuffle(pool.whole, random);
    return [drawn(pool, 'before', mixed.slice(0, rounds)), drawn(pool, 'after', mixed.slice(rounds, 2 * rounds))];
  };
  count('power', () => [drawn(before, 'before'), drawn(after, 'after')]);
  count('alarms of the baseline', () => halves(before));
  count('alarms of the candidate', () => halves(after));
}
