// What `pauselab observe` finds in a JVM that it did not start, and what it costs.
//
//   node bench/observe.mjs planted [CASE …] [--tries N] [--duration SECONDS] [--tier TIER]
//   node bench/observe.mjs cost [--rounds N]
//
// As root. `planted` causes stalls in bench/java/ObservedService.java, whose own log judges: of each operation of 50 ms
// and more in the log, was a stall of that thread seen over at least half of its time (found), and is its root the thread
// and the kind of cause that was planted (right)? A stall whose grade is likely or proven, and whose cause is another
// one, is wrong, unless it is a wait for a CPU or a safepoint: other programs run on this machine, and the service
// collects garbage.
//
// `cost` is CPU time per call of a loop of mprotect, observed and not observed in turns: in the target, and in another
// process beside the target.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { startObserver } from '../dist/observe/observer.js';
import { median } from '../dist/stats/median.js';

const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const main = file('../dist/main.js');
const bare = file('build/Release/pauselab-bench-bare');
const service = file('java/ObservedService.java');
const judged_ns = 50e6;
const alsoHere = ['not-scheduled', 'safepoint', 'gc-pause'];
const locks = ['mmap-lock-reader', 'mmap-lock-writer', 'mmap-lock-holder', 'vma-lock'];

/** Each begins what it plants beside the JVM `pid`, and returns what ends it. `isRight`: of a stall's cause. */
const cases = {
  smaps: {
    what: 'another process reads /proc/PID/smaps at nice 19 beside a busy loop',
    plant: (pid) => [
      ...busy(),
      start('nice', [
        '-n',
        '19',
        'taskset',
        '-c',
        '0',
        'sh',
        '-c',
        `while :; do cat /proc/${pid}/smaps > /dev/null; done`,
      ]),
    ],
    isRight: ({ cause, thread }) => locks.includes(cause) && thread?.name === 'cat' && thread.role === 'outside',
  },
  g1: {
    what: 'G1 gives heap back from a thread at nice 19 beside a busy loop',
    breathes: true,
    plant: (pid) => {
      for (const tid of tidsNamed(pid, 'G1 Service')) behindBusy(tid);
      for (const tid of tidsNamed(pid, 'VM Thread')) behindBusy(tid);
      return busy();
    },
    // A VM thread that has no CPU makes safepoints longer, too.
    isRight: ({ cause, thread }) =>
      [...locks, 'not-scheduled'].includes(cause) && ['G1 Service', 'VM Thread'].includes(thread?.name),
  },
  stop: {
    what: 'SIGSTOP for 80 ms',
    plant: (pid) => [
      start('sh', ['-c', `while :; do sleep 0.4; kill -STOP ${pid}; sleep 0.08; kill -CONT ${pid}; done`]),
    ],
    unplant: (pid) => process.kill(pid, 'SIGCONT'),
    isRight: ({ cause }) => cause === 'stopped',
  },
  queue: {
    what: 'a thread of real-time priority has the CPU of the workers for 80 ms at a time',
    plant: (pid) => {
      for (const name of ['worker-0', 'worker-1'])
        for (const tid of tidsNamed(pid, name)) run('taskset', ['-pc', '0', String(tid)]);
      const loop =
        'import time\nwhile True:\n  end=time.monotonic()+0.08\n  while time.monotonic()<end: pass\n  time.sleep(0.3)\n';
      return [start('chrt', ['-f', '10', 'taskset', '-c', '0', 'python3', '-c', loop])];
    },
    isRight: ({ cause }) => cause === 'not-scheduled',
  },
};

async function planted(chosen) {
  const all = { n: 0, found: 0, right: 0, wrong: 0 };
  for (const name of chosen) {
    const of = { n: 0, found: 0, right: 0, wrong: 0 };
    for (let number = 0; number < Number(values.tries); number += 1) add(of, await tryOf(cases[name]));
    add(all, of);
    process.stdout.write(`${name}: ${cases[name].what}\n  ${figures(of)}\n`);
  }
  process.stdout.write(`all: ${figures(all)}\n`);
}

const figures = ({ n, found, right, wrong }) =>
  n === 0
    ? 'no operation of 50 ms or more'
    : `${n} operations of 50 ms or more: ${found} found (${share(found, n)}), ${right} with the planted cause (${share(right, n)}), ${wrong} with another one that is likely or proven${wrong === 0 ? ` (bound 3/n: ${share(3, n)})` : ''}`;
const share = (part, n) => `${((100 * part) / n).toFixed(1)} %`;

function add(sum, one) {
  for (const key of Object.keys(sum)) sum[key] += one[key];
}

