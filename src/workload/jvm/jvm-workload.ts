/**
 * Prepares a JVM workload until only `go` is missing. The engine creates the board and runs the hogs; the JVM joins it
 * with its probes and loads. In the foreign control a second JVM runs the loads, so that the probes share only the
 * machine with them, not the address space.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { stated } from '../../words/run-words.js';
import { cleanUp } from '../../base/clean-up.js';
import { monotonic_ms, waitFor } from '../../base/clock.js';
import type { Failure } from '../../base/failure.js';
import { parseJson } from '../../base/json.js';
import { nativePart } from '../../base/native.js';
import { packagePath } from '../../base/package-path.js';
import { readPart } from '../../base/files/read-file.js';
import { proveAllocator } from '../../host/allocators/allocator-proof.js';
import { allocatorLaunch } from '../../host/allocators/allocator-launch.js';
import { commonAutogroup } from '../../host/autogroup.js';
import { readIfThere } from '../../host/files.js';
import { proportionalBytes } from '../../host/process-memory.js';
import type { Jdk } from '../../host/jdks.js';
import type { JavaCommand } from '../../profile/check/java-command.js';
import {
  agentOf,
  isApp,
  type JvmArm,
  type ResolvedLoad,
  type ResolvedVictim,
} from '../../profile/resolved/resolved.js';
import type { Board } from '../../record/board/board.js';
import { startAgent, type RunningAgent } from '../agent.js';
import { jvmLogFlags, parseJvmLog, type JvmLog } from '../../record/jvm-log.js';
import {
  boardOf,
  boardPath,
  engineEnded,
  enginePaths,
  printedBy,
  startEngine,
  untilReady,
} from '../native/engine-process.js';
import { argumentsOf, collectorFlags, collectorOf, commandOf, triedFlags } from './arm-flags.js';
import { endJava, javaEnded, type ForcedEnd } from './java-ended.js';
import { defaultFlags } from './flags.js';
import { plainPath } from './plain-path.js';
import { loadTallies } from './load-tallies.js';
import { launchLogs, startJava, type JavaLaunch, type JavaProgram } from './start.js';
import { jvmPlan } from './jvm-plan.js';
import { schedulingOf, watchNamedThreads, type NamedThreads } from '../threads/named-threads.js';
import { companionPlan, ridingHolderLine } from '../native/engine-plan.js';
import { pssSaidBy } from '../watch/memory-meter.js';
import { orEndOfPrograms, withFiles, type PreparedWorkload, type WorkloadInput } from '../prepared.js';
import { printedText } from '../printed.js';
import { endsOrIsKilled, killAll, type Program } from '../programs.js';
import { refuseServedPort, untilProgramReady } from '../readiness.js';
import { createRuntimeFolder, writeRuntimeFile, type RuntimeFolder } from '../runtime-folder.js';
import { applySeats } from '../native/seats.js';
import { jdkOf, triedAllocator, triedAllocatorUnder } from '../native/tools.js';

const jarPath = packagePath('jvm-workloads/build/pauselab.jar');

/** pauselab reads the output of its own program and JVM, in English. A user's program keeps its language. */
const ownLocale = { LC_ALL: 'C.UTF-8' };

/** Time for a JVM to end by itself or on SIGTERM: a server's shutdown hooks take a while. */
const endGrace_ms = 5_000;
const poll_ms = 50;

/** The second JVM. */
const loadsPart = 'jvm-loads';

/** A JVM of the run, and its task. */
interface Part {
  /** `jvm`, or that of the second JVM; prefix of its files. */
  readonly name: string;
  readonly victims: readonly ResolvedVictim[];
  readonly loads: readonly ResolvedLoad[];
}

