/**
 * The one schema of a profile: the TypeScript type, the validator and the published JSON Schema all
 * come from here. It describes a file as written, so nearly every key may be missing: a parent
 * (`extends`), an arm or a default may give it. What must hold of the whole is in checks.ts.
 *
 * Parsed values are plain numbers in ns, bytes and fractions; expand.ts names the units.
 */
import { z } from 'zod';
import { defaults } from './defaults.js';
import { duration, either, flag, kebab, line, listOf, mapping, oneOf, rate, share, size, text, whole } from './fields.js';
import { holderOperations, layouts, victimLayouts, victimOperations } from './operations.js';

const ms = 1_000_000;
const s = 1_000 * ms;
const hour = 3600 * s;

const cpu = whole(0, 4095);

const thread = {
  nice: whole(-20, 19).meta({ description: 'Nice value; default 0' }).exactOptional(),
  policy: oneOf(['other', 'batch', 'idle'])
    .meta({ description: 'Scheduling policy SCHED_OTHER, SCHED_BATCH or SCHED_IDLE; default other' })
    .exactOptional(),
  cpus: either('first, second, a CPU number or a list of CPU numbers', [
    z.enum(['first', 'second']),
    cpu.transform((one) => [one]),
    listOf(cpu, 'CPU numbers', 4096),
  ])
    .meta({
      description: 'CPUs to run on: the first or second that pauselab may use, or numbers; default second for victims, first for others',
    })
    .exactOptional(),
};

const toucher = mapping(thread);

const holder = mapping({
  operation: oneOf(holderOperations).meta({ description: 'How memory is given back' }).exactOptional(),
  ...thread,
  pause: duration(0, hour).meta({ description: `Rest between two calls; default ${defaults.holder.pause}` }).exactOptional(),
  region: either('calibrated or a size such as 256MiB (units: B, KiB, MiB, GiB, TiB)', [
    z.literal('calibrated'),
    size(4096, 2 ** 44),
  ])
    .meta({ description: 'Bytes given back per call: a size, or calibrated to the stall aimed at; default calibrated' })
    .exactOptional(),
  pages: oneOf(['small', 'huge']).meta({ description: 'Page size of the region; default small' }).exactOptional(),
  toucher: either('none or a mapping with keys of nice, policy, cpus', [z.literal('none'), toucher])
    .meta({ description: 'The thread that re-populates what was dropped, or none; default a thread of nice 0' })
    .exactOptional(),
  process: oneOf(['same', 'foreign'])
    .meta({ description: "Whether the holder runs in the victims' process or in a second one; default same" })
    .exactOptional(),
  active: flag().meta({ description: 'false: the holder does nothing; default true' }).exactOptional(),
});

const hogs = mapping({
  count: whole(0, 64).meta({ description: 'Threads that compete with the holder for its CPU; default 1' }).exactOptional(),
  ...thread,
  burst: either('steady or a mapping with the keys run and sleep, such as { run: 60ms, sleep: 20ms }', [
    z.literal('steady'),
    mapping({ run: duration(ms, 10 * s), sleep: duration(ms, 10 * s) }),
  ])
    .meta({ description: 'Whether a hog runs all the time or in bursts; default steady' })
    .exactOptional(),
});

const victim = mapping({
  operation: oneOf(victimOperations).meta({ description: 'The operation that is timed' }),
  role: kebab('a role')
    .meta({ description: "First part of the series' name; default writer, reader or control by the operation's lock" })
    .exactOptional(),
  rate: either('back-to-back or a rate from 1/h to 1000000/s', [z.literal('back-to-back'), rate(1_000_000)]).meta({
    description: 'Operations per time on an open-loop schedule, or back-to-back',
  }),
  layout: oneOf(victimLayouts)
    .meta({ description: "Where this victim's memory lies, if not where the arm's layout says" })
    .exactOptional(),
  ...thread,
});

/** What an arm may override. */
const settings = {
  stall: mapping({
    aim: duration(ms, 60 * s).meta({ description: `Length of the stall aimed at; default ${defaults.stall.aim}` }).exactOptional(),
    leastHold: duration(10_000, 10 * s)
      .meta({ description: `Least CPU time of one call; default ${defaults.stall.leastHold}` })
      .exactOptional(),
  })
    .meta({ description: 'What a calibrated region is sized to' })
    .exactOptional(),
  layout: oneOf(layouts).meta({ description: "Where victims' memory lies relative to the holder's; default isolated" }).exactOptional(),
  holder: holder.meta({ description: 'The thread that gives memory back' }).exactOptional(),
  hogs: hogs.meta({ description: "The threads that compete for the holder's CPU" }).exactOptional(),
  victims: listOf(victim, 'victims', 64).meta({ description: 'The threads whose operations are timed' }).exactOptional(),
};

const arm = mapping({
  name: kebab('a name'),
  title: line('a title on one line').meta({ description: 'One line; default the name' }).exactOptional(),
  ...settings,
});

export const profileSchema = mapping({
  name: kebab('a name'),
  title: line('a title on one line'),
  description: text('text').meta({ description: 'What it shows and what to expect on which kernel' }).exactOptional(),
  extends: line('the name of a shipped profile or a path relative to this file')
    .meta({ description: 'The profile that this one builds on: a shipped name or a relative path' })
    .exactOptional(),
  runs: whole(1, 1000).meta({ description: `Runs per arm; default ${defaults.runs}` }).exactOptional(),
  seed: whole(0, 2 ** 32 - 1).meta({ description: `Seed of the order of runs; default ${defaults.seed}` }).exactOptional(),
  warmup: duration(0, hour).meta({ description: `Time before the window; default ${defaults.warmup}` }).exactOptional(),
  duration: duration(10 * ms, 24 * hour).meta({ description: `The measured window; default ${defaults.duration}` }).exactOptional(),
  drain: duration(0, hour)
    .meta({ description: `Most time to serve owed operations after the window; default ${defaults.drain}` })
    .exactOptional(),
  threshold: duration(ms, hour)
    .meta({ description: `An operation at least this long is a stall; default ${defaults.threshold}` })
    .exactOptional(),
  controls: mapping({ of: kebab('the name of an arm').meta({ description: 'Default the first arm' }) })
    .meta({ description: 'The arm that the two control arms copy' })
    .exactOptional(),
  spoiled: mapping({
    steal: share().meta({ description: `Share of CPU time stolen; default ${defaults.spoiled.steal}` }).exactOptional(),
    foreignLoad: share()
      .meta({ description: `Share of CPU time used by others; default ${defaults.spoiled.foreignLoad}` })
      .exactOptional(),
    retries: whole(0, 1000)
      .meta({ description: `Runs to repeat in the whole experiment; default ${defaults.spoiled.retries}` })
      .exactOptional(),
  })
    .meta({ description: 'From where on a run is spoiled by what else the machine did' })
    .exactOptional(),
  ...settings,
  arms: listOf(arm, 'arms', 100).meta({ description: 'The configurations under test' }).exactOptional(),
});

export type Profile = z.output<typeof profileSchema>;
export type ProfileArm = NonNullable<Profile['arms']>[number];
export type ProfileVictim = NonNullable<Profile['victims']>[number];
export type Settings = Pick<ProfileArm, 'stall' | 'layout' | 'holder' | 'hogs' | 'victims'>;

/** For editors and other validators; it describes files before parsing, defaults left out. */
export function profileJsonSchema(): object {
  return {
    ...z.toJSONSchema(profileSchema, { io: 'input', reused: 'inline' }),
    title: 'pauselab profile',
  };
}
