/**
 * A real kernel from the mirror, in the user's own cache: outside of the clone, so that it is fetched once. Where there
 * is no mirror to fetch it from the test is skipped with what pauselab says of it; any other failure is one.
 */
import type { KernelImage } from '../../src/kernel/image/kernel-image.js';
import { pauselab } from './pauselab.js';

export async function realKernel(
  asked: string,
  skip: (condition: boolean, reason: string) => void,
): Promise<KernelImage> {
  const { code, stdout, stderr, sentences } = await pauselab(['kernels', 'fetch', asked, '--json']);
  const said = sentences.join(' ');
  skip(code === 5 && /could not be fetched|no mirror of Debian|no apt-get/.test(said), said);
  if (code !== 0) throw new Error(`kernels fetch ${asked} ended with ${code ?? 'a signal'}: ${stderr}`);
  const [kernel] = (JSON.parse(stdout) as { kernels: KernelImage[] }).kernels;
  if (kernel === undefined) throw new Error(`kernels fetch ${asked} named no kernel: ${stdout}`);
  return kernel;
}
