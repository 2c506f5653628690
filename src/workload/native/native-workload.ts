/**
 * Prepares a native workload until only `go` is missing: board created, memory mapped and touched, layout proven,
 * threads waiting, priorities set and read back, a single autogroup. An arm with a churn runs the engine on its
 * profile's allocator. In the foreign control a second engine runs the churn, on the same allocator, so that the
 * victims share only the machine with it, not the address space.
 */
import { cleanUp } from '../../base/clean-up.js';
import type { Failure } from '../../base/failure.js';
import { readText } from '../../base/files/read-file.js';
import { proveAllocator, type AllocatorProof } from '../../host/allocators/allocator-proof.js';
import {
  allocatorLaunch,
  environmentFor,
  refuseStatic,
  type CleanEnvironment,
} from '../../host/allocators/allocator-launch.js';
import { commonAutogroup } from '../../host/autogroup.js';
import { agentOf, type ChurnArm, type NativeArm } from '../../profile/resolved/resolved.js';
import type { Board, ThreadId } from '../../record/board/board.js';
import { startAgent, type RunningAgent } from '../agent.js';
import { groupThreads, type CpuGroup } from '../threads/cpu-group.js';
import { boardOf, boardPath, engineEnded, enginePaths, printedBy, startEngine, untilReady } from './engine-process.js';
import { refuseLargeChurn } from '../memory-need.js';
import { watchNamedThreads, type NamedThreads } from '../threads/named-threads.js';
import { churnPlans, enginePlan } from './engine-plan.js';
import { pssSaidBy } from '../watch/memory-meter.js';
import {
  orEndOfPrograms,
  withFiles,
  type Afterwards,
  type ChurnTally,
  type PreparedWorkload,
  type WorkloadInput,
} from '../prepared.js';
import { endsOrIsKilled, killAll, programs, type Program } from '../programs.js';
import { createRuntimeFolder, type RuntimeFolder } from '../runtime-folder.js';
import { applySeats } from './seats.js';
import { triedAllocator } from './tools.js';

/** Limit for reading a file that an engine wrote or read. */
const mostEngineBytes = 64 * 2 ** 20;

/** An engine of the run; its name is the prefix of its files. */
interface Engine {
  readonly name: string;
  readonly program: Program;
}

export async function prepareNative(input: WorkloadInput<NativeArm | ChurnArm>): Promise<PreparedWorkload> {
  const { arm, topology, interrupted } = input;
  // Checked before anything starts: settings that the allocator does not accept are the profile's fault.
  const allocated = arm.kind === 'churn' ? allocatedWork(arm) : null;
  const folder = createRuntimeFolder();
  const engines: Engine[] = [];
  let watch: NamedThreads | undefined;
  let opened: Board | undefined;
  let groups: readonly CpuGroup[] = [];
  let agent: RunningAgent | null = null;
  const end = async (): Promise<void> => {
    watch?.stop();
    await cleanUp(
      () => agent?.stop(),
      () => killAll(engines.map(({ program }) => program)),
    );
  };
  const dispose = async (): Promise<void> => {
    await cleanUp(
      end,
      // The first may have to hand its controller back, for which the others must be gone.
      ...groups.toReversed().map((group) => () => {
        group.remove();
      }),
      () => opened?.close(),
      () => {
        folder.remove();
      },
    );
  };
  const logs = (): Record<string, string> =>
    Object.fromEntries(engines.flatMap((engine) => Object.entries(logsOf(folder, engine))));
  try {
    const environment = allocated === null ? {} : { environment: allocated.clean.environment };
    const start = async (name: string, plan: string): Promise<Program> => {
      const program = await startEngine(folder, plan, { name, ...environment });
      engines.push({ name, program });
      return program;
    };
    const plans = plansOf(input, folder);
    const started = await start('engine', plans.engine);
    const board = (opened = await boardOf(folder, started, interrupted));
    const joined = plans.joining === null ? null : await start('churn', plans.joining);
    const joinedGone = (when: string): Failure | null => {
      const exit = joined?.exit() ?? null;
      // It ends by itself when the board says `done`.
      return joined === null || exit === null || exit.code === 0 ? null : engineEnded(exit, joined, when);
    };
    await untilReady(board, started, interrupted, () => joinedGone('before its window'));
    const threads = board.threadIds();
    const pids = [...new Set([...engines.map(({ program }) => program.pid), ...threads.map(({ pid }) => pid)])];
    const autogroup = commonAutogroup([process.pid, ...pids]);
    const priorities = applySeats(threads, arm, topology);
    const grouped = (groups = groupsOf(arm, threads, folder));
    const proofs = allocated === null ? [] : engines.map((engine) => allocated.prove(folder, engine));
    const watching = (watch = watchNamedThreads(arm, allocated === null ? [] : pids, topology, priorities));
    const wanted = agentOf(arm);
    const looking = (agent =
      wanted?.active === true
        ? await startAgent({
            agent: wanted,
            pid: lookedAtPid(arm, { victims: started.pid, churn: joined?.pid ?? started.pid }, threads),
            folder,
            board,
            topology,
            interrupted,
          })
        : null);
    const afterwards = (): Afterwards => ({
      jvm: null,
      churn:
        allocated === null
          ? null
          : {
              processes: engines.map(({ name, program }, i) => ({
                name,
                pid: program.pid,
                allocator: proofs[i] ?? null,
                removedFromEnvironment: allocated.clean.removed,
              })),
              threads: [...watching.threads()],
              tallies: arm.kind === 'churn' && arm.churn.loads.length === 0 ? [] : talliesOf(folder, engines),
            },
      pssBytes: new Map(
        engines.flatMap(({ name, program }) =>
          pssSaidBy(printedBy(folder, name)).map((bytes) => [program.pid, bytes] as const),
        ),
      ),
      cpuMax: grouped.map((group) => group.use()).find((use) => use !== null) ?? null,
      cpuWeights: grouped.filter(({ weight }) => weight !== null),
      agent: looking?.use() ?? null,
      failures: watching.failures(),
    });
    return {
      board,
      pids,
      victimsPid: started.pid,
      folder,
      priorities,
      autogroup,
      layout: printedBy(folder, 'engine')[0],
      besideCpu_ns: () => (looking === null ? 0 : looking.cpu_ns()),
      degraded: [...priorities, ...watching.threads(), ...grouped].flatMap(({ problems }) => problems),
      earlyEnd() {
        const exit = started.exit();
        if (exit !== null) return engineEnded(exit, started, 'inside its window');
        return joinedGone('inside its window') ?? looking?.failure() ?? null;
      },
      kill() {
        for (const { program } of engines) program.kill('SIGKILL');
      },
      async end() {
        watching.end();
        await looking?.stop();
        await endsOrIsKilled(started);
        // It waits for the board's last state or the end of the drain, whichever comes first.
        if (board.state() !== 'done') joined?.kill('SIGKILL');
        if (joined !== null) await endsOrIsKilled(joined);
      },
      afterwards,
      logs,
      dispose,
    };
  } catch (error) {
    const programs = engines.map(({ program }) => program);
    const cause = orEndOfPrograms(programs, opened, error);
    const ended = programs.filter((program) => program.exit() !== null);
    await end();
    const failure = withFiles(cause, logs, ended);
    await dispose();
    throw failure;
  }
}

