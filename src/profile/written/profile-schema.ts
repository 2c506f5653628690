/**
 * The only schema of a profile: the source of the TypeScript type, the validator and the published JSON Schema. It
 * describes a file as written, where most keys may be missing: a parent (`extends`), an arm or a default can supply
 * them. checks.ts checks the profile as a whole.
 *
 * Parsed values are numbers in ns, bytes and fractions; expand.ts adds the units to the names.
 */
import { z } from 'zod';
import { causes } from '../../facts/blame.js';
import { defaults } from '../resolved/defaults.js';
import { duration, kebab, textLine, listOf, mapping, oneOf, schedFeature, share, text, whole } from './fields.js';
import { preemptionModels } from '../check/preemption.js';
import { settings } from './settings-schema.js';

const arm = mapping({
  name: kebab('a name'),
  title: textLine('a title on one line').meta({ description: 'One line; default the name' }).exactOptional(),
  ...settings,
});

const expected = mapping({
  arm: kebab('the name of an arm'),
  cause: oneOf(causes).meta({ description: 'The cause at the end of the chain of its stalls' }),
  by: textLine('a pattern of thread names')
    .meta({ description: 'The thread at the end of the chain, as a pattern of names; default any' })
    .exactOptional(),
  median: duration('1ns', '24h')
    .meta({ description: 'The median length of the stalls that are repeated' })
    .exactOptional(),
  call: textLine('a call such as madvise.FREE')
    .meta({ description: 'The call of that thread, when its stalls were observed' })
    .exactOptional(),
  kernel: textLine('a release of Linux')
    .meta({ description: 'The release of Linux on which they were observed, which decides the lock of the call' })
    .exactOptional(),
});

export const profileSchema = mapping({
  name: kebab('a name'),
  title: textLine('a title on one line'),
  description: text('text').meta({ description: 'What it shows and what to expect on which kernel' }).exactOptional(),
  extends: textLine('the name of a shipped profile or a path relative to this file')
    .meta({ description: 'The profile that this one builds on: a shipped name or a relative path' })
    .exactOptional(),
  runs: whole(1, 1000)
    .meta({ description: `Runs per arm; default ${defaults.runs}` })
    .exactOptional(),
  seed: whole(0, 2 ** 32 - 1)
    .meta({ description: `Seed of the order of runs; default ${defaults.seed}` })
    .exactOptional(),
  warmup: duration('0ms', '1h')
    .meta({ description: `Time before the window; default ${defaults.warmup}` })
    .exactOptional(),
  duration: duration('10ms', '24h')
    .meta({ description: `The measured window; default ${defaults.duration}` })
    .exactOptional(),
  drain: duration('0ms', '1h')
    .meta({
      description: `Longest time to serve operations still due after the window; default ${defaults.drain}`,
    })
    .exactOptional(),
  threshold: duration('1ms', '1h')
    .meta({
      description: `An operation at least this long is a stall; default ${defaults.threshold}`,
    })
    .exactOptional(),
  kernels: listOf(
    textLine('host, deb:<version>, deb-source:<version>, the label of a built kernel or the path of an image'),
    'kernels',
    20,
  )
    .meta({
      description:
        'Kernels to run on, each in a guest except host; with an optional label as in patched=path/to/bzImage or stock=deb-source:7.3,patch=madvise-under-mmap-lock, which is built; default host',
    })
    .exactOptional(),
  preempt: listOf(oneOf(preemptionModels), 'preemption models', 4, 0)
    .meta({
      description: 'preempt= of the guests’ kernels, every kernel with every model; default the kernel’s default',
    })
    .exactOptional(),
  features: listOf(schedFeature(), 'scheduler features', 10, 0)
    .meta({
      description:
        'Features of the scheduler, set through debugfs in the kernel’s words, such as [HRTICK, NO_HRTICK]: every kernel runs with each; default as the kernel has them',
    })
    .exactOptional(),
  jdks: listOf(textLine('deb:<version> or the path of a JDK'), 'JDKs', 20)
    .meta({
      description:
        'JDKs under which every arm with a JVM is measured, with an optional label as in old=deb:17; default the JDK of jvm.java',
    })
    .exactOptional(),
  controls: mapping({
    of: kebab('the name of an arm').meta({ description: 'Default the first arm' }),
  })
    .meta({ description: 'The arm that the two control arms copy' })
    .exactOptional(),
  expects: listOf(expected, 'expected roots', 100)
    .meta({ description: 'Roots of the stalls that are expected to come back; `run` says which of them did' })
    .exactOptional(),
  spoiled: mapping({
    steal: share()
      .meta({ description: `Share of CPU time stolen; default ${defaults.spoiled.steal}` })
      .exactOptional(),
    foreignLoad: share()
      .meta({
        description: `Share of CPU time used by other programs; default ${defaults.spoiled.foreignLoad}`,
      })
      .exactOptional(),
    retries: whole(0, 1000)
      .meta({
        description: `Disturbed runs to repeat, for each kernel and each JDK of a list; default ${defaults.spoiled.retries}`,
      })
      .exactOptional(),
  })
    .meta({ description: 'Limits above which other activity on the machine disturbs a run' })
    .exactOptional(),
  ...settings,
  arms: listOf(arm, 'arms', 100).meta({ description: 'The configurations under test' }).exactOptional(),
});

export type Profile = z.output<typeof profileSchema>;
export type ProfileArm = NonNullable<Profile['arms']>[number];
export type ProfileVictim = NonNullable<Profile['victims']>[number];
/** As a file has it, before units are read. */
export type WrittenProfile = z.input<typeof profileSchema>;
export type WrittenArm = NonNullable<WrittenProfile['arms']>[number];
export type WrittenExpectation = NonNullable<WrittenProfile['expects']>[number];
export type WrittenHogs = NonNullable<WrittenProfile['hogs']>;
export type WrittenVictim = NonNullable<WrittenProfile['victims']>[number];
export type WrittenLoad = Exclude<NonNullable<NonNullable<WrittenProfile['jvm']>['loads']>, string>[number];
export type Settings = Pick<
  ProfileArm,
  | 'stall'
  | 'layout'
  | 'holder'
  | 'agent'
  | 'hogs'
  | 'ioHogs'
  | 'victims'
  | 'jvm'
  | 'churn'
  | 'allocator'
  | 'purge'
  | 'threads'
  | 'issues'
>;

/** For editors and other validators. It describes files as written, without defaults. */
export function profileJsonSchema(): object {
  return {
    ...z.toJSONSchema(profileSchema, { io: 'input', reused: 'inline' }),
    title: 'pauselab profile',
  };
}
