// Whether two ways of observing say the same of the same stalls.
//
//   node bench/observe-tiers.mjs [inversion] [smaps] [--tries N] [--duration SECONDS]
//
// As root. eBPF and tracefs observe one process at the same time: the engine of `run priority-inversion`, or
// bench/java/observed/ObservedService.java while another process reads its smaps at nice 19 beside a busy loop. A stall
// agrees if the other tier has a stall of that thread over at least half of its time (found), with the same cause and
// the same thread at the root (alike).
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const main = file('../dist/main.js');
const threshold = '20ms';

/** Each starts what is observed, and returns its pid and what has to end. */
const cases = {
  async inversion(folder, seconds) {
    const settings = ['stall.aim=400ms', 'holder.nice=17', 'spoiled.foreignLoad=100%', 'spoiled.steal=100%'];
    const run = start(process.execPath, [
      ...[main, 'run', 'priority-inversion', '--arm', 'free-across-vmas', '--runs', '1'],
      ...['--duration', `${seconds + 8}s`, '--out', join(folder, 'run')],
      ...settings.flatMap((setting) => ['--set', setting]),
    ]);
    return { pid: await engineOf(run.pid), children: [run] };
  },
  async smaps(_, seconds) {
    const java = start('java', ['-XX:+UseG1GC', '-Xmx768m', file('java/ObservedService.java'), String(seconds + 10)]);
    await sleep(3000);
    const reader = `while :; do cat /proc/${java.pid}/smaps > /dev/null; done`;
    return {
      pid: java.pid,
      children: [
        start('taskset', ['-c', '0', 'sh', '-c', 'while :; do :; done']),
        start('nice', ['-n', '19', 'taskset', '-c', '0', 'sh', '-c', reader]),
        java,
      ],
    };
  },
};

/** The engine whose holder works now: pauselab calibrates with other ones before. */
async function engineOf(runner) {
  for (;;) {
    await sleep(100);
    for (const name of readdirSync('/dev/shm')) {
      if (!name.startsWith(`pauselab-run-${runner}-`)) continue;
      const plan = textOf(join('/dev/shm', name, 'engine.plan'));
      const pid = engines(runner).at(-1);
      if (/^holder .*vmas=2 .*active=1/m.test(plan) && pid !== undefined) return Number(pid);
    }
  }
}

function engines(runner) {
  try {
    return execFileSync('pgrep', ['-P', String(runner), 'pauselab-engine'], { encoding: 'utf8' })
      .trim()
      .split('\n');
  } catch {
    return [];
  }
}

function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

async function tryOf(plant) {
  const seconds = Number(values.duration);
  const folder = mkdtempSync(join(tmpdir(), 'pauselab-tiers-'));
  const { pid, children } = await plant(folder, seconds);
  try {
    const [ebpf, tracefs] = await Promise.all(
      ['ebpf', 'tracefs'].map((tier) => observed(tier, pid, seconds, join(folder, tier))),
    );
    return { ebpf: agreement(ebpf, tracefs, 'eBPF'), tracefs: agreement(tracefs, ebpf, 'tracefs') };
  } finally {
    for (const child of children) end(child);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function observed(tier, pid, seconds, out) {
  const child = spawn(
    process.execPath,
    [
      ...[main, 'observe', '--tier', tier, '--pid', String(pid), '--for', `${seconds}s`],
      ...['--threshold', threshold, '--out', out, '--json'],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece) => (text += piece));
  await new Promise((done) => child.once('close', done));
  return JSON.parse(text);
}

/** Of stalls of `one` that lie inside of what `other` watched. */
function agreement(one, other, name) {
  const shift = one.monotonicStart_ns - other.monotonicStart_ns;
  const result = { n: 0, found: 0, alike: 0 };
  for (const stall of one.stalls) {
    const begin = stall.start_ns + shift;
    const end = begin + stall.duration_ns;
    // Half a threshold more, because the other one may see a stall at the threshold a little shorter.
    if (stall.duration_ns < 30e6 || stall.stillRunning || stall.start_ns === 0) continue;
    if (begin < 0 || end > other.watched_ns) continue;
    result.n += 1;
    const [same] = other.stalls
      .filter(({ thread }) => thread.tid === stall.thread.tid)
      .map((twin) => ({
        twin,
        shared_ns: Math.min(end, twin.start_ns + twin.duration_ns) - Math.max(begin, twin.start_ns),
      }))
      .filter(({ shared_ns }) => shared_ns >= stall.duration_ns / 2)
      .toSorted((a, b) => b.shared_ns - a.shared_ns);
    if (same === undefined) {
      process.stderr.write(`only ${name}: ${stall.cause.sentence}\n`);
      continue;
    }
    result.found += 1;
    if (same.twin.cause.cause === stall.cause.cause && same.twin.cause.thread?.tid === stall.cause.thread?.tid)
      result.alike += 1;
    else process.stderr.write(`${name}: ${stall.cause.sentence}\n  but: ${same.twin.cause.sentence}\n`);
  }
  return result;
}

function start(program, args) {
  return spawn(program, args, { stdio: 'ignore', detached: true });
}

/** It is a process group of its own. */
function end(child) {
  try {
    process.kill(-child.pid, 'SIGTERM');
  } catch {
    // It has ended.
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { tries: { type: 'string', default: '2' }, duration: { type: 'string', default: '8' } },
});
const chosen = positionals.length > 0 ? positionals : Object.keys(cases);
const unknown = chosen.find((name) => !Object.hasOwn(cases, name));
if (unknown !== undefined) {
  process.stderr.write(`expected: ${Object.keys(cases).join(' or ')}; got ${unknown}\n`);
  process.exitCode = 2;
} else
  for (const name of chosen) {
    const sums = { ebpf: { n: 0, found: 0, alike: 0 }, tracefs: { n: 0, found: 0, alike: 0 } };
    for (let number = 0; number < Number(values.tries); number += 1) {
      for (const [tier, figures] of Object.entries(await tryOf(cases[name])))
        for (const key of Object.keys(figures)) sums[tier][key] += figures[key];
    }
    for (const [tier, { n, found, alike }] of Object.entries(sums))
      process.stdout.write(`${name}: ${n} stalls of ${tier}; the other tier found ${found} of them, ${alike} alike\n`);
  }
