// A gate of 2 × 20 runs, wall and CPU time of the whole command: node bench/compare/gate.mjs
//
// The bundles are made from a seed: arms × series with the figures and the whole histogram logs of an experiment.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createBundle } from '../../dist/bundle/store.js';
import { loadResolved } from '../../dist/profile/written/load.js';
import { countsOfValues } from '../../dist/record/histogram/counts.js';
import { serviceFigures } from '../../dist/record/histogram/figures.js';
import { distributionOf } from '../../dist/record/histogram/histogram.js';
import { hlogHead, hlogLine } from '../../dist/record/histogram/hlog.js';
import { median } from '../../dist/stats/median.js';
import { seededRandom } from '../../dist/stats/prng.js';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
/** A native profile; its name and arms are replaced. */
const profile = await loadResolved('priority-inversion');
const runs = 20;
const arms = ['one', 'two', 'three'];
const series = ['writer.mprotect', 'writer.mmap_munmap', 'reader.first_fault', 'control.timer'];
const folder = mkdtempSync(join(tmpdir(), 'pauselab-bench-gate-'));

try {
  write(join(folder, 'before'), 1);
  write(join(folder, 'after'), 2);
  const times = Array.from({ length: 7 }, () => timesOnce());
  const of = (kind) => {
    const all = times.map((one) => one[kind]);
    return `${median(all).toFixed(0)} ms (${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)})`;
  };
  const { checks, exit } = once();
  process.stdout.write(
    `a gate of 2 × ${runs} runs of ${arms.length} arms × ${series.length} series, ${checks} comparisons, exit ${exit}; medians of 7: wall ${of('wall_ms')}, CPU ${of('cpu_ms')}; load average ${loadavg()[0].toFixed(1)}; target: wall at most 2000 ms\n`,
  );
} finally {
  rmSync(folder, { recursive: true });
}

function gateArguments() {
  return [main, 'gate', '--baseline', join(folder, 'before'), '--candidate', join(folder, 'after'), '--json'];
}

function once() {
  const { stdout, status } = spawnSync(process.execPath, gateArguments(), { encoding: 'utf8', maxBuffer: 2 ** 28 });
  return { checks: JSON.parse(stdout).suites[0].checks.length, exit: status };
}

/** CPU time, user and system, from bash's `times` of its children. */
function timesOnce() {
  const start_ns = process.hrtime.bigint();
  const { status, error, stdout } = spawnSync(
    'bash',
    ['-c', '"$0" "$@" > /dev/null; code=$?; times; exit $code', process.execPath, ...gateArguments()],
    { encoding: 'utf8' },
  );
  const wall_ms = Number(process.hrtime.bigint() - start_ns) / 1e6;
  if (error !== undefined || ![0, 3, 4].includes(status)) throw error ?? new Error(`the gate ended with ${status}`);
  const cpu_ms = [...(stdout.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + 60_000 * minutes + 1000 * seconds,
    0,
  );
  return { wall_ms, cpu_ms };
}

function write(path, seed) {
  const random = seededRandom(seed);
  const store = createBundle(path);
  const startedAt = '2026-01-01T00:00:00.000Z';
  store.writeManifest({
    schemaVersion: 2,
    tool: { name: 'pauselab', version: '0' },
    argv: [],
    startedAt,
    seed,
    profileHash: '',
    profile: { ...profile, name: 'bench', arms: arms.map((name) => ({ ...profile.arms.at(-1), name })) },
    host: { kernel: '6.18.0', cpus: [0, 1] },
    calibration: [],
    order: [],
    spoiledBy: {},
  });
  const all = Array.from({ length: runs }, (_, i) => arms.map((arm) => ({ arm, repetition: i + 1 }))).flat();
  all.forEach(({ arm, repetition }, i) => {
    const measured = series.map((name) => measureOne(name, random));
    store.writeRun(
      {
        schemaVersion: 2,
        name: `${String(i).padStart(3, '0')}-${arm}`,
        arm,
        repetition,
        status: 'complete',
        failures: [],
        disturbances: [],
        degraded: [],
        startedAt,
        window: { windowStart_ns: 0, windowEnd_ns: 30e9, drainEnd_ns: 30e9 },
        regionBytes: 0,
        machine: { steal_share: 0, foreignLoad_share: 0, clockSource: 'tsc', clockSourceChanged: false },
        autogroup: null,
        memoryLocked: true,
        layout: null,
        priorities: [],
        holder: null,
        jvm: null,
        churn: null,
        series: measured.map(({ figures }) => figures),
      },
      { 'histograms.hlog': hlogHead(0) + measured.map(({ lines }) => lines).join('') },
    );
  });
  store.writeSummary({
    schemaVersion: 2,
    profile: 'bench',
    kernel: '6.18.0',
    status: 'complete',
    threshold_ns: 1e8,
    verdict: '',
    findings: [],
    notes: [],
    degraded: [],
    arms: [],
  });
}

function measureOne(name, random) {
  const values = Array.from({ length: 3000 }, () => Math.round(20_000 * Math.exp(random() + random() - 1)));
  const stalls = Array.from({ length: Math.floor(4 * random()) }, () => Math.round((100 + 900 * random()) * 1e6));
  const service = serviceFigures(distributionOf(countsOfValues([...values, ...stalls])));
  const total_ns = stalls.reduce((sum, one) => sum + one, 0);
  const longest_ns = Math.max(0, ...stalls);
  const line = hlogLine(`${name}.service`, 0, 1e9, countsOfValues(values));
  return {
    lines: line.repeat(30),
    figures: {
      name,
      service,
      response: service,
      unserved: 0,
      inflight_ns: null,
      saturated: false,
      refused: {},
      exhausted: 0,
      lost_records: 0,
      stalls: {
        threshold_ns: 1e8,
        count: stalls.length,
        blocked_count: stalls.length,
        unseen_count: 0,
        longest_ns,
        longest_blocked_ns: longest_ns,
        total_ns,
        stalled_share: total_ns / 30e9,
        blocked_share: total_ns / 30e9,
      },
    },
  };
}
