/** Programs and headers that a kernel's build uses, checked before anything is fetched. */
import { existsSync } from 'node:fs';
import { runChild } from '../../base/child.js';
import { onPath } from '../../base/on-path.mjs';
import type { Need } from '../../base/system-packages.mjs';
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

/** Throws one failure that names all that is missing. */
export function checkBuildTools({ env = process.env }: KernelSources): void {
  const lacking = buildTools.filter(({ isThere }) => !isThere(env.PATH));
  if (lacking.length === 0) return;
  throw missing(
    `building a kernel needs ${lacking.map(({ name }) => name).join(', ')}, which this machine lacks`,
    lacking.map(({ need }) => need),
  );
}

/** The compiler, as the kernel's configuration names it. */
export async function compilerVersion({ env = process.env, signal }: KernelSources): Promise<string> {
  const end = await runChild('gcc', ['--version'], { env, signal });
  if (end?.code !== 0) throw missing('gcc, which compiles kernels, does not work', ['gcc']);
  return end.stdout.split('\n')[0] ?? '';
}
