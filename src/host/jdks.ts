/**
 * The JDKs of this machine: where they are looked for, what each says of itself, and which one a profile gets. Nothing
 * is downloaded and nothing is guessed from a path: every candidate is started once and asked.
 */
import { accessSync, constants, existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { runChild } from '../base/child.js';
import { type Failure, unfit, usage } from '../base/failure.js';
import { homeFolder } from '../base/files/home.js';
import { parseJdkRequirement } from '../profile/check/jdk-requirement.js';
import { collectors, collectorTable, type Collector } from '../catalogue/collectors.js';
import { missing } from './missing.js';

export interface Jdk {
  readonly home: string;
  /** The executable; symbolic links are followed, but for one that avoids a blank. */
  readonly java: string;
  /** Such as 17.0.15. */
  readonly version: string;
  /** Such as 17. */
  readonly feature: number;
  readonly vendor: string;
  /** The VM's name. */
  readonly vm: string;
  /** Where it was found: `--java`, `PAUSELAB_JAVA`, `JAVA_HOME`, `PATH` or a folder. */
  readonly source: string;
}

/** A place that was looked at and that is of no use, with the reason as a sentence. */
export interface JdkProblem {
  readonly source: string;
  readonly sentence: string;
}

/** What this module sees of the machine; tests give their own. */
export interface JdkPlaces {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folders that hold JDKs, one a subfolder. */
  readonly folders: readonly string[];
  /** How long a candidate may take to answer. */
  readonly answerDeadline_ms: number;
}

export function usualPlaces(): JdkPlaces {
  const home = homeFolder();
  return {
    env: process.env,
    folders: ['/usr/lib/jvm', '/usr/java', '/opt', ...(home === null ? [] : [join(home, '.sdkman/candidates/java')])],
    answerDeadline_ms: 20_000,
  };
}

/** The flags that choose a collector. */
export function flagsOfCollector(collector: Collector): string[] {
  const { flag, experimental } = collectorTable[collector];
  return [...(experimental === true ? ['-XX:+UnlockExperimentalVMOptions'] : []), `-XX:+${flag}`];
}

/**
 * Of a flag's name; null if it chooses no collector. Names that we do not know (of other VMs) are given as they are.
 */
export function collectorOfFlag(flag: string): string | null {
  const known = collectors.find((collector) => collectorTable[collector].flag === flag);
  return known ?? /^Use(\w+)GC$/.exec(flag)?.[1] ?? null;
}

export interface JdkChoice {
  /** Such as ">=17" (profile/jdk-requirement.ts). */
  readonly requirement: string;
  /** From `--java` or the profile: the only one that is considered. */
  readonly explicit?: { readonly path: string; readonly source: string } | undefined;
  readonly collector?: Collector | undefined;
}

/**
 * The first that fits, in the order named path, PAUSELAB_JAVA, JAVA_HOME, PATH, usual folders (the newest of a folder
 * first). A path that was named is taken or refused: what the user said is never silently replaced.
 */
export async function chooseJdk(
  { requirement, explicit, collector }: JdkChoice,
  places: JdkPlaces = usualPlaces(),
): Promise<Jdk> {
  const { accepts, text } = parseJdkRequirement(requirement);
  const named = explicit ?? namedByEnvironment(places);
  if (named !== undefined) {
    const jdk = await askNamed(named, places);
    if (!accepts(jdk.feature))
      throw unfit(
        `${describe(jdk)}, named by ${named.source}, is JDK ${jdk.feature} and the profile asks for ${text}; name another one with --java`,
      );
    if (collector !== undefined && !(await hasCollector(jdk, collector))) throw await lacks(jdk, collector);
    return jdk;
  }
  const rejected: string[] = [];
  let withoutCollector: Jdk | undefined;
  for await (const found of candidates(places)) {
    if ('sentence' in found) rejected.push(found.sentence);
    else if (!accepts(found.feature)) rejected.push(`${describe(found)} is JDK ${found.feature}`);
    else if (collector === undefined || (await hasCollector(found, collector))) return found;
    else withoutCollector ??= found;
  }
  if (withoutCollector !== undefined && collector !== undefined) throw await lacks(withoutCollector, collector);
  const looked = `looked at JAVA_HOME, PATH, ${places.folders.join(', ')}`;
  throw missing(
    rejected.length === 0
      ? `no JDK was found (${looked})`
      : `no JDK ${text} was found (${looked}): ${rejected.join('; ')}`,
    ['jdk'],
    { otherwise: 'name its java with --java' },
  );
}

/** All of them, and the places where something is wrong; for looking around (doctor). */
export async function findJdks(
  places: JdkPlaces = usualPlaces(),
): Promise<{ readonly jdks: readonly Jdk[]; readonly problems: readonly JdkProblem[] }> {
  const jdks: Jdk[] = [];
  const problems: JdkProblem[] = [];
  const named = namedByEnvironment(places);
  for await (const found of candidates(places, named === undefined ? [] : [named])) {
    if ('sentence' in found) problems.push(found);
    else jdks.push(found);
  }
  return { jdks, problems };
}

const collectorAnswers = new Map<string, Promise<boolean>>();

/**
 * Found by a start with it, since a JDK knows the flags of collectors that it was built without. Asked once per JDK.
 */
export function hasCollector({ java }: Pick<Jdk, 'java'>, collector: Collector): Promise<boolean> {
  const key = `${java} ${collector}`;
  let answer = collectorAnswers.get(key);
  if (answer === undefined) {
    answer = run(java, ['-Xmx64m', ...flagsOfCollector(collector), '-version'], usualPlaces().answerDeadline_ms).then(
      ({ code }) => code === 0,
    );
    collectorAnswers.set(key, answer);
  }
  return answer;
}

export async function collectorsOf(jdk: Pick<Jdk, 'java'>): Promise<Collector[]> {
  const found: Collector[] = [];
  for (const collector of collectors) if (await hasCollector(jdk, collector)) found.push(collector);
  return found;
}

interface Named {
  readonly path: string;
  readonly source: string;
}

function namedByEnvironment({ env }: JdkPlaces): Named | undefined {
  const path = env.PAUSELAB_JAVA;
  return path === undefined || path === '' ? undefined : { path, source: 'PAUSELAB_JAVA' };
}

async function askNamed({ path, source }: Named, places: JdkPlaces): Promise<Jdk> {
  const java = executableAt(path);
  if (java === null)
    throw usage(`${source} names ${path}, and there is no java and no folder with bin/java; name the java of a JDK`);
  const answer = await ask(java, source, places);
  if ('sentence' in answer) throw usage(`${source} names ${path}: ${answer.sentence}`);
  return answer;
}

/** Each JDK once, however many links lead to it. */
async function* candidates(places: JdkPlaces, first: readonly Named[] = []): AsyncGenerator<Jdk | JdkProblem> {
  const { env, folders } = places;
  const seen = new Set<string>();
  const askOnce = async (path: string, source: string): Promise<Jdk | JdkProblem | null> => {
    const java = executableAt(path);
    if (java === null)
      return source === 'JAVA_HOME' || source === 'PAUSELAB_JAVA'
        ? { source, sentence: `${source} is ${path}, which holds no bin/java` }
        : null;
    const real = realpathSync(java);
    if (seen.has(real)) return null;
    seen.add(real);
    const answer = await ask(java, source, places);
    // A script in front of a java is another file and the same JDK.
    if (!('sentence' in answer)) {
      if (seen.has(`home ${answer.home}`)) return null;
      seen.add(`home ${answer.home}`);
    }
    return answer;
  };
  const singles = [
    ...first,
    ...[env.JAVA_HOME].flatMap((path) => (path === undefined || path === '' ? [] : [{ path, source: 'JAVA_HOME' }])),
  ];
  const inPath = (env.PATH ?? '')
    .split(':')
    .map((folder) => join(folder, 'java'))
    .find((path) => isAbsolute(path) && isFile(path));
  if (inPath !== undefined) singles.push({ path: inPath, source: 'PATH' });
  for (const { path, source } of singles) {
    const found = await askOnce(path, source);
    if (found !== null) yield found;
  }
  for (const folder of folders) {
    const answers: (Jdk | JdkProblem)[] = [];
    for (const name of namesIn(folder)) {
      const found = await askOnce(join(folder, name), folder);
      if (found !== null) answers.push(found);
    }
    const age = (answer: Jdk | JdkProblem): number => ('sentence' in answer ? 0 : answer.feature);
    yield* answers.sort((a, b) => age(b) - age(a));
  }
}

/** A java itself, or the home of a JDK. */
function executableAt(path: string): string | null {
  const absolute = resolve(path);
  return isFile(absolute) ? absolute : ([join(absolute, 'bin/java')].find(isFile) ?? null);
}

/**
 * A path with a blank is refused although the launcher could do with it: java-caller gives such paths to a shell, and
 * lists such as LD_PRELOAD are separated by blanks. A link without one is taken as it is, not followed.
 */
async function ask(path: string, source: string, { answerDeadline_ms }: JdkPlaces): Promise<Jdk | JdkProblem> {
  const real = realpathSync(path);
  const java = /\s/.test(real) ? path : real;
  const problem = (sentence: string): JdkProblem => ({ source, sentence });
  if (/\s/.test(java))
    return problem(`${java} has a blank in its path; make a link to the JDK's folder without one and name that`);
  try {
    accessSync(java, constants.X_OK);
  } catch {
    return problem(`${java} is not executable; chmod +x, or name another java`);
  }
  const { code, text, timedOut } = await settingsOf(java, answerDeadline_ms);
  if (timedOut) return problem(`${java} did not answer -version within ${answerDeadline_ms / 1000} s`);
  const property = (name: string): string | undefined =>
    new RegExp(`^ {4}${name.replaceAll('.', '\\.')} = (.*)$`, 'm').exec(text)?.[1]?.trim();
  const version = property('java.version');
  const feature = featureOf(version ?? '');
  if (code !== 0 || version === undefined || feature === null)
    return problem(
      `${java} is no java: it ended with ${code === null ? 'a signal' : `exit code ${code}`} and said "${firstLine(text)}" to -version`,
    );
  return {
    home: property('java.home') ?? dirname(dirname(java)),
    java,
    version,
    feature,
    vendor: property('java.vendor') ?? 'unknown',
    vm: property('java.vm.name') ?? 'unknown',
    source,
  };
}

const settingsAnswers = new Map<string, Promise<Answer>>();

/**
 * Asked once per java and version of its file, however many arms, collectors and checks of a command want it. Only an
 * answer is kept: what is mended meanwhile is found.
 */
function settingsOf(java: string, deadline_ms: number): Promise<Answer> {
  const { mtimeMs, size } = statSync(java);
  const key = JSON.stringify([java, mtimeMs, size]);
  const asked = settingsAnswers.get(key) ?? run(java, ['-XshowSettings:properties', '-version'], deadline_ms);
  settingsAnswers.set(key, asked);
  const forget = (): boolean => settingsAnswers.delete(key);
  asked.then(({ code }) => code !== 0 && forget(), forget);
  return asked;
}

/** 1.8.0_392 is 8, 17.0.15 and 22-ea are what they begin with. */
function featureOf(version: string): number | null {
  const match = /^(?:1\.)?(\d+)/.exec(version);
  return match === null ? null : Number(match[1]);
}

interface Answer {
  readonly code: number | null;
  readonly text: string;
  readonly timedOut: boolean;
}

async function run(java: string, args: readonly string[], timeout_ms: number): Promise<Answer> {
  // What a shell may hold for a JVM would be part of the answer.
  const foreign = ['JAVA_TOOL_OPTIONS', '_JAVA_OPTIONS', 'JDK_JAVA_OPTIONS'];
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.includes(name)));
  const end = await runChild(java, args, { env, deadline_ms: timeout_ms });
  if (end === null) return { code: null, text: 'there is no such program', timedOut: false };
  return { code: end.code, text: `${end.stderr}${end.stdout}`, timedOut: end.isLate };
}

async function lacks(jdk: Jdk, collector: Collector): Promise<Failure> {
  return unfit(
    `${describe(jdk)} has no ${collector} collector; it has ${(await collectorsOf(jdk)).join(', ')}; choose one of them, or another JDK with --java`,
  );
}

function describe({ java, version, vendor }: Jdk): string {
  return `${java} (${vendor} ${version})`;
}

function firstLine(text: string): string {
  return (text.trim().split('\n')[0] ?? '').slice(0, 120);
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
