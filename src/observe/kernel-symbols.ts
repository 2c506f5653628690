/** Names of kernel functions (/proc/kallsyms), for the addresses of stacks. */
import { partitionPoint } from '../base/sorted.js';
import { readKernelFile } from '../host/files.js';

/**
 * By address in hexadecimal, as stacks have them. Null where the kernel hides its addresses: they are all 0 for who lacks
 * CAP_SYSLOG, by kernel.kptr_restrict.
 */
export function kernelSymbols(addresses: Iterable<string>): ReadonlyMap<string, string> | null {
  const wanted = [...new Set(addresses)].map((text) => ({ text, address: BigInt(`0x${text}`) }));
  if (wanted.length === 0) return new Map();
  const functions: { address: bigint; name: string }[] = [];
  for (const line of readKernelFile('/proc/kallsyms').split('\n')) {
    const [, address, name] = /^([0-9a-f]+) [tTwW] (\S+)/.exec(line) ?? [];
    if (address !== undefined && name !== undefined) functions.push({ address: BigInt(`0x${address}`), name });
  }
  if (functions.every(({ address }) => address === 0n)) return null;
  functions.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  return new Map(
    wanted.map(({ text, address }) => {
      const after = partitionPoint(functions, (one) => one.address <= address);
      return [text, functions[after - 1]?.name ?? text];
    }),
  );
}
