// How accurate is attribution without root? The trace of the same stall judges it; a separate judge judges both.
//
//   node bench/attribution.mjs run FOLDER [--profile NAME …] [--arm NAME …] [--runs N] [--duration TIME]
//       as root: measures another bundle
//   node bench/attribution.mjs report FOLDER
//       over all bundles there
//   node bench/attribution.mjs overhead FOLDER [--pairs N]
//       with and without --trace, in turns
//   node bench/attribution.mjs judge FOLDER [--profile CASE …] [--runs N] [--duration TIME]
//       with a judge that shares no code with either
//
// `judge` reads the kernel's events of mmap_lock and of the scheduler itself (bench/lib/lock-judge.mjs) beside each
// run. For each stall it computes how long each thread had the lock. It does not see a VMA's lock or a futex. It does
// not judge a stall in which the lock was held for less than half of the time, or whose thread was not asleep.
//   right: the blamed thread had the lock for at least 90 % as long as the thread that had it longest.
//   wrong: a thread is blamed with `likely` or `proven`, and had the lock for less than 80 % of the time that is
//   claimed; or something else is blamed, and one thread had the lock for 80 % of the stall.
//
// Each case leaves CASE-N.judged.json in FOLDER: every stall with its causes, and the judge's times by thread.
//
// A loaded machine disturbs no figure here, because the bench asks for causes and not for times. So it keeps all runs.
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { aligned, holdersDuring, readLocks, recordLocks } from './lib/lock-judge.mjs';
import { readBundleFile } from '../dist/bundle/store.js';
import { readStalls } from '../dist/bundle/read-stalls.js';
import { binomialAtMost } from '../dist/stats/quantile-bounds.js';
import { median } from '../dist/stats/median.js';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    profile: { type: 'string', multiple: true },
    arm: { type: 'string', multiple: true, default: [] },
    runs: { type: 'string', default: '2' },
    duration: { type: 'string' },
    pairs: { type: 'string', default: '5' },
  },
});
const [command, folder] = positionals;
const usual = ['priority-inversion', 'residual-stalls', 'native-trim', 'g1-uncommit'];

if (folder === undefined || !['run', 'report', 'overhead', 'judge'].includes(command)) {
  process.stderr.write('expected: node bench/attribution.mjs run|report|overhead|judge FOLDER\n');
  process.exitCode = 2;
} else {
  mkdirSync(folder, { recursive: true });
  if (command === 'run')
    for (const profile of values.profile ?? usual)
      measure(profile, [
        '--trace',
        '--runs',
        values.runs,
        ...(values.duration === undefined ? [] : ['--duration', values.duration]),
        ...values.arm.flatMap((arm) => ['--arm', arm]),
      ]);
  else if (command === 'judge') await judge();
  else if (command === 'report') report();
  else overhead(Number(values.pairs));
}

function measure(profile, args) {
  const taken = new Set(readdirSync(folder));
  let number = 0;
  while (taken.has(`${profile}-${number}`)) number += 1;
  const out = join(folder, `${profile}-${number}`);
  try {
    execFileSync(
      process.execPath,
      [main, 'run', profile, '--out', out, '--set', 'spoiled.foreignLoad=100%', '--set', 'spoiled.steal=100%', ...args],
      { stdio: ['ignore', 'ignore', 'ignore'] },
    );
  } catch (error) {
    // 4: an inconclusive verdict does not matter to this bench.
    if (error.status !== 4) process.stderr.write(`${profile} ended with ${error.status}\n`);
  }
  return out;
}

function report() {
  const all = readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'runs')))
    .sort()
    .flatMap((bundle) =>
      readStalls(join(folder, bundle)).stalls.map((one) => ({
        ...one,
        profile: bundle.replace(/-\d+$/, ''),
        run: `${bundle}/${one.run}`,
      })),
    );
  const profiles = [...new Set(all.map(({ profile }) => profile))];
  process.stdout.write(
    '| profile | stalls | proven | agree without trace | incidents | agree in all |\n| --- | --- | --- | --- | --- | --- |\n',
  );
  for (const [name, stalls] of [
    ...profiles.map((profile) => [profile, all.filter((one) => one.profile === profile)]),
    ['all', all],
  ]) {
    const proven = stalls.filter(({ stall }) => stall.cause?.grade === 'proven');
    const incidents = incidentsOf(proven);
    process.stdout.write(
      `| ${name} | ${stalls.length} | ${shown(proven.length, stalls.length)} | ${shown(proven.filter(agrees).length, proven.length)} | ${incidents.length} | ${shown(incidents.filter((own) => own.every(agrees)).length, incidents.length)} |\n`,
    );
  }
  process.stdout.write('\n| by the trace | without it | stalls |\n| --- | --- | --- |\n');
  const pairs = new Map();
  for (const one of all) {
    const key =
      one.stall.causeWithoutTrace === null
        ? `not covered by the trace | ${said(one.stall.cause)}`
        : `${said(one.stall.cause)} (${one.stall.cause.grade}) | ${said(one.stall.causeWithoutTrace)}`;
    pairs.set(key, (pairs.get(key) ?? 0) + 1);
  }
  for (const [key, n] of [...pairs].sort((a, b) => b[1] - a[1])) process.stdout.write(`| ${key} | ${n} |\n`);
}

