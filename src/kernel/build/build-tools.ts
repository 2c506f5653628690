/** Programs and headers that a kernel's build uses, checked before anything is fetched. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runChild } from '../../base/child.js';
import { usage } from '../../base/failure.js';
import { readText } from '../../base/files/read-file.js';
import { onPath } from '../../base/on-path.mjs';
import type { Need } from '../../base/system-packages.mjs';
import { configOption } from '../../host/kernel-config.js';
import { missing } from '../../host/missing.js';
import type { KernelSources } from '../image/kernel.js';

interface Tool {
  readonly need: Need;
  /** For the sentence. */
  readonly name: string;
  readonly isThere: (path: string | undefined) => boolean;
}

const program = (need: Need, name: string): Tool => ({ need, name, isThere: (path) => onPath(name, path) !== null });
const header = (need: Need, name: string, file: string): Tool => ({
  need,
  name,
  isThere: () =>
    ['/usr/include', '/usr/include/x86_64-linux-gnu', '/usr/local/include'].some((at) => existsSync(`${at}/${file}`)),
});

const buildTools: readonly Tool[] = [
  program('gcc', 'gcc'),
  program('make', 'make'),
  program('flex', 'flex'),
  program('bison', 'bison'),
  program('bc', 'bc'),
  program('tar', 'tar'),
  program('xz', 'xz'),
  program('diff', 'diff'),
  program('patch', 'patch'),
  header('libelf', 'libelf', 'gelf.h'),
  header('openssl', 'OpenSSL', 'openssl/opensslv.h'),
];

/** `make bindeb-pkg` of every version runs these. */
const packageTools: readonly Tool[] = [
  program('dpkg', 'dpkg-deb'),
  program('dpkgDev', 'dpkg-buildpackage'),
  // The headers that every version puts into packages are copied by it.
  program('rsync', 'rsync'),
  program('python', 'python3'),
];

const debhelper = program('debhelper', 'dh_builddeb');
const fakeroot = program('fakeroot', 'fakeroot');

/** What a configuration asks for, by an option that is set. */
const toolsOfOptions: readonly (readonly [option: string, tool: Tool])[] = [
  ['MODULES', program('kmod', 'depmod')],
  ['MODULE_SIG', program('opensslProgram', 'openssl')],
  ['IKHEADERS', program('cpio', 'cpio')],
  ['KERNEL_ZSTD', program('zstd', 'zstd')],
  ['KERNEL_LZ4', program('lz4', 'lz4')],
  ['MODULE_COMPRESS_ZSTD', program('zstd', 'zstd')],
  ['DEBUG_INFO_BTF', program('pahole', 'pahole')],
];

export function checkBuildTools(sources: KernelSources): void {
  refuseWithout('building a kernel', buildTools, sources);
}

/** `config`: the options that are asked for. */
export function checkPackageTools(config: string, sources: KernelSources): void {
  const own = toolsOfOptions.filter(([option]) => configOption(config, option) === 'y').map(([, tool]) => tool);
  refuseWithout('building packages of a kernel', [...buildTools, ...packageTools, ...own], sources);
}

/** What the packaging scripts of these sources run, which differs from version to version. */
export function checkPackageScripts(tree: string, linux: string, sources: KernelSources): void {
  const scripts = join(tree, 'scripts/package');
  if (!existsSync(join(scripts, 'mkdebian')))
    throw usage(
      `${linux} has no scripts/package/mkdebian, which makes packages of a kernel; ` +
        'name the sources of a kernel, or leave --deb out and build for guests',
    );
  const text = ['mkdebian', 'debian/rules', 'builddeb']
    .map((name) => join(scripts, name))
    .filter((path) => existsSync(path))
    .map((path) => readText(path, { mostBytes: 2 ** 20 }))
    .join('\n');
  const isRoot = process.geteuid?.() === 0;
  refuseWithout(
    `building packages of ${linux}`,
    [
      ...(/\bdh_\w+/.test(text) ? [debhelper] : []),
      ...(isRoot || /^Rules-Requires-Root: no$/m.test(text) ? [] : [fakeroot]),
    ],
    sources,
  );
}

/** Throws one failure that names all that is missing. */
function refuseWithout(doing: string, tools: readonly Tool[], { env = process.env }: KernelSources): void {
  const lacking = tools.filter(({ isThere }) => !isThere(env.PATH));
  if (lacking.length === 0) return;
  throw missing(
    `${doing} needs ${lacking.map(({ name }) => name).join(', ')}, which this machine lacks`,
    lacking.map(({ need }) => need),
  );
}

/** The compiler, as the kernel's configuration names it. */
export async function compilerVersion({ env = process.env, signal }: KernelSources): Promise<string> {
  const end = await runChild('gcc', ['--version'], { env, signal });
  if (end?.code !== 0) throw missing('gcc, which compiles kernels, does not work', ['gcc']);
  return end.stdout.split('\n')[0] ?? '';
}
