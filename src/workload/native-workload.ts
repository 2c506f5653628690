/**
 * Bringing a native workload to the point where only `go` is missing: board made, memory mapped and touched, layout
 * proven, threads waiting, priorities set and read back, one autogroup. An arm with a churn runs the engine on the
 * allocator of its profile; in the foreign control a second engine has the churn, on the same allocator, so that what
 * the victims share with it is the machine and not the address space.
 */
import { cleanUp } from '../base/clean-up.js';
import { usage, type Failure } from '../base/failure.js';
import { parseJson } from '../base/json.js';
import { readText } from '../base/read-file.js';
import { formatSize } from '../base/units.js';
import { proveAllocator, type AllocatorProof } from '../host/allocator-proof.js';
import { allocatorLaunch, environmentFor, refuseStatic, type CleanEnvironment } from '../host/allocators.js';
import { commonAutogroup } from '../host/autogroup.js';
import { availableMemoryBytes } from '../host/facts.js';
import type { ChurnArm, NativeArm, ResolvedLoad } from '../profile/resolved.js';
import { limitCpuTime, type CpuLimit } from './cpu-max.js';
import { boardOf, boardPath, engineEnded, enginePaths, startEngine, untilReady } from './engine-process.js';
import { watchNamedThreads, type NamedThreads } from './named-threads.js';
import { churnPlans, enginePlan } from './plan.js';
import type { Afterwards, ChurnTally, PreparedWorkload, WorkloadInput } from './prepared.js';
import { killAll, programs, type Program } from './programs.js';
import { createRuntimeFolder, type RuntimeFolder } from './runtime-folder.js';
import { applySeats } from './seats.js';
import { triedAllocator } from './tools.js';

/** Of a file that an engine wrote, or was told. */
const mostEngineBytes = 64 * 2 ** 20;

/** One engine of the run; its files begin with its name. */
interface Engine {
  readonly name: string;
  readonly program: Program;
}

