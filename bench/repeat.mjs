// Whether the laboratory repeats what `pauselab observe` saw: a planted cause is observed, `profile from` makes a profile
// of the observation, and `run` says whether the planted root came back: the same cause by the same kind of thread.
//
//   node bench/repeat.mjs [CASE …] [--tries N] [--seconds N]
//
// As root, with java and python3. The targets are programs that pauselab did not start.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { median } from '../dist/stats/median.js';

const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const main = file('../dist/main.js');

/**
 * Each starts a target that lives for so many seconds, and plants what stalls it. `isPlanted`: of a root of the
 * observation. `by`: the threads of the laboratory that are to be to blame.
 */
const cases = {
  across: {
    what: 'madvise(DONTNEED) over two VMAs at nice 19 beside a busy loop',
    start: (seconds) => start('python3', [file('python/advice.py'), String(seconds), 'across']),
    plant: busy,
    isPlanted: ({ cause, thread }) => cause === 'mmap-lock-reader' && thread?.name === 'releaser',
    by: 'holder',
  },
  inside: {
    what: 'the same inside one VMA, and a thread that changes this VMA',
    start: (seconds) => start('python3', [file('python/advice.py'), String(seconds), 'inside']),
    plant: busy,
    isPlanted: ({ cause, thread }) => cause === 'vma-lock' && thread?.name === 'releaser',
    by: 'holder',
  },
  smaps: {
    what: 'another process reads /proc/PID/smaps of a JVM at nice 19 beside a busy loop',
    start: (seconds) => service(seconds),
    plant: (pid) => [
      ...busy(),
      start('nice', ['-n', '19', ...onFirst, 'sh', '-c', `while :; do cat /proc/${pid}/smaps > /dev/null; done`]),
    ],
    isPlanted: ({ cause, thread }) => cause === 'mmap-lock-reader' && thread?.name === 'cat',
    by: 'holder',
  },
  g1: {
    what: 'G1 gives heap back from a thread at nice 19 beside a busy loop',
    start: (seconds) => service(seconds, 'breathe'),
    plant: (pid) => {
      for (const tid of tidsNamed(pid, 'G1 Service')) {
        run('renice', ['-n', '19', '-p', tid]);
        run('taskset', ['-pc', '0', tid]);
      }
      return busy();
    },
    isPlanted: ({ cause, thread }) => cause === 'mmap-lock-writer' && thread?.name === 'G1 Service',
    by: 'G1 Service',
  },
  queue: {
    what: 'a real-time thread has the CPU of the workers for 80 ms at a time',
    start: (seconds) => service(seconds),
    plant: (pid) => {
      for (const name of ['worker-0', 'worker-1'])
        for (const tid of tidsNamed(pid, name)) run('taskset', ['-pc', '0', tid]);
      const loop =
        'import time\nwhile True:\n  end=time.monotonic()+0.08\n  while time.monotonic()<end: pass\n  time.sleep(0.3)\n';
      return [start('chrt', ['-f', '10', ...onFirst, 'python3', '-c', loop])];
    },
    isPlanted: ({ cause }) => cause === 'not-scheduled',
    by: 'hog-*',
    // Who has the CPU is seen by a trace.
    trace: true,
  },
  stop: {
    what: 'SIGSTOP for 80 ms, which no workload makes: it has to be listed',
    start: (seconds) => service(seconds),
    plant: (pid) => [
      start('sh', ['-c', `while :; do sleep 0.4; kill -STOP ${pid}; sleep 0.08; kill -CONT ${pid}; done`]),
    ],
    isPlanted: ({ cause }) => cause === 'stopped',
    isListed: true,
  },
};

const onFirst = ['taskset', '-c', '0'];

function busy() {
  return [start('taskset', ['-c', '0', 'sh', '-c', 'while :; do :; done'])];
}

function service(seconds, ...more) {
  const java = ['-XX:+UseG1GC', '-Xmx768m', '-XX:-UsePerfData', file('java/ObservedService.java'), String(seconds)];
  return start('java', [...java, ...more], { ...process.env, MALLOC_MMAP_THRESHOLD_: '65536' });
}

