/**
 * Finds this machine's JDKs, and chooses one for a profile. Nothing is downloaded, and nothing is guessed from a path:
 * every candidate is started once and asked for its version.
 */
import { accessSync, constants, existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { runChild } from '../base/child.js';
import { type Failure, unfit, usage } from '../base/failure.js';
import { homeFolder } from '../base/files/home.js';
import { parseJdkRequirement } from '../profile/check/jdk-requirement.js';
import { collectors, collectorTable, type Collector } from '../catalogue/collectors.js';
import { missing } from './missing.js';
import { packagedOf, type Packaged } from './packaged-jdk.js';

export interface Jdk {
  readonly home: string;
  /** The executable, with symbolic links followed, except for a link that avoids a blank. */
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
  /** The packages of a JDK that pauselab fetched; null for any other JDK. */
  readonly packaged: Packaged | null;
}

/** A place that was searched and that is unusable, with the reason as a sentence. */
export interface JdkProblem {
  readonly source: string;
  readonly sentence: string;
}

/** The parts of the machine that this module sees; tests pass other ones. */
export interface JdkPlaces {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folders that contain JDKs, each in a subfolder. */
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

/** The flags that select a collector. */
export function flagsOfCollector(collector: Collector): string[] {
  const { flag, experimental } = collectorTable[collector];
  return [...(experimental === true ? ['-XX:+UnlockExperimentalVMOptions'] : []), `-XX:+${flag}`];
}

/**
 * The collector that a flag's name selects; null if it selects none. Unknown names (of other VMs) are returned
 * unchanged.
 */
export function collectorOfFlag(flag: string): string | null {
  const known = collectors.find((collector) => collectorTable[collector].flag === flag);
  return known ?? /^Use(\w+)GC$/.exec(flag)?.[1] ?? null;
}

export interface JdkChoice {
  /** Such as ">=17" (profile/check/jdk-requirement.ts). */
  readonly requirement: string;
  /** From `--java` or the profile; then no other JDK is considered. */
  readonly explicit?: { readonly path: string; readonly source: string } | undefined;
  readonly collector?: Collector | undefined;
  /** All JDKs that --java could name, for the message that the chosen one lacks the collector. */
  readonly others?: (() => Promise<readonly NamedJdk[]>) | undefined;
}

/** A JDK as the user can name it with --java. */
export interface NamedJdk extends Pick<Jdk, 'java' | 'feature'> {
  /** A path, or the specification of a fetched JDK, such as deb:26.0.2.1/sid. */
  readonly name: string;
}

/**
 * The first JDK that fits, in this order: explicit path, PAUSELAB_JAVA, JAVA_HOME, PATH, usual folders (the newest in a
 * folder first). An explicit path is used or refused: the user's choice is never silently replaced.
 */
export async function chooseJdk(
  { requirement, explicit, collector, others }: JdkChoice,
  places: JdkPlaces = usualPlaces(),
): Promise<Jdk> {
  const { accepts, text } = parseJdkRequirement(requirement);
  const fitting = async (): Promise<NamedJdk[]> => ((await others?.()) ?? []).filter(({ feature }) => accepts(feature));
  const named = explicit ?? namedByEnvironment(places);
  if (named !== undefined) {
    const jdk = await askNamed(named, places);
    if (!accepts(jdk.feature))
      throw unfit(
        `${describeJdk(jdk)}, named by ${named.source}, is JDK ${jdk.feature}, but the profile needs ${text}; ` +
          'name another JDK with --java',
      );
    if (collector !== undefined && !(await hasCollector(jdk, collector))) throw await lacks(jdk, collector, fitting);
    return jdk;
  }
  const rejected: string[] = [];
  let withoutCollector: Jdk | undefined;
  for await (const found of candidates(places)) {
    if ('sentence' in found) rejected.push(found.sentence);
    else if (!accepts(found.feature)) rejected.push(`${describeJdk(found)} is JDK ${found.feature}`);
    else if (collector === undefined || (await hasCollector(found, collector))) return found;
    else withoutCollector ??= found;
  }
  if (withoutCollector !== undefined && collector !== undefined)
    throw await lacks(withoutCollector, collector, fitting);
  const looked = `looked at JAVA_HOME, PATH, ${places.folders.join(', ')}`;
  throw missing(
    rejected.length === 0
      ? `no JDK was found (${looked})`
      : `no JDK ${text} was found (${looked}): ${rejected.join('; ')}`,
    ['jdk'],
    { otherwise: 'name its java with --java' },
  );
}

/** All JDKs, and the places with problems; for doctor. */
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
 * Found by starting the JDK with it, because a JDK knows the flags even of collectors that it was built without. Done
 * once per JDK.
 */
export function hasCollector({ java }: Pick<Jdk, 'java'>, collector: Collector): Promise<boolean> {
  const key = `${java} ${collector}`;
  let answer = collectorAnswers.get(key);
  if (answer === undefined) {
    answer = runJava(
      java,
      ['-Xmx64m', ...flagsOfCollector(collector), '-version'],
      usualPlaces().answerDeadline_ms,
    ).then(({ code }) => code === 0);
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
    throw usage(`${source} names ${path}, which is neither a java nor a folder with bin/java; name the java of a JDK`);
  const answer = await ask(java, source, places);
  if ('sentence' in answer) throw usage(`${source} names ${path}: ${answer.sentence}`);
  return answer;
}

/** Yields each JDK once, however many links lead to it. */
async function* candidates(places: JdkPlaces, first: readonly Named[] = []): AsyncGenerator<Jdk | JdkProblem> {
  const { env, folders } = places;
  const seen = new Set<string>();
  const askOnce = async (path: string, source: string): Promise<Jdk | JdkProblem | null> => {
    const java = executableAt(path);
    if (java === null)
      return source === 'JAVA_HOME' || source === 'PAUSELAB_JAVA'
        ? { source, sentence: `${source} is ${path}, which contains no bin/java` }
        : null;
    const real = realpathSync(java);
    if (seen.has(real)) return null;
    seen.add(real);
    const answer = await ask(java, source, places);
    // A script that starts java is a different file but the same JDK.
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

/** A java executable, or the home of a JDK. */
function executableAt(path: string): string | null {
  const absolute = resolve(path);
  return isFile(absolute) ? absolute : ([join(absolute, 'bin/java')].find(isFile) ?? null);
}

/**
 * A path with a blank is refused, although the launcher could handle it: java-caller passes such paths to a shell, and
 * lists such as LD_PRELOAD are separated by blanks. A link without a blank is used unresolved.
 */
async function ask(path: string, source: string, { answerDeadline_ms }: JdkPlaces): Promise<Jdk | JdkProblem> {
  const real = realpathSync(path);
  const java = /\s/.test(real) ? path : real;
  const problem = (sentence: string): JdkProblem => ({ source, sentence });
  if (/\s/.test(java))
    return problem(
      `${java} has a blank in its path; create a link without blanks to the JDK's folder, and name the link`,
    );
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
      `${java} is not a java: for -version it ended with ${code === null ? 'a signal' : `exit code ${code}`} ` +
        `and printed "${firstLine(text)}"`,
    );
  const home = property('java.home') ?? dirname(dirname(java));
  return {
    home,
    java,
    version,
    feature,
    vendor: property('java.vendor') ?? 'unknown',
    vm: property('java.vm.name') ?? 'unknown',
    source,
    packaged: packagedOf(home),
  };
}

const settingsAnswers = new Map<string, Promise<JavaAnswer>>();

/**
 * Asked once per java and version of its file, for all arms, collectors and checks of a command. Failures are not
 * cached, so that a repaired JDK is found.
 */
function settingsOf(java: string, deadline_ms: number): Promise<JavaAnswer> {
  const { mtimeMs, size } = statSync(java);
  const key = JSON.stringify([java, mtimeMs, size]);
  const asked = settingsAnswers.get(key) ?? runJava(java, ['-XshowSettings:properties', '-version'], deadline_ms);
  settingsAnswers.set(key, asked);
  const forget = (): boolean => settingsAnswers.delete(key);
  asked.then(({ code }) => code !== 0 && forget(), forget);
  return asked;
}

/** 1.8.0_392 is 8; for 17.0.15 and 22-ea it is the first number. */
export function featureOf(version: string): number | null {
  const match = /^(?:1\.)?(\d+)/.exec(version);
  return match === null ? null : Number(match[1]);
}

export interface JavaAnswer {
  readonly code: number | null;
  readonly text: string;
  readonly timedOut: boolean;
}

/** Starts a java, without JVM options from the environment, and returns all that it prints. */
export async function runJava(java: string, args: readonly string[], timeout_ms: number): Promise<JavaAnswer> {
  // JVM options in a shell's environment would become part of the answer.
  const foreign = ['JAVA_TOOL_OPTIONS', '_JAVA_OPTIONS', 'JDK_JAVA_OPTIONS'];
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.includes(name)));
  const end = await runChild(java, args, { env, deadline_ms: timeout_ms });
  if (end === null) return { code: null, text: 'the program does not exist', timedOut: false };
  return { code: end.code, text: `${end.stderr}${end.stdout}`, timedOut: end.isLate };
}

async function lacks(jdk: Jdk, collector: Collector, others: () => Promise<readonly NamedJdk[]>): Promise<Failure> {
  const having: string[] = [];
  for (const other of await others())
    if (other.java !== jdk.java && (await hasCollector(other, collector))) having.push(other.name);
  return unfit(
    `${describeJdk(jdk)} has no ${collector} collector; it has ${(await collectorsOf(jdk)).join(', ')}; choose one of these, ` +
      (having.length === 0
        ? 'or another JDK with --java'
        : `or a JDK that has ${collector}: --java ${having.join(' or ')}`),
  );
}

export function describeJdk({ java, version, vendor }: Jdk): string {
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
