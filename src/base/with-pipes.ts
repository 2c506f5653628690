/** Pipes to a program that was started, where there were file descriptors for them. */
import type { ChildProcess } from 'node:child_process';
import { unfit } from './failure.js';
import { errorMeaning } from './system-error.js';

/**
 * Node gives a child that found no file descriptor no pipes, whatever its type says, and tells of it by an event that
 * comes later.
 */
export function withPipes<Child extends ChildProcess>(child: Child): Child {
  if ((child.stdio as unknown) !== undefined) return child;
  child.once('error', () => undefined);
  const { what, remedy } = errorMeaning('EMFILE');
  throw unfit(`starting ${child.spawnfile} failed (EMFILE): ${what}; ${remedy}`);
}
