/** Runs a kernel's own build: the configuration, and the image in an object folder beside the sources. */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { runChild, saysDiskFull, type ChildEnd } from '../../base/child.js';
import { monotonic_ms } from '../../base/clock.js';
import { makeFolders, writeAtomically } from '../../base/files/atomic-file.js';
import { readText } from '../../base/files/read-file.js';
import { unfit, workloadFailed } from '../../base/failure.js';
import { onPath } from '../../base/on-path.mjs';
import { diskFull } from '../../debian/cache-folder.js';
import { sha256OfText } from '../../debian/checksum.js';
import { mostConfigBytes, readConfig } from '../image/config-file.js';
import type { KernelSources } from '../image/kernel.js';
import { keptBelow, keptMethod, revealsOptions, withoutRevealing } from './revealed-options.js';

export interface ObjectFolder {
  readonly tree: string;
  /** Given to make as O=. */
  readonly objects: string;
  /** The sources in messages: `Linux 7.3.4`. */
  readonly linux: string;
  /** The cache, for messages about a full disk. */
  readonly cache: string;
}

/** A distribution's configuration takes hours on a small machine. */
const deadline_ms = 12 * 3_600_000;
const lastLines_n = 20;
/** The kernel's build reads these, and a build in the cache must not depend on them. */
const notPassedOn =
  /^(?:MAKE\w*|MFLAGS|GNUMAKEFLAGS|K(?:BUILD|CONFIG|C|A|CPP|RUST)\w*|ARCH|CROSS_COMPILE|LOCALVERSION|O|V|W|C|M|LLVM\w*|CC|HOSTCC|LD|AR|INSTALL\w*|K?DEB\w*|DPKG\w*|SOURCE_DATE_EPOCH)$/;

/** The same inputs then give the same image, to the byte. */
const reproducible = {
  KBUILD_BUILD_TIMESTAMP: '1970-01-01',
  KBUILD_BUILD_USER: 'pauselab',
  KBUILD_BUILD_HOST: 'pauselab',
  KBUILD_BUILD_VERSION: '1',
};

export function makeEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...Object.fromEntries(Object.entries(env).filter(([name]) => !notPassedOn.test(name))), ...reproducible };
}

/** How a .config is made: of a list of options, and nothing else, or of a whole .config and the kernel's defaults. */
export type ConfigMethod = 'allnoconfig' | 'olddefconfig';

/**
 * The .config that the kernel makes of the options that are asked for. `basis`: what else it depends on, so that it is
 * made again when that changes.
 */
export async function configureKernel(
  at: ObjectFolder,
  options: string,
  basis: string,
  sources: KernelSources,
  method: ConfigMethod = 'allnoconfig',
): Promise<string> {
  makeFolders(at.objects);
  const stamp = join(at.objects, 'pauselab.configured');
  const asked = join(at.objects, 'pauselab.config');
  const made = join(at.objects, '.config');
  const isRevealing = method === 'allnoconfig' && revealsOptions(options);
  const wanted = sha256OfText(`${basis}\n${isRevealing ? `${keptMethod}\n` : ''}${options}`);
  if (existsSync(made) && existsSync(stamp) && readSmall(stamp) === wanted) return readConfig(made);
  rmSync(stamp, { force: true });
  const make = async (text: string): Promise<void> => {
    writeAtomically(method === 'allnoconfig' ? asked : made, text);
    const given = method === 'allnoconfig' ? [`KCONFIG_ALLCONFIG=${asked}`] : [];
    await mustMake(at, [...given, method], sources, 'configuring');
  };
  if (isRevealing) {
    await make(withoutRevealing(options));
    await make(keptBelow(readConfig(made), options));
  } else await make(options);
  writeAtomically(stamp, wanted);
  return readConfig(made);
}

/** Builds the image, and returns its path. What is cut short continues where it was. */
export async function makeImage(at: ObjectFolder, sources: KernelSources): Promise<string> {
  const image = join(at.objects, 'arch/x86/boot/bzImage');
  // Also if the image is older than its objects, for example after the clock was set back.
  rmSync(image, { force: true });
  await mustMake(at, ['bzImage'], sources, 'building');
  if (!existsSync(image))
    throw workloadFailed(`the build of ${at.linux} ended without arch/x86/boot/bzImage; is this a kernel for x86-64?`);
  return image;
}

/** Compiles all that is installed. */
export async function makeAll(at: ObjectFolder, sources: KernelSources): Promise<void> {
  await mustMake(at, ['all'], sources, 'building');
}

/** Puts it into packages, beside the object folder. `version`: of the packages. */
export async function makeDebs(at: ObjectFolder, version: string, sources: KernelSources): Promise<void> {
  await mustMake(at, ['bindeb-pkg'], sources, 'packaging', {
    KDEB_PKGVERSION: version,
    KDEB_CHANGELOG_DIST: 'unstable',
    // Seconds instead of minutes, for packages that are some percent larger.
    KDEB_COMPRESS: 'gzip',
    // The tools were checked; a list of packages says nothing about tools that were installed in another way.
    DPKG_FLAGS: '-d',
  });
}

function readSmall(path: string): string {
  return readText(path, { mostBytes: mostConfigBytes });
}

/** `CC=` of this object folder: another one would compile everything again. */
function compilerFor({ objects }: ObjectFolder): string {
  const file = join(objects, 'pauselab.cc');
  const usual = onPath('ccache') === null ? 'gcc' : 'ccache gcc';
  const kept = existsSync(file) ? readSmall(file) : null;
  if (kept !== null && (kept === 'gcc' || usual !== 'gcc')) return kept;
  writeAtomically(file, usual);
  return usual;
}

