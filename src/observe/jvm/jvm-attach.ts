/**
 * `--jvm`: what a JVM tells a tool that attaches to it, and its log, switched on for the observation. A guardian undoes
 * it, also if pauselab is killed. docs/architecture.md says why pauselab speaks the attach protocol itself.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, statfsSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import { unfit, usage, type Failure } from '../../base/failure.js';
import { cleanUp } from '../../base/clean-up.js';
import { shortLine } from '../../base/text/lines.js';
import { memoryFlags } from '../../catalogue/memory-flags.js';
import type { AttachRefusal, JvmGap, JvmLeftover } from '../../facts/observed-jvm-facts.js';
import { readIfThere } from '../../host/files.js';
import { collectorOfFlag } from '../../host/jdks.js';
import { concernsEvents, jvmLogDecorators, jvmLogSelection, parseJvmLog, type JvmLog } from '../../record/jvm-log.js';
import { attachAnnouncement, attachRefusalText } from '../../words/observed-jvm-words.js';
import { tmpfsMagic } from '../../workload/runtime-folder.js';
import { isStillThere } from '../../workload/process-identity.js';
import { attachDisabledBy, selectedCollector } from './jvm-command.js';
import { mostLogBytes, startGuardian, type AttachProblem, type Guardian, type JvmAnswer } from './jvm-guardian.js';
import { accessProblem, type RunningJvm } from './jvm-process.js';
import { printedThreads, type FullNames, type PrintedThread } from './jvm-threads.js';
import type { Target } from '../target.js';

export interface AttachedJvm {
  readonly target: Target;
  readonly flags: readonly string[];
  readonly names: FullNames;
  /** Switches the log off and reads it. */
  finish(): Promise<JvmFindings>;
  /** Undoes everything, where `finish` was not called. */
  release(): Promise<void>;
}

export interface JvmFindings {
  /** Null: it could not be read. */
  readonly log: JvmLog | null;
  readonly gaps: readonly JvmGap[];
  readonly left: readonly JvmLeftover[];
}

const logFolders = ['/dev/shm', '/tmp'];

/** Throws a sentence where attaching is impossible or would harm the JVM. Then nothing is changed. */
export async function attachTo(
  target: Target,
  jvm: RunningJvm | null,
  note: (text: string) => void,
): Promise<AttachedJvm> {
  const { pid } = target;
  const errno = accessProblem(pid);
  if (errno !== null) throw refused(target, { code: 'jvm-unreachable', errno });
  const hindrance = hindranceOf(jvm);
  if (hindrance !== null) throw refused(target, hindrance);
  const folder = logFolders.find((path) => isTmpfs(`/proc/${pid}/root${path}`));
  if (folder === undefined) throw refused(target, { code: 'no-tmpfs', folders: logFolders });
  const logName = `pauselab-${pid}-${randomBytes(8).toString('hex')}.log`;
  const file = `${folder}/${logName}`;
  note(attachAnnouncement(target, file));
  const identity = identityIn(readIfThere(`/proc/${pid}/status`) ?? '');
  if (identity === null) throw refused(target, { code: 'jvm-ended' });
  const guardian = await startGuardian({
    ...identity,
    pid,
    tmp: `/proc/${pid}/root/tmp`,
    logFolder: `/proc/${pid}/root${folder}`,
    logName,
  });
  try {
    // The guardian follows the process that has the id now; is it still the one that was chosen?
    if (!isStillThere(target)) throw refused(target, { code: 'jvm-ended' });
    return await learned(target, guardian, file);
  } catch (error) {
    await cleanUp(() => guardian.end());
    throw error;
  }
}

async function learned(target: Target, guardian: Guardian, file: string): Promise<AttachedJvm> {
  const ask = async (command: string): Promise<string> => textOf(target, command, await guardian.ask(command));
  const outputsBefore = logOutputs(await ask('VM.log list'));
  const options = (await ask('VM.flags')).trim().split(/\s+/);
  const names = fullNames(target.pid, printedThreads(await ask('Thread.print')));
  const collector = selectedCollector(options);
  const on = switchingOn(file, collector);
  const said = textOf(target, 'VM.log', await guardian.switchOn(on, `VM.log output=${file} what=all=off`));
  // The JVM reports success even if it could not open the file.
  if (!logOutputs(await ask('VM.log list')).some((output) => output.startsWith(`file=${file} `)))
    throw refused(target, { code: 'command-failed', command: 'VM.log', text: firstLine(said) });
  return {
    target,
    flags: memoryFlags(options),
    names,
    finish: () => finished(target, guardian, { file, outputsBefore }),
    release: () => cleanUp(() => guardian.end()),
  };
}

function switchingOn(file: string, collectorFlag: string | null): string {
  const collector = collectorFlag === null ? undefined : (collectorOfFlag(collectorFlag) ?? undefined);
  return [
    `VM.log output=${file}`,
    `what=${jvmLogSelection(collector).join(',')}`,
    `decorators=${jvmLogDecorators}`,
    `output_options=filecount=1,filesize=${mostLogBytes / 2 ** 20}M`,
  ].join(' ');
}

