/** What must hold after every attempt, however the command ended. Each check returns what is wrong, a sentence each. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExitCode, Failure } from '../../src/base/failure.js';
import type { RunFile } from '../../src/bundle/bundle-schema.js';
import { openBundle } from '../../src/bundle/store.js';
import type { Board } from '../../src/record/board/board.js';
import { takeSnapshot } from '../../src/record/board/snapshot.js';
import { command } from '../support/command.js';
import { readHlogFile } from '../support/hlog.js';
import { until } from '../support/until.js';
import type { CommandEnd, Sandbox } from './sandbox.js';

/** Of all that the command may end with; 1 is a fault of ours. */
export const documented: readonly number[] = Object.values(ExitCode).filter((code) => code !== ExitCode.internal);
/** A command that found what it was asked for. */
const results: readonly (number | null)[] = [ExitCode.ok, ExitCode.regression, ExitCode.inconclusive];

export const succeeded = ({ code }: Pick<CommandEnd, 'code'>): boolean => results.includes(code);

/** A shell says 128 + n for both: for a program that a signal ended, and for one that exits so because of it. */
const codeOfSignal: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 129, SIGINT: 130, SIGKILL: 137, SIGTERM: 143 };

export function shellCode({ code, signal }: Pick<CommandEnd, 'code' | 'signal'>): number | null {
  return signal === null ? code : (codeOfSignal[signal] ?? null);
}

/** Exit code and stderr. `allowed`: as a shell sees them. */
export function wrongEnd(end: CommandEnd, allowed: readonly number[] = documented): string[] {
  if (end.hung) return [`it did not end: ${end.words.join(' ')}`];
  const code = shellCode(end);
  const wrongCode =
    code === null || !allowed.includes(code)
      ? [
          `it ended with ${end.signal ?? String(end.code)}, and ${allowed.join(', ')} were possible; it said: ${end.sentences.join(' / ').slice(0, mostQuoted)}`,
        ]
      : [];
  const text = wrongText(end.stderr);
  return [...wrongCode, ...(text.length > 0 ? text : wrongSentences(end))];
}

function wrongSentences(end: CommandEnd): string[] {
  const { sentences, signal } = end;
  const said = sentences.join(' / ').slice(0, mostQuoted);
  if (signal !== null) return sentences.length === 0 ? [] : [`a signal ended it, and it said: ${said}`];
  if (succeeded(end))
    return sentences.every((line) => isNote(line) || (end.code !== ExitCode.ok && isLostOutput(line)))
      ? []
      : [`it succeeded and said: ${said}`];
  return sentences.length === 1 ? [] : [`it failed and said ${sentences.length} sentences instead of one: ${said}`];
}

/** A regression stays one, and says beside it that nobody could read its table. */
export function isLostOutput(line: string): boolean {
  return line.startsWith('pauselab: the result could not be written to stdout ');
}

/** Of a command whose result goes to a file: what it has to say beside. */
function isNote(line: string): boolean {
  return /^pauselab: (wrote|note:) /.test(line);
}

/** Whatever it says: no stack, and nothing that would steer a terminal. */
export function wrongText(stderr: string): string[] {
  const [first, place] = [/^.*internal error.*$/m.exec(stderr)?.[0], /^\s+at .*/m.exec(stderr)?.[0].trim()];
  if (first !== undefined) return [`it says: ${first.slice(0, mostQuoted)} ${place ?? ''}`];
  if (place !== undefined) return [`it prints a stack: ${stderr.slice(0, mostQuoted).replace(/\n[^]*/, '')} ${place}`];
  return /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(stderr)
    ? [`control characters reach the terminal: ${JSON.stringify(stderr.slice(0, mostQuoted))}`]
    : [];
}

const mostQuoted = 300;

/** Processes end by themselves a moment after their parent was killed. */
export async function processesLeft(sandbox: Sandbox): Promise<string[]> {
  try {
    await until('all are gone', () => sandbox.processes().length === 0, 15_000);
    return [];
  } catch {
    return [`processes are left: ${sandbox.processes().map(describe).join('; ')}`];
  }
}

function describe(pid: number): string {
  try {
    return `${pid} (${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim().slice(0, 200)})`;
  } catch {
    return String(pid);
  }
}

export function strayFiles(sandbox: Sandbox): string[] {
  // Every java makes this folder; what it keeps there is gone when it ends.
  const stray = sandbox.strayFiles().filter((path) => !/\/hsperfdata_[^/]+$/.test(path));
  return stray.length === 0 ? [] : [`files where none belong: ${stray.join(', ')}`];
}

