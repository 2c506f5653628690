/** Signals to the command and to all that it starts, at random moments of every phase of a run. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExitCode } from '../../src/base/failure.js';
import type { Board } from '../../src/record/board/board.js';
import { randomBelow, shuffle, type Random } from '../../src/stats/prng.js';
import { diceOf, type Outcome } from './attempt.js';
import { compareWithBoards, processesLeft, shellCode, shmLeft, strayFiles, unreadable, wrongEnd } from './checks.js';
import { kernelLeftovers } from './kernel-leftovers.js';
import { jvmRun, nativeRun } from './profiles.js';
import { createSandbox, programOf, send, type CommandEnd, type RunningCommand, type Sandbox } from './sandbox.js';
import { isReached, phases, watchRun, type Moment, type Phase, type Watch } from './watch.js';

const signals = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGSTOP'] as const;
type Signal = (typeof signals)[number];

const scenarios = {
  native: { ...nativeRun, more: [] },
  traced: { ...nativeRun, more: ['--trace'] },
  jvm: { ...jvmRun, more: [] },
} as const;
type KillScenario = keyof typeof scenarios;

type Target = 'command' | 'engine' | 'foreign-holder' | 'sampler' | 'tracer' | 'jvm';

interface Kill extends Moment {
  readonly scenario: KillScenario;
  readonly target: Target;
  readonly signal: Signal;
  /** How far into the phase, in thousandths of its usual length. */
  readonly permille: number;
}

const usual_ms: Readonly<Record<Phase, number>> = {
  start: 300,
  calibration: 800,
  prepare: 60,
  'warm-up': 60,
  window: 300,
  drain: 200,
  'tear-down': 20,
  writing: 20,
  end: 10,
};
const poll_ms = 2;
/** Of a command that is stopped and goes on. */
const stopped_ms = 200;

const measuring: readonly Phase[] = ['warm-up', 'window', 'drain', 'tear-down'];

