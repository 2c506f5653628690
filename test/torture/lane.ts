/**
 * A process that makes one attempt at a time. What commands do in it, crash and hang, is told by the one that started
 * it.
 */
import type { Outcome } from './attempt.js';
import { attackOf } from './attacks.js';

const [, , root = ''] = process.argv;

process.on('message', (name: string) => {
  void attackOf(name)
    .make(name, root)
    .then((outcome: Outcome) => process.send?.(outcome));
});
process.on('disconnect', () => {
  process.kill(process.pid, 'SIGKILL');
});