async function tryOf({ plant, unplant, breathes = false, isRight }) {
  const seconds = Number(values.duration);
  const folder = mkdtempSync(join(tmpdir(), 'pauselab-observed-'));
  const java = spawn(
    'java',
    ['-XX:+UseG1GC', '-Xmx768m', '-XX:-UsePerfData', service, String(seconds + 6), ...(breathes ? ['breathe'] : [])],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, MALLOC_MMAP_THRESHOLD_: '65536' } },
  );
  let log = '';
  java.stdout.setEncoding('utf8').on('data', (text) => (log += text));
  const ended = new Promise((done) => java.once('close', done));
  await sleep(3000);
  const planting = plant(java.pid);
  try {
    await sleep(500);
    const out = join(folder, 'bundle');
    const text = await output(process.execPath, [
      main,
      'observe',
      '--pid',
      String(java.pid),
      '--for',
      `${seconds}s`,
      '--out',
      out,
      '--json',
      ...(values.tier === undefined ? [] : ['--tier', values.tier]),
    ]);
    const observation = JSON.parse(text);
    for (const child of planting) end(child);
    unplant?.(java.pid);
    java.kill('SIGTERM');
    await ended;
    return judge(log, observation, isRight);
  } finally {
    for (const child of planting) end(child);
    java.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

function judge(log, { stalls, monotonicStart_ns, watched_ns }, isRight) {
  const result = { n: 0, found: 0, right: 0, wrong: 0 };
  for (const line of log.trim().split('\n')) {
    const [tid, at_ns, took_ns] = line.split(' ').map(Number);
    const begin = at_ns - monotonicStart_ns;
    // Whole inside of what was watched.
    if (!(took_ns >= judged_ns) || begin < 0 || begin + took_ns > watched_ns) continue;
    result.n += 1;
    const seen = stalls.filter(
      (stall) =>
        stall.thread.tid === tid && stall.start_ns < begin + took_ns && stall.start_ns + stall.duration_ns > begin,
    );
    const covered = seen.reduce(
      (sum, stall) =>
        sum + Math.min(stall.start_ns + stall.duration_ns, begin + took_ns) - Math.max(stall.start_ns, begin),
      0,
    );
    if (covered < took_ns / 2) continue;
    result.found += 1;
    const [longest] = seen.toSorted((a, b) => b.duration_ns - a.duration_ns);
    if (isRight(longest.cause)) {
      result.right += 1;
      continue;
    }
    // Looks show which lock it is, and no thread of another program: then nobody is named.
    const isNobody = longest.cause.cause === 'mmap-lock-holder' && longest.cause.thread === null;
    const isWrong = longest.cause.grade !== 'possible' && !alsoHere.includes(longest.cause.cause) && !isNobody;
    if (isWrong) result.wrong += 1;
    process.stderr.write(`${isWrong ? 'wrong' : 'not right'}: ${longest.cause.sentence} [${longest.cause.grade}]\n`);
  }
  return result;
}

/** CPU time of a call, in pairs: the same loop observed, or beside another process that is, and without an observer. */
async function cost(rounds) {
  const beside = start('sleep', ['1000000']);
  try {
    for (const [who, pidOf] of [
      ['target', (loop) => loop],
      ['bystander', () => beside.pid],
    ]) {
      const ratios = [];
      for (let round = 0; round < rounds; round += 1) {
        const bare = await perCall(null);
        ratios.push((await perCall(pidOf)) / bare);
      }
      const sorted = ratios.toSorted((a, b) => a - b);
      process.stdout.write(
        `mprotect back to back in the ${who}: ${median(sorted).toFixed(3)} times (${sorted[0].toFixed(3)} to ${sorted.at(-1).toFixed(3)}, ${rounds} pairs)\n`,
      );
    }
  } finally {
    end(beside);
  }
}

async function perCall(pidOf) {
  const loop = spawn(bare, ['mprotect', '3'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = textOf(loop);
  const observer =
    pidOf === null
      ? null
      : await startObserver({ pids: [pidOf(loop.pid)], detail_ns: 1e6, threshold_ns: 20e6, onRecord: () => undefined });
  const { n, cpu_ns } = JSON.parse(await ended);
  await observer?.finish();
  return cpu_ns / n;
}

function start(program, args) {
  return spawn(program, args, { stdio: 'ignore', detached: true });
}

const busy = () => [start('taskset', ['-c', '0', 'sh', '-c', 'while :; do :; done'])];

function behindBusy(tid) {
  run('renice', ['-n', '19', '-p', String(tid)]);
  run('taskset', ['-pc', '0', String(tid)]);
}

function run(program, args) {
  execFileSync(program, args, { stdio: 'ignore' });
}

/** It is a process group of its own. */
function end(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

function tidsNamed(pid, name) {
  return readdirSync(`/proc/${pid}/task`).filter(
    (tid) => readFileSync(`/proc/${pid}/task/${tid}/comm`, 'utf8').trimEnd() === name.slice(0, 15),
  );
}

async function output(program, args) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const text = await textOf(child);
  if (child.exitCode !== 0) throw new Error(`${program} ended with ${child.exitCode}`);
  return text;
}

async function textOf(child) {
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece) => (text += piece));
  await new Promise((done) => child.once('close', done));
  return text;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tries: { type: 'string', default: '1' },
    duration: { type: 'string', default: '12' },
    rounds: { type: 'string', default: '8' },
    tier: { type: 'string' },
  },
});
const [command, ...names] = positionals;
const unknown = names.find((name) => !Object.hasOwn(cases, name));
if (!['planted', 'cost'].includes(command) || unknown !== undefined) {
  process.stderr.write(
    `expected: node bench/observe.mjs planted [${Object.keys(cases).join('] [')}] [--tries N] [--tier TIER], or cost${unknown === undefined ? '' : `; got the case ${unknown}`}\n`,
  );
  process.exitCode = 2;
} else if (command === 'planted') await planted(names.length > 0 ? names : Object.keys(cases));
else await cost(Number(values.rounds));
