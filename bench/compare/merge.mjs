// Reading and summing a histogram log of an hour of 12 series at one interval a second (43,200 histograms), beside the
// Java HistogramLogProcessor (Debian libhdrhistogram-java) on the same log, in turns, each in a separate process.
// pauselab sums all tags; the processor reads all lines and sums one tag.
//
//   node bench/compare/merge.mjs [--pairs 3]
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { countsOfValues } from '../../dist/record/histogram/counts.js';
import { hlogHead, hlogLine } from '../../dist/record/histogram/hlog.js';
import { sumHlog } from '../../dist/record/histogram/hlog-sum.js';
import { seededRandom } from '../../dist/stats/prng.js';
import { normal } from './synthetic.mjs';

const jar = '/usr/share/java/hdrhistogram.jar';
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { pairs: { type: 'string', default: '3' } },
});

if (positionals[0] === 'read') {
  const { tags } = sumHlog(positionals[1]);
  process.stdout.write(
    JSON.stringify({
      n: tags.reduce((sum, { counts }) => sum + counts.n, 0),
      intervals: tags.reduce((sum, { intervals }) => sum + intervals, 0),
      maxRss_bytes: process.resourceUsage().maxRSS * 1024,
    }),
  );
} else {
  const folder = mkdtempSync(join(tmpdir(), 'pauselab-merge-'));
  try {
    measure(join(folder, 'hour.hlog'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Each second of each series is one of 50 prepared seconds: 1,000 operations, log-normal about 5 µs, with a long tail. */
function writeHour(path) {
  const random = seededRandom(1);
  const tags = Array.from({ length: 12 }, (_, i) => `series-${i}.service`);
  const seconds = Array.from({ length: 50 }, () =>
    countsOfValues(
      Array.from({ length: 1000 }, () => Math.floor(5_000 * Math.exp((random() < 0.05 ? 3 : 0.5) * normal(random)))),
    ),
  );
  const bodies = seconds.map((counts) => hlogLine('x', 0, 1e9, counts).split(',').slice(2).join(','));
  writeFileSync(path, hlogHead(0));
  for (let second = 0; second < 3600; second += 1)
    appendFileSync(
      path,
      tags.map((tag, i) => `Tag=${tag},${second}.000,${bodies[(second * 7 + i) % bodies.length]}`).join(''),
    );
}

function measure(path) {
  writeHour(path);
  process.stdout.write(
    `the log: 43,200 histograms, ${(statSync(path).size / 1e6).toFixed(1)} MB; ${execFileSync('java', ['-version'], { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] }) || 'java'}\n`,
  );
  const own = [process.execPath, fileURLToPath(import.meta.url), 'read', path];
  const theirs = ['java', '-cp', jar, 'org.HdrHistogram.HistogramLogProcessor', '-i', path, '-tag', 'series-0.service'];
  for (let pair = 1; pair <= Number(values.pairs); pair += 1) {
    const [mine, java] = [timed(own), timed(theirs)];
    const { n, intervals, maxRss_bytes } = JSON.parse(mine.stdout);
    process.stdout.write(
      `pair ${pair}: wall ${mine.wall_s.toFixed(2)} s beside ${java.wall_s.toFixed(2)} s of Java, ratio ${(mine.wall_s / java.wall_s).toFixed(2)}; CPU ${mine.cpu_s.toFixed(2)} s beside ${java.cpu_s.toFixed(2)} s, ratio ${(mine.cpu_s / java.cpu_s).toFixed(2)}; ${intervals} intervals, ${n} samples, ${(maxRss_bytes / 1e6).toFixed(0)} MB\n`,
    );
  }
}

function timed([program, ...args]) {
  const before = process.hrtime.bigint();
  const { stdout, stderr, status } = spawnSync(
    'bash',
    ['-c', 'TIMEFORMAT="cpu %U %S"; time "$0" "$@"', program, ...args],
    { encoding: 'utf8', maxBuffer: 1 << 26 },
  );
  if (status !== 0) throw new Error(`${program} failed: ${stderr}`);
  const [, user, system] = /cpu ([\d.]+) ([\d.]+)\s*$/.exec(stderr);
  return { stdout, wall_s: Number(process.hrtime.bigint() - before) / 1e9, cpu_s: Number(user) + Number(system) };
}
