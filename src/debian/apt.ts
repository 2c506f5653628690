/**
 * Fetches Debian's package lists and packages through the machine's apt: its mirror, proxies and certificates. All
 * state is private to the cache folder, nothing is installed, root is not needed, and apt accepts nothing unsigned.
 */
import { existsSync, rmSync } from 'node:fs';
import { copyFile, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFolders, writeAtomically } from '../base/files/atomic-file.js';
import { Failure, unfit, usage } from '../base/failure.js';
import { missing } from '../host/missing.js';
import { cacheFolder, diskFull, inCache, refuseUnquotable } from './cache-folder.js';
import { sha256OfFile, sha256OfText } from './checksum.js';
import { lastComplaint, runChild, saysDiskFull, type ChildEnd } from '../base/child.js';
import type { Sources } from './sources.js';

/** Debian's suites that a machine may be configured for. Ubuntu's suites have other names, and its kernel differs. */
const debianSuite = /^(?:bookworm|trixie|forky|duke|sid|oldstable|stable|testing|unstable)(?:-backports)?$/;

/** The location, such as http://deb.debian.org/debian/, and the keyring that signs it. */
export interface Mirror {
  readonly uri: string;
  readonly suites: readonly string[];
  readonly keyring: string;
}

/** What the packages are for: in messages, and which suites are read beside those of the machine. */
export interface MirrorUse {
  readonly called: string;
  readonly otherwise: string;
  readonly suites: readonly string[];
}

export interface Package {
  readonly name: string;
  readonly version: string;
  readonly suite: string;
  /** Relative to the mirror's address. */
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly depends: string;
}

export type SuiteLists =
  | { readonly suite: string; readonly packages: readonly Package[] }
  | { readonly suite: string; readonly problem: 'absent' | 'refused' | 'unreachable'; readonly sentence: string };

const keyrings = ['/usr/share/keyrings/debian-archive-keyring.gpg', '/usr/share/keyrings/debian-archive-keyring.pgp'];

/**
 * The first mirror of Debian in the machine's apt configuration, whether or not anything was fetched from it before.
 */
export async function findMirror(
  { called, otherwise, suites }: MirrorUse,
  { env = process.env, signal }: Sources,
): Promise<Mirror> {
  const format = '$(CREATED_BY) $(REPO_URI) $(RELEASE) $(COMPONENT)';
  const end = await runChild('apt-get', ['indextargets', '--no-release-info', '--format', format], { env, signal });
  if (end === null)
    throw missing(`${called} come through apt, and this machine has no apt-get`, ['apt'], { otherwise });
  if (end.code !== 0)
    throw unfit(`apt-get could not report this machine's mirror (${lastComplaint(end)}); correct apt's configuration`);
  const targets = end.stdout
    .split('\n')
    .map((line) => line.split(' '))
    .filter(
      ([by, , release, component]) => by === 'Packages' && component === 'main' && debianSuite.test(release ?? ''),
    );
  const uri = targets[0]?.[1];
  if (uri === undefined)
    throw unfit(
      `this machine's apt has no mirror of Debian's main archive, so ${called} cannot be fetched; ${otherwise}`,
    );
  const configured = targets.filter(([, address]) => address === uri).map(([, , release = '']) => release);
  return { uri, suites: [...new Set([...suites, ...configured])], keyring: findKeyring(env) };
}

function findKeyring(env: NodeJS.ProcessEnv): string {
  const named = env.PAUSELAB_KEYRING;
  if (named !== undefined && named !== '') {
    const path = resolve(named);
    if (!existsSync(path) || /\s/.test(path))
      throw usage(
        `PAUSELAB_KEYRING names ${named}, which is not a file or has a blank in its path; ` +
          'name the keyring that signs your mirror',
      );
    return path;
  }
  const found = keyrings.find((path) => existsSync(path));
  if (found === undefined)
    throw missing("the keyring that checks the signature of Debian's packages is missing", ['debianKeys'], {
      otherwise: 'name another keyring with PAUSELAB_KEYRING',
    });
  return found;
}

/**
 * Fetches the lists of a suite if they changed, checks their signature, and keeps the packages for which `wanted` is
 * true.
 */
