/**
 * A real kernel from the mirror. It is in the user's own cache, outside of the clone, so that it is fetched once; with
 * another `PAUSELAB_CACHE` it is fetched into that. Where apt alone cannot reach a mirror of Debian either, the test is
 * skipped; any other failure is one.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KernelImage } from '../../src/kernel/image/kernel-image.js';
import { pauselab } from './pauselab.js';

export async function realKernel(
  asked: string,
  skip: (condition: boolean, reason: string) => void,
  env: Readonly<Record<string, string>> = {},
): Promise<KernelImage> {
  const { code, stdout, stderr } = await pauselab(['kernels', 'fetch', asked, '--json'], { env });
  const reason = code === 5 ? whyNoMirror() : null;
  skip(reason !== null, reason ?? '');
  if (code !== 0) throw new Error(`kernels fetch ${asked} ended with ${code ?? 'a signal'}: ${stderr}`);
  const [kernel] = (JSON.parse(stdout) as { kernels: KernelImage[] }).kernels;
  if (kernel === undefined) throw new Error(`kernels fetch ${asked} named no kernel: ${stdout}`);
  return kernel;
}

/** Asks apt and nothing of pauselab. Null: apt fetches what Debian's mirror of this machine has signed. */
function whyNoMirror(): string | null {
  const format = '$(REPO_URI) $(RELEASE) $(COMPONENT) $(CREATED_BY)';
  const { error, stdout } = spawnSync('apt-get', ['indextargets', '--no-release-info', '--format', format], {
    encoding: 'utf8',
  });
  if (error !== undefined) return 'there is no apt-get';
  const debian = /^(\S+?)\/? ((?:bookworm|trixie|forky|duke|sid|(?:old)?stable|testing|unstable)\S*) main Packages$/m;
  const [, mirror, suite] = debian.exec(stdout) ?? [];
  if (mirror === undefined || suite === undefined) return 'apt has no mirror of Debian';
  const address = `${mirror}/dists/${suite}/InRelease`;
  const folder = mkdtempSync(join(tmpdir(), 'pauselab-mirror-'));
  try {
    const { status } = spawnSync('/usr/lib/apt/apt-helper', ['download-file', address, join(folder, 'InRelease')]);
    return status === 0 ? null : `apt cannot fetch ${address}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
