// (f) What probes and board cost the JVM that they are in: its CPU time per request of the request service in a closed
// loop, with and without the probes beside it, in turns. In both the service's seat counts its requests.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findJdks } from '../dist/host/jdks.js';
import { takeSnapshot } from '../dist/record/board/snapshot.js';
import { median } from '../dist/stats/median.js';
import { programs, startProgram } from '../dist/workload/programs.js';
import { createRuntimeFolder } from '../dist/workload/runtime-folder.js';
import { readyBoard } from './lib/engine.mjs';
import { ratioOf, ratiosOf } from './lib/ratio.mjs';

const file = (name) => fileURLToPath(new URL(name, import.meta.url));
const pairs = 11;
const warmup_s = 1;
const window_s = 2;
/** The unit of times in /proc/<pid>/stat. */
const tick_ns = 1e7;

/** Back to back: a closed loop. */
const service = { name: 'app.request', operation: 'request', interval_ns: 0, keys: 'live_bytes=8388608' };
/** At the rates of the shipped profiles. */
const probes = [
  { name: 'writer.mmap_munmap', operation: 'mmap_munmap', interval_ns: 1_000_000, keys: '' },
  { name: 'reader.first_fault', operation: 'first_fault', interval_ns: 5_000_000, keys: 'pool=2000' },
  { name: 'control.timer', operation: 'timer', interval_ns: 5_000_000, keys: '' },
];

export async function measureProbes() {
  const { jdks } = await findJdks();
  const ratios = [];
  for (const { java, version, feature } of jdks) if (feature >= 17) ratios.push(await compare(java, version));
  return {
    notes: ['probes: mmap_munmap 1000/s, first_fault 200/s, timer 200/s, as in the profile g1-uncommit'],
    ratios,
  };
}

async function compare(java, version) {
  const withProbes_ns = [];
  const without_ns = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    for (const isWith of pair % 2 === 0 ? [true, false] : [false, true]) {
      (isWith ? withProbes_ns : without_ns).push(
        await costOfRequest_ns(java, isWith ? [service, ...probes] : [service]),
      );
    }
  }
  return ratioOf(`JDK ${version}: CPU time per request, with probes`, ratiosOf(withProbes_ns, without_ns), {
    figures: { with_ns: median(withProbes_ns), without_ns: median(without_ns) },
  });
}

async function costOfRequest_ns(java, seats) {
  const folder = createRuntimeFolder();
  const at = (name) => join(folder.path, name);
  const started = [];
  try {
    writeFileSync(
      at('engine.plan'),
      [
        `board path=${at('board')} threshold_ns=100000000`,
        ...seats.map(
          ({ name, interval_ns }) => `joined role=victim name=${name} interval_ns=${interval_ns} offset_ns=0`,
        ),
        '',
      ].join('\n'),
    );
    const paths = [
      `board path=${at('board')}`,
      `report path=${at('jvm.json')}`,
      `native path=${file('../native/build/Release/libpauselab-jvm.so')}`,
    ];
    writeFileSync(
      at('jvm.plan'),
      [
        ...paths,
        ...seats.map(({ name, operation, keys }) => `probe name=${name} operation=${operation} ${keys}`),
        '',
      ].join('\n'),
    );
    const engine = await startProgram(
      programs.engine(),
      ['run', at('engine.plan')],
      at('engine.out'),
      at('engine.err'),
    );
    started.push(engine);
    const readyJvm = startJvm(java, at);
    started.push(readyJvm);
    const board = await readyBoard(at('board'), engine);
    const go_ns = process.hrtime.bigint();
    const windowStart_ns = go_ns + BigInt(warmup_s * 1e9);
    const windowEnd_ns = windowStart_ns + BigInt((window_s + 5) * 1e9);
    board.go({ go_ns, windowStart_ns, windowEnd_ns, drainEnd_ns: windowEnd_ns });
    await sleep((warmup_s + 0.1) * 1000);
    const before = reading(board, readyJvm.pid);
    await sleep(window_s * 1000);
    const after = reading(board, readyJvm.pid);
    return (after.cpu_ns - before.cpu_ns) / (after.requests - before.requests);
  } finally {
    for (const program of started) program.kill('SIGKILL');
    folder.remove();
  }
}

function startJvm(java, at) {
  const log = openSync(at('jvm.log'), 'w');
  const jvm = spawn(
    java,
    [
      '--enable-native-access=ALL-UNNAMED',
      '-XX:+PerfDisableSharedMem',
      '-XX:+UseSerialGC',
      '-Xms128m',
      '-Xmx128m',
      '-cp',
      file('../jvm-workloads/build/pauselab.jar'),
      'pauselab.Workload',
      at('jvm.plan'),
    ],
    { stdio: ['ignore', log, log] },
  );
  closeSync(log);
  return jvm;
}

/** CPU time of all its threads, ended ones too, and the service's requests. */
function reading(board, pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const index = board.series.findIndex(({ name }) => name === service.name);
  return {
    cpu_ns: (Number(fields[14 - 3]) + Number(fields[15 - 3])) * tick_ns,
    requests: takeSnapshot(board).series[index].service.n,
  };
}
