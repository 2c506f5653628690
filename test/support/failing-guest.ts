/** A run in a guest that does not come as far as measuring. */
import { processesWith } from './processes.js';

export const stock = 'deb:6.16.12';

/** QEMU's processes of a pauselab: its sockets are in their arguments. */
export const guestsOf = (pid: number): number[] =>
  processesWith(`socket,id=channel,path=/dev/shm/pauselab-run-${pid}-`);

export const guestRun = (out: string, ...more: string[]): string[] => [
  ...['run', 'stock-vs-patched', '--kernel', stock, '--runs', '1', '--duration', '1s'],
  ...['--set', 'holder.region=64MiB', '--out', out],
  ...more,
];
