/** Ensures that a started program has its pipes; without free file descriptors it has none. */
import type { ChildProcess } from 'node:child_process';
import { unfit } from './failure.js';
import { errorMeaning } from './system-error.js';

/**
 * A child that found no free file descriptor has no pipes, despite its type. Node reports this by an event that comes
 * later.
 */
export function withPipes<Child extends ChildProcess>(child: Child): Child {
  if ((child.stdio as unknown) !== undefined) return child;
  child.once('error', () => undefined);
  const { what, remedy } = errorMeaning('EMFILE');
  throw unfit(`starting ${child.spawnfile} failed (EMFILE): ${what}; ${remedy}`);
}
