/**
 * The schema of a gate's policy as it is written; what must hold beyond it (metrics, limits, patterns) is checked in
 * policy.ts, where it is read. The published JSON Schema is profiles/gate-policy.schema.json.
 */
import { z } from 'zod';
import {
  either,
  flag,
  kebab,
  textLine,
  listOf,
  mapping,
  oneOf,
  share,
  text,
  whole,
} from '../../profile/written/fields.js';

/** How a gate ends if the statistical test leaves it open. Missing evidence never passes. */
export const inconclusiveMeanings = ['exit-4', 'fail', 'pass'] as const;

/** In which two environments may differ. */
export const environmentClasses = ['kernel', 'machine', 'jdk', 'allocator'] as const;

const compared = either('a metric such as longest_ns, or a mapping with metric and its margin', [
  textLine('a metric such as longest_ns'),
  mapping({
    metric: textLine('a metric such as longest_ns').meta({
      description: 'A metric of `pauselab compare`, such as stalled_share, longest_ns or service.p99_9_ns',
    }),
    relative: share()
      .meta({ description: 'The smallest effect that matters, as a share of the baseline, such as 10%' })
      .exactOptional(),
    absolute: either('a size such as 20ms, 1% (of the window) or 0.5 (stalls per minute)', [
      textLine('a size such as 20ms'),
      z.number(),
    ])
      .meta({
        description:
          "The smallest effect that matters in the metric's unit: 20ms, 1% (of the window), 0.5 (stalls per minute)",
      })
      .exactOptional(),
  }),
]);

const patterns = (what: string) =>
  listOf(textLine(`a name, where * stands for any text, such as ${what}`), 'patterns', 100);

const rule = mapping({
  name: kebab('a name').meta({ description: 'Told in the result; default rule-1, rule-2, …' }).exactOptional(),
  profiles: patterns('jemalloc-*').meta({ description: 'Default: every profile' }).exactOptional(),
  kernels: patterns('6.17.*')
    .meta({ description: "Releases of the candidate's kernel for which the rule is; default: every one" })
    .exactOptional(),
  arms: patterns('free-*').meta({ description: 'Default: every arm that is no control' }).exactOptional(),
  series: patterns('writer.*')
    .meta({ description: 'Default: every series that is no control (control.*)' })
    .exactOptional(),
  limits: listOf(textLine('a limit such as longest_ns <= 50ms'), 'limits', 50)
    .meta({
      description: 'What must hold in every run of the candidate, such as longest_ns <= 50ms or stalls_per_minute == 0',
    })
    .exactOptional(),
  compare: listOf(compared, 'metrics', 50)
    .meta({ description: 'Metrics that must not be worse than the baseline' })
    .exactOptional(),
  allowSaturated: flag()
    .meta({
      description:
        'Judge a series that could not keep its schedule all the same, but for its response time; default false',
    })
    .exactOptional(),
});

export const policySchema = mapping({
  description: text('text').meta({ description: 'For whoever reads it' }).exactOptional(),
  alpha: share()
    .meta({
      description: 'The largest probability that a gate whose sides do not differ finds a regression; default 5%',
    })
    .exactOptional(),
  minimumRuns: whole(2, 1000)
    .meta({ description: 'Complete, undisturbed runs that each side must have of each series; default 6' })
    .exactOptional(),
  inconclusive: oneOf(inconclusiveMeanings)
    .meta({ description: 'What it means where the runs leave open whether a metric is worse; default exit-4' })
    .exactOptional(),
  allowDifferent: z
    .array(oneOf(environmentClasses), { error: () => `expected a list of ${environmentClasses.join(', ')}` })
    .max(environmentClasses.length)
    .meta({
      description:
        'In what baseline and candidate may differ: kernel (release, preemption, HZ, huge pages, autogroup, clock source, scheduler features), machine (CPU, number of CPUs, memory), jdk, allocator (version); default nothing',
    })
    .exactOptional(),
  allowSettings: z
    .array(textLine('a setting of the profile, where * stands for any text, such as arms.*.hogs.*'), {
      error: () => 'expected a list of settings such as arms.*.hogs.*',
    })
    .max(100)
    .meta({
      description:
        'Settings of the profile that are the change under test, and so may differ: paths such as arms.*.hogs.*; default none',
    })
    .exactOptional(),
  rules: listOf(rule, 'rules', 100),
});

export type WrittenPolicy = z.output<typeof policySchema>;
export type EnvironmentClass = (typeof environmentClasses)[number];

/** For editors and other validators. */
export function policyJsonSchema(): object {
  return { ...z.toJSONSchema(policySchema, { io: 'input', reused: 'inline' }), title: 'pauselab gate policy' };
}
