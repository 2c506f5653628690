/** The part of the schema that an arm may override: holder, hogs, victims, and the layout of their memory. */
import { z } from 'zod';
import { defaults, ioHogsAtMost } from '../resolved/defaults.js';
import { duration, either, flag, kebab, listOf, mapping, oneOf, rate, size, whole } from './fields.js';
import { jvm, unbroken } from './jvm-schema.js';
import { jvmProbeNames } from '../../catalogue/jvm-probes.js';
import { holderOperations, layouts, victimLayouts, victimOperations } from '../../catalogue/operations.js';
import { threadFields } from './thread-schema.js';
import { allocator, churn, issues, purge, threadRules } from './work-schema.js';

const toucher = mapping(threadFields);

const cpuWeight = (whose: string) =>
  whole(1, 10_000)
    .meta({
      description: `Weight of a cgroup with ${whose} (cpu.weight, cgroup v2): 100 counts as a thread of nice 0; default no cgroup`,
    })
    .exactOptional();

const holder = mapping({
  operation: oneOf(holderOperations).meta({ description: 'How memory is given back' }).exactOptional(),
  ...threadFields,
  pause: duration('0ms', '1h')
    .meta({ description: `Rest between two calls; default ${defaults.holder.pause}` })
    .exactOptional(),
  region: either(
    'calibrated, a size such as 256MiB, from 4KiB to 16TiB (units: B, KiB, MiB, GiB, TiB), or a CPU time of a call such as { hold: 2ms }',
    [z.literal('calibrated'), size('4KiB', '16TiB'), mapping({ hold: duration('10us', '10s') })],
  )
    .meta({
      description:
        'Bytes given back per call: a size, calibrated to the intended stall, or sized for a CPU time of a call; default calibrated',
    })
    .exactOptional(),
  vmas: whole(2, 1_000_000)
    .meta({ description: 'Number of VMAs that the region is made of, in layout split; default 2' })
    .exactOptional(),
  pages: oneOf(['small', 'huge']).meta({ description: 'Page size of the region; default small' }).exactOptional(),
  toucher: either('none or a mapping with some of the keys nice, policy, rtPriority, slice, cpus', [
    z.literal('none'),
    toucher,
  ])
    .meta({
      description: 'The thread that re-populates the dropped memory, or none; default a thread with nice 0',
    })
    .exactOptional(),
  process: oneOf(['same', 'foreign'])
    .meta({
      description: "Whether the holder runs in the victims' process or in a second one; default same",
    })
    .exactOptional(),
  cpuMax: mapping({ quota: duration('1ms', '1s'), period: duration('1ms', '1s') })
    .meta({
      description:
        'CPU time per period that the holder may use (cpu.max, cgroup v2), such as { quota: 10ms, period: 200ms }; default no limit',
    })
    .exactOptional(),
  cpuWeight: cpuWeight('the thread of the holder alone'),
  active: flag().meta({ description: 'false: the holder does nothing; default true' }).exactOptional(),
});

const agentKeys = 'none or a mapping with some of the keys command, mode, pause, nice, policy, rtPriority, slice, cpus';

const agent = either(agentKeys, [
  z.literal('none'),
  mapping({
    command: listOf(unbroken('a word'), 'words', 100)
      .meta({
        description:
          'The program and its words, such as [cat, "/proc/{pid}/smaps"]; {pid} is the pid of the process to look at',
      })
      .exactOptional(),
    mode: oneOf(['repeat', 'stay'])
      .meta({
        description: 'repeat: it ends by itself and is started again; stay: it runs until the end; default repeat',
      })
      .exactOptional(),
    pause: duration('0ms', '1h')
      .meta({ description: `Rest between its end and its next start; default ${defaults.agent.pause}` })
      .exactOptional(),
    ...threadFields,
  }),
]);

