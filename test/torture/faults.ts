/**
 * System calls that fail: the n-th write, open, rename and so on of a command and of what it starts, for every n, each
 * with an errno that the call may give, once or from then on; or the process is killed in place of the call. What fails
 * is native/test/fail_calls.cc.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readIfThere } from '../../src/host/files.js';
import { shuffle } from '../../src/stats/prng.js';
import { diceOf, type Outcome } from './attempt.js';
import {
  compareWithBoards,
  documented,
  isLostOutput,
  processesLeft,
  shmLeft,
  strayFiles,
  succeeded,
  wrongEnd,
} from './checks.js';
import { createSandbox, type CommandEnd, type Sandbox } from './sandbox.js';
import { prepared, scenarioNames, scenarioOf, type ScenarioName } from './scenarios.js';
import { watchRun } from './watch.js';

/** In the order of the library's counters, and what each may answer. */
const answersOf = {
  open: ['EMFILE', 'EACCES', 'EIO', 'ENOSPC', 'SIGKILL'],
  write: ['ENOSPC', 'EIO', 'EDQUOT', 'SIGKILL'],
  read: ['EIO'],
  fsync: ['EIO', 'ENOSPC', 'EDQUOT', 'SIGKILL'],
  rename: ['ENOSPC', 'EACCES', 'EIO', 'EDQUOT', 'SIGKILL'],
  mkdir: ['ENOSPC', 'EACCES', 'EDQUOT', 'SIGKILL'],
  remove: ['EACCES', 'EIO', 'SIGKILL'],
  close: ['EIO', 'ENOSPC', 'EDQUOT', 'SIGKILL'],
  allocate: ['ENOSPC', 'EIO', 'EDQUOT'],
  map: ['ENOMEM'],
  list: ['EACCES', 'EMFILE', 'EIO'],
  fork: ['EAGAIN', 'ENOMEM'],
} as const satisfies Record<string, readonly string[]>;
type Call = keyof typeof answersOf;
export const calls = Object.keys(answersOf) as readonly Call[];

interface Fault {
  readonly scenario: ScenarioName;
  readonly call: Call;
  /** From 1. */
  readonly nth: number;
  readonly answer: string;
  /** The ones after it fail as well, as on a disk that stays full. */
  readonly repeats: boolean;
}

/** Programs of others are made to fail as a machine would: a full disk, a missing permission, no more processes. */
const alsoInOthers: readonly Call[] = ['open', 'write', 'fsync', 'rename', 'mkdir', 'allocate', 'fork'];
const ours = 'programs=node:java:pauselab-engine:pauselab-sampler:pauselab-tracer:pauselab-launcher';
const programsFor = (call: Call): string => (alsoInOthers.includes(call) ? '' : ours);

const library = fileURLToPath(new URL('../../native/build/Release/libpauselab-fail-calls.so', import.meta.url));
const poll_ms = 5;

const nameOf = ({ scenario, call, nth, answer, repeats }: Fault): string =>
  ['faults', scenario, call, nth, `${answer}${repeats ? '+' : ''}`].join('/');

/** First each call of each command once, in a random order; then each again with another answer, and so on. */
export async function* faultNames(seed: number, root: string): AsyncGenerator<string> {
  const counts = new Map<ScenarioName, readonly number[]>();
  for (const scenario of scenarioNames) counts.set(scenario, await countOf(scenario, root));
  for (let round = 0; ; round += 1) {
    const random = diceOf(seed, 'faults', round);
    const all = [...counts].flatMap(([scenario, ofCalls]) =>
      calls.flatMap((call, i) =>
        Array.from({ length: ofCalls[i] ?? 0 }, (_, n): Fault => {
          const ways = waysToFail(call);
          // Neighbours fail in different ways, and each round moves on.
          const { answer, repeats } = ways[(n + round + seed) % ways.length] ?? { answer: 'EIO', repeats: false };
          return { scenario, call, nth: n + 1, answer, repeats };
        }),
      ),
    );
    for (const fault of shuffle(all, random)) yield nameOf(fault);
  }
}

function waysToFail(call: Call): Pick<Fault, 'answer' | 'repeats'>[] {
  const answers: readonly string[] = answersOf[call];
  return answers.flatMap((answer) =>
    answer === 'SIGKILL'
      ? [{ answer, repeats: false }]
      : [
          { answer, repeats: false },
          { answer, repeats: true },
        ],
  );
}