export async function prepareJvm(input: WorkloadInput<JvmArm>): Promise<PreparedWorkload> {
  const { arm, topology, interrupted } = input;
  const { jvm } = arm;
  const isOurs = arm.kind === 'jvm';
  const command = commandOf(arm);
  const jdk = await jdkOfArm(arm);
  const flags = await triedFlags(arm, jdk);
  const tried =
    jdk.packaged === null
      ? triedAllocator(jvm.allocator)
      : triedAllocatorUnder({ allocator: jvm.allocator, java: jdk.java });
  const ready = isApp(arm) ? arm.jvm.app.ready : null;
  await refuseServedPort(ready);
  const folder = createRuntimeFolder();
  let engine: Program | undefined;
  const javas: JavaProgram[] = [];
  let watch: NamedThreads | undefined;
  let agent: RunningAgent | null = null;
  let opened: Board | undefined;
  const parts = partsOf(arm);
  const end = async (): Promise<void> => {
    watch?.stop();
    // Programs that the user's program started end before its keeper does.
    await cleanUp(
      () => agent?.stop(),
      () => killAll([...javas, ...(engine === undefined ? [] : [engine])]),
      ...javas.map((java) => () => endsOrIsKilled(java)),
    );
  };
  const logs = (): Record<string, string> => logsOf(folder, parts, javas);
  const dispose = async (): Promise<void> => {
    await cleanUp(
      end,
      () => opened?.close(),
      () => {
        folder.remove();
      },
    );
  };
  try {
    const started = (engine = await startEngine(
      folder,
      companionPlan({ ...input, boardPath: boardPath(folder), parentPid: process.pid }),
    ));
    const board = (opened = await boardOf(folder, started, interrupted));
    const startedAt_ms = monotonic_ms();
    for (const part of parts) javas.push(await startJava(launchOf(part, { input, jdk, folder, command }), interrupted));
    // Our program ends with 0 once all its threads have ended; with loads only, that may be before the window ends.
    const isGone = (java: JavaProgram): boolean => java.exit() !== null && !(isOurs && java.exit()?.code === 0);
    const gone = (when: string): Failure | null => {
      const ended = javas.find(isGone);
      return ended === undefined ? null : javaEnded(ended, when, { speaksForItself: isOurs });
    };
    await untilReady(board, started, interrupted, () => gone('before its window'));
    const [program] = javas;
    if (ready !== null && program !== undefined)
      await untilProgramReady(ready, { program, startedAt_ms, interrupted, gone: () => gone('before it was ready') });

    const javaPids = javas.map(({ pid }) => pid);
    const pids = [started.pid, ...javaPids];
    const autogroup = commonAutogroup([process.pid, ...pids]);
    const priorities = applySeats(board.threadIds(), arm, topology);
    const watching = (watch = watchNamedThreads(arm, javaPids, topology, priorities));
    const reports = parts.map(({ name }) => reportOf(folder, name));
    const allocators = javas.map((java, i) =>
      proveAllocator(jvm.allocator, tried, {
        pid: java.pid,
        report: reports[i]?.allocator,
        complaints: java.complaints(),
      }),
    );
    const wanted = agentOf(arm);
    const looking = (agent =
      wanted?.active === true
        ? await startAgent({
            agent: wanted,
            // In the foreign control the second JVM has the loads.
            pid: javaPids.at(-1) ?? started.pid,
            folder,
            board,
            topology,
            interrupted,
          })
        : null);
    const ends: JavaEnd[] = [];
    const loads = isOurs ? jvm.loads.map(({ name }) => name) : [];
    /** Memory of users' programs, read before they are ended; ours report theirs themselves. */
    const pssOfApps = new Map<number, number>();
    return {
      board,
      pids,
      victimsPid: javaPids[0] ?? started.pid,
      folder,
      priorities,
      autogroup,
      layout: parseJson(printedText(enginePaths(folder).stdout)),
      besideCpu_ns: () => (looking === null ? 0 : looking.cpu_ns()),
      degraded: [...priorities, ...watching.threads()].flatMap(({ problems }) => problems),
      earlyEnd() {
        const exit = started.exit();
        if (exit !== null) return engineEnded(exit, started, 'inside its window');
        return gone('inside its window') ?? looking?.failure() ?? null;
      },
      kill() {
        for (const program of [started, ...javas]) program.kill('SIGKILL');
      },
      async end() {
        watching.end();
        await looking?.stop();
        for (const { pid } of isOurs ? [] : javas) {
          const bytes = await proportionalBytes(pid);
          if (bytes !== null) pssOfApps.set(pid, bytes);
        }
        for (const java of javas)
          ends.push(await endAfterWindow(java, { endsByItself: isOurs && board.state() === 'done' }));
        if (board.state() !== 'done') started.kill('SIGKILL');
        await endsOrIsKilled(started);
      },
      afterwards: () => ({
        // A user's program may hang in a shutdown hook after its window; ours does not.
        failures: [
          ...watching.failures(),
          ...(isOurs && ends.some(({ killed }) => killed) ? [stated({ code: 'jvm-hung' })] : []),
        ],
        churn: null,
        agent: looking?.use() ?? null,
        pssBytes: new Map([
          ...pssSaidBy(printedBy(folder)).map((bytes) => [started.pid, bytes] as const),
          ...pssOfApps,
          ...(isOurs
            ? javas.flatMap((java) => pssSaidBy(documentsIn(java.output())).map((bytes) => [java.pid, bytes] as const))
            : []),
        ]),
        jvm: {
          processes: parts.map(({ name }, i) => ({
            name,
            pid: javaPids[i] ?? 0,
            ...jdk,
            flags: flags === null ? null : [...flags],
            report: reports[i] ?? {},
            allocator: allocators[i] ?? null,
            removedFromEnvironment: [...(javas[i]?.removedFromEnvironment ?? [])],
            end: ends[i] ?? null,
          })),
          threads: [...watching.threads()],
          tallies: loadTallies(
            javas.flatMap((java) => (isOurs ? documentsIn(java.output()) : [])),
            loads,
          ),
          // From the JVM with the probes: they feel that JVM's pauses.
          log: logOf(folder, 'jvm'),
          loadsLog: parts.some(({ name }) => name === loadsPart) ? logOf(folder, loadsPart) : null,
        },
      }),
      logs,
      dispose,
    };
  } catch (error) {
    const programs = [...(engine === undefined ? [] : [engine]), ...javas];
    const cause = orEndOfPrograms(programs, opened, error);
    const ended = programs.filter((program) => program.exit() !== null);
    await end();
    const failure = withFiles(cause, logs, ended);
    await dispose();
    throw failure;
  }
}

