// Runs as a machine could have made them, from a seed. The durations of operations pass through the functions of a real
// run (analyseRun: histogram, stalls, sampler's states, figures), and from the figures to metrics.
import { analyseRun } from '../../dist/experiment/run/analyse.js';
import { countsOfValues } from '../../dist/record/histogram/counts.js';
import { metricsFor } from '../../dist/verdict/evidence/metrics.js';
import { seriesEvidence } from '../../dist/verdict/evidence/bundle-side.js';

export const ms = 1e6;
export const threshold_ns = 100 * ms;
const rate = 50; // operations per second
const interval_ns = 1e9 / rate;
const sample_ns = 10 * ms;

export const series = ['a', 'b', 'c', 'd'];
export const metrics = metricsFor([99]).filter(({ name }) => !name.startsWith('response.'));

/** A standard normal number (Box and Muller). */
export function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export function poisson(mean, random) {
  let k = 0;
  for (let product = random(); product > Math.exp(-mean); product *= random()) k += 1;
  return k;
}

/**
 * Generators of the durations of a series of a run: `(n, window_s, run, random) => number[]` in ns. `run` is what the
 * series of a run share: its factor (between-run spread) and a coin.
 */
export const generators = {
  // Pareto of tail index 0.7: no mean, and about one stall in two runs.
  'heavy-tailed': (n, _window_s, { factor }, random) =>
    Array.from({ length: n }, () => (2_000 * factor) / (1 - random()) ** (1 / 0.7)),
  // The logarithm follows an AR(1) process with a memory of a hundred operations: 1,500 samples are worth fifteen.
  autocorrelated: (n, _window_s, { factor }, random) => {
    const [rho, sd] = [0.99, 3];
    let x = sd * normal(random);
    return Array.from({ length: n }, () => {
      x = rho * x + Math.sqrt(1 - rho * rho) * sd * normal(random);
      return 20_000 * factor * Math.exp(x);
    });
  },
  // Two kinds of runs, as from different memory layouts or neighbours of a CPU: one has a p99 eight times the other's,
  // and stalls.
  bimodal: (n, window_s, { factor, coin }, random) => {
    const slow = coin < 0.5;
    const durations = Array.from(
      { length: n },
      () => 5_000 * factor * Math.exp(0.5 * normal(random)) * (random() < 0.03 && slow ? 8 : 1),
    );
    return slow ? withStalls(durations, poisson(window_s / 10, random), 200 * ms, random) : durations;
  },
  // Three runs in ten have a burst of stalls, the others have none.
  'stall-burst': (n, _window_s, { factor, coin }, random) => {
    const durations = ordinary(n, factor, random);
    return coin < 0.3
      ? withStalls(durations, 1 + Math.floor(-Math.log(1 - random()) * 6), 300 * ms, random, true)
      : durations;
  },
};

/** Log-normal, with a stall every two minutes on average. */
export function ordinaryRun(n, window_s, { factor }, random) {
  return withStalls(ordinary(n, factor, random), poisson(window_s / 120, random), 150 * ms, random);
}

function ordinary(n, factor, random) {
  return Array.from({ length: n }, () => 5_000 * factor * Math.exp(0.8 * normal(random)));
}

/** Replaces operations by stalls of about `length_ns`, one after the other if they come as a burst. */
export function withStalls(durations, count, length_ns, random, burst = false) {
  const stalled = [...durations];
  const first = Math.floor(random() * durations.length);
  for (let i = 0; i < count; i += 1) {
    const at = burst ? (first + 30 * i) % durations.length : Math.floor(random() * durations.length);
    stalled[at] = Math.max(threshold_ns, length_ns * Math.exp(0.4 * normal(random)));
  }
  return stalled;
}