function parse(name: string): Fault {
  const [, scenarioText = '', callText = '', nth = '', answer = ''] = name.split('/');
  const scenario = scenarioNames.find((one) => one === scenarioText);
  const call = calls.find((one) => one === callText);
  if (scenario === undefined || call === undefined || !/^[1-9]\d*$/.test(nth))
    throw new Error(`${name}: there is no such fault`);
  return { scenario, call, nth: Number(nth), answer: answer.replace('+', ''), repeats: answer.endsWith('+') };
}

export function placeOfFault(name: string): { readonly row: string; readonly column: string } {
  const { scenario, call } = parse(name);
  return { row: scenario, column: call };
}

/** Calls of each kind that a command makes when none fails, the texts of its results, and its files. */
interface Reference {
  readonly counts: readonly number[];
  readonly results: ReadonlyMap<string, string | null>;
  readonly files: ReadonlySet<string>;
}

const references = new Map<ScenarioName, Promise<Reference>>();

async function referenceOf(name: ScenarioName, root: string): Promise<Reference> {
  let found = references.get(name);
  if (found === undefined) references.set(name, (found = unharmed(name, root)));
  return found;
}

export async function countOf(scenario: ScenarioName, root: string): Promise<readonly number[]> {
  return (await referenceOf(scenario, root)).counts;
}

async function unharmed(name: ScenarioName, root: string): Promise<Reference> {
  const sandbox = createSandbox(root);
  try {
    await prepared(name, root, sandbox.files);
    const { end, counts } = await attempt(name, 'call=all', sandbox);
    if (!succeeded(end))
      throw new Error(`pauselab ${end.words.join(' ')} fails although nothing is done to it: ${end.stderr}`);
    return {
      counts: name.startsWith('kernels') ? await withoutOthers(name, counts, root) : counts,
      results: new Map(resultsOf(name).map((file) => [file, resultIn(sandbox, file)])),
      files: new Set(filesIn(sandbox)),
    };
  } finally {
    sandbox.remove();
  }
}

async function withoutOthers(name: ScenarioName, inAll: readonly number[], root: string): Promise<readonly number[]> {
  const sandbox = createSandbox(root);
  try {
    await prepared(name, root, sandbox.files);
    const { counts } = await attempt(name, `call=all ${ours}`, sandbox);
    return calls.map((call, i) => (alsoInOthers.includes(call) ? inAll : counts)[i] ?? 0);
  } finally {
    sandbox.remove();
  }
}

const resultsOf = (name: ScenarioName): readonly string[] => [...scenarioOf(name).results, stdoutName];
const resultIn = ({ files }: Sandbox, name: string): string | null => readIfThere(join(files, name));
const filesIn = ({ files }: Sandbox): string[] => readdirSync(files, { recursive: true, encoding: 'utf8' });

const stdoutName = 'stdout';

interface Harmed {
  readonly end: CommandEnd;
  readonly counts: readonly number[];
  /** What failed: a call, its answer, the program, the file. */
  readonly failed: readonly { readonly program: string; readonly path: string }[];
  readonly problems: readonly string[];
}

/** The command, with the library in it and in what it starts; its output goes to a file that may be refused too. */
async function attempt(name: ScenarioName, plan: string, sandbox: Sandbox): Promise<Harmed> {
  const { words, environment } = scenarioOf(name);
  const own = join(sandbox.path, 'library');
  mkdirSync(own);
  const [counts, log] = [join(own, 'counts'), join(own, 'log')];
  writeFileSync(counts, Buffer.alloc(8 * calls.length));
  const env = {
    ...environment?.(sandbox.files),
    LD_PRELOAD: library,
    PAUSELAB_FAIL_CALLS: `${plan} under=${sandbox.files}:/dev/shm counts=${counts} log=${log}`,
  };
  const bundle = join(sandbox.files, 'bundle');
  const running = sandbox.start(words, { env, cwd: sandbox.files, stdoutFile: join(sandbox.files, stdoutName) });
  const watch = watchRun(sandbox.shm, bundle);
  while (!running.hasEnded()) {
    if (name === 'run') watch.look();
    await sleep(poll_ms);
  }
  const end = await running.ended;
  const numbers = readFileSync(counts);
  const lines = (readIfThere(log) ?? '').split('\n').filter((line) => line !== '');
  return {
    end,
    counts: calls.map((_, i) => Number(numbers.readBigUInt64LE(8 * i))),
    failed: lines.map((line) => ({ program: line.split(' ')[2] ?? '', path: line.split(' ').slice(3).join(' ') })),
    problems: name === 'run' ? compareWithBoards(bundle, watch.boards(), { mayLack: !succeeded(end) }).problems : [],
  };
}