const hogs = mapping({
  count: whole(0, 64)
    .meta({ description: 'Threads that compete with the holder for its CPU; default 1' })
    .exactOptional(),
  ...threadFields,
  burst: either('steady or a mapping with the keys run and sleep, such as { run: 60ms, sleep: 20ms }', [
    z.literal('steady'),
    mapping({ run: duration('1ms', '10s'), sleep: duration('1ms', '10s') }),
  ])
    .meta({ description: 'Whether a hog runs all the time or in bursts; default steady' })
    .exactOptional(),
  cpuWeight: cpuWeight('all hogs'),
});

const ioHogs = either(
  'none or a mapping with some of the keys count, fileSize, atMost, nice, policy, rtPriority, slice, cpus',
  [
    z.literal('none'),
    mapping({
      count: whole(1, 64)
        .meta({ description: `Threads that write to the disk; default ${defaults.ioHogs.count}` })
        .exactOptional(),
      fileSize: size('1MiB', '1GiB')
        .meta({ description: `Size of the file of each; default ${defaults.ioHogs.fileSize}` })
        .exactOptional(),
      atMost: size('1MiB', ioHogsAtMost.limit)
        .meta({
          description: `What each writes in a run at most; default ${ioHogsAtMost.perSecond} for each second of warm-up and window`,
        })
        .exactOptional(),
      ...threadFields,
    }),
  ],
);

const victim = mapping({
  operation: oneOf([...new Set([...victimOperations, ...jvmProbeNames])]).meta({
    description: 'The operation that is timed',
  }),
  role: kebab('a role')
    .meta({
      description: "First part of the series' name; default writer, reader or control by the operation's lock",
    })
    .exactOptional(),
  rate: either('back-to-back or a rate such as 1000/s, from 1/h to 1000000/s (units: /s, /min, /h)', [
    z.literal('back-to-back'),
    rate('1/h', '1000000/s'),
  ]).meta({
    description: 'Operations per time on an open-loop schedule, or back-to-back',
  }),
  layout: oneOf(victimLayouts)
    .meta({ description: "Layout of this victim's memory; default the arm's layout" })
    .exactOptional(),
  ...threadFields,
});

/** What an arm may override. */
export const settings = {
  jvm: jvm.meta({ description: 'A JVM as the process under test, in place of the native engine' }).exactOptional(),
  churn: churn
    .meta({
      description:
        'Blocks allocated, touched and freed in the native engine’s process, in place of a holder; a mapping or a list',
    })
    .exactOptional(),
  allocator: allocator.meta({ description: 'The allocator under the churn; default glibc' }).exactOptional(),
  purge: purge
    .meta({
      description: 'A thread beside the churn that asks the allocator to give free memory back, again and again',
    })
    .exactOptional(),
  threads: threadRules
    .meta({
      description:
        'Scheduling of threads of the churn and of its allocator, by patterns of their names such as `load.churn*`',
    })
    .exactOptional(),
  issues: issues.exactOptional(),
  stall: mapping({
    aim: duration('1ms', '60s')
      .meta({ description: `Intended length of a stall; default ${defaults.stall.aim}` })
      .exactOptional(),
    leastHold: duration('10us', '10s')
      .meta({ description: `Least CPU time of a call; default ${defaults.stall.leastHold}` })
      .exactOptional(),
  })
    .meta({ description: 'The aim of a calibrated region' })
    .exactOptional(),
  layout: oneOf(layouts)
    .meta({ description: "Where victims' memory lies relative to the holder's; default isolated" })
    .exactOptional(),
  holder: holder.meta({ description: 'The thread that gives memory back' }).exactOptional(),
  agent: agent
    .meta({
      description: 'A command of yours that looks at the measured process, as a monitoring agent does; default none',
    })
    .exactOptional(),
  hogs: hogs.meta({ description: "The threads that compete for the holder's CPU" }).exactOptional(),
  ioHogs: ioHogs
    .meta({ description: 'Threads that write files to the disk of /var/tmp and sync them; default none' })
    .exactOptional(),
  victims: listOf(victim, 'victims', 64)
    .meta({ description: 'The threads whose operations are timed' })
    .exactOptional(),
};