/** What is attacked, when, with what: all of it comes once before any comes again. */
const combinations: readonly Pick<Kill, 'scenario' | 'target' | 'signal' | 'phase'>[] = [
  ...all('native', 'command', signals, phases),
  ...all('native', 'engine', ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'], ['calibration', 'prepare', ...measuring]),
  // Elsewhere it is given two minutes to be ready, and here ten seconds to end.
  ...all('native', 'engine', ['SIGSTOP'], ['window', 'tear-down']),
  ...all('native', 'foreign-holder', ['SIGKILL', 'SIGTERM'], ['warm-up', 'window', 'drain']),
  ...all('native', 'sampler', signals, measuring),
  ...all('traced', 'tracer', ['SIGKILL', 'SIGTERM', 'SIGSTOP', 'SIGHUP'], ['prepare', ...measuring]),
  ...all('traced', 'command', ['SIGKILL', 'SIGTERM'], ['prepare', 'window', 'tear-down']),
  ...all('jvm', 'jvm', ['SIGKILL', 'SIGTERM', 'SIGSTOP'], ['warm-up', 'window', 'drain']),
  ...all('jvm', 'jvm', ['SIGKILL', 'SIGTERM'], ['prepare', 'tear-down']),
  ...all('jvm', 'engine', ['SIGKILL'], ['prepare', ...measuring]),
  ...all('jvm', 'command', ['SIGKILL', 'SIGTERM', 'SIGINT'], ['prepare', 'window', 'tear-down', 'writing']),
];

function all(
  scenario: KillScenario,
  target: Target,
  ofSignals: readonly Signal[],
  ofPhases: readonly Phase[],
): Pick<Kill, 'scenario' | 'target' | 'signal' | 'phase'>[] {
  return ofPhases.flatMap((phase) => ofSignals.map((signal) => ({ scenario, target, signal, phase })));
}

/** Without an end. */
export function* killNames(seed: number): Generator<string> {
  for (let round = 0; ; round += 1) {
    const random = diceOf(seed, 'kills', round);
    for (const { scenario, target, signal, phase } of shuffle(combinations, random)) {
      yield [
        'kills',
        scenario,
        target,
        signal,
        phase,
        runOf(target, phase, scenarios[scenario].runs, random),
        randomBelow(1000, random),
      ].join('/');
    }
  }
}

function runOf(target: Target, phase: Phase, runs: number, random: Random): number {
  if (phase === 'start' || phase === 'calibration') return 0;
  if (phase === 'end') return runs - 1;
  // Which run has a foreign holder, the order says.
  return target === 'foreign-holder' ? 0 : randomBelow(runs, random);
}

function parse(name: string): Kill {
  const [, scenario = '', target = '', signal = '', phase = '', run = '', permille = ''] = name.split('/');
  const known = combinations.find(
    (one) => one.scenario === scenario && one.target === target && one.signal === signal && one.phase === phase,
  );
  if (known === undefined || !/^\d+$/.test(run) || !/^\d+$/.test(permille))
    throw new Error(`${name}: there is no such kill`);
  return { ...known, run: Number(run), permille: Number(permille) };
}

export function placeOfKill(name: string): { readonly row: string; readonly column: string } {
  const { target, scenario, phase } = parse(name);
  return { row: `${target} (${scenario})`, column: phase };
}

export async function kill(name: string, root: string): Promise<Outcome> {
  const plan = parse(name);
  const scenario = scenarios[plan.scenario];
  const sandbox = createSandbox(root);
  try {
    const profile = join(sandbox.files, scenario.file);
    const bundle = join(sandbox.files, 'bundle');
    writeFileSync(profile, scenario.text);
    const running = sandbox.start(['run', profile, ...scenario.args, ...scenario.more, '--out', bundle]);
    const watch = watchRun(sandbox.shm, bundle);
    const hit = await strike(plan, running, sandbox, watch);
    while (!running.hasEnded()) {
      watch.look();
      await sleep(poll_ms);
    }
    const end = await running.ended;
    const compared = compareWithBoards(bundle, watch.boards(), { mayLack: end.signal !== null });
    const problems = [
      ...wrongEnd(end, allowedEnds(plan, compared.inBundle === scenario.runs)),
      ...(await processesLeft(sandbox)),
      ...(await leftovers(end, running.pid, sandbox, profile, plan.scenario)),
      ...strayFiles(sandbox),
      ...compared.problems,
      ...runsLost(end, compared.inBundle),
      ...(await unreadable(bundle)),
    ];
    return {
      name,
      ...placeOfKill(name),
      ...(hit === null ? {} : { column: hit }),
      reached: hit !== null,
      problems: hit === null ? [] : problems,
      runsCompared: compared.runs,
      samplesCompared: compared.samples,
    };
  } finally {
    sandbox.remove();
  }
}

/** The phase in which the signal was sent; null where its target never came. */
async function strike(plan: Kill, running: RunningCommand, sandbox: Sandbox, watch: Watch): Promise<Phase | null> {
  while (!running.hasEnded() && !isReached(watch.look(), plan)) await sleep(poll_ms);
  // A phase that is short is over sooner than planned; it is told as it was found.
  const due = performance.now() + (usual_ms[plan.phase] * plan.permille) / 1000;
  while (performance.now() < due && !running.hasEnded()) {
    watch.look();
    await sleep(poll_ms);
  }
  while (!running.hasEnded()) {
    const { phase } = watch.look();
    // The next run is given two minutes to be ready, so what is stopped there tells nothing about the phase that was
    // meant.
    if (plan.signal === 'SIGSTOP' && (plan.target === 'engine' || plan.target === 'jvm') && phase !== plan.phase)
      return null;
    const pid = pidOf(plan.target, running, sandbox, watch.boards());
    if (pid !== null && send(pid, plan.signal)) {
      if (plan.target === 'command' && plan.signal === 'SIGSTOP') {
        await sleep(stopped_ms);
        send(pid, 'SIGCONT');
      }
      return phase;
    }
    await sleep(poll_ms);
  }
  return null;
}

function pidOf(target: Target, running: RunningCommand, sandbox: Sandbox, boards: readonly Board[]): number | null {
  const named = (program: string): number | null =>
    sandbox.processes().find((pid) => programOf(pid) === program) ?? null;
  switch (target) {
    case 'command':
      return running.pid;
    case 'engine':
      return named('pauselab-engine');
    case 'sampler':
      return named('pauselab-sampler');
    case 'tracer':
      return named('pauselab-tracer');
    case 'jvm':
      return named('java');
    case 'foreign-holder': {
      const threads = boards.at(-1)?.threadIds() ?? [];
      const [holder, victim] = (['holder', 'victim'] as const).map(
        (role) => threads.find((thread) => thread.role === role)?.pid ?? 0,
      );
      return holder === undefined || holder === 0 || holder === victim ? null : holder;
    }
  }
}

/** `isWhole`: all runs are in the bundle, so that the signal may have come too late to matter. */
function allowedEnds({ target, signal }: Kill, isWhole: boolean): number[] {
  const natural: number[] = [ExitCode.ok, ExitCode.inconclusive];
  if (target !== 'command') return [...natural, ExitCode.workload];
  const own: Record<Signal, readonly number[]> = {
    SIGKILL: [137],
    SIGTERM: [143],
    SIGINT: [130],
    SIGHUP: [129],
    SIGSTOP: natural,
  };
  return [...own[signal], ...(isWhole ? natural : [])];
}

/** What a command leaves that could not clean up is removed by the next one that needs the same. */
async function leftovers(
  end: CommandEnd,
  pid: number,
  sandbox: Sandbox,
  profile: string,
  scenario: KillScenario,
): Promise<string[]> {
  const inKernel = (): string[] =>
    kernelLeftovers(pid, { traced: scenario === 'traced' }).map((what) => `it left ${what}`);
  const shm = shmLeft(sandbox);
  if (shm.length > 0 && end.signal === null) return shm;
  if (shm.length + inKernel().length === 0) return [];
  const cleaned = await sandbox.start(['run', profile, ...cheapest[scenario], '--out', join(sandbox.files, 'next')])
    .ended;
  const after = [...shmLeft(sandbox), ...inKernel()];
  return [
    ...after.map((problem) => `after the next command, which ended with ${String(shellCode(cleaned))}: ${problem}`),
    ...wrongEnd(cleaned),
  ];
}

/**
 * A run that is refused for its size has made a folder, and so has cleaned up; a trace is cleaned up by the next one.
 */
const refusedForItsSize = ['--duration', '10ms', '--set', 'hogs.count=64', '--set', 'holder.nice=19'];
const cheapest: Readonly<Record<KillScenario, readonly string[]>> = {
  native: refusedForItsSize,
  traced: ['--trace', '--arm', 'crossing'],
  jvm: [],
};

/** Runs that the command said it had finished, and that are not there. */
function runsLost({ logs }: CommandEnd, inBundle: number): string[] {
  const finished = logs.filter((text) => /^run \d+ of \d+: .*, repetition \d+: /.test(text)).length;
  return finished > inBundle
    ? [`runs lost: it said of ${finished} that they were done, and ${inBundle} are whole in the bundle`]
    : [];
}