export async function readSuite(
  mirror: Mirror,
  suite: string,
  wanted: (name: string) => boolean,
  sources: Sources,
): Promise<SuiteLists> {
  const { env = process.env, signal } = sources;
  const settings = privateApt(mirror, suite, sources);
  const run = (args: readonly string[], onLine?: (line: string) => void): Promise<ChildEnd | null> =>
    runChild('apt-get', ['-c', settings, ...args], { env, signal, ...(onLine === undefined ? {} : { onLine }) });
  const fetched = (): Promise<ChildEnd | null> => run(['update', '-o', 'APT::Update::Error-Mode=any']);
  let update = await fetched();
  if (update !== null && areDamaged(update)) {
    // apt would treat files that a killed apt or a full disk left behind as the newest lists.
    inCache(cacheFolder(sources), () => {
      rmSync(join(dirname(settings), 'lists'), { recursive: true, force: true });
    });
    privateApt(mirror, suite, sources);
    update = await fetched();
  }
  if (update === null) throw missing('apt-get is not installed', ['apt']);
  const problem = problemOf(update);
  if (problem === 'disk') throw diskFull(cacheFolder(sources));
  if (problem !== null) return { suite, problem, sentence: sentenceOf(problem, mirror, suite, update) };
  const packages: Package[] = [];
  const targets = await run(['indextargets', '--format', '$(FILENAME)', 'Created-By: Packages']);
  const files = (targets?.stdout ?? '').split('\n').filter((line) => line !== '');
  if (targets?.code !== 0 || files.length === 0) {
    throw unfit(
      `apt-get fetched the lists of ${suite} from ${mirror.uri} but names none of them` +
        `${targets === null || targets.stderr.trim() === '' ? '' : ` (${lastComplaint(targets)})`}; try again`,
    );
  }
  for (const file of files) {
    const stanzas = stanzaReader(suite, wanted, (found) => {
      packages.push(found);
    });
    const end = await runChild('/usr/lib/apt/apt-helper', ['-c', settings, 'cat-file', file], {
      env,
      signal,
      onLine: stanzas,
    });
    stanzas('');
    if (end?.code !== 0)
      throw unfit(
        `the package list ${file} could not be read ` +
          `(${end === null ? 'apt-helper is missing' : lastComplaint(end)}); remove it and try again`,
      );
  }
  return { suite, packages };
}

/** Each suite has its own lists, so that it is fetched, judged and refused separately. */
function privateApt({ uri, keyring }: Mirror, suite: string, sources: Sources): string {
  const cache = cacheFolder(sources);
  refuseUnquotable(cache);
  const folder = join(cache, 'apt', `${suite}-${sha256OfText(`${uri} ${keyring}`).slice(0, 8)}`);
  const settings = join(folder, 'apt.conf');
  inCache(cache, () => {
    for (const name of ['lists/partial', 'state', 'archives/partial']) makeFolders(join(folder, name));
    writeAtomically(join(folder, 'status'), '');
    writeAtomically(
      join(folder, 'sources.list'),
      `deb [arch=amd64 target=Packages signed-by=${keyring}] ${uri} ${suite} main\n`,
    );
    writeAtomically(settings, aptSettings(folder));
  });
  return settings;
}

// Read after the machine's settings: it reverts settings that run something after an update, allow unsigned packages,
// or fetch more.
function aptSettings(folder: string): string {
  return `#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::Etc::SourceList "${folder}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State "${folder}/state";
Dir::State::Lists "${folder}/lists";
Dir::State::status "${folder}/status";
Dir::Cache "${folder}";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Sandbox::User "root";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
Acquire::Languages "none";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
Acquire::Retries "1";
`;
}

function areDamaged({ code, stderr }: ChildEnd): boolean {
  return code !== 0 && /could not be parsed or opened|Encountered a section with no Package|is corrupted/i.test(stderr);
}

type Problem = 'absent' | 'refused' | 'unreachable';