export function jdkOfArm(arm: JvmArm): Promise<Jdk> {
  return jdkOf({ ...arm.jvm, collector: collectorOf(arm, commandOf(arm)) });
}

function partsOf(arm: JvmArm): readonly [Part, ...Part[]] {
  const { jvm, victims } = arm;
  const isForeign = jvm.loadsIn === 'foreign' && jvm.loads.length > 0;
  return [
    { name: 'jvm', victims, loads: isForeign ? [] : jvm.loads },
    ...(isForeign ? [{ name: loadsPart, victims: [], loads: jvm.loads }] : []),
  ];
}

interface LaunchInput {
  readonly input: WorkloadInput<JvmArm>;
  readonly jdk: Jdk;
  readonly folder: RuntimeFolder;
  /** Of the user's program; null for ours. */
  readonly command: JavaCommand | null;
}

/** Limit for reading a log; a JVM writes less than 1 MB a minute. */
const mostLogBytes = 256 * 2 ** 20;

const reportPath = ({ path }: RuntimeFolder, name: string): string => join(path, `${name}.json`);
const logPath = ({ path }: RuntimeFolder, name: string): string => join(path, `${name}.gc.log`);
const planPath = ({ path }: RuntimeFolder, name: string): string => join(path, `${name}.plan`);

function logOf(folder: RuntimeFolder, name: string): JvmLog {
  const path = logPath(folder, name);
  return parseJvmLog(existsSync(path) ? readPart(path, 0, mostLogBytes).toString('utf8') : '');
}

