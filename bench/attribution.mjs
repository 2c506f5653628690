// How true is what attribution says without root? Judged by the trace of the same stall.
//
//   node bench/attribution.mjs run FOLDER [--profile NAME …] [--arm NAME …] [--runs N] [--duration TIME]   as root: one bundle more
//   node bench/attribution.mjs report FOLDER                       over all bundles there
//   node bench/attribution.mjs overhead FOLDER [--pairs N]         with and without --trace, by turns
//
// A loaded machine spoils no figure here: causes are asked for, not times. So runs are never left out for it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readBundleFile } from '../dist/bundle/store.js';
import { readStalls } from '../dist/bundle/read-stalls.js';
import { binomialAtMost } from '../dist/stats/quantile-bounds.js';
import { median } from '../dist/stats/median.js';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const { values, positionals } = parseArgs({ allowPositionals: true, options: { profile: { type: 'string', multiple: true }, arm: { type: 'string', multiple: true, default: [] }, runs: { type: 'string', default: '2' }, duration: { type: 'string' }, pairs: { type: 'string', default: '5' } } });
const [command, folder] = positionals;
const usual = ['priority-inversion', 'residual-stalls', 'native-trim', 'g1-uncommit'];

if (folder === undefined || !['run', 'report', 'overhead'].includes(command)) {
  process.stderr.write('expected: node bench/attribution.mjs run|report|overhead FOLDER\n');
  process.exitCode = 2;
} else {
  mkdirSync(folder, { recursive: true });
  if (command === 'run') for (const profile of values.profile ?? usual) measure(profile, ['--trace', '--runs', values.runs, ...(values.duration === undefined ? [] : ['--duration', values.duration]), ...values.arm.flatMap((arm) => ['--arm', arm])]);
  else if (command === 'report') report();
  else overhead(Number(values.pairs));
}

function measure(profile, args) {
  const taken = new Set(readdirSync(folder));
  let number = 0;
  while (taken.has(`${profile}-${number}`)) number += 1;
  const out = join(folder, `${profile}-${number}`);
  try {
    execFileSync(process.execPath, [main, 'run', profile, '--out', out, '--set', 'spoiled.foreignLoad=100%', '--set', 'spoiled.steal=100%', ...args], { stdio: ['ignore', 'ignore', 'ignore'] });
  } catch (error) {
    // 4: a verdict that is open is none of this bench's business.
    if (error.status !== 4) process.stderr.write(`${profile} ended with ${error.status}\n`);
  }
  return out;
}

function report() {
  const all = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'runs'))).sort().flatMap((bundle) =>
    readStalls(join(folder, bundle)).stalls.map((one) => ({ ...one, profile: bundle.replace(/-\d+$/, ''), run: `${bundle}/${one.run}` })),
  );
  const profiles = [...new Set(all.map(({ profile }) => profile))];
  process.stdout.write('| profile | stalls | proven | agree without trace | incidents | agree in all |\n| --- | --- | --- | --- | --- | --- |\n');
  for (const [name, stalls] of [...profiles.map((profile) => [profile, all.filter((one) => one.profile === profile)]), ['all', all]]) {
    const proven = stalls.filter(({ stall }) => stall.cause?.grade === 'proven');
    const incidents = incidentsOf(proven);
    process.stdout.write(`| ${name} | ${stalls.length} | ${shown(proven.length, stalls.length)} | ${shown(proven.filter(agrees).length, proven.length)} | ${incidents.length} | ${shown(incidents.filter((own) => own.every(agrees)).length, incidents.length)} |\n`);
  }
  process.stdout.write('\n| by the trace | without it | stalls |\n| --- | --- | --- |\n');
  const pairs = new Map();
  for (const one of all) {
    const key = one.stall.causeWithoutTrace === null ? `not covered by the trace | ${said(one.stall.cause)}` : `${said(one.stall.cause)} (${one.stall.cause.grade}) | ${said(one.stall.causeWithoutTrace)}`;
    pairs.set(key, (pairs.get(key) ?? 0) + 1);
  }
  for (const [key, n] of [...pairs].sort((a, b) => b[1] - a[1])) process.stdout.write(`| ${key} | ${n} |\n`);
}

function agrees({ stall: { cause, causeWithoutTrace } }) {
  return causeWithoutTrace !== null && cause.cause === causeWithoutTrace.cause && cause.thread?.tid === causeWithoutTrace.thread?.tid;
}

function said(cause) {
  return cause === null ? 'nothing' : `${cause.cause}${cause.thread === null ? '' : ` by ${cause.thread.name}`}`;
}

/** Stalls of one run that overlap each other have one reason, and are no independent evidence. */
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

/** Of operations of microseconds in an arm without stalls: what the events themselves cost. */
function overhead(pairs) {
  const means = { with: new Map(), without: new Map() };
  for (let i = 0; i < pairs; i += 1) {
    for (const kind of i % 2 === 0 ? ['with', 'without'] : ['without', 'with']) {
      const out = measure('priority-inversion', [...(kind === 'with' ? ['--trace'] : []), '--runs', '1', '--arm', 'free-one-vma', '--duration', '3s']);
      const run = readdirSync(join(out, 'runs')).find((name) => name.endsWith('idle-control'));
      for (const { name, service } of readBundleFile('run', join(out, 'runs', run, 'run.json')).series) means[kind].set(name, [...(means[kind].get(name) ?? []), service.p50_ns]);
    }
  }
  process.stdout.write('| series (idle control) | p50 without, µs | p50 with --trace, µs | ratio of pairs: median (range) |\n| --- | --- | --- | --- |\n');
  for (const [name, without] of means.without) {
    const traced = means.with.get(name) ?? [];
    const ratios = traced.map((value, i) => value / without[i]);
    process.stdout.write(`| ${name} | ${(median(without) / 1000).toFixed(2)} | ${(median(traced) / 1000).toFixed(2)} | ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}) |\n`);
  }
}
