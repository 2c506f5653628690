/**
 * Debian's package lists and packages through the machine's own apt: its mirror, its proxies, its certificates. All
 * state is private to the cache folder, nothing is installed, no root is needed, and apt is told to accept nothing
 * unsigned.
 */
import { existsSync, rmSync } from 'node:fs';
import { copyFile, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFolders, writeAtomically } from '../../base/files/atomic-file.js';
import { unfit, usage } from '../../base/failure.js';
import { missing } from '../../host/missing.js';
import { cacheFolder, diskFull, inCache, refuseUnquotable } from './cache.js';
import { sha256OfFile, sha256OfText } from './checksum.js';
import { lastComplaint, runChild, saysDiskFull, type ChildEnd } from '../../base/child.js';
import type { KernelSources } from '../image/kernel.js';

/** Old and new: 6.1, 6.12, and in the backports and sid what came after. */
const kernelSuites = ['bookworm', 'bookworm-backports', 'trixie', 'trixie-backports', 'sid'] as const;

/** What else a machine may be configured for and is Debian's. Ubuntu's names are others, and so is its kernel. */
const debianSuite = /^(?:bookworm|trixie|forky|duke|sid|oldstable|stable|testing|unstable)(?:-backports)?$/;

/** An apt method's way to say where, such as http://deb.debian.org/debian/, and what signs it. */
export interface Mirror {
  readonly uri: string;
  readonly suites: readonly string[];
  readonly keyring: string;
}

export interface Package {
  readonly name: string;
  readonly version: string;
  readonly suite: string;
  /** Below the mirror's address. */
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly depends: string;
}

export type SuiteLists =
  | { readonly suite: string; readonly packages: readonly Package[] }
  | { readonly suite: string; readonly problem: 'absent' | 'refused' | 'unreachable'; readonly sentence: string };

const keyrings = ['/usr/share/keyrings/debian-archive-keyring.gpg', '/usr/share/keyrings/debian-archive-keyring.pgp'];

/** The first mirror of Debian in the machine's own apt configuration, fetched from before or not. */
export async function findMirror({ env = process.env, signal }: KernelSources): Promise<Mirror> {
  const format = '$(CREATED_BY) $(REPO_URI) $(RELEASE) $(COMPONENT)';
  const end = await runChild('apt-get', ['indextargets', '--no-release-info', '--format', format], { env, signal });
  if (end === null)
    throw missing('deb: kernels come through apt, and this machine has no apt-get', ['apt'], {
      otherwise: 'name a .deb or a kernel image instead',
    });
  if (end.code !== 0)
    throw unfit(
      `apt-get could not say which mirror this machine is configured for (${lastComplaint(end)}); put its configuration right`,
    );
  const targets = end.stdout
    .split('\n')
    .map((line) => line.split(' '))
    .filter(
      ([by, , release, component]) => by === 'Packages' && component === 'main' && debianSuite.test(release ?? ''),
    );
  const uri = targets[0]?.[1];
  if (uri === undefined)
    throw unfit(
      "this machine's apt is configured for no mirror of Debian's main archive, so deb: kernels have nowhere to come from; name a .deb or a kernel image instead",
    );
  const configured = targets.filter(([, address]) => address === uri).map(([, , release = '']) => release);
  return { uri, suites: [...new Set([...kernelSuites, ...configured])], keyring: findKeyring(env) };
}

function findKeyring(env: NodeJS.ProcessEnv): string {
  const named = env.PAUSELAB_KEYRING;
  if (named !== undefined && named !== '') {
    const path = resolve(named);
    if (!existsSync(path) || /\s/.test(path))
      throw usage(
        `PAUSELAB_KEYRING names ${named}, which is no file or has a blank in its path; name the keyring that signs your mirror`,
      );
    return path;
  }
  const found = keyrings.find((path) => existsSync(path));
  if (found === undefined)
    throw missing("there is no keyring to check the signature of Debian's packages with", ['debianKeys'], {
      otherwise: 'name another with PAUSELAB_KEYRING',
    });
  return found;
}