// apt has used these messages for many releases; any other message counts as unreachable.
function problemOf({ code, stderr }: ChildEnd): Problem | 'disk' | null {
  if (saysDiskFull(stderr)) return 'disk';
  if (
    /GPG error|NO_PUBKEY|BADSIG|EXPKEYSIG|REVKEYSIG|is not signed|no longer signed|signatures? (?:were|was|couldn't be) |OpenPGP|NOSPLIT|NODATA|Signed file isn't valid|Clearsigned file|Missing key|Hash Sum mismatch|is expired|is not valid yet/i.test(
      stderr,
    )
  )
    return 'refused';
  if (/404 +Not Found|does not have a Release file|File not found/i.test(stderr)) return 'absent';
  return code === 0 && !stderr.includes('Failed to fetch') ? null : 'unreachable';
}

function sentenceOf(problem: Problem, { uri, keyring }: Mirror, suite: string, end: ChildEnd): string {
  switch (problem) {
    case 'absent':
      return `${uri} has no suite ${suite}`;
    case 'refused':
      return (
        `the suite ${suite} of ${uri} was refused, ` +
        `because its signature could not be checked with ${keyring} (${lastComplaint(end)})`
      );
    case 'unreachable':
      return `the suite ${suite} of ${uri} could not be fetched (${lastComplaint(end)})`;
  }
}

/** Reads a Packages file line by line; an empty line ends a package. */
function stanzaReader(
  suite: string,
  wanted: (name: string) => boolean,
  found: (found: Package) => void,
): (line: string) => void {
  let fields = new Map<string, string>();
  return (line) => {
    if (line !== '') {
      const colon = line.indexOf(':');
      // A line that starts with a blank continues a description, which is not needed.
      if (colon > 0 && !line.startsWith(' ')) fields.set(line.slice(0, colon), line.slice(colon + 1).trim());
      return;
    }
    const of = (name: string): string => fields.get(name) ?? '';
    if (wanted(of('Package'))) {
      found({
        name: of('Package'),
        version: of('Version'),
        suite,
        file: of('Filename'),
        sizeBytes: Number(of('Size')),
        sha256: of('SHA256'),
        depends: `${of('Depends')}, ${of('Pre-Depends')}`,
      });
    }
    fields = new Map();
  };
}

/**
 * Downloads a file that no signed list names any more, so nothing proves what it is; false if the mirror no longer has
 * it. The caller must only take data from it that it can check, and run nothing.
 */
export async function downloadUnlisted(
  mirror: Mirror,
  { suite, file }: Pick<Package, 'suite' | 'file'>,
  path: string,
  sources: Sources,
): Promise<boolean> {
  const { env = process.env, signal } = sources;
  const from = `${mirror.uri.replace(/\/$/, '')}/${file}`;
  if (/^(?:file|copy):/.test(from)) {
    const there = fileURLToPath(from.replace(/^copy:/, 'file:'));
    if (!existsSync(there)) return false;
    await copyFile(there, path);
    return true;
  }
  const end = await runChild(
    '/usr/lib/apt/apt-helper',
    ['-c', privateApt(mirror, suite, sources), 'download-file', from, path],
    { env, signal },
  );
  if (end !== null && saysDiskFull(end.stderr)) throw diskFull(cacheFolder(sources));
  return end?.code === 0 && existsSync(path);
}

/** Downloads to `path`. The checksum of the file then equals that of the signed list. */
export async function download(mirror: Mirror, wanted: Package, path: string, sources: Sources): Promise<void> {
  const { env = process.env, signal } = sources;
  const from = `${mirror.uri.replace(/\/$/, '')}/${wanted.file}`;
  const settings = privateApt(mirror, wanted.suite, sources);
  if (/^(?:file|copy):/.test(from)) {
    await copyFile(fileURLToPath(from.replace(/^copy:/, 'file:')), path).catch((cause: unknown) => {
      throw saysDiskFull(String(cause))
        ? diskFull(cacheFolder(sources), cause)
        : unreachable(wanted, mirror, String(cause));
    });
  } else {
    const end = await runChild(
      '/usr/lib/apt/apt-helper',
      ['-c', settings, 'download-file', from, path, `SHA256:${wanted.sha256}`],
      { env, signal },
    );
    if (end === null) throw missing('apt-helper, which fetches packages, is not installed', ['apt']);
    if (saysDiskFull(end.stderr)) throw diskFull(cacheFolder(sources));
    if (end.code !== 0 && !/Hash Sum mismatch/i.test(end.stderr)) throw unreachable(wanted, mirror, lastComplaint(end));
  }
  const isAsSigned =
    existsSync(path) && (await stat(path)).size === wanted.sizeBytes && (await sha256OfFile(path)) === wanted.sha256;
  if (isAsSigned) return;
  await rm(path, { force: true });
  throw unfit(
    `${wanted.name} ${wanted.version} from ${mirror.uri} was refused: its checksum differs from the signed list of ` +
      `${wanted.suite}; try again, or choose another mirror`,
  );
}

function unreachable(wanted: Package, { uri }: Mirror, because: string): Failure {
  return new Failure(
    'download-failed',
    `${wanted.name} ${wanted.version} could not be fetched from ${uri} (${because}); check the network`,
  );
}