function agrees({ stall: { cause, causeWithoutTrace } }) {
  return (
    causeWithoutTrace !== null &&
    cause.cause === causeWithoutTrace.cause &&
    cause.thread?.tid === causeWithoutTrace.thread?.tid
  );
}

function said(cause) {
  return cause === null ? 'nothing' : `${cause.cause}${cause.thread === null ? '' : ` by ${cause.thread.name}`}`;
}

/** Stalls of one run that overlap have one reason, so they are not independent evidence. */
function incidentsOf(stalls) {
  const incidents = [];
  for (const one of stalls.toSorted((a, b) => a.run.localeCompare(b.run) || a.stall.start_ns - b.stall.start_ns)) {
    const last = incidents.at(-1);
    const end_ns = Math.max(...(last ?? []).map(({ stall }) => stall.start_ns + stall.duration_ns));
    if (last !== undefined && last[0].run === one.run && one.stall.start_ns < end_ns) last.push(one);
    else incidents.push([one]);
  }
  return incidents;
}

/** `59 of 60 = 98.3 % (≥ 91.1 %)`: the one-sided 97.5 % bound of Clopper and Pearson (1934). */
function shown(k, n) {
  if (n === 0) return '–';
  return `${k} of ${n} = ${((100 * k) / n).toFixed(1)} % (≥ ${(100 * lowerBound(k, n)).toFixed(1)} %)`;
}

/** The p at which k or more of n have probability 2.5 %. */
function lowerBound(k, n) {
  if (k === 0) return 0;
  let [low, high] = [0, 1];
  for (let i = 0; i < 60; i += 1) {
    const p = (low + high) / 2;
    if (1 - binomialAtMost(k - 1, n, p) < 0.025) low = p;
    else high = p;
  }
  return low;
}

/** The cost of the events themselves: operations of microseconds in an arm without stalls. */
function overhead(pairs) {
  const means = { with: new Map(), without: new Map() };
  for (let i = 0; i < pairs; i += 1) {
    for (const kind of i % 2 === 0 ? ['with', 'without'] : ['without', 'with']) {
      const out = measure('priority-inversion', [
        ...(kind === 'with' ? ['--trace'] : []),
        '--runs',
        '1',
        '--arm',
        'free-one-vma',
        '--duration',
        '3s',
      ]);
      const run = readdirSync(join(out, 'runs')).find((name) => name.endsWith('idle-control'));
      for (const { name, service } of readBundleFile('run', join(out, 'runs', run, 'run.json')).series)
        means[kind].set(name, [...(means[kind].get(name) ?? []), service.p50_ns]);
    }
  }
  process.stdout.write(
    '| series (idle control) | p50 without, µs | p50 with --trace, µs | ratio of pairs: median (range) |\n| --- | --- | --- | --- |\n',
  );
  for (const [name, without] of means.without) {
    const traced = means.with.get(name) ?? [];
    const ratios = traced.map((value, i) => value / without[i]);
    process.stdout.write(
      `| ${name} | ${(median(without) / 1000).toFixed(2)} | ${(median(traced) / 1000).toFixed(2)} | ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}) |\n`,
    );
  }
}

/** By name: a profile, its arms, and the programs that run beside it. */
function cases() {
  const own = (name) => fileURLToPath(new URL(name, import.meta.url));
  const outside = own('attribution-outside.yaml');
  return {
    'proc-smaps-reader': { profile: 'proc-smaps-reader', arms: ['smaps', 'smaps-rollup'] },
    'self-smaps': { profile: 'self-smaps', arms: ['own-smaps'] },
    'smaps-scraper': { profile: 'smaps-scraper', arms: ['reader-nice-19'] },
    'zgc-uncommit': { profile: 'zgc-uncommit', arms: ['uncommitter-nice-19'] },
    'thread-churn': { profile: 'thread-churn', arms: ['churn-nice-19'] },
    'glibc-trim': { profile: 'glibc-trim', arms: ['churn-nice-19'] },
    'outside-smaps': { profile: outside, arms: [], agent: 'smaps' },
    'outside-clear-refs': { profile: outside, arms: [], agent: 'clear_refs' },
    app: { profile: own('attribution-app.yaml'), arms: ['service-nice-19'] },
  };
}

