// How long a guest takes from QEMU's start to its first measured operation, beside a bare busybox initramfs of the same
// kernel, and beside Node's start in the guest. Target: at most 2 × busybox + Node.
//
//   node bench/guest-boot.mjs                             five rounds with deb:6.17.13, in about three minutes
//   node bench/guest-boot.mjs --rounds 3 --kernel PATH
//
// A round is three boots in turns.
//   * busybox: an initramfs with only busybox, whose init prints a line.
//   * Node: the guest's file system with the same init, which then starts Node to do nothing. The line before shows
//   what
//     the larger file system costs.
//   * pauselab: as in `pauselab run`, to the agent's first message, to `go`, and to the first operation of the window.
// busybox is this machine's, if that is static; otherwise Debian's busybox-static, unpacked and not installed.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { parseOverride } from '../dist/profile/written/set.js';
import { loadResolved } from '../dist/profile/written/load.js';
import { tscFrequency_kHz } from '../dist/host/tsc.js';
import { cpioArchive } from '../dist/kernel/guest/cpio.js';
import { guestImage } from '../dist/kernel/guest/guest-image.js';
import { resolveKernel } from '../dist/kernel/image/kernel-image.js';
import { bootMachine } from '../dist/kernel/guest/guest-machine.js';
import { findQemu, kernelCommandLine, qemuArguments, withoutKvm } from '../dist/kernel/guest/qemu.js';
import { median } from '../dist/stats/median.js';
import { ratioOf } from './lib/ratio.mjs';
import { machineNow, toText } from './lib/report.mjs';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, kernel: { type: 'string', default: 'deb:6.17.13' } },
});
const settings = { cpus: 2, memoryBytes: 2 ** 31, preempt: 'full', append: [] };
const most_ms = 120_000;
const mostTries = 3;
const poll_ms = 2;
/** From `go` to the start of the warm-up, here of the window (src/workload/window.ts). Victims are paced from there. */
const lead_ms = 20;

const folder = mkdtempSync(join(tmpdir(), 'pauselab-bench-boot-'));
try {
  await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function main() {
  const kernel = await resolveKernel(values.kernel);
  const image = guestImage();
  const init = (script) => [
    { kind: 'file', path: '/bench-init', executable: true, content: Buffer.from(`#!/bin/busybox sh\n${script}\n`) },
    { kind: 'file', path: '/bin/busybox', executable: true, content: readFileSync(staticBusybox()) },
  ];
  const bare = archive('busybox.cpio', [
    { kind: 'character-device', path: '/dev/console', major: 5, minor: 1 },
    ...init('echo bench-first; exec /bin/busybox sleep 1000'),
  ]);
  // A kernel unpacks archives that follow each other into one file system.
  const full = archive(
    'node.cpio',
    init('echo bench-first; /pauselab/node -e 0; echo bench-node; exec /bin/busybox sleep 1000'),
    readFileSync(image.path),
  );

  const accelerator = await workingAccelerator(kernel, image);
  const times = [];
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    const subjects = [
      async () => ({ busybox: (await linesAfter(kernel, bare, accelerator, ['bench-first']))[0] }),
      async () => {
        const [first, node] = await linesAfter(kernel, full, accelerator, ['bench-first', 'bench-node']);
        return { first, node: node - first };
      },
      () => wholeStart(kernel, image, accelerator),
    ];
    const own = {};
    for (let i = 0; i < subjects.length; i += 1)
      Object.assign(own, await withinTries(subjects[(i + round) % subjects.length]));
    times.push(own);
    process.stderr.write(
      `round ${round}: ${Object.entries(own)
        .map(([name, ms]) => `${name} ${Math.round(ms)} ms`)
        .join(', ')}\n`,
    );
  }

  const of = (name) => median(times.map((one) => one[name]));
  const allowed = ({ busybox, node }) => 2 * busybox + node;
  const ratio = (name, what, more) =>
    ratioOf(
      what,
      times.map((one) => one[name] / allowed(one)),
      more,
    );
  const section = {
    key: 'guest-boot',
    title: `from QEMU's start to the first measured operation, to 2 × busybox + Node (${kernel.release}, ${accelerator}, ${Math.round(image.bytes / 2 ** 20)} MiB)`,
    failure: null,
    notes: [`load average now: ${machineNow().loadAverage.toFixed(2)}`],
    ratios: [
      ratio('operation', 'to the first measured operation', {
        atMost: 1,
        figures: {
          busybox_ms: of('busybox'),
          node_ms: of('node'),
          first_line_with_our_file_system_ms: of('first'),
          agent_ms: of('hello'),
          set_up_ms: of('setUp'),
          go_ms: of('go'),
          operation_ms: of('operation'),
        },
      }),
      ratio('hello', "to the agent's first message"),
      ratioOf(
        'first line of init with our file system, to busybox',
        times.map(({ first, busybox }) => first / busybox),
      ),
    ],
  };
  process.stdout.write(toText(section));
}

