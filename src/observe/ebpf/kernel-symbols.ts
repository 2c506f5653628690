/** Names of kernel functions (/proc/kallsyms), for the addresses of stacks. */
import { partitionPoint } from '../../base/sorted.js';
import { readKernelFile } from '../../host/files.js';
import { shownByHelper } from './observer.js';

/** By kernel.kptr_restrict, or for want of CAP_SYSLOG. */
export function areSymbolsHidden(): boolean {
  return shownSymbols() === null;
}

/**
 * By address in hexadecimal, as stacks have them. Null where the kernel hides its addresses: they are all 0 for who lacks
 * CAP_SYSLOG, by kernel.kptr_restrict.
 */
export function kernelSymbols(addresses: Iterable<string>): ReadonlyMap<string, string> | null {
  const wanted = [...new Set(addresses)].map((text) => ({ text, address: BigInt(`0x${text}`) }));
  if (wanted.length === 0) return new Map();
  const functions = shownSymbols();
  if (functions === null) return null;
  functions.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  return new Map(
    wanted.map(({ text, address }) => {
      const after = partitionPoint(functions, (one) => one.address <= address);
      return [text, functions[after - 1]?.name ?? text];
    }),
  );
}

/**
 * The same, for stacks that come one after another. Stacks of one program have the same few hundred addresses, so the
 * kernel is soon asked no more.
 */
export function symbolCache(): (addresses: readonly string[]) => ReadonlyMap<string, string> | null {
  const known = new Map<string, string>();
  let areHidden = false;
  return (addresses) => {
    const unknown = areHidden ? [] : addresses.filter((address) => !known.has(address));
    const found = kernelSymbols(unknown);
    areHidden ||= found === null;
    for (const [address, name] of found ?? []) known.set(address, name);
    return areHidden ? null : known;
  };
}

interface KernelFunction {
  readonly address: bigint;
  readonly name: string;
}

/** The helper may have CAP_SYSLOG where pauselab does not. */
function shownSymbols(): KernelFunction[] | null {
  return symbolsIn(readKernelFile('/proc/kallsyms')) ?? symbolsIn(shownByHelper('--symbols'));
}

function symbolsIn(text: string): KernelFunction[] | null {
  const functions: KernelFunction[] = [];
  for (const line of text.split('\n')) {
    const [, address, name] = /^([0-9a-f]+) [tTwW] (\S+)/.exec(line) ?? [];
    if (address !== undefined && name !== undefined) functions.push({ address: BigInt(`0x${address}`), name });
  }
  return functions.every(({ address }) => address === 0n) ? null : functions;
}