async function mustMake(
  at: ObjectFolder,
  targets: readonly string[],
  sources: KernelSources,
  doing: string,
  extra: NodeJS.ProcessEnv = {},
): Promise<void> {
  const { env = process.env, signal, note } = sources;
  removeUnfinished(at.objects);
  const running = join(at.objects, runningMark);
  writeAtomically(running, '');
  const progress = createProgress(at, doing, note);
  const words = [
    'make',
    `-j${availableParallelism()}`,
    'ARCH=x86_64',
    `O=${at.objects}`,
    `CC=${compilerFor(at)}`,
    ...targets,
  ];
  const end = await runChild('sh', ['-c', untilItEnded, 'sh', running, ...words], {
    cwd: at.tree,
    env: { ...makeEnvironment(env), ...extra },
    signal,
    deadline_ms,
    onLine: progress.line,
  });
  if (end === null) throw unfit('sh, which starts make, is not installed; install it');
  if (end.code === 0) {
    progress.done();
    return;
  }
  if (saysDiskFull(end.stderr)) throw diskFull(at.cache);
  if (end.isLate)
    throw unfit(`the build of ${at.linux} was not done after ${deadline_ms / 3_600_000} h; use a faster machine`);
  throw buildFailed(at.linux, end);
}

/** With the end of what make and the compiler complained about. */
function buildFailed(linux: string, { stderr, code, signal }: ChildEnd): Error {
  const lines = stderr.trimEnd().split('\n').slice(-lastLines_n);
  const how = code === null ? `by ${signal ?? 'a signal'}` : `with exit code ${code}`;
  const sentence =
    `the build of ${linux} failed (make ended ${how}); ` +
    'correct what its last lines name and build again, which continues where it stopped';
  return workloadFailed(sentence, { lines: [sentence, ...lines.map((line) => `  ${line}`)] });
}

const runningMark = 'pauselab.running';
/**
 * Removes the mark when make has ended, also by SIGTERM, after which make removes what it was making. Only SIGKILL leaves
 * the mark, because then there may be half a file.
 */
const untilItEnded = [
  'mark=$1; shift; "$@" & pid=$!; trap "kill $pid" TERM',
  // A signal ends `wait` before make has ended.
  'while kill -0 $pid 2>/dev/null; do wait $pid; code=$?; done; rm -f "$mark"; exit $code',
].join('; ');
/** A compiler writes an object within this time. */
const unfinished_ms = 60_000;

/**
 * After a build that was killed, or a machine that lost its power, the newest objects may be half written. They are
 * those that were written in the last minute.
 */
function removeUnfinished(objects: string): void {
  if (!existsSync(join(objects, runningMark))) return;
  const files = objectFiles(objects).map((path) => ({ path, written_ms: statSync(path).mtimeMs }));
  const last_ms = Math.max(0, ...files.map(({ written_ms }) => written_ms));
  for (const { path, written_ms } of files) if (written_ms > last_ms - unfinished_ms) rmSync(path, { force: true });
}

/** What make builds step by step. */
function objectFiles(objects: string): string[] {
  if (!existsSync(objects)) return [];
  return readdirSync(objects, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(?:\.[oa]|vmlinux|\.bin|bzImage)$/.test(path))
    .map((path) => join(objects, path));
}

const stepsFile = 'pauselab.steps';
/** Of a build for guests: steps per option that is set, until a build of this folder was counted. */
const stepsPerOption = 2.7;
/** A note for each of these steps, and not more often than this. */
const notedPercent = 5;
const betweenNotes_ms = 5_000;

interface BuildProgress {
  readonly line: (line: string) => void;
  readonly done: () => void;
}

/** Percent of the steps that a complete build prints. A build that continues counts the objects that are there. */
function createProgress({ objects, linux }: ObjectFolder, doing: string, note: KernelSources['note']): BuildProgress {
  const counted = join(objects, stepsFile);
  const total = existsSync(counted) ? Number(readSmall(counted)) : estimatedSteps(objects);
  let steps = doing === 'building' ? objectFiles(objects).filter((path) => path.endsWith('.o')).length : 0;
  const isNew = !existsSync(counted);
  const noted = { percent: Number.NEGATIVE_INFINITY, at_ms: monotonic_ms() };
  return {
    line: (line) => {
      if (!/^ {2}[A-Z][A-Z0-9_]* /.test(line)) return;
      steps += 1;
      const now_ms = monotonic_ms();
      // Only a first build takes long enough to ask how far it is.
      const percent = Math.min(99, Math.floor((100 * steps) / Math.max(total, 1)));
      if (
        doing !== 'building' ||
        !isNew ||
        now_ms - noted.at_ms < betweenNotes_ms ||
        percent < noted.percent + notedPercent
      )
        return;
      Object.assign(noted, { percent, at_ms: now_ms });
      note?.(`${doing} ${linux}: ${percent} %`);
    },
    done: () => {
      if (doing === 'building' && isNew) writeAtomically(counted, String(steps));
    },
  };
}

function estimatedSteps(objects: string): number {
  const config = join(objects, '.config');
  if (!existsSync(config)) return 1;
  return (readConfig(config).match(/^CONFIG_\w+=[ym]$/gm)?.length ?? 0) * stepsPerOption;
}