/** One run: values by `series metric`. `durationsOf(series, n, random)` gives the durations in ns. */
export function syntheticRun(window_s, durationsOf, random) {
  const n = window_s * rate;
  const window = { windowStart_ns: 0, windowEnd_ns: window_s * 1e9, drainEnd_ns: window_s * 1e9 + 5e9 };
  const recorded = series.map((name, i) =>
    recordOf(
      i,
      durationsOf(name, n, random).map((ns) => Math.round(Math.min(ns, window.windowEnd_ns / 4))),
    ),
  );
  const analysis = analyseRun(
    {
      threads: series.map((name, i) => ({
        index: i,
        name,
        role: 'victim',
        series: i,
        interval_ns,
        offset_ns: 0,
        ringCapacity: 4096,
        at: { thread: 0, ring: 0 },
      })),
      series: series.map((name, i) => ({
        index: i,
        name,
        thread: i,
        hasResponse: false,
        at: { series: 0, service: 0, response: null },
      })),
      stallThreshold_ns: threshold_ns,
      tids: series.map((_, i) => i + 1),
    },
    {
      go_ns: 0n,
      go_ms: 0,
      window,
      interrupted: false,
      failure: null,
      lost: series.map(() => 0),
      records: recorded.flatMap(({ records }) => records),
      last: {
        taken_ns: window.drainEnd_ns,
        series: recorded.map(({ snapshot }) => snapshot),
        threads: series.map((_, i) => ({
          index: i,
          inFlight: { state: 'idle' },
          next: n,
          ended_ns: null,
          warmup_n: 0,
          refused_n: 0,
          refused_errno: null,
          exhausted_n: 0,
          crossed_n: 0,
          ringWritten: 0,
        })),
      },
    },
    { timelines: new Map(recorded.map(({ timeline }, i) => [i + 1, timeline])), ticks_ns: [], period_ns: sample_ns },
  );
  const values = new Map();
  for (const { name, figures } of analysis.series) {
    // Without its arm it is not known whether memory was given back.
    const evidence = seriesEvidence({ window }, undefined, figures, () => {
      throw new Error('figures have every percentile that is asked for');
    });
    for (const metric of metrics) {
      const { value, missing } = metric.of(evidence);
      if (value === null) throw new Error(`${metric.name} is missing: ${missing}`);
      values.set(`${name} ${metric.name}`, value);
    }
  }
  return values;
}

/** Every other stall is blocked in the kernel. The sampler looks during stalls. */
function recordOf(index, durations) {
  const records = [];
  const changes = [];
  const ticks_ns = [];
  let stalls = 0;
  durations.forEach((duration, k) => {
    if (duration < ms) return;
    const start_ns = k * interval_ns;
    records.push({
      thread: index,
      start_ns,
      end_ns: start_ns + duration,
      intended_ns: start_ns,
      bytes: 4096,
      call: null,
      crossed: false,
      runDelay_ns: 0,
      runDelayFrom_ns: start_ns,
      onCpu_ns: 0,
    });
    if (duration < threshold_ns) return;
    const state = (stalls += 1) % 2 === 0 ? 'S' : 'D';
    for (let at = start_ns; at < start_ns + duration; at += sample_ns) {
      if (at <= (ticks_ns.at(-1) ?? -1)) continue;
      changes.push({ tick: ticks_ns.length, time_ns: at, state, onCpu_ns: 0, runDelay_ns: 0 });
      ticks_ns.push(at);
    }
  });
  const counts = countsOfValues(durations);
  const long = durations.filter((duration) => duration >= threshold_ns);
  return {
    records,
    timeline: { pid: 1, tid: index + 1, comm: 'victim', changes, period_ns: sample_ns, ticks_ns },
    snapshot: {
      index,
      service: { ...counts, nBefore: counts.n, nAfter: counts.n },
      response: null,
      stall_n: long.length,
      stallSum_ns: long.reduce((a, b) => a + b, 0),
    },
  };
}

/** The sides are lists of runs from `syntheticRun`. */
export function inputsOf(a, b) {
  return [...a[0].keys()].map((key) => {
    const metric = metrics.find(({ name }) => key.endsWith(` ${name}`));
    return {
      key,
      a: a.map((run) => run.get(key)),
      b: b.map((run) => run.get(key)),
      margin: metric.margin(threshold_ns),
      refusal: null,
      origin: originsOf(a, b),
    };
  });
}

/** Two experiments, each of whose runs measured all series together. */
export function originsOf(a, b) {
  const of = (experiment, runs) => ({ experiment, arm: '', rounds: runs.map((_, round) => round) });
  return { a: of('a', a), b: of('b', b) };
}
