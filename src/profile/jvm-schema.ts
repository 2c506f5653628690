/** The part of the schema that says what a JVM under test is and does. An arm overrides it key by key. */
import { z } from 'zod';
import { duration, either, flag, line, listOf, mapping, oneOf, recordOf, size, whole } from './fields.js';
import { jdkRequirement } from './jdk-requirement.js';
import { allocators, collectors, jvmLoads, type JvmLoad, type LoadSetting } from './jvm-table.js';
import { thread } from './thread-schema.js';

const perKind = {
  size: () => size('0B', '16TiB'),
  duration: () => duration('0ms', '24h'),
  count: () => whole(0, 1_000_000_000),
  flag: () => flag(),
} satisfies Record<LoadSetting['kind'], () => z.ZodType<number | boolean>>;

function loadSchema([name, { explanation, settings }]: readonly [string, JvmLoad]) {
  const own = Object.entries(settings).map(([key, { kind, default: value, explanation: text }]) => [
    key,
    perKind[kind]()
      .meta({ description: `${text}; default ${String(value)}` })
      .exactOptional(),
  ]);
  return mapping({
    load: z.literal(name).meta({ description: explanation }),
    seed: whole(0, 2 ** 32 - 1)
      .meta({ description: 'Seed of what it draws; default 1' })
      .exactOptional(),
    ...(Object.fromEntries(own) as Record<string, z.ZodExactOptional<z.ZodType<number | boolean>>>),
  });
}

const loadNames = Object.keys(jvmLoads);
const [firstLoad, ...otherLoads] = Object.entries(jvmLoads).map(loadSchema) as [
  ReturnType<typeof loadSchema>,
  ...ReturnType<typeof loadSchema>[],
];
const load = z.discriminatedUnion('load', [firstLoad, ...otherLoads], {
  error: () => `expected a mapping with \`load\`, one of ${loadNames.join(', ')}, and settings of that load`,
});

const rule = either('a nice value from -20 to 19, or a mapping with some of the keys nice, policy, rtPriority, cpus', [
  whole(-20, 19).transform((nice) => ({ nice })),
  mapping(thread),
]);

const allocator = mapping({
  name: oneOf(allocators).meta({ description: 'The allocator that is preloaded; glibc: none is' }),
  path: line('the path of a shared library')
    .meta({ description: 'Its shared library; default where distributions put it' })
    .exactOptional(),
  settings: recordOf(
    'a mapping of the allocator’s own settings, such as { dirty_decay_ms: 500 }',
    line('the name of a setting'),
    either('text, a number, true or false', [z.string(), z.number(), z.boolean()]),
  )
    .meta({ description: 'Its settings, by the names that it has for them' })
    .exactOptional(),
});

const app = mapping({
  args: either('what follows `java`, as text or as a list of words', [
    line('what follows `java`').transform(wordsOf),
    listOf(z.string(), 'words', 1000),
  ])
    .meta({ description: 'What follows `java`: flags, -jar and file or main class, arguments' })
    .exactOptional(),
  ready: line('text of its output')
    .meta({ description: 'Text of its output that says that it is ready; default: it is at once' })
    .exactOptional(),
  probes: flag()
    .meta({ description: 'false: without probes, to see what they cost; default true' })
    .exactOptional(),
});

const jdkWords = 'a version such as 17, or bounds such as ">=17 <26"';

export const jvm = mapping({
  jdk: either(jdkWords, [
    whole(8, 999).transform(String),
    z.string().regex(jdkRequirement, { error: () => `expected ${jdkWords}` }),
  ])
    .meta({ description: 'Which JDKs will do; default >=17' })
    .exactOptional(),
  java: line('the path of a JDK or its java')
    .meta({ description: 'The JDK to use, by its path; default one of this machine’s' })
    .exactOptional(),
  collector: oneOf(collectors).meta({ description: 'Garbage collector; default g1' }).exactOptional(),
  flags: either('none or a list of 1 to 200 flags of java such as -Xmx1g', [
    z.literal('none').transform(() => []),
    listOf(line('a flag'), 'flags', 200),
  ])
    .meta({ description: 'Flags of java beside those that pauselab gives' })
    .exactOptional(),
  loads: either('none or a list of 1 to 16 loads', [z.literal('none').transform(() => []), listOf(load, 'loads', 16)])
    .meta({ description: 'What the JVM does, each in threads of its own; default none' })
    .exactOptional(),
  threads: recordOf('a mapping from patterns of thread names to nice values or scheduling', line('a pattern of thread names'), rule)
    .meta({ description: 'Scheduling of the JVM’s own threads, by patterns of their names such as `GC Thread*`' })
    .exactOptional(),
  allocator: allocator.meta({ description: 'The allocator under the JVM; default glibc' }).exactOptional(),
  app: app.meta({ description: 'A program of your own in which the probes ride, instead of loads' }).exactOptional(),
});

export const issues = recordOf(
  'a mapping from calls such as madvise.FREE to { by, atLeast }',
  line('a call such as madvise.FREE'),
  mapping({
    by: line('a pattern of thread names').meta({ description: 'Who makes the calls, as a pattern of thread names; default anyone' }).exactOptional(),
    atLeast: whole(1, 1_000_000_000).meta({ description: 'The fewest calls in one run; default 1' }).exactOptional(),
  }),
).meta({ description: 'System calls that an arm causes, counted by `profile verify`' });

/** Words of a command line: parted by spaces, kept together by quotes. */
export function wordsOf(text: string): string[] {
  return [...text.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) => word.replace(/"([^"]*)"|'([^']*)'/g, '$1$2'));
}
