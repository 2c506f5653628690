// What `pauselab observe` finds in a JVM that it did not start, and what it costs.
//
//   node bench/observe.mjs planted [CASE …] [--tries N] [--duration SECONDS] [--tier TIER] [--keep FOLDER] [--json]
//   node bench/observe.mjs quiet [--duration SECONDS] [--keep FOLDER]
//   node bench/observe.mjs cost [SUBJECT …] [--rounds N] [--seconds N] [--against TREE]
//
// As root, with JDK 17. `planted` causes stalls in bench/java/observed, whose own log judges (lib/planted-judge.mjs);
// `--keep` keeps the bundle of each try and the logs that judge it, in a folder CASE-NUMBER. `--json` prints the counts
// of each case as a line of JSON. `quiet` observes the same service with nothing planted.
//
// `cost` is what observing costs the target, a bystander and the machine (lib/observe-cost.mjs): mprotect, switching,
// service, observer, programs. `--against` compares with another built tree, in turns.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { costs, treesFrom } from './lib/observe-cost.mjs';
import { plantedCases } from './lib/planted-cases.mjs';
import { judge, judgedText, nothingJudged, summed } from './lib/planted-judge.mjs';
import { prepare } from './lib/prepare.mjs';
import { readWakings, recordWakings } from './lib/waker-judge.mjs';

const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const main = file('../dist/main.js');

/** What a signal to this program has to end. */
const running = new Set();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const one of running) one.end();
    process.kill(process.pid, signal);
  });
}

async function planted(chosen) {
  const classes = compiled();
  try {
    let all = nothingJudged;
    for (const name of chosen) {
      const one = plantedCases[name];
      let judged = nothingJudged;
      for (let number = 0; number < Number(values.tries); number += 1)
        judged = summed(judged, await tryOf(`${name}-${number}`, one, classes));
      process.stdout.write(
        values.json ? `${JSON.stringify({ name, ...judged })}\n` : `${name}: ${one.what}\n  ${judgedText(judged)}\n`,
      );
      all = summed(all, { ...judged, others: {} });
    }
    if (!values.json) process.stdout.write(`all: ${judgedText(all)}\n`);
  } finally {
    rmSync(classes, { recursive: true, force: true });
  }
}

/**
 * The service in a healthy state: every reason for a stall of 20 ms and more, and how many of the stalls name a culprit.
 * The service has real-time priority, so that other programs of this machine do not stall it.
 */
async function quiet() {
  const classes = compiled();
  try {
    const healthy = { work: 'map', threads: 'none', plant: () => [], starter: ['chrt', '-f', '1'] };
    const { observation } = await observedService('quiet', healthy, classes);
    const { stalls, reasons, watched_ns, cost } = observation;
    const withCulprit = stalls.filter(({ cause: { thread, grade } }) => thread !== null && grade !== 'possible');
    process.stdout.write(
      `${(watched_ns / 1e9).toFixed(0)} s watched, ${(cost.cpu_ns / 1e9).toFixed(2)} s of CPU: ${stalls.length} stalls of 20 ms or more, ${withCulprit.length} with a thread to blame that is likely or proven\n`,
    );
    for (const { cause, thread, grade, stalls_n, longest_ns } of reasons)
      process.stdout.write(
        `  ${cause}${thread === null ? '' : ` by ${thread.name}`} (${grade}): ${stalls_n}, up to ${(longest_ns / 1e6).toFixed(1)} ms\n`,
      );
  } finally {
    rmSync(classes, { recursive: true, force: true });
  }
}

