// What observing costs whom, for bench/observe.mjs: pairs in turns, not observed and observed, and the programs in the
// kernel by the kernel's own count. The native programs are those of bench/native.
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL, fileURLToPath } from 'node:url';

import { median } from '../../dist/stats/median.js';
import { lastCpu } from './cpu.mjs';
import { start } from './planted-cases.mjs';
import { ratioOf, ratiosOf } from './ratio.mjs';
import { lineOf } from './report.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = (name) => join(root, `bench/build/Release/pauselab-bench-${name}`);
const say = (text) => process.stdout.write(`${text}\n`);
const threshold_ns = 20e6;
/** Of the service: a slice, requests a second, the computing of each, and pairs of slices that one process has. */
const service = { seconds: 2, rate: 4000, work_us: 50, pairs: 10 };

/** Subjects by name; each measures and prints. `tree` is the pauselab that observes. */
export const costs = { mprotect, switching, service: ofService, observer, programs };

/** The same loop without an observer, and observed, or beside another process that is, by each tier. */
async function mprotect({ rounds, trees: [tree] }) {
  const tiers = { eBPF: tree.watch, tracefs: tree.watchByTracefs };
  await besideSleeper(async (sleeper) => {
    for (const [who, pidOf, target] of [
      ['target', (loop) => loop, 1.2],
      ['bystander', () => sleeper, 1.02],
    ]) {
      const bare = [];
      const seen = { eBPF: [], tracefs: [] };
      for (let round = 0; round < rounds; round += 1) {
        bare.push(await perCall(pidOf, null));
        for (const [name, watch] of Object.entries(tiers)) seen[name].push(await perCall(pidOf, watch));
      }
      for (const [name, of] of Object.entries(seen))
        say(
          lineOf(
            ratioOf(
              `mprotect back to back in the ${who}, ${name}`,
              ratiosOf(of, bare),
              name === 'eBPF' ? { atMost: target } : {},
            ),
          ),
        );
    }
  });
}