export async function prepareNative(input: WorkloadInput<NativeArm | ChurnArm>): Promise<PreparedWorkload> {
  const { arm, topology } = input;
  // Before anything starts: what the allocator does not take is the profile's fault.
  const allocated = arm.holder === null ? allocatedWork(arm) : null;
  const folder = createRuntimeFolder();
  const engines: Engine[] = [];
  let watch: NamedThreads | undefined;
  let limit: CpuLimit | null = null;
  const dispose = async (): Promise<void> => {
    watch?.stop();
    await cleanUp(() => killAll(engines.map(({ program }) => program)), () => limit?.remove(), () => { folder.remove(); });
  };
  try {
    const environment = allocated === null ? {} : { environment: allocated.clean.environment };
    const start = async (name: string, plan: string): Promise<Program> => {
      const program = await startEngine(folder, plan, { name, ...environment });
      engines.push({ name, program });
      return program;
    };
    const plans = plansOf(input, folder);
    const started = await start('engine', plans.engine);
    const board = await boardOf(folder, started);
    const joined = plans.joining === null ? null : await start('churn', plans.joining);
    const joinedGone = (when: string): Failure | null => {
      const exit = joined?.exit() ?? null;
      // It ends by itself when the board says `done`.
      return joined === null || exit === null || exit.code === 0 ? null : engineEnded(exit, joined, when);
    };
    await untilReady(board, started, () => joinedGone('before its window'));
    const threads = board.threadIds();
    const pids = [...new Set([...engines.map(({ program }) => program.pid), ...threads.map(({ pid }) => pid)])];
    const autogroup = commonAutogroup([process.pid, ...pids]);
    const priorities = applySeats(threads, arm, topology);
    const cpuMax = arm.holder?.cpuMax;
    const limited = (limit = cpuMax === undefined ? null : limitCpuTime('holder', threads.flatMap(({ role, tid }) => (role === 'holder' ? [tid] : [])), cpuMax, folder.path));
    const proofs = allocated === null ? [] : engines.map((engine) => allocated.prove(folder, engine));
    const watching = (watch = watchNamedThreads(arm, allocated === null ? [] : pids, topology));
    const afterwards = (): Afterwards => ({
      jvm: null,
      churn: allocated === null ? null : {
        processes: engines.map(({ name, program }, i) => ({ name, pid: program.pid, allocator: proofs[i] ?? null, removedFromEnvironment: allocated.clean.removed })),
        threads: [...watching.threads()],
        tallies: arm.holder === null && arm.churn.loads.length === 0 ? [] : talliesOf(folder, engines),
      },
      cpuMax: limited?.use() ?? null,
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
      degraded: [...priorities, ...watching.threads(), ...(limited === null ? [] : [limited])].flatMap(({ problems }) => problems),
      earlyEnd() {
        const exit = started.exit();
        return exit === null ? joinedGone('inside its window') : engineEnded(exit, started, 'inside its window');
      },
      kill() {
        for (const { program } of engines) program.kill('SIGKILL');
      },
      async end() {
        watching.end();
        await started.exited;
        // It waits for the board's last word or the end of the drain, whichever it sees first.
        if (board.state() !== 'done') joined?.kill('SIGKILL');
        await joined?.exited;
      },
      afterwards,
      logs: () => Object.fromEntries(engines.flatMap((engine) => Object.entries(logsOf(folder, engine)))),
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

interface Plans {
  readonly engine: string;
  readonly joining: string | null;
}

function plansOf({ arm, ...input }: WorkloadInput<NativeArm | ChurnArm>, folder: RuntimeFolder): Plans {
  const common = { ...input, boardPath: boardPath(folder), parentPid: process.pid };
  return arm.holder === null ? churnPlans({ ...common, arm }) : { engine: enginePlan({ ...common, arm }), joining: null };
}

interface AllocatedWork {
  readonly clean: CleanEnvironment;
  /** Throws unless the engine runs on the allocator, with the settings. */
  prove(folder: RuntimeFolder, engine: Engine): AllocatorProof;
}

function allocatedWork({ name, churn: { allocator, loads } }: ChurnArm): AllocatedWork {
  refuseTooMuch(name, loads);
  const launch = allocatorLaunch(allocator);
  refuseStatic(programs.engine(), launch);
  const tried = triedAllocator(allocator);
  return {
    clean: environmentFor(launch),
    prove: (folder, { name: engine, program }) => proveAllocator(allocator, tried, { pid: program.pid, report: (printedBy(folder, engine)[0] as { allocator?: unknown } | undefined)?.allocator, complaints: program.complaints() }),
  };
}

/** Live blocks alone, at the mean of a log-uniform size, (max - min) / ln(max / min): an allocator keeps more. */
export function liveBytes(loads: readonly ResolvedLoad[]): number {
  return loads.reduce((sum, { values }) => {
    const [threads = 0, live = 0, min = 1, max = 1] = ['threads', 'live', 'min_bytes', 'max_bytes'].map((key) => Number(values[key]));
    return sum + threads * live * (max === min ? min : (max - min) / Math.log(max / min));
  }, 0);
}

function refuseTooMuch(arm: string, loads: readonly ResolvedLoad[]): void {
  const [needed, available] = [liveBytes(loads), availableMemoryBytes()];
  if (needed > available / 2) throw usage(`the churn of arm ${arm} keeps ${formatSize(Math.round(needed))} and ${formatSize(available)} of memory are available, of which pauselab uses at most half; lower threads, live or maxSize`);
}

/**
 * What an engine wrote to stdout, a JSON document a line: what it is before `go`, what its churn did after the window.
 * Of one that was killed the last line may have no end.
 */
function printedBy(folder: RuntimeFolder, name: string): unknown[] {
  return readText(enginePaths(folder, name).stdout, { mostBytes: mostEngineBytes }).split('\n').slice(0, -1).map(parseJson);
}

function talliesOf(folder: RuntimeFolder, engines: readonly Engine[]): ChurnTally[] | null {
  const said = engines.flatMap(({ name }) => printedBy(folder, name)).find((one): one is { churn: ChurnTally[] } => typeof one === 'object' && one !== null && 'churn' in one);
  return said?.churn ?? null;
}

function logsOf(folder: RuntimeFolder, { name, program }: Engine): Record<string, string> {
  const { plan, stdout } = enginePaths(folder, name);
  return {
    [`${name}-plan.txt`]: readText(plan, { mostBytes: mostEngineBytes }),
    [`${name}.json`]: readText(stdout, { mostBytes: mostEngineBytes }),
    [`${name}.log`]: program.complaints().map((text) => `${text}\n`).join(''),
  };
}