function compiled() {
  const folder = mkdtempSync(join(tmpdir(), 'pauselab-observed-'));
  const sources = readdirSync(file('java/observed')).map((name) => join(file('java/observed'), name));
  execFileSync('javac', ['-nowarn', '-encoding', 'UTF-8', ...foreign, '-d', folder, ...sources], {
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  return folder;
}

/** The service calls the C library. This is how JDK 17 has it. */
const foreign = ['--add-modules', 'jdk.incubator.foreign'];

async function tryOf(label, one, classes) {
  const { log, jvmLog, observation, wakings } = await observedService(label, one, classes);
  return judge(log, observation, one, one.acted?.(jvmLog) ?? null, wakings);
}

async function observedService(
  label,
  { work, threads, plant, jvm = ['-Xmx768m'], jvmLog = null, environment = {}, starter = [], wakings = false },
  classes,
) {
  const seconds = Number(values.duration);
  const folder = keptFolder(label) ?? mkdtempSync(join(tmpdir(), 'pauselab-observed-'));
  const jvmLogFile = join(folder, 'jvm.log');
  const logging = jvmLog === null ? [] : [`-Xlog:${jvmLog}:file=${jvmLogFile}:timenanos:filecount=0`];
  const [program, ...before] = [...starter, 'java'];
  const java = spawn(
    program,
    [
      ...before,
      ...[...foreign, '--enable-native-access=ALL-UNNAMED', '-XX:+UseG1GC', '-XX:-UsePerfData', ...jvm, ...logging],
      // It is ended when the observation is over, however late that began.
      ...['-cp', classes, 'ObservedService', String(seconds + 600), work, threads],
    ],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, MALLOC_MMAP_THRESHOLD_: '65536', ...environment },
    },
  );
  let log = '';
  java.stdout.setEncoding('utf8').on('data', (text) => (log += text));
  const ended = new Promise((done) => java.once('close', done));
  running.add({ end: () => java.kill('SIGKILL') });
  await sleep(3000);
  const planting = plant(java.pid);
  for (const one of planting) running.add(one);
  let recorder = null;
  try {
    await sleep(500);
    recorder = wakings ? await recordWakings(folder, java.pid) : null;
    if (recorder !== null) running.add({ end: () => void recorder.stop() });
    const text = await output(process.execPath, [
      ...[main, 'observe', '--pid', String(java.pid), '--for', `${seconds}s`],
      ...['--out', join(folder, 'bundle'), '--json'],
      ...(values.tier === undefined ? [] : ['--tier', values.tier]),
    ]);
    await recorder?.stop();
    for (const one of planting) one.end();
    java.kill('SIGTERM');
    await ended;
    if (values.keep !== undefined) writeFileSync(join(folder, 'service.log'), log);
    return {
      log,
      jvmLog: jvmLog === null ? '' : readFileSync(jvmLogFile, 'utf8'),
      observation: JSON.parse(text),
      wakings: recorder === null ? null : await readWakings(folder),
    };
  } finally {
    await recorder?.stop();
    for (const one of planting) one.end();
    java.kill('SIGKILL');
    running.clear();
    if (values.keep === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function keptFolder(label) {
  if (values.keep === undefined) return null;
  const folder = join(values.keep, label);
  mkdirSync(folder, { recursive: true });
  return folder;
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
    seconds: { type: 'string' },
    against: { type: 'string' },
    keep: { type: 'string' },
    tier: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const [command, ...names] = positionals;
const subjects = { planted: plantedCases, quiet: {}, cost: costs }[command];
const unknown = names.find((name) => !Object.hasOwn(subjects ?? {}, name));
const chosen = names.length > 0 ? names : Object.keys(subjects ?? {});
if (subjects === undefined || unknown !== undefined) {
  process.stderr.write(
    `expected: node bench/observe.mjs planted [${Object.keys(plantedCases).join('] [')}] [--tries N] [--tier TIER], quiet, or cost [${Object.keys(costs).join('] [')}]${unknown === undefined ? '' : `; got ${unknown}`}\n`,
  );
  process.exitCode = 2;
} else if (command === 'planted') await planted(chosen);
else if (command === 'quiet') await quiet();
else {
  process.exitCode = await prepare();
  if (process.exitCode === 0) {
    const trees = await treesFrom(values.against);
    for (const name of chosen)
      await costs[name]({ trees, rounds: Number(values.rounds), seconds: Number(values.seconds ?? 25) });
  }
}