function archive(name, entries, before = Buffer.alloc(0)) {
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat([before, ...cpioArchive(entries)]));
  return path;
}

/** This machine's busybox, if it needs no library; otherwise Debian's, which is not installed. */
function staticBusybox() {
  const isStatic = (path) => existsSync(path) && !readFileSync(path).includes('/ld-linux-x86-64');
  const own = ['/bin/busybox', '/usr/bin/busybox'].find(isStatic);
  if (own !== undefined) return own;
  const unpacked = join(folder, 'busybox-static');
  const found = () => ['bin/busybox', 'usr/bin/busybox'].map((path) => join(unpacked, path)).find(existsSync);
  if (found() === undefined) {
    execFileSync('apt-get', ['download', 'busybox-static'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    const deb = readdirSync(folder).find((name) => name.endsWith('.deb'));
    execFileSync('dpkg-deb', ['-x', join(folder, deb ?? ''), unpacked]);
  }
  return found();
}

function consoleText(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** An emulated kernel ends by a fault now and then. It is then booted again, with a message. */
async function withinTries(boot) {
  for (let number = 1; ; number += 1) {
    try {
      return await boot();
    } catch (error) {
      process.stderr.write(`try ${number} of at most ${mostTries}: ${error.message}\n`);
      if (number === mostTries) throw error;
    }
  }
}

/** Boots once, and returns when each line was on the console, in ms after QEMU's start. */
async function linesAfter(kernel, initramfs, accelerator, lines) {
  const console = join(folder, 'console');
  rmSync(console, { force: true });
  const commandLine = `${kernelCommandLine(settings, accelerator, await tscFrequency_kHz())} rdinit=/bench-init`;
  const qemu = findQemu();
  // The usual devices, with no process at the other end.
  const args = qemuArguments(settings, accelerator, {
    kernel: kernel.image,
    initramfs,
    commandLine,
    console,
    channel: '',
    serial: '',
    control: '',
  }).map((word) => word.replace(/^socket,id=(\w+),path=$/, 'null,id=$1'));
  const start_ms = performance.now();
  const child = spawn(qemu.path, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const closed = new Promise((resolve) => {
    child.once('close', resolve);
  });
  const seen = [];
  try {
    while (seen.length < lines.length) {
      if (child.exitCode !== null || performance.now() - start_ms > most_ms)
        throw new Error(
          `the guest did not print ${lines[seen.length]}; its console ends with ${JSON.stringify(consoleText(console).slice(-600))}`,
        );
      const text = consoleText(console);
      while (seen.length < lines.length && text.includes(lines[seen.length])) seen.push(performance.now() - start_ms);
      await sleep(poll_ms);
    }
    return seen;
  } finally {
    child.kill('SIGKILL');
    await closed;
  }
}

/**
 * To the agent's first message, to the message that all is prepared and `go` is given, and to the first operation of
 * the window.
 */
async function wholeStart(kernel, image, accelerator, deadline_ms = most_ms) {
  const profile = await loadResolved(
    'stock-vs-patched',
    ['holder.region=16MiB', 'warmup=0s', 'duration=1s', 'drain=0s'].map((text) => parseOverride('--set', text)),
  );
  const arm = profile.arms.find(({ name }) => name === 'free-one-vma');
  const run = {
    name: '000-boot',
    profile,
    arm,
    kernel: kernel.release,
    repetition: 1,
    regionBytes: 16 * 2 ** 20,
    allowDegraded: true,
    trace: false,
  };
  const start_ms = performance.now();
  const machine = await bootMachine({
    qemu: findQemu(),
    accelerator,
    settings,
    kernel: kernel.image,
    initramfs: image.path,
    deadline_ms,
    interrupted: new Promise(() => undefined),
  });
  try {
    const hello = performance.now() - start_ms;
    const config = kernel.config === null ? null : readFileSync(kernel.config, 'utf8');
    await machine.request({ type: 'set-up', release: kernel.release, config }, { deadline_ms: most_ms }, ({ type }) =>
      type === 'facts' ? type : undefined,
    );
    const setUp = performance.now() - start_ms;
    const go = await machine.request({ type: 'run', run }, { deadline_ms: most_ms }, ({ type, phase, sentence }) => {
      if (type === 'failed') throw new Error(sentence);
      return type === 'phase' && phase === 'measuring' ? performance.now() - start_ms : undefined;
    });
    return { hello, setUp, go, operation: go + lead_ms };
  } finally {
    await machine.close();
  }
}

/** KVM if it works, as `pauselab run` finds it. */
async function workingAccelerator(kernel, image) {
  if (withoutKvm(findQemu()) !== null) return 'tcg';
  return wholeStart(kernel, image, 'kvm', 30_000).then(
    () => 'kvm',
    () => 'tcg',
  );
}