async function repeat(name, tries) {
  const results = [];
  for (let number = 0; number < tries; number += 1) results.push(await tryOf(cases[name]));
  const good = results.filter(({ outcome }) => ['repeated', 'listed'].includes(outcome));
  const lengths = results.flatMap(({ ratio }) => ratio ?? []);
  process.stdout.write(
    `${name}: ${cases[name].what}\n  ${good.length} of ${tries} tries: ${results.map(({ outcome }) => outcome).join(', ')}${lengths.length === 0 ? '' : `; a stall of the run is ${median(lengths).toFixed(2)} times as long as the observed one (${lengths.map((one) => one.toFixed(2)).join(', ')})`}\n`,
  );
}

async function tryOf({ start: startTarget, plant, isPlanted, by, isListed = false, trace = false }) {
  const seconds = Number(values.seconds);
  const folder = mkdtempSync(join(tmpdir(), 'pauselab-repeated-'));
  const target = startTarget(seconds + 8);
  const planting = [];
  try {
    await sleep(3000);
    planting.push(...plant(target.pid));
    await sleep(500);
    const observed = join(folder, 'observed');
    const seen = await pauselab(['observe', '--pid', String(target.pid), '--for', `${seconds}s`, '--out', observed]);
    for (const child of [...planting, target]) end(child);
    const { reasons } = JSON.parse(readFileSync(join(observed, 'observation.json'), 'utf8'));
    if (seen.code !== 0 || !reasons.some(isPlanted)) return { outcome: 'not-observed' };
    const profile = join(folder, 'mine.yaml');
    const made = await pauselab(['profile', 'from', observed, '-o', profile, '--json']);
    // Where nothing else stalled it, there is no profile.
    if (made.code !== 0) return { outcome: isListed && made.code === 2 ? 'listed' : 'no-profile' };
    const { arms, notRepeated } = JSON.parse(made.text);
    const { cause, thread } = reasons.find(isPlanted);
    const isAlike = (root) => root.cause === cause && root.thread === (thread?.name ?? null);
    if (isListed) return { outcome: notRepeated.some(isAlike) ? 'listed' : 'not-listed' };
    const arm = arms.find(({ root }) => isAlike(root));
    return arm === undefined ? { outcome: 'no-arm' } : await repeated(profile, arm, { by, trace });
  } finally {
    for (const child of [...planting, target]) end(child);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function repeated(profile, { name, expects }, { by, trace }) {
  if (expects.by !== by) return { outcome: 'other-thread' };
  const { text } = await pauselab([
    ...['run', profile, '--arm', name, '--runs', '1', '--duration', '6s', '--out', `${profile}.run`, '--json'],
    ...(trace ? ['--trace'] : []),
    // Other programs run beside it: what is asked is whether the root is the same, and not how often it comes.
    ...['--set', 'spoiled.foreignLoad=100%', '--set', 'spoiled.steal=100%'],
  ]);
  if (text === '') return { outcome: 'run-failed' };
  const [{ code, sentence, median_ns, observedMedian_ns }] = JSON.parse(text).expected;
  process.stderr.write(`${sentence}\n`);
  return { outcome: code, ...(median_ns === null ? {} : { ratio: [median_ns / observedMedian_ns] }) };
}

function start(program, args, env = process.env) {
  return spawn(program, args, { stdio: 'ignore', detached: true, env });
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

async function pauselab(args) {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  let complaints = '';
  child.stdout.setEncoding('utf8').on('data', (piece) => (text += piece));
  child.stderr.setEncoding('utf8').on('data', (piece) => (complaints += piece));
  await new Promise((done) => child.once('close', done));
  // A run that is inconclusive has a result.
  if (text === '') process.stderr.write(`${args[0]}: ${complaints.trim().split('\n').at(-1)}\n`);
  return { text, code: child.exitCode };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { tries: { type: 'string', default: '5' }, seconds: { type: 'string', default: '10' } },
});
const unknown = positionals.find((name) => !Object.hasOwn(cases, name));
if (unknown !== undefined) {
  process.stderr.write(
    `expected: node bench/repeat.mjs [${Object.keys(cases).join('] [')}] [--tries N]; got ${unknown}\n`,
  );
  process.exitCode = 2;
} else
  for (const name of positionals.length > 0 ? positionals : Object.keys(cases))
    await repeat(name, Number(values.tries));
