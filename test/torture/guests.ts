/**
 * Signals to QEMU and to the command while a kernel of Debian's runs in a guest: few, since an emulated one takes
 * seconds to boot.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExitCode } from '../../src/base/failure.js';
import { randomBelow, shuffle } from '../../src/stats/prng.js';
import { diceOf, NotHere, type Outcome } from './attempt.js';
import { compareWithBoards, processesLeft, shellCode, shmLeft, strayFiles, unreadable, wrongEnd } from './checks.js';
import { tinyRun } from './profiles.js';
import { createSandbox, programOf, send, type RunningCommand, type Sandbox } from './sandbox.js';

/** As the command's log tells them. */
export const guestPhases = ['start', 'boot', 'calibration', 'runs'] as const;
type Phase = (typeof guestPhases)[number];

type Signal = 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGINT';
type Target = 'command' | 'qemu';

interface Kill {
  readonly target: Target;
  readonly signal: Signal;
  readonly phase: Phase;
  readonly permille: number;
}

const kernel = 'deb:6.16.12';
/** With an emulated CPU. */
const usual_ms: Readonly<Record<Phase, number>> = { start: 1_000, boot: 5_000, calibration: 2_000, runs: 8_000 };
const poll_ms = 20;
/** QEMU that is stopped is found out by the deadline of what it was asked for. */
const bootDeadline = ['--boot-deadline', '60s'];

const combinations: readonly Omit<Kill, 'permille'>[] = [
  ...guestPhases.flatMap((phase) =>
    (['SIGKILL', 'SIGTERM', 'SIGINT'] as const).map((signal) => ({ target: 'command' as const, signal, phase })),
  ),
  ...(['boot', 'calibration', 'runs'] as const).flatMap((phase) =>
    (['SIGKILL', 'SIGTERM'] as const).map((signal) => ({ target: 'qemu' as const, signal, phase })),
  ),
  // In a run it would be given four minutes.
  { target: 'qemu', signal: 'SIGSTOP', phase: 'boot' },
];

export async function* guestNames(seed: number, root: string): AsyncGenerator<string> {
  await fetchKernel(join(root, cacheName), root);
  for (let round = 0; ; round += 1) {
    const random = diceOf(seed, 'guests', round);
    for (const { target, signal, phase } of shuffle(combinations, random))
      yield ['guests', target, signal, phase, randomBelow(1000, random)].join('/');
  }
}

const cacheName = 'guest-cache';
const download_ms = 600_000;
const guestDeadline_ms = 400_000;

/** Once for all lanes. Where there is no mirror, it says what pauselab says of that. */
async function fetchKernel(cache: string, root: string): Promise<void> {
  const sandbox = createSandbox(root);
  mkdirSync(cache, { recursive: true });
  const end = await sandbox.start(['kernels', 'fetch', kernel], {
    env: { PAUSELAB_CACHE: cache },
    deadline_ms: download_ms,
  }).ended;
  sandbox.remove();
  if (end.code !== 0)
    throw new NotHere(
      end.hung ? `${kernel} was not fetched within ${download_ms / 60_000} minutes` : end.sentences.join(' '),
    );
}

function parse(name: string): Kill {
  const [, target = '', signal = '', phase = '', permille = ''] = name.split('/');
  const known = combinations.find((one) => one.target === target && one.signal === signal && one.phase === phase);
  if (known === undefined || !/^\d+$/.test(permille)) throw new Error(`${name}: there is no such attempt`);
  return { ...known, permille: Number(permille) };
}

export function placeOfGuest(name: string): { readonly row: string; readonly column: string } {
  const { target, phase } = parse(name);
  return { row: `${target} (guest)`, column: phase };
}

export async function guest(name: string, root: string): Promise<Outcome> {
  const plan = parse(name);
  const cache = join(dirname(root), cacheName);
  await fetchKernel(cache, root);
  const sandbox = createSandbox(root);
  try {
    const [profile, bundle] = [join(sandbox.files, tinyRun.file), join(sandbox.files, 'bundle')];
    writeFileSync(profile, tinyRun.text);
    const running = sandbox.start(['run', profile, '--kernel', kernel, ...bootDeadline, '--out', bundle], {
      env: { PAUSELAB_CACHE: cache },
      deadline_ms: guestDeadline_ms,
    });
    const hit = await strike(plan, running, sandbox);
    const end = await running.ended;
    // What a guest records is on a board in the guest.
    const { problems: broken, inBundle } = compareWithBoards(bundle, [], { mayLack: true });
    const finished = end.logs.filter((text) => /^run \d+ of \d+: .*, repetition \d+: /.test(text)).length;
    const problems = [
      ...wrongEnd(end, allowedEnds(plan, inBundle === tinyRun.runs)),
      ...(await processesLeft(sandbox)),
      ...(end.signal === null ? shmLeft(sandbox) : []),
      ...strayFiles(sandbox),
      ...broken,
      ...(finished > inBundle
        ? [
            `runs lost: it said of ${finished} that they were done, and ${inBundle} are whole in the bundle (it ended with ${String(shellCode(end))})`,
          ]
        : []),
      ...(await unreadable(bundle)),
    ];
    return {
      name,
      ...placeOfGuest(name),
      ...(hit === null ? {} : { column: hit }),
      reached: hit !== null,
      problems: hit === null ? [] : problems,
    };
  } finally {
    sandbox.remove();
  }
}

async function strike(plan: Kill, running: RunningCommand, sandbox: Sandbox): Promise<Phase | null> {
  const now = (): Phase => phaseOf(running.logs());
  const isReached = (): boolean => guestPhases.indexOf(now()) >= guestPhases.indexOf(plan.phase);
  while (!running.hasEnded() && !isReached()) await sleep(poll_ms);
  await sleep((usual_ms[plan.phase] * plan.permille) / 1000);
  while (!running.hasEnded()) {
    const phase = now();
    const pid =
      plan.target === 'command'
        ? running.pid
        : sandbox.processes().find((one) => programOf(one).startsWith('qemu-system'));
    if (pid !== undefined && send(pid, plan.signal)) return phase;
    await sleep(poll_ms);
  }
  return null;
}

function phaseOf(logs: readonly string[]): Phase {
  if (logs.some((text) => /^run \d+ of /.test(text))) return 'runs';
  if (logs.some((text) => text.startsWith('sizing the region'))) return 'calibration';
  return logs.some((text) => text.startsWith('booting ')) ? 'boot' : 'start';
}

function allowedEnds({ target, signal }: Kill, isWhole: boolean): number[] {
  const natural: number[] = [ExitCode.ok, ExitCode.inconclusive];
  if (target === 'qemu') return [...natural, ExitCode.workload];
  const own: Record<Signal, readonly number[]> = { SIGKILL: [137], SIGTERM: [143], SIGINT: [130], SIGSTOP: natural };
  return [...own[signal], ...(isWhole ? natural : [])];
}