function launchOf(part: Part, { input, jdk, folder, command }: LaunchInput): JavaLaunch {
  const { arm, warmup_ns, duration_ns, topology } = input;
  const { jvm } = arm;
  const plan = planPath(folder, part.name);
  const [jar, library] = [plainPath(jarPath, folder.path), plainPath(nativePart('libpauselab-jvm.so'), folder.path)];
  const holder = ridingHolderLine(arm);
  writeRuntimeFile(
    plan,
    jvmPlan({
      boardPath: boardPath(folder),
      reportPath: reportPath(folder, part.name),
      libraryPath: library,
      ...part,
      holder,
      recorded_ns: warmup_ns + duration_ns,
    }),
  );
  const agent = part.victims.length > 0 || holder !== null ? [`-javaagent:${jar}=${plan}`] : [];
  const jvmArgs = argumentsOf(arm, command, {
    own: ['--enable-native-access=ALL-UNNAMED', ...collectorFlags(arm, command), ...defaultFlags(jdk, folder.path)],
    agent: command === null ? [] : agent,
    log: jvmLogFlags(jdk, logPath(folder, part.name), collectorOf(arm, command)),
  });
  const { environment } = allocatorLaunch(jvm.allocator);
  const common = {
    java: jdk.java,
    folder: folder.path,
    name: part.name,
    environment: { ...environment, ...(isApp(arm) ? arm.jvm.app.environment : ownLocale) },
    ...schedulingOf(jvm.process, topology),
    limits: jvm.process.limits,
  };
  if (command === null)
    return { ...common, jvmArgs, main: { classPath: [jar], mainClass: 'pauselab.Workload' }, args: [plan] };
  const { main, args } = command;
  return { ...common, jvmArgs, main, args, keepFor_ms: endGrace_ms };
}

/** How a JVM ended, and what it left. */
interface JavaEnd extends ForcedEnd {
  /** Processes that it had started, that outlived it, and that were ended. */
  readonly leftBehind: number;
}

/** Our program ends by itself once its threads have ended; a user's program gets SIGTERM. */
async function endAfterWindow(
  java: JavaProgram,
  { endsByItself }: { readonly endsByItself: boolean },
): Promise<JavaEnd> {
  if (endsByItself) {
    await waitFor(() => java.exit(), { deadline_ms: endGrace_ms, poll_ms });
  }
  const end = await endJava(java, endGrace_ms);
  await endsOrIsKilled(java);
  return { ...end, leftBehind: java.leftBehind() };
}

/** The lines that are JSON; a JVM prints warnings among them. */
function documentsIn(lines: readonly string[]): unknown[] {
  return lines.flatMap((line): unknown[] => {
    try {
      return [JSON.parse(line)];
    } catch {
      return [];
    }
  });
}

function reportOf(folder: RuntimeFolder, name: string): Record<string, unknown> {
  const text = readIfThere(reportPath(folder, name));
  return text === null ? {} : (parseJson(text) as Record<string, unknown>);
}

function logsOf(folder: RuntimeFolder, parts: readonly Part[], javas: readonly JavaProgram[]): Record<string, string> {
  const { plan, stdout, stderr } = enginePaths(folder);
  const texts: Record<string, string> = {
    'engine-plan.txt': printedText(plan),
    'engine.json': printedText(stdout),
    'engine.log': printedText(stderr),
  };
  for (const { name } of parts) {
    texts[`${name}-plan.txt`] = printedText(planPath(folder, name));
    texts[`${name}-gc.log`] = printedText(logPath(folder, name));
  }
  const begun = javas.map(({ name }) => name);
  const ofOthers = parts
    .filter(({ name }) => !begun.includes(name) && existsSync(join(folder.path, `${name}.launch`)))
    .map(({ name }) => launchLogs(folder.path, name));
  return Object.assign(texts, ...ofOthers, ...javas.map((java) => java.logs())) as Record<string, string>;
}