async function judge() {
  const all = [];
  process.stdout.write(
    '| case | stalls | judged | right with the trace | right without | unknown with the trace | unknown without | wrong thread or lock, likely or proven: with, without |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n',
  );
  for (const name of values.profile ?? Object.keys(cases())) {
    const { profile, arms, agent } = cases()[name];
    const events = join(folder, 'judge');
    rmSync(events, { recursive: true, force: true });
    const locks = await recordLocks(events);
    const log = agent === undefined ? null : openSync(join(folder, `${name}.calls`), 'w');
    const monitor =
      agent === undefined
        ? null
        : spawn(
            'taskset',
            [
              '-c',
              '0',
              'nice',
              '-n',
              '19',
              process.execPath,
              fileURLToPath(new URL('lib/outside-agent.mjs', import.meta.url)),
              agent,
            ],
            { stdio: ['ignore', log, 'inherit'] },
          );
    const bundle = await measureBeside(
      profile,
      [
        '--trace',
        '--runs',
        values.runs,
        ...(values.duration === undefined ? [] : ['--duration', values.duration]),
        ...arms.flatMap((arm) => ['--arm', arm]),
      ],
      name,
    );
    monitor?.kill();
    if (log !== null) closeSync(log);
    await locks.stop();
    const stalls = judged(bundle, await readLocks(events));
    writeFileSync(`${bundle}.judged.json`, `${JSON.stringify(stalls.map(judgedFacts), null, 1)}\n`);
    all.push(...stalls);
    process.stdout.write(judgedRow(name, stalls));
  }
  rmSync(join(folder, 'judge'), { recursive: true, force: true });
  process.stdout.write(judgedRow('all', all));
}

function judgedFacts({ run, stall, holders }) {
  const { series, start_ns, duration_ns, dominant, cause, causeWithoutTrace } = stall;
  return { run, series, start_ns, duration_ns, dominant, cause, causeWithoutTrace, holders: holders.slice(0, 5) };
}

function judgedRow(name, stalls) {
  const known = stalls.filter(isJudged);
  const right = (pick) => shown(known.filter((one) => isRight(pick(one), one)).length, known.length);
  const unknown = (pick) => `${stalls.filter((one) => pick(one).cause === 'unknown').length} of ${stalls.length}`;
  const wrong = (pick) => `${known.filter((one) => isWrong(pick(one), one)).length} of ${known.length}`;
  const [traced, untraced] = [({ stall }) => stall.cause, ({ stall }) => stall.causeWithoutTrace ?? stall.cause];
  const bound = known.length === 0 ? '' : ` (none of n: below ${(300 / known.length).toFixed(1)} %)`;
  return `| ${name} | ${stalls.length} | ${known.length} | ${right(traced)} | ${right(untraced)} | ${unknown(traced)} | ${unknown(untraced)} | ${wrong(traced)}, ${wrong(untraced)}${bound} |\n`;
}

function isJudged({ stall, holders }) {
  const held_ns = holders.reduce((sum, { time_ns }) => sum + time_ns, 0);
  return ['D', 'S'].includes(stall.dominant) && held_ns >= stall.duration_ns / 2;
}

function timeOf(thread, holders) {
  return holders.find(({ tid }) => tid === thread?.tid)?.time_ns ?? 0;
}

function isRight({ thread }, { holders }) {
  return timeOf(thread, holders) >= 0.9 * holders[0].time_ns;
}

function isWrong({ cause, grade, thread, duration_ns }, { stall, holders }) {
  if (grade === 'possible') return false;
  if (cause.startsWith('mmap-lock')) return timeOf(thread, holders) < 0.8 * duration_ns;
  return holders[0].time_ns >= 0.8 * stall.duration_ns && thread?.tid !== holders[0].tid;
}

/** Asynchronous, because the judge's child must not wait for this process. */
async function measureBeside(profile, args, name) {
  const taken = new Set(readdirSync(folder));
  let number = 0;
  while (taken.has(`${name}-${number}`)) number += 1;
  const out = join(folder, `${name}-${number}`);
  const child = spawn(
    process.execPath,
    [main, 'run', profile, '--out', out, '--set', 'spoiled.foreignLoad=100%', '--set', 'spoiled.steal=100%', ...args],
    { stdio: 'ignore' },
  );
  const status = await new Promise((resolve) => {
    child.once('close', resolve);
  });
  if (status !== 0 && status !== 4) process.stderr.write(`${name} ended with ${status}\n`);
  return out;
}

function judged(bundle, locks) {
  const all = readStalls(bundle).stalls.filter(({ stall }) => stall.cause !== null);
  return [...new Set(all.map(({ run }) => run))].flatMap((run) => {
    const own = all.filter((one) => one.run === run);
    const place = aligned(
      locks,
      own.map(({ stall }) => stall),
    );
    return own.map(({ stall }) => {
      const [from_ns, to_ns] = [0, stall.duration_ns].map((after_ns) => place?.go_ns + stall.start_ns + after_ns);
      return {
        run,
        stall,
        holders: place === null ? [] : holdersDuring(locks, place.mm, stall.thread.tid, from_ns, to_ns),
      };
    });
  });
}
