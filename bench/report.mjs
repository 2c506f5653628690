// `pauselab report` of a run of an hour with 12 series (86,400 histograms, service and response time) and 2,000 stalls:
// wall and CPU time of the whole command, its memory and the size of the page. node bench/report.mjs [--tries 5]
//
// The bundle is made from a seed: each second of each series is one of 50 prepared seconds, of some 400 distinct
// values. An interval of priority-inversion has 370.
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createBundle } from '../dist/bundle/store.js';
import { loadResolved } from '../dist/profile/written/load.js';
import { countsOfValues } from '../dist/record/histogram/counts.js';
import { serviceFigures } from '../dist/record/histogram/figures.js';
import { distributionOf } from '../dist/record/histogram/histogram.js';
import { hlogHead, hlogLine } from '../dist/record/histogram/hlog.js';
import { median } from '../dist/stats/median.js';
import { seededRandom } from '../dist/stats/prng.js';
import { normal } from './compare/synthetic.mjs';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
/** A native profile; its name and arms are replaced. */
const profile = await loadResolved('priority-inversion');
const { values } = parseArgs({ options: { tries: { type: 'string', default: '5' } } });
const names = Array.from({ length: 12 }, (_, i) => `series-${i}`);
const ms = 1_000_000;
const folder = mkdtempSync(join(tmpdir(), 'pauselab-bench-report-'));

try {
  const bundle = join(folder, 'hour');
  write(bundle);
  const page = join(folder, 'page.html');
  const tries = Array.from({ length: Number(values.tries) }, () => once(bundle, page));
  const of = (kind, unit, digits) => {
    const all = tries.map((one) => one[kind]);
    return `${median(all).toFixed(digits)} ${unit} (${Math.min(...all).toFixed(digits)} to ${Math.max(...all).toFixed(digits)})`;
  };
  process.stdout.write(
    `a report of 1 h × ${names.length} series: wall ${of('wall_s', 's', 1)}, CPU ${of('cpu_s', 's', 1)}, ${of('memory_MB', 'MB', 0)}, page ${(statSync(page).size / 1e6).toFixed(1)} MB; medians of ${tries.length}; load average ${loadavg()[0].toFixed(1)}; targets: 10 s, 500 MB, 5 MB\n`,
  );
} finally {
  rmSync(folder, { recursive: true });
}

/** The command reports at its end what it used. */
function once(bundle, page) {
  const tell =
    'data:text/javascript,process.on("exit",()=>{const{maxRSS,userCPUTime,systemCPUTime}=process.resourceUsage();process.stderr.write(JSON.stringify({memory_MB:maxRSS/1024,cpu_s:(userCPUTime+systemCPUTime)/1e6})+"\\n")})';
  const start_ns = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, ['--import', tell, main, 'report', bundle, '-o', page], {
    encoding: 'utf8',
  });
  const wall_s = Number(process.hrtime.bigint() - start_ns) / 1e9;
  if (status !== 0) throw new Error(`the report failed: ${stderr}`);
  return { wall_s, ...JSON.parse(stderr.trim().split('\n').at(-1)) };
}

