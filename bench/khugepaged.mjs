// Whether the kernel's khugepaged stalls a program whose memory asks for huge pages, at its own nice value (19) and at
// nice 0, in turns, and what `pauselab observe` says of it.
//
//   node bench/khugepaged.mjs [--rounds N] [--seconds N] [--tier TIER]
//
// As root. Meanwhile khugepaged runs on CPU 0, beside four threads of native/huge.cc, and looks for work every 10 ms
// instead of every 10 s, so these figures are no rate of an ordinary machine. Its settings are restored at the end.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { getPriority, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { prepare } from './lib/prepare.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '30' },
    tier: { type: 'string' },
  },
});
const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const of = (name) => `/sys/kernel/mm/transparent_hugepage/khugepaged/${name}`;
/** How long it sleeps between looks, and after it got no huge page. */
const settings = ['scan_sleep_millisecs', 'alloc_sleep_millisecs'].map(of);
const collapsed = () => Number(readFileSync(of('pages_collapsed'), 'utf8'));
const cpusOf = (pid) =>
  /current affinity list: (.*)$/m.exec(execFileSync('taskset', ['-pc', `${pid}`], { encoding: 'utf8' }))?.[1];
const stayOn = (pid, cpus) => execFileSync('taskset', ['-pc', cpus, `${pid}`], { stdio: 'ignore' });

process.exitCode = await main();

/** The exit code. */
async function main() {
  const code = await prepare();
  if (code !== 0) return code;
  // Its set-up has compiled it.
  const { kernelThreadIds } = await import('../dist/workload/watch/kernel-thread-ids.js');
  const pid = kernelThreadIds().find((one) => readFileSync(`/proc/${one}/comm`, 'utf8').trim() === 'khugepaged');
  if (pid === undefined) {
    process.stderr.write('this kernel has no khugepaged, or it is not seen from here; run this bench on the host\n');
    return 5;
  }
  const before = {
    settings: settings.map((one) => readFileSync(one, 'utf8')),
    cpus: cpusOf(pid),
    nice: getPriority(pid),
  };
  const folder = mkdtempSync(join(tmpdir(), 'pauselab-bench-huge-'));
  const restore = () => {
    setPriority(pid, before.nice);
    stayOn(pid, before.cpus);
    settings.forEach((one, i) => writeFileSync(one, before.settings[i]));
    rmSync(folder, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => {
      restore();
      process.kill(process.pid, signal);
    });
  try {
    stayOn(pid, '0');
    for (const one of settings) writeFileSync(one, '10');
    for (let round = 0; round < Number(values.rounds); round += 1)
      for (const nice of round % 2 === 0 ? [19, 0] : [0, 19])
        await oneRun({ pid, nice, bundle: join(folder, `${round}-${nice}`) });
    return 0;
  } finally {
    restore();
  }
}

async function oneRun({ pid, nice, bundle }) {
  setPriority(pid, nice);
  const seconds = Number(values.seconds);
  const already_n = collapsed();
  const huge = spawn(file('build/Release/pauselab-bench-huge'), [`${seconds}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const printed = text(huge.stdout);
  const observe = spawn(
    process.execPath,
    [
      file('../dist/main.js'),
      'observe',
      '--pid',
      `${huge.pid}`,
      '--for',
      `${seconds - 2}s`,
      '--threshold',
      '50ms',
      '--json',
      '--out',
      bundle,
      ...(values.tier === undefined ? [] : ['--tier', values.tier]),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const observed = text(observe.stdout);
  await Promise.all([once(huge, 'exit'), once(observe, 'exit')]);
  const { n, stalled_n, longest_ns, stalled_ns } = JSON.parse(await printed);
  const { answer, reasons } = JSON.parse(await observed);
  const ms = (ns) => `${(ns / 1e6).toFixed(0)} ms`;
  process.stdout.write(
    `khugepaged at nice ${nice}: ${collapsed() - already_n} huge pages; mmap+munmap: ${n} operations, ` +
      `${stalled_n} of 50 ms and more, ${ms(stalled_ns)} in them, the longest ${ms(longest_ns)}\n` +
      `  ${answer.sentence}\n` +
      reasons
        .map(
          ({ cause, grade, thread, stalls_n }) =>
            `  ${stalls_n}: ${cause}, ${thread?.name ?? 'nobody named'} (${grade})\n`,
        )
        .join(''),
  );
}