export async function fault(name: string, root: string): Promise<Outcome> {
  const plan = parse(name);
  const { scenario, call, nth, answer, repeats } = plan;
  const reference = await referenceOf(scenario, root);
  const sandbox = createSandbox(root);
  try {
    await prepared(scenario, root, sandbox.files);
    const before = new Set(filesIn(sandbox));
    const harmed = await attempt(
      scenario,
      `call=${call} nth=${nth} answer=${answer} repeat=${repeats ? 1 : 0} ${programsFor(call)}`,
      sandbox,
    );
    const { end, failed } = harmed;
    const isDone = succeeded(end);
    const { check, worksAgain, words, environment } = scenarioOf(scenario);
    const again =
      worksAgain === true
        ? await sandbox.start(words, { env: environment?.(sandbox.files) ?? {}, cwd: sandbox.files }).ended
        : null;
    const where = failed
      .map(({ program, path }) => `${call} of ${path} in ${program}`)
      .slice(0, 3)
      .join(', ');
    const problems = [
      ...wrongEnd(end, answer === 'SIGKILL' ? [...documented, 137] : documented),
      ...(await processesLeft(sandbox)),
      ...(canCleanUp(plan, end) ? [...shmLeft(sandbox), ...remnants(sandbox, reference, before)] : []),
      // What another program leaves that fails is not ours to know.
      ...(failed.every(({ program }) => isOurs(program)) ? strayFiles(sandbox) : []),
      ...harmed.problems,
      ...(isDone
        ? changedResults(scenario, sandbox, reference, { withStdout: !end.sentences.some(isLostOutput) })
        : []),
      ...(await check(sandbox.files, isDone)),
      ...(again === null || succeeded(again) ? [] : [`the same command fails afterwards: ${again.stderr.trim()}`]),
    ];
    return {
      name,
      ...placeOfFault(name),
      reached: failed.length > 0,
      problems:
        failed.length === 0 || problems.length === 0
          ? []
          : [`${answer}${repeats ? ' from now on' : ''}: ${where}`, ...problems],
    };
  } finally {
    sandbox.remove();
  }
}

const isOurs = (program: string): boolean => program === 'node' || program.startsWith('pauselab-');

/** What may not be removed, or whose remover was killed, stays. */
function canCleanUp({ call }: Fault, { signal }: CommandEnd): boolean {
  return signal === null && call !== 'remove' && call !== 'list';
}

/** Half-written files beside those that a command leaves when nothing fails, and those that were there before. */
function remnants(sandbox: Sandbox, { files }: Reference, before: ReadonlySet<string>): string[] {
  // Runs come in another order each time, and caches are for the next time.
  const left = filesIn(sandbox).filter(
    (file) => !files.has(file) && !before.has(file) && !/^(bundle|apt|cache)\//.test(file),
  );
  return left.length === 0 ? [] : [`files left behind: ${left.join(', ')}`];
}

/** A success is a success: half a result, or one of half of the input, is none. */
function changedResults(
  scenario: ScenarioName,
  sandbox: Sandbox,
  { results }: Reference,
  { withStdout }: { readonly withStdout: boolean },
): string[] {
  return resultsOf(scenario)
    .filter((file) => withStdout || file !== stdoutName)
    .flatMap((file) => {
      const [expected, found] = [
        steady(results.get(file) ?? '', sandbox),
        steady(resultIn(sandbox, file) ?? '', sandbox),
      ];
      return expected === found || isMeasured(scenario)
        ? found === '' && expected !== ''
          ? [`it succeeded, and ${file} is empty`]
          : []
        : [`it succeeded, and ${file} is not what it is otherwise`];
    });
}

/** What was measured differs each time. */
const isMeasured = (scenario: ScenarioName): boolean => scenario === 'run';

/** Without what differs each time: where, when. */
function steady(text: string, { files }: Sandbox): string {
  return text
    .replaceAll(files, '')
    .replaceAll(/\/var\/tmp\/\S*?\/files/g, '')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME');
}
