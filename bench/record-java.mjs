// (e) The cost of a full sample in Java, beside one Histogram.recordValue of org.hdrhistogram, on each JDK of this
// machine.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findJdks } from '../dist/host/jdks.js';
import { median } from '../dist/stats/median.js';
import { javacFlags } from '../scripts/setup/java.mjs';
import { findJdk } from '../scripts/setup/jdk.mjs';
import { lastCpu } from './lib/cpu.mjs';
import { ratioOf, ratiosOf } from './lib/ratio.mjs';

const file = (name) => fileURLToPath(new URL(name, import.meta.url));
const hdrHistogram = '/usr/share/java/hdrhistogram.jar';
const classPath = [file('../jvm-workloads/build/pauselab.jar'), hdrHistogram];
const pairs = 101;
const run = promisify(execFile);

export async function measureJavaRecord() {
  const classes = mkdtempSync(join(tmpdir(), 'pauselab-bench-java-'));
  try {
    await run(join(findJdk(), 'bin/javac'), [
      ...javacFlags,
      '-cp',
      classPath.join(':'),
      '-d',
      classes,
      file('java/RecordBench.java'),
    ]);
    const { jdks } = await findJdks();
    const ratios = [];
    for (const { java, version, feature } of jdks)
      if (feature >= 17) ratios.push(...(await measureOn(java, version, classes)));
    return { notes: [], ratios };
  } finally {
    rmSync(classes, { recursive: true, force: true });
  }
}

async function measureOn(java, version, classes) {
  const args = [
    '-c',
    lastCpu(),
    java,
    '-Xms256m',
    '-Xmx256m',
    '-XX:+UseSerialGC',
    '-cp',
    [classes, ...classPath].join(':'),
    'RecordBench',
    pairs,
  ];
  const { recordValue_ns, sample_ns, sample_in_flight_ns } = JSON.parse((await run('taskset', args)).stdout);
  const beside = (name, ours_ns, target) =>
    ratioOf(`JDK ${version}: ${name}`, ratiosOf(ours_ns, recordValue_ns), {
      ...target,
      figures: { ours_ns: median(ours_ns), recordValue_ns: median(recordValue_ns) },
    });
  return [
    beside('service, response, stall check', sample_ns, { atMost: 2 }),
    beside('with in-flight begin and end', sample_in_flight_ns),
  ];
}