async function finished(
  target: Target,
  guardian: Guardian,
  { file, outputsBefore }: { readonly file: string; readonly outputsBefore: readonly string[] },
): Promise<JvmFindings> {
  const { pid, name } = target;
  const left: JvmLeftover[] = [];
  const restored = await guardian.restore();
  if ('isDone' in restored) {
    const after = await guardian.ask('VM.log list');
    const outputs = 'isDone' in after ? logOutputs(after.text) : outputsBefore;
    if (outputs.join('\n') !== outputsBefore.join('\n'))
      left.push({ code: 'jvm-outputs-differ', pid, name, before: outputsBefore, after: outputs });
  }
  const { log, gaps } = logOf(target, guardian);
  const hasEnded = await guardian.end();
  if (!hasEnded) left.push({ code: 'jvm-not-restored-yet', pid, name, guardian: guardian.pid });
  if ('problem' in restored && restored.problem === 'lost') left.push({ code: 'jvm-guardian-lost', pid, name, file });
  return { log, gaps, left };
}

function logOf({ pid, name }: Target, guardian: Guardian): Pick<JvmFindings, 'log' | 'gaps'> {
  let read: ReturnType<Guardian['readLog']>;
  try {
    read = guardian.readLog();
  } catch {
    return { log: null, gaps: [{ code: 'jvm-log-unreadable', pid, name }] };
  }
  const log = parseJvmLog(read.text, { isWhole: false });
  return {
    log,
    gaps: [
      ...(read.isCut ? [{ code: 'jvm-log-long', pid, name, mostBytes: mostLogBytes } as const] : []),
      ...log.problems
        .filter((problem) => concernsEvents(problem, 'gc.pause'))
        .map(({ sentence: _, ...problem }) => ({ code: 'jvm-log-incomplete', pid, name, problem }) as const),
    ],
  };
}

/** What is known before anything is tried; null: nothing forbids it. */
export function hindranceOf(jvm: Pick<RunningJvm, 'command'> | null): AttachRefusal | null {
  if (jvm === null) return { code: 'not-a-jvm' };
  const flag = attachDisabledBy(jvm.command.options);
  return flag === null ? null : { code: 'attach-disabled', flag };
}

export function refusalOf(answer: AttachProblem): AttachRefusal {
  switch (answer.problem) {
    case 'ended':
      return { code: 'jvm-ended' };
    case 'late':
      return { code: 'jvm-silent' };
    case 'stopped':
      return { code: 'jvm-stopped' };
    case 'uncaught':
      return { code: 'sigquit-uncaught' };
    case 'lost':
      return { code: 'guardian-ended' };
    case 'refused':
      return { code: 'jvm-unreachable', errno: getSystemErrorName(-answer.errno) };
  }
}

/** That there is no such JVM is a matter of what was asked for; everything else is one of this machine. */
function refused(target: Target, fact: AttachRefusal): Failure {
  const isAsked = fact.code === 'not-a-jvm' || fact.code === 'jvm-ended';
  return (isAsked ? usage : unfit)(attachRefusalText(target, fact));
}

function textOf(target: Target, command: string, answer: JvmAnswer): string {
  if (!('isDone' in answer)) throw refused(target, refusalOf(answer));
  if (answer.isDone) return answer.text;
  throw refused(target, { code: 'command-failed', command, text: firstLine(answer.text) });
}

const firstLine = (text: string): string => shortLine(text.trim().split('\n')[0] ?? '').slice(0, 200);

/** Of `VM.log list`, without their numbers: the JVM gives a number again when an output is gone. */
export function logOutputs(text: string): string[] {
  return text.split('\n').flatMap((line) => /^ *#\d+: (.*?)(?: \(reconfigured\))? *$/.exec(line)?.[1] ?? []);
}

/**
 * Of /proc/PID/status: the pid as the process itself sees it, and the effective user and group. Null: the process has
 * ended.
 */
export function identityIn(
  status: string,
): { readonly ownPid: number; readonly uid: number; readonly gid: number } | null {
  const ids = (key: string): string[] => new RegExp(`^${key}:\\s+(.*)$`, 'm').exec(status)?.[1]?.split(/\s+/) ?? [];
  const [ownPid, uid, gid] = [ids('NSpid').at(-1), ids('Uid')[1], ids('Gid')[1]];
  if (ownPid === undefined || uid === undefined || gid === undefined) return null;
  return { ownPid: Number(ownPid), uid: Number(uid), gid: Number(gid) };
}

function isTmpfs(path: string): boolean {
  try {
    return statfsSync(path).type === tmpfsMagic;
  } catch {
    return false;
  }
}

/** The JVM knows its threads by their ids in its own PID namespace. */
function fullNames(pid: number, printed: readonly PrintedThread[]): FullNames {
  const byNativeId = new Map(printed.map(({ nativeId, name }) => [nativeId, name]));
  return new Map(
    threadsOfProcess(pid).flatMap((tid) => {
      const status = readIfThere(`/proc/${pid}/task/${tid}/status`) ?? '';
      const nativeId = Number(/^NSpid:.*\s(\d+)$/m.exec(status)?.[1] ?? tid);
      const comm = readIfThere(`/proc/${pid}/task/${tid}/comm`);
      const name = byNativeId.get(nativeId);
      return comm === null || name === undefined ? [] : [[tid, { comm, name }] as const];
    }),
  );
}

function threadsOfProcess(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}