/** For a command that could clean up. */
export function shmLeft(sandbox: Sandbox): string[] {
  const left = sandbox.shmLeft() ?? [];
  return left.length === 0 ? [] : [`left in /dev/shm: ${left.join(', ')}`];
}

export interface Compared {
  readonly problems: readonly string[];
  readonly inBundle: number;
  /** Those whose samples were compared with their board. */
  readonly runs: number;
  readonly samples: number;
}

/**
 * Every run of a bundle holds the samples of its board, and every board that recorded any has its run. `mayLack`: the
 * command was killed before it could write what it had measured.
 */
export function compareWithBoards(
  bundle: string,
  boards: readonly Board[],
  { mayLack }: { readonly mayLack: boolean },
): Compared {
  let runs: readonly RunFile[] = [];
  try {
    if (existsSync(join(bundle, 'manifest.json'))) runs = openBundle(bundle).runs;
  } catch (error) {
    return { problems: [`the bundle cannot be read: ${messageOf(error)}`], inBundle: 0, runs: 0, samples: 0 };
  }
  const problems: string[] = [];
  const found = new Set<Board>();
  let samples = 0;
  for (const run of runs) {
    const board = boards.find((one) => isBoardOf(one, run));
    problems.push(...countsThatDiffer(join(bundle, 'runs', run.name), run));
    if (board === undefined) continue;
    found.add(board);
    const recorded = takeSnapshot(board);
    for (const { index, name } of board.series) {
      const n = recorded.series[index]?.service.n;
      const figures = run.holder?.name === name ? run.holder : run.series.find((series) => series.name === name);
      samples += n ?? 0;
      if (figures?.service.n !== n)
        problems.push(
          `samples lost: ${name} of run ${run.name} has ${String(figures?.service.n)} samples, its board ${String(n)}`,
        );
    }
  }
  if (!mayLack) {
    for (const board of boards.filter((one) => !found.has(one))) {
      const n = takeSnapshot(board).series.reduce((sum, { service }) => sum + service.n, 0);
      if (n > 0)
        problems.push(
          `samples lost: a board recorded ${n} samples (${board.series.map(({ name }) => name).join(', ')}), and the bundle has no such run`,
        );
    }
  }
  return { problems, inBundle: runs.length, runs: found.size, samples };
}

function isBoardOf(board: Board, { priorities }: RunFile): boolean {
  const tids = new Set(board.threadIds().map(({ tid }) => tid));
  return priorities.length > 0 && priorities.every(({ tid }) => tids.has(tid));
}

/** The histogram log of a run holds what its figures say. */
function countsThatDiffer(folder: string, run: RunFile): string[] {
  const counts = new Map<string, number>();
  try {
    const { intervals, truncated } = readHlogFile(join(folder, 'histograms.hlog'));
    if (truncated) return [`the histograms of run ${run.name} are cut off`];
    for (const {
      tag,
      counts: { n },
    } of intervals)
      counts.set(tag ?? '', (counts.get(tag ?? '') ?? 0) + n);
  } catch (error) {
    return [`the histograms of run ${run.name} cannot be read: ${messageOf(error)}`];
  }
  return run.series.flatMap(({ name, service }) => {
    const n = counts.get(`${name}.service`) ?? 0;
    return n === service.n
      ? []
      : [`${name} of run ${run.name} has ${service.n} samples in run.json and ${n} in its histograms`];
  });
}

/** Every reader of bundles takes it, or says in a sentence that there is nothing in it. */
export async function unreadable(bundle: string): Promise<string[]> {
  const runs = join(bundle, 'runs');
  // What killed pauselab before its first run left nothing to read.
  if (!existsSync(runs) || readdirSync(runs).filter((name) => !name.startsWith('.')).length === 0) return [];
  const problems: string[] = [];
  for (const words of [
    ['report', bundle],
    ['compare', bundle, bundle],
    ['export', bundle, '--format', 'csv'],
    ['explain', bundle],
  ]) {
    const { code, stderr } = await inTurn(() => command(...words));
    if (code !== ExitCode.ok && code !== ExitCode.inconclusive)
      problems.push(`earlier results are not readable: ${words[0] ?? ''} ends with ${code}: ${stderr.trim()}`);
  }
  return problems;
}

/** Commands in this process share its output. */
let last: Promise<unknown> = Promise.resolve();

function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const turn = last.then(work, work);
  last = turn.catch(() => undefined);
  return turn;
}

function messageOf(error: unknown): string {
  return error instanceof Failure ? error.message : String(error);
}