function write(path) {
  const random = seededRandom(1);
  const seconds = Array.from({ length: 50 }, () =>
    countsOfValues(
      Array.from({ length: 628 }, () => Math.floor(5_000 * Math.exp((random() < 0.05 ? 3 : 0.15) * normal(random)))),
    ),
  );
  const bodies = seconds.map((counts) => hlogLine('x', 0, 1e9, counts).split(',').slice(2).join(','));
  const store = createBundle(path);
  store.writeManifest({
    schemaVersion: 1,
    tool: { name: 'pauselab', version: '0' },
    argv: [],
    startedAt: '2026-01-01T00:00:00.000Z',
    seed: 1,
    profileHash: '',
    profile: { ...profile, name: 'hour', arms: [{ ...profile.arms.at(-1), name: 'free' }] },
    host: { kernel: '6.18.0', cpus: [0, 1] },
    calibration: [],
    order: [],
    spoiledBy: {},
    kernels: [],
  });
  const service = serviceFigures(distributionOf(seconds[0]));
  const stalls = {
    threshold_ns: 100 * ms,
    count: 0,
    blocked_count: 0,
    unseen_count: 0,
    longest_ns: 0,
    longest_blocked_ns: 0,
    total_ns: 0,
    stalled_share: 0,
    blocked_share: 0,
    mutex_count: 0,
    longest_mutex_ns: 0,
    mutex_share: 0,
  };
  const run = {
    schemaVersion: 1,
    name: '000-free',
    arm: 'free',
    kernel: null,
    repetition: 0,
    status: 'complete',
    failure: null,
    spoiled: [],
    degraded: [],
    startedAt: '2026-01-01T00:00:00.000Z',
    window: { windowStart_ns: 0, windowEnd_ns: 3600e9, drainEnd_ns: 3600e9 },
    regionBytes: 0,
    machine: { foreignLoad_share: 0, steal_share: 0, clockSource: 'tsc', clockSourceChanged: false },
    autogroup: null,
    memoryLocked: true,
    layout: null,
    priorities: [],
    holder: null,
    jvm: null,
    series: names.map((name) => ({
      name,
      service,
      response: service,
      stalls,
      unserved: 0,
      inflight_ns: null,
      saturated: false,
      refused: {},
      exhausted: 0,
      lost_records: 0,
    })),
  };
  store.writeRun(run, {
    'stalls.json': JSON.stringify({
      schemaVersion: 1,
      trace: null,
      slow: [],
      stalls: Array.from({ length: 2000 }, (_, i) =>
        stallOf(names[i % names.length], i * 1_700 * ms, (100 + ((i * 37) % 900)) * ms),
      ),
    }),
    'histograms.hlog': hlogHead(0),
  });
  const log = join(path, 'runs', run.name, 'histograms.hlog');
  for (let second = 0; second < 3600; second += 1)
    appendFileSync(
      log,
      names
        .flatMap((name, i) =>
          ['service', 'response'].map(
            (time, k) => `Tag=${name}.${time},${second}.000,${bodies[(second * 7 + i * 2 + k) % bodies.length]}`,
          ),
        )
        .join(''),
    );
}

function stallOf(series, start_ns, duration_ns) {
  const thread = { name: series, tid: 11, role: 'victim', nice: 0 };
  const holder = { name: 'holder', tid: 12, role: 'holder', nice: 19 };
  const times = { start_ns, end_ns: start_ns + duration_ns };
  const sentence = `${series} waited for mmap_lock, held for reading by \`holder\``;
  const blamed = { cause: 'mmap-lock-reader', grade: 'likely', lock: 'mmap_lock read', thread: holder, sentence };
  const spans = (activity) =>
    Array.from({ length: 60 }, (_, i) => ({
      start_ns: start_ns + (i * duration_ns) / 60,
      end_ns: start_ns + ((i + 1) * duration_ns) / 60,
      activity: i % 2 === 0 ? activity : 'unobserved',
    }));
  return {
    series,
    start_ns,
    duration_ns,
    intended_ns: start_ns,
    stillRunning: false,
    recorded: true,
    states: 'D×60',
    stateShares: { D: 1 },
    dominant: 'D',
    ownRunDelayAtMost_ns: 0,
    overlappingHolderCalls: [],
    overlappingHolderCalls_n: 0,
    thread,
    chain: [{ ...times, duration_ns, ...blamed, call: 'madvise_free', via: [], holder: null, cpuTakenBy: [] }],
    cause: { ...blamed, duration_ns },
    causeWithoutTrace: null,
    evidence: {
      sources: ['states'],
      threads: [
        { thread, states: 'D×60', onCpu_ns: 0, runDelay_ns: 0, spans: spans('blocked') },
        { thread: holder, states: 'R×60', onCpu_ns: 0, runDelay_ns: duration_ns, spans: spans('runnable') },
      ],
      events: [],
      systemCall: null,
      steal_share: 0,
      stacks: [],
      missing: [],
    },
  };
}
