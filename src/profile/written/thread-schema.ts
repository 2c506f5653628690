/** The scheduling of a thread, in the same form everywhere in a profile. */
import { z } from 'zod';
import { defaults } from '../resolved/defaults.js';
import { duration, either, listOf, oneOf, whole } from './fields.js';

const cpu = whole(0, 4095);

export const threadFields = {
  nice: whole(-20, 19).meta({ description: 'Nice value; default 0' }).exactOptional(),
  policy: oneOf(['other', 'batch', 'idle', 'fifo', 'rr'])
    .meta({
      description: 'Scheduling policy SCHED_OTHER, SCHED_BATCH, SCHED_IDLE, SCHED_FIFO or SCHED_RR; default other',
    })
    .exactOptional(),
  rtPriority: whole(1, 99)
    .meta({
      description: `Static priority under fifo and rr; default ${defaults.victim.rtPriority}`,
    })
    .exactOptional(),
  slice: duration('100us', '100ms')
    .meta({
      description:
        'CPU time that the scheduler grants at a time (sched_setattr; Linux 6.12 and newer); not under fifo or rr; default the kernel’s base slice',
    })
    .exactOptional(),
  cpus: either('first, second, a CPU number or a list of CPU numbers', [
    z.enum(['first', 'second']),
    cpu.transform((one) => [one]),
    listOf(cpu, 'CPU numbers', 4096),
  ])
    .meta({
      description:
        'CPUs to run on: the first or second that pauselab may use, or numbers; default second for victims, first for other threads',
    })
    .exactOptional(),
};