/** Fetches the lists of one suite if they changed, checks their signature, and keeps what `wanted` says. */
export async function readSuite(
  mirror: Mirror,
  suite: string,
  wanted: (name: string) => boolean,
  sources: KernelSources,
): Promise<SuiteLists> {
  const { env = process.env, signal } = sources;
  const settings = privateApt(mirror, suite, sources);
  const run = (args: readonly string[], onLine?: (line: string) => void): Promise<ChildEnd | null> =>
    runChild('apt-get', ['-c', settings, ...args], { env, signal, ...(onLine === undefined ? {} : { onLine }) });
  const fetched = (): Promise<ChildEnd | null> => run(['update', '-o', 'APT::Update::Error-Mode=any']);
  let update = await fetched();
  if (update !== null && areDamaged(update)) {
    // What an apt left that was killed, or whose disk was full, it takes for the newest lists.
    inCache(cacheFolder(sources), () => {
      rmSync(join(dirname(settings), 'lists'), { recursive: true, force: true });
    });
    privateApt(mirror, suite, sources);
    update = await fetched();
  }
  if (update === null) throw missing('apt-get is not here', ['apt']);
  const problem = problemOf(update);
  if (problem === 'disk') throw diskFull(cacheFolder(sources));
  if (problem !== null) return { suite, problem, sentence: sentenceOf(problem, mirror, suite, update) };
  const packages: Package[] = [];
  const targets = await run(['indextargets', '--format', '$(FILENAME)', 'Created-By: Packages']);
  const files = (targets?.stdout ?? '').split('\n').filter((line) => line !== '');
  if (targets?.code !== 0 || files.length === 0) {
    throw unfit(
      `apt-get fetched the lists of ${suite} from ${mirror.uri} and names none of them${targets === null || targets.stderr.trim() === '' ? '' : ` (${lastComplaint(targets)})`}; try again`,
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
        `the package list ${file} could not be read (${end === null ? 'apt-helper is missing' : lastComplaint(end)}); remove it and try again`,
      );
  }
  return { suite, packages };
}

/** Lists of one suite lie apart, so that each is fetched, judged and refused for itself. */
function privateApt({ uri, keyring }: Mirror, suite: string, sources: KernelSources): string {
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

// Read after the machine's own settings: what those run after an update, allow unsigned or fetch besides is taken back.
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

// What apt calls these has been the same for many releases; what it says otherwise counts as out of reach.
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
      return `the suite ${suite} of ${uri} was refused, because its signature could not be checked with ${keyring} (${lastComplaint(end)})`;
    case 'unreachable':
      return `the suite ${suite} of ${uri} could not be fetched (${lastComplaint(end)})`;
  }
}

/** Takes a Packages file by the line; an empty line ends a package. */
function stanzaReader(
  suite: string,
  wanted: (name: string) => boolean,
  found: (one: Package) => void,
): (line: string) => void {
  let fields = new Map<string, string>();
  return (line) => {
    if (line !== '') {
      const colon = line.indexOf(':');
      // A line that begins with a blank goes on with a description, which nobody needs.
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

/** Into `path`, whose checksum is then the one that the signed list names. */
export async function download(mirror: Mirror, one: Package, path: string, sources: KernelSources): Promise<void> {
  const { env = process.env, signal } = sources;
  const from = `${mirror.uri.replace(/\/$/, '')}/${one.file}`;
  const settings = privateApt(mirror, one.suite, sources);
  if (/^(?:file|copy):/.test(from)) {
    await copyFile(fileURLToPath(from.replace(/^copy:/, 'file:')), path).catch((cause: unknown) => {
      throw saysDiskFull(String(cause))
        ? diskFull(cacheFolder(sources), cause)
        : unreachable(one, mirror, String(cause));
    });
  } else {
    const end = await runChild(
      '/usr/lib/apt/apt-helper',
      ['-c', settings, 'download-file', from, path, `SHA256:${one.sha256}`],
      { env, signal },
    );
    if (end === null) throw missing('apt-helper, which fetches packages, is not here', ['apt']);
    if (saysDiskFull(end.stderr)) throw diskFull(cacheFolder(sources));
    if (end.code !== 0 && !/Hash Sum mismatch/i.test(end.stderr)) throw unreachable(one, mirror, lastComplaint(end));
  }
  const isAsSigned =
    existsSync(path) && (await stat(path)).size === one.sizeBytes && (await sha256OfFile(path)) === one.sha256;
  if (isAsSigned) return;
  await rm(path, { force: true });
  throw unfit(
    `${one.name} ${one.version} from ${mirror.uri} was refused: its checksum is not the one that the signed list of ${one.suite} names; try again, or another mirror`,
  );
}

function unreachable(one: Package, { uri }: Mirror, because: string): Error {
  return unfit(`${one.name} ${one.version} could not be fetched from ${uri} (${because}); check the network`);
}
