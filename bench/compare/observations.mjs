// Error rates of comparisons of observations, with the comparison that ships: how often two observations of the same
// process are said to differ, although stalls come in bursts, and how often a change is missed. Part of errors.mjs.
//
//   node bench/compare/errors.mjs observations --gates 400 [--only PART …]
//
// PART: alarms or power.
import { clopperPearson } from '../../dist/stats/clopper-pearson.js';
import { seededRandom } from '../../dist/stats/prng.js';
import { compareObservations } from '../../dist/verdict/compare/observations.js';
import { defaultPolicy } from '../../dist/verdict/compare/decide.js';
import { normal, poisson } from './synthetic.mjs';

const policy = { ...defaultPolicy, resamples: 400, estimates: false };
const ms = 1e6;

/**
 * The rate follows a log-normal process that forgets in `memory_s` (Ornstein and Uhlenbeck), or is the same all the
 * time; an event stalls one to three threads; every other one is by giving memory back.
 */
const usual = { seconds: 120, perMinute: 60, memory_s: 0, logSd: 1, length: 1, givesBack: 1 };

const alike = [
  ['independent, 6 events a minute', { perMinute: 6 }],
  ['independent, 60 a minute', {}],
  ['independent, 600 a minute', { perMinute: 600 }],
  ['independent, 60 a minute, observations of 60 s and 300 s', { other: { seconds: 300 }, seconds: 60 }],
  ...[1, 3, 10, 30, 100].map((memory_s) => [`bursts of some ${memory_s} s`, { memory_s }]),
  ['bursts of some 10 s, observations of 600 s', { memory_s: 10, seconds: 600 }],
  ['bursts of some 30 s, observations of 600 s', { memory_s: 30, seconds: 600 }],
  ['on for 10 s and off for 10 s', { cycle_s: 20 }],
];

const changed = [
  ['rate doubled', { other: { perMinute: 120 } }],
  ['rate halved', { other: { perMinute: 30 } }],
  ['a quarter of the rate', { other: { perMinute: 15 } }],
  ['no stall any more', { other: { perMinute: 0 } }],
  ['no stall any more, of 6 events a minute before', { perMinute: 6, other: { perMinute: 0 } }],
  ['none by giving memory back any more', { other: { givesBack: 0 } }],
  ['stalls twice as long', { other: { length: 2 } }],
  ['a quarter of the rate, bursts of some 3 s', { memory_s: 3, other: { perMinute: 15 } }],
  [
    'a quarter of the rate, bursts of some 10 s, observations of 600 s',
    { memory_s: 10, seconds: 600, other: { perMinute: 15 } },
  ],
];

export function observationErrors({ gates, seed, only, print }) {
  const isWanted = (name) => only?.includes(name) ?? true;
  const part = (title, cases) => {
    print(
      `${title}: ${gates} comparisons a line, observations of 120 s and 60 events a minute unless stated otherwise`,
    );
    for (const [name, more] of cases) print(`  ${name}: ${ratesOf({ ...usual, ...more }, gates, seed)}`);
  };
  if (isWanted('alarms')) part('Both observations alike', alike);
  if (isWanted('power')) part('The second observation is changed', changed);
}

function ratesOf(settings, gates, seed) {
  const random = seededRandom(seed);
  const counts = { differs: 0, named: 0, alike: 0 };
  for (let i = 0; i < gates; i += 1) {
    const { conclusions, rows } = compareObservations(
      [observed('before', settings, random), observed('after', { ...settings, ...settings.other }, random)],
      { margins: [], policy },
    );
    if (['regressed', 'improved', 'differs-unnamed'].includes(conclusions[0].code)) counts.differs += 1;
    if (['regressed', 'improved'].includes(conclusions[0].code)) counts.named += 1;
    if (rows[0].refusal?.code === 'neighbours-alike') counts.alike += 1;
  }
  return `said to differ ${share(counts.differs, gates)}, with figures named ${share(counts.named, gates)}; not decided, because neighbours are alike ${share(counts.alike, gates)}`;
}

function share(hits, n) {
  const { low, high } = clopperPearson(hits, n);
  const percent = (value) => (100 * value).toFixed(1);
  return `${percent(hits / n)} % [${percent(low)}, ${percent(high)}]`;
}

const step_s = 0.1;

function observed(path, settings, random) {
  const { seconds, perMinute, memory_s, logSd, length, givesBack, cycle_s } = settings;
  const stalls = [];
  let x = normal(random);
  const keep = memory_s === 0 ? 0 : Math.exp(-step_s / memory_s);
  const phase = random();
  for (let at_s = 0; at_s < seconds; at_s += step_s) {
    x = keep * x + Math.sqrt(1 - keep * keep) * normal(random);
    const burst = memory_s === 0 ? 1 : Math.exp(logSd * x - (logSd * logSd) / 2);
    const on = cycle_s === undefined ? 1 : 2 * Number((at_s / cycle_s + phase) % 1 < 0.5);
    for (let left = poisson((perMinute / 60) * step_s * burst * on, random); left > 0; left -= 1) {
      const start_ns = (at_s + random() * step_s) * 1e9;
      const duration_ns = (20 - 80 * Math.log(1 - random())) * ms * length;
      const isOfBack = random() < givesBack / 2;
      // What no longer gives memory back stalls nobody.
      if (givesBack === 0 && random() < 0.5) continue;
      for (let threads = 1 + Math.floor(random() * 3); threads > 0; threads -= 1)
        stalls.push({ stall: stallOf(start_ns, duration_ns, isOfBack) });
    }
  }
  return {
    path,
    stalls,
    missing: [],
    runs: [],
    observation: {
      watched_ns: seconds * 1e9,
      threshold_ns: 20 * ms,
      tier: 'ebpf',
      kernel: '6.18',
      cpus: 2,
      tool: { name: 'pauselab', version: '0' },
      startedAt: '',
      targets: [{ pid: 1, name: 'java', threads_n: 20, jvm: null }],
    },
  };
}

function stallOf(start_ns, duration_ns, isOfBack) {
  const blame = { cause: isOfBack ? 'mmap-lock-reader' : 'not-scheduled', lock: null, thread: null };
  const call = isOfBack ? 'madvise.FREE' : null;
  return { start_ns, duration_ns, cause: blame, chain: [{ ...blame, call, duration_ns }] };
}