/** The holder and the hogs, where they have a cgroup. */
function groupsOf(arm: NativeArm | ChurnArm, threads: readonly ThreadId[], folder: RuntimeFolder): CpuGroup[] {
  const { holder, hogs } = arm;
  const asked = [
    { name: 'holder', role: 'holder', cpuMax: holder?.cpuMax, cpuWeight: holder?.cpuWeight },
    { name: 'hogs', role: 'hog', cpuMax: undefined, cpuWeight: hogs.cpuWeight },
  ] as const;
  return asked
    .filter(({ cpuMax, cpuWeight }) => cpuMax !== undefined || cpuWeight !== undefined)
    .map(({ name, role, ...settings }) =>
      groupThreads(
        name,
        threads.flatMap((thread) => (thread.role === role ? [thread.tid] : [])),
        settings,
        folder.path,
      ),
    );
}

/** In the foreign control: of the second process, with the churn or with a holder and a region of the same size. */
function lookedAtPid(
  arm: NativeArm | ChurnArm,
  pids: { readonly victims: number; readonly churn: number },
  threads: readonly ThreadId[],
): number {
  if (arm.kind === 'churn') return pids.churn;
  if (arm.holder.process !== 'foreign') return pids.victims;
  return threads.find(({ role }) => role === 'holder')?.pid ?? pids.victims;
}

interface Plans {
  readonly engine: string;
  readonly joining: string | null;
}

function plansOf({ arm, ...input }: WorkloadInput<NativeArm | ChurnArm>, folder: RuntimeFolder): Plans {
  const common = { ...input, boardPath: boardPath(folder), parentPid: process.pid };
  return arm.kind === 'churn'
    ? churnPlans({ ...common, arm })
    : { engine: enginePlan({ ...common, arm }), joining: null };
}

interface AllocatedWork {
  readonly clean: CleanEnvironment;
  /** Throws unless the engine runs on the allocator with its settings. */
  prove(folder: RuntimeFolder, engine: Engine): AllocatorProof;
}

function allocatedWork(arm: ChurnArm): AllocatedWork {
  refuseLargeChurn(arm);
  const { allocator } = arm.churn;
  const launch = allocatorLaunch(allocator);
  refuseStatic(programs.engine(), launch);
  const tried = triedAllocator(allocator);
  return {
    clean: environmentFor(launch),
    prove: (folder, { name: engine, program }) =>
      proveAllocator(allocator, tried, {
        pid: program.pid,
        report: (printedBy(folder, engine)[0] as { allocator?: unknown } | undefined)?.allocator,
        complaints: program.complaints(),
      }),
  };
}

function talliesOf(folder: RuntimeFolder, engines: readonly Engine[]): ChurnTally[] | null {
  const tallied = engines
    .flatMap(({ name }) => printedBy(folder, name))
    .find(
      (document): document is { churn: ChurnTally[] } =>
        typeof document === 'object' && document !== null && 'churn' in document,
    );
  return tallied?.churn ?? null;
}

function logsOf(folder: RuntimeFolder, { name, program }: Engine): Record<string, string> {
  const { plan, stdout } = enginePaths(folder, name);
  return {
    [`${name}-plan.txt`]: readText(plan, { mostBytes: mostEngineBytes }),
    [`${name}.json`]: readText(stdout, { mostBytes: mostEngineBytes }),
    [`${name}.log`]: program
      .complaints()
      .map((text) => `${text}\n`)
      .join(''),
  };
}
