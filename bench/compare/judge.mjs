// Error rates on real runs: bundles of measure.mjs, whose runs were made alike. The runs of each arm are dealt to two
// sides again and again; the test must not distinguish the sides. The arm whose calls cross VMAs is compared with the
// arm inside a VMA, on halves that are drawn each time.
//
//   node bench/compare/judge.mjs FOLDER [--splits 1000]
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { clopperPearson } from '../../dist/stats/clopper-pearson.js';
import { seededRandom, shuffle } from '../../dist/stats/prng.js';
import { decide, defaultPolicy } from '../../dist/verdict/compare/decide.js';
import { metricsFor } from '../../dist/verdict/evidence/metrics.js';
import { readSide } from '../../dist/verdict/evidence/read-side.js';
import { sideNoteText } from '../../dist/words/side-words.js';
import { originsOf } from './synthetic.mjs';

const {
  values,
  positionals: [folder],
} = parseArgs({ allowPositionals: true, options: { splits: { type: 'string', default: '1000' } } });
const splits = Number(values.splits);
const policy = { ...defaultPolicy, resamples: 1_000, estimates: false };
const metrics = metricsFor([99]);
const sides = readdirSync(folder)
  .sort()
  .map((name) => readSide(join(folder, name), { threshold_ns: 100e6 }));
const arms = [...new Set(sides.flatMap((side) => side.arms))];

/** Metric values of an arm by `series metric`, per run; the runs of all bundles in order. */
function runsOf(arm) {
  const runs = [];
  for (const { evidence } of sides) {
    const own = evidence.filter((one) => one.arm === arm);
    const n = Math.max(0, ...own.map((one) => one.runs.length));
    for (let i = 0; i < n; i += 1) {
      runs.push(
        new Map(
          own.flatMap(({ series, runs: ofSeries }) =>
            metrics.map((metric) => [
              `${series} ${metric.name}`,
              { metric, ...(ofSeries[i] === undefined ? { value: null, missing: 'no run' } : metric.of(ofSeries[i])) },
            ]),
          ),
        ),
      );
    }
  }
  return runs;
}

/** As in `compare`, a metric that any run lacks is refused. */
function inputsOf(a, b) {
  return [...a[0].keys()].map((key) => {
    const cells = (side) => side.map((run) => run.get(key));
    const missing = [...cells(a), ...cells(b)].some((cell) => (cell?.value ?? null) === null);
    const known = (side) => (missing ? [] : cells(side).map(({ value }) => value));
    return {
      key,
      a: known(a),
      b: known(b),
      margin: a[0].get(key).metric.margin(100e6),
      refusal: missing ? { code: 'figure-missing' } : null,
      origin: originsOf(a, b),
    };
  });
}

function share(hits, n) {
  const { low, high } = clopperPearson(hits, n);
  const percent = (value) => (100 * value).toFixed(1);
  return `${hits} of ${n}: ${percent(hits / n)} % [${percent(low)}, ${percent(high)}]`;
}

const random = seededRandom(20251126);
for (const side of sides)
  for (const note of side.notes) process.stdout.write(`${side.label}: ${sideNoteText(note)}.\n`);
for (const arm of arms) {
  const runs = runsOf(arm);
  const half = Math.floor(runs.length / 2);
  let alarms = 0;
  let regressed = 0;
  let compared = 0;
  const alarming = new Map();
  for (let i = 0; i < splits; i += 1) {
    const dealt = shuffle(runs, random);
    const { decisions } = decide(inputsOf(dealt.slice(0, half), dealt.slice(half, 2 * half)), policy);
    const found = decisions.filter(({ verdict }) => verdict === 'regressed' || verdict === 'improved');
    compared = decisions.filter(({ p }) => p !== null).length;
    if (found.length > 0) alarms += 1;
    if (decisions.some(({ verdict }) => verdict === 'regressed')) regressed += 1;
    for (const { key } of found) alarming.set(key, (alarming.get(key) ?? 0) + 1);
  }
  process.stdout.write(
    `${arm}: ${half} + ${half} runs, ${compared} metrics; any difference ${share(alarms, splits)}; regressed ${share(regressed, splits)}${alarming.size === 0 ? '' : `; by ${JSON.stringify(Object.fromEntries(alarming))}`}\n`,
  );
}

const [inside, crossing] = ['free-one-vma', 'free-across-vmas'].map(runsOf);
for (const size of [20, 10, 6]) {
  let seen = 0;
  for (let i = 0; i < 20; i += 1) {
    const { decisions } = decide(
      inputsOf(shuffle(inside, random).slice(0, size), shuffle(crossing, random).slice(0, size)),
      policy,
    );
    if (decisions.some(({ key, verdict }) => key.startsWith('writer.mprotect ') && verdict === 'regressed')) seen += 1;
  }
  process.stdout.write(
    `free-across-vmas against free-one-vma, ${size} runs a side: writer.mprotect regressed ${share(seen, 20)}\n`,
  );
}