async function perCall(pidOf, watch) {
  const loop = spawn(program('bare'), ['mprotect', '5'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = lastLineOf(loop);
  // Otherwise the calls before the observation would count.
  loop.kill('SIGSTOP');
  const watching = await watch?.([loop.pid].map(pidOf));
  loop.kill('SIGCONT');
  const { n, cpu_ns } = await ended;
  await watching?.finish();
  return cpu_ns / n;
}

/** A bystander that does nothing but switch and wake: no program can be disturbed more. */
async function switching({ rounds, trees }) {
  await besideSleeper(async (sleeper) => {
    const pairs = trees.map(() => ({ bare: [], seen: [] }));
    for (let round = 0; round < rounds; round += 1) {
      for (const [i, { watch }] of trees.entries()) {
        await pairOf(round, pairs[i], async (isSeen) => {
          const watching = isSeen ? await watch([sleeper]) : null;
          const perTrip_ns = await perRoundTrip('processes', 3);
          await watching?.finish();
          return perTrip_ns;
        });
      }
    }
    for (const [i, { bare, seen }] of pairs.entries()) {
      say(
        lineOf(
          ratioOf(`two processes that only switch, beside the target${trees[i].label}`, ratiosOf(seen, bare), {
            atMost: 1.02,
            figures: { 'CPU time of a round trip, not observed (ns)': Math.round(median(bare)) },
          }),
        ),
      );
    }
  });
}

/** Measures not observed and observed. Whoever is second has the warmer machine, so the first changes each round. */
async function pairOf(round, { bare, seen }, measure) {
  const order = round % 2 === 0 ? [false, true] : [true, false];
  for (const isSeen of order) (isSeen ? seen : bare).push(await measure(isSeen));
}

async function perRoundTrip(who, seconds) {
  const pair = spawn(program('switching'), [who, String(seconds), lastCpu()], { stdio: ['ignore', 'pipe', 'inherit'] });
  const { n, cpu_ns } = await lastLineOf(pair);
  return cpu_ns / n;
}

/**
 * Slices of one service, not observed and observed, in turns. Two services differ by more than observing costs, so the
 * slices of a pair have one service, and a new one comes after some pairs.
 */
async function ofService({ rounds, trees }) {
  const pairs = trees.map(() => ({ bare: [], seen: [] }));
  for (let round = 0; round < rounds;) {
    const running = await startService();
    try {
      for (const end = Math.min(rounds, round + service.pairs); round < end; round += 1) {
        for (const [i, { watch }] of trees.entries()) {
          await pairOf(round, pairs[i], async (isSeen) => {
            const watching = isSeen ? await watch([running.pid]) : null;
            const slice = await running.slice();
            await watching?.finish();
            return slice;
          });
        }
      }
    } finally {
      running.end();
    }
  }
  for (const [i, { bare, seen }] of pairs.entries()) {
    const ratio = (what, figure, atMost) =>
      lineOf(
        ratioOf(`${what}${trees[i].label}`, ratiosOf(seen.map(figure), bare.map(figure)), {
          atMost,
          figures: { 'not observed (us)': Math.round(median(bare.map(figure)) / 1000) },
        }),
      );
    say(ratio('service in the target, CPU time of a request', ({ cpu_ns, n }) => cpu_ns / n, 1.02));
    say(ratio('service in the target, p99 of its requests', ({ p99_ns }) => p99_ns, 1.05));
  }
}

async function startService() {
  const { seconds, rate, work_us } = service;
  const child = spawn(program('service'), [seconds, rate, work_us].map(String), {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value);
  const { pid } = await next();
  return {
    pid,
    slice: () => {
      child.stdin.write('\n');
      return next();
    },
    end: () => child.stdin.end(),
  };
}

/** The whole command beside a process whose threads switch all the time. */
async function observer({ seconds }) {
  const folder = await mkdtemp(join(tmpdir(), 'pauselab-observer-'));
  const target = spawn(program('switching'), ['threads', String(seconds + 30), lastCpu()], { stdio: 'ignore' });
  try {
    const command = spawn(
      process.execPath,
      [
        ...[join(root, 'dist/main.js'), 'observe', '--tier', 'ebpf', '--pid', String(target.pid)],
        ...['--for', `${seconds}s`, '--out', join(folder, 'bundle')],
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    const looks = await looksAt(command, target);
    const [first, last] = [looks[0], looks.at(-1)];
    if (first === undefined) throw new Error('the helper of pauselab was not seen');
    const for_s = last.at_s - first.at_s;
    const figures = (of) =>
      `${((100 * (last[of].cpu_s - first[of].cpu_s)) / for_s).toFixed(2)} % of a CPU, at most ${(last[of].peakKib / 1024).toFixed(1)} MiB`;
    const switches = Math.round((last.switches_n - first.switches_n) / for_s);
    say(`the observer beside a target of ${switches} switches a second, for ${for_s.toFixed(0)} s`);
    say(`  helper: ${figures('helper')} (target: 2 %, 40 MiB)`);
    say(`  node:   ${figures('node')}`);
  } finally {
    target.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}

/** While the helper observes, ten times a second. */
async function looksAt(command, target) {
  const ended = new Promise((done) => command.once('close', done));
  const looks = [];
  while (command.exitCode === null && command.signalCode === null) {
    const helper = childrenOf(command.pid).find((pid) => nameOf(pid) === 'pauselab-observ');
    const look = helper === undefined ? null : lookAt(command.pid, helper, target.pid);
    if (look !== null) looks.push(look);
    await Promise.race([ended, new Promise((done) => setTimeout(done, 100))]);
  }
  return looks;
}

/** Null: one of them has ended meanwhile. */
function lookAt(node, helper, target) {
  try {
    const switches_n = readdirSync(`/proc/${target}/task`)
      .flatMap((tid) => statusOf(`${target}/task/${tid}`, 'voluntary_ctxt_switches', 'nonvoluntary_ctxt_switches'))
      .reduce((sum, one) => sum + one, 0);
    return { at_s: performance.now() / 1000, node: usageOf(node), helper: usageOf(helper), switches_n };
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return null;
    throw error;
  }
}

function usageOf(pid) {
  const cpu_ns = readdirSync(`/proc/${pid}/task`)
    .map((tid) => Number(readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8').split(' ')[0]))
    .reduce((sum, one) => sum + one, 0);
  const [peakKib] = statusOf(pid, 'VmHWM');
  return { cpu_s: cpu_ns / 1e9, peakKib };
}

function statusOf(task, ...names) {
  const status = readFileSync(`/proc/${task}/status`, 'utf8');
  return names.map((name) => {
    const [, value] = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status) ?? [];
    // A process that has ended and not been waited for has no memory.
    if (value === undefined) throw Object.assign(new Error(`${task} has no ${name}`), { code: 'ESRCH' });
    return Number(value);
  });
}

/**
 * Time of each program in the kernel by the kernel's own count, where it matters: for a bystander, and for a target that
 * switches. The count itself takes a part of that time, the same for all.
 */
async function programs({ rounds, seconds, trees }) {
  const setting = '/proc/sys/kernel/bpf_stats_enabled';
  const before = readFileSync(setting, 'utf8');
  const restore = () => writeFileSync(setting, before);
  process.once('exit', restore);
  writeFileSync(setting, '1');
  try {
    const seen = trees.map(() => ({ bystander: [], target: [] }));
    for (let round = 0; round < rounds; round += 1) {
      for (const [i, tree] of trees.entries()) {
        seen[i].bystander.push(await runsOf(tree, seconds, false));
        seen[i].target.push(await runsOf(tree, seconds, true));
      }
    }
    for (const [i, { label }] of trees.entries()) {
      for (const [who, of] of Object.entries(seen[i]))
        say(`programs, two that only switch are the ${who}${label}\n${runsText(of)}`);
    }
  } finally {
    restore();
  }
}

async function runsOf({ watch }, seconds, isTarget) {
  const pair = spawn(program('switching'), ['threads', String(seconds), lastCpu()], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = lastLineOf(pair);
  const watching = await watch([isTarget ? pair.pid : process.ppid]);
  const helper = childrenOf(process.pid).find((pid) => nameOf(pid) === 'pauselab-observ');
  const from = runsNow(helper);
  const start_s = performance.now() / 1000;
  await new Promise((done) => setTimeout(done, (seconds - 1) * 1000));
  const to = runsNow(helper);
  const for_s = performance.now() / 1000 - start_s;
  await watching.finish();
  await ended;
  return [...to]
    .map(([name, { ns, n }]) => ({ name, ns: ns - from.get(name).ns, n: n - from.get(name).n }))
    .filter(({ n }) => n > 100)
    .map(({ name, ns, n }) => ({ name, perRun_ns: ns / n, perSecond_n: n / for_s }));
}

/** Of the programs that a process has loaded. */
function runsNow(pid) {
  const folder = `/proc/${pid}/fdinfo`;
  const ids = readdirSync(folder).flatMap((fd) => {
    const [, id] = /^prog_id:\s+(\d+)$/m.exec(readFileSync(join(folder, fd), 'utf8')) ?? [];
    return id === undefined ? [] : [id];
  });
  return new Map(
    [...new Set(ids)].map((id) => {
      const {
        name,
        run_time_ns: ns = 0,
        run_cnt: n = 0,
      } = JSON.parse(execFileSync('bpftool', ['-j', 'prog', 'show', 'id', id], { encoding: 'utf8' }));
      return [name, { ns, n }];
    }),
  );
}

function runsText(rounds) {
  const names = [...new Set(rounds.flat().map(({ name }) => name))];
  return names
    .map((name) => {
      const ofName = rounds.flat().filter((one) => one.name === name);
      const each = ofName.map(({ perRun_ns }) => perRun_ns).sort((a, b) => a - b);
      const perSecond_n = Math.round(median(ofName.map((one) => one.perSecond_n)));
      return `  ${name}: ${median(each).toFixed(0)} ns a run (${each[0].toFixed(0)} to ${each.at(-1).toFixed(0)}), ${perSecond_n} runs a second`;
    })
    .join('\n');
}

const nameOf = (pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim();

function childrenOf(pid) {
  return readdirSync(`/proc/${pid}/task`).flatMap((tid) =>
    readFileSync(`/proc/${pid}/task/${tid}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

async function besideSleeper(measure) {
  const sleeper = start('sleep', ['1000000']);
  try {
    await measure(sleeper.pid);
  } finally {
    sleeper.end();
  }
}

async function lastLineOf(child) {
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece) => (text += piece));
  await new Promise((done) => child.once('close', done));
  return JSON.parse(text.trim().split('\n').at(-1));
}

/** This pauselab, and another that is compared with it in turns. Each has to be built. */
export async function treesFrom(against) {
  const folders = against === undefined ? [root] : [root, resolve(against)];
  return Promise.all(
    folders.map(async (folder, i) => {
      const from = (name) => import(pathToFileURL(join(folder, 'dist/observe', name)).href);
      const { watchInKernel } = await from('ebpf-tier.js');
      const { watchByTracefs } = await from('tracefs-tier.js');
      const watched = (by) => (pids) => by({ targets: pids.map((pid) => ({ pid })), threshold_ns });
      const label = folders.length === 1 ? '' : i === 0 ? ', this tree' : ', the other tree';
      return { label, watch: watched(watchInKernel), watchByTracefs: watched(watchByTracefs) };
    }),
  );
}
