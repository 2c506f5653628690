/** pauselab-observer beside processes that run already: started, read line by line, ended. */
import { existsSync } from 'node:fs';
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { settlesWithin } from '../../base/clock.js';
import type { Failure } from '../../base/failure.js';
import { unfit, workloadFailed } from '../../base/failure.js';
import { packagePath } from '../../base/package-path.js';
import { staleProgram } from '../../base/stale-program.js';
import { withPipes } from '../../base/with-pipes.js';
import { programs } from '../../workload/programs.js';
import { parseObserved, type EndRecord, type ObservedRecord, type ReadyRecord } from '../observed.js';

/** The kernel checks the programs before it takes them. */
const readyDeadline_ms = 30_000;
/** It reads what is in its buffers, and looks at each thread once more. */
const endDeadline_ms = 30_000;
/** Of native programs (native/board/fail.h). */
const usageExit = 2;

export interface Observer {
  readonly pid: number;
  readonly ready: ReadyRecord;
  /** Settles when it ends by itself, which it does only where it cannot go on. */
  readonly ended: Promise<unknown>;
  /** Ends the observation; what it counted comes last. Nothing of it is left in the kernel. */
  finish(): Promise<EndRecord>;
}

export interface ObserverOptions {
  readonly pids: readonly number[];
  /** What is shorter is not reported; of sleep, what is shorter than the threshold. */
  readonly detail_ns: number;
  readonly threshold_ns: number;
  readonly onRecord: (record: ObservedRecord) => void;
  /** Tests use other helpers. */
  readonly program?: string;
}

/** Compiled beforehand: it needs no compiler where it runs (scripts/build-observer.mjs). */
export function kernelProgram(): string {
  return packagePath(`native/observer/observer.${process.arch}.bpf.o`);
}

/** What the helper reads with its own capabilities (setcap); empty if it is not there. */
export function shownByHelper(...what: ['--symbols'] | ['--status'] | ['--maps', pid: string]): string {
  const { error, stdout } = spawnSync(programs.observer(), what, { encoding: 'utf8', maxBuffer: mostShownBytes });
  return error === undefined ? stdout : '';
}

/** C++ names as in the source, by those that the linker has; others stay as they are. */
export function demangled(names: readonly string[]): ReadonlyMap<string, string> {
  const mangled = [...new Set(names.filter((name) => /^_Z[\w.]+$/.test(name)))];
  if (mangled.length === 0) return new Map();
  const { stdout } = spawnSync(programs.observer(), ['--demangle'], {
    input: mangled.join('\n'),
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
    maxBuffer: mostShownBytes,
  });
  const lines = (stdout as string | null)?.split('\n') ?? [];
  return new Map(mangled.map((name, i) => [name, withoutParameters(lines[i] ?? name)]));
}

/** `ns::purge(char*, int)` becomes `ns::purge`: a frame is one of many on a line. */
export function withoutParameters(name: string): string {
  const end = /\)(?: const)?(?: \[.*\])*$/.exec(name)?.index ?? -1;
  let depth = 0;
  // Types among the parameters have parentheses, too.
  for (let at = end; at > 0; at -= 1) {
    depth += name[at] === ')' ? 1 : name[at] === '(' ? -1 : 0;
    if (depth === 0) return name.slice(0, at);
  }
  return name;
}

/** Kernels have some 200,000 symbols, of 40 bytes. */
const mostShownBytes = 2 ** 27;

export async function startObserver({
  pids,
  detail_ns,
  threshold_ns,
  onRecord,
  program = programs.observer(),
}: ObserverOptions): Promise<Observer> {
  if (!existsSync(program)) throw unfit(`${program} is not there; run \`npm run setup\` to build it`);
  const child = withPipes(
    spawn(program, [kernelProgram(), String(detail_ns), String(threshold_ns), ...pids.map(String)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  let ready: ReadyRecord | null = null;
  let end: EndRecord | null = null;
  let broken: unknown = null;
  let sayReady: () => void = () => undefined;
  const isReady = new Promise<void>((resolve) => {
    sayReady = resolve;
  });
  const lines = createInterface({ input: child.stdout, crlfDelay: Infinity });
  lines.on('line', (line) => {
    try {
      const record = parseObserved(line);
      if (record.kind === 'ready') {
        ready = record;
        sayReady();
      } else if (record.kind === 'end') end = record;
      else onRecord(record);
    } catch (error) {
      broken ??= error;
      // What follows is of no use.
      child.kill('SIGTERM');
    }
  });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('error', () => {
      resolve(null);
    });
    child.once('close', (code, signal) => {
      resolve(code ?? signal);
    });
  });
  const failure = async (): Promise<Failure> => {
    const how = await ended;
    const sentence = complaints.trim().split('\n').at(-1) ?? '';
    if (broken !== null) return staleProgram(program, 'pauselab cannot read its records', broken);
    if (how === usageExit) return staleProgram(program, 'it does not take the arguments of pauselab');
    if (how === 5 && sentence !== '') return unfit(sentence);
    return workloadFailed(`pauselab-observer ended (${String(how)})${sentence === '' ? '' : `: ${sentence}`}`);
  };
  await settlesWithin(Promise.race([isReady, ended]), readyDeadline_ms);
  const begun = ready as ReadyRecord | null;
  if (begun === null) {
    child.kill('SIGKILL');
    throw await failure();
  }
  return {
    pid: child.pid ?? 0,
    ready: begun,
    ended,
    async finish() {
      child.kill('SIGTERM');
      if (!(await settlesWithin(ended, endDeadline_ms))) child.kill('SIGKILL');
      const last = end;
      if (last === null || broken !== null) throw await failure();
      return last;
    },
  };
}
