/** The part of the schema for a JVM under test. An arm overrides it key by key. */
import { z } from 'zod';
import { duration, either, flag, textLine, listOf, mapping, oneOf, recordOf, size, whole } from './fields.js';
import { wordsOf } from '../check/java-command.js';
import { jdkRequirement } from '../check/jdk-requirement.js';
import { collectors } from '../../catalogue/collectors.js';
import { jvmLoads } from '../../catalogue/jvm-loads.js';
import { limitNames, type LimitName } from '../resolved/limits.js';
import { threadFields } from './thread-schema.js';
import { allocator, loadSchema, threadRules } from './work-schema.js';

const loadNames = Object.keys(jvmLoads);
const [firstLoad, ...otherLoads] = Object.entries(jvmLoads).map(([name, load]) => loadSchema(name, load)) as [
  ReturnType<typeof loadSchema>,
  ...ReturnType<typeof loadSchema>[],
];
const load = z.discriminatedUnion('load', [firstLoad, ...otherLoads], {
  error: () => `expected a mapping with \`load\`, one of ${loadNames.join(', ')}, and settings of that load`,
});

const limit = either('a number, a size such as 2GiB, or unlimited', [
  whole(0, Number.MAX_SAFE_INTEGER),
  size('0B', '16TiB'),
  z.literal('unlimited'),
]);
const limits = Object.fromEntries(
  limitNames.map((name) => [
    name,
    limit.meta({ description: `Soft limit RLIMIT_${name.toUpperCase()}` }).exactOptional(),
  ]),
) as Record<LimitName, z.ZodExactOptional<typeof limit>>;

const processSettings = mapping({
  ...threadFields,
  limits: mapping(limits).meta({ description: 'Soft limits: numbers, sizes, or unlimited' }).exactOptional(),
});

/** A word for a program is a line in the launcher's file. Its length is not limited, because class paths are long. */
export const unbroken = (what: string) =>
  z.string().regex(/^[^\0\r\n]*$/, { error: () => `expected ${what} without line breaks` });

const argsWords =
  'the words after `java`, as text with its quotes closed and no line break in a word, or as a list of words';
const argsText = z
  .string()
  .trim()
  .min(1)
  .transform((text, context) => {
    const words = wordsOf(text);
    if (words !== null && !words.some((word) => /[\0\r\n]/.test(word))) return words;
    context.addIssue({ code: 'custom', message: `expected ${argsWords}` });
    return z.NEVER;
  });

const readyWords =
  'text of its output, or a mapping with one of log (a regular expression), port and after, and optionally deadline';
const regularExpression = textLine('a regular expression').refine(isRegularExpression, {
  error: () => 'expected a regular expression',
});
const deadline = duration('100ms', '1h')
  .meta({ description: 'Longest time to become ready; default 120s' })
  .exactOptional();

const ready = either(readyWords, [
  textLine('text of its output').transform((text) => ({ log: escaped(text) })),
  mapping({ log: regularExpression.meta({ description: 'A regular expression for a line of its output' }), deadline }),
  mapping({
    port: whole(1, 65_535).meta({ description: 'A TCP port of this machine that accepts a connection' }),
    deadline,
  }),
  mapping({ after: duration('0ms', '1h').meta({ description: 'Time from its start' }) }),
]);

const app = mapping({
  args: either(argsWords, [argsText, listOf(unbroken('a word'), 'words', 1000)])
    .meta({ description: 'The words after `java`: flags, -jar and file or main class, arguments' })
    .exactOptional(),
  ready: ready
    .meta({ description: 'When it is ready to be measured; default: as soon as the probes are' })
    .exactOptional(),
  environment: recordOf(
    'a mapping from names of variables to their values',
    textLine('the name of a variable').regex(/^[^=]+$/, { error: () => 'expected the name of a variable, without =' }),
    unbroken('a value'),
  )
    .meta({
      description: 'Environment variables of the program, such as JAVA_TOOL_OPTIONS',
    })
    .exactOptional(),
  probes: flag().meta({ description: 'false: without probes, to see what they cost; default true' }).exactOptional(),
});

const jdkWords = 'a version such as 17, or bounds such as ">=17 <26"';

export const jvm = mapping({
  jdk: either(jdkWords, [
    whole(8, 999).transform(String),
    z.string().regex(jdkRequirement, { error: () => `expected ${jdkWords}` }),
  ])
    .meta({ description: 'Accepted JDKs; default >=17' })
    .exactOptional(),
  java: textLine('the path of a JDK or its java, or deb:<version>')
    .meta({ description: 'Path of the JDK to use; default an accepted JDK of this machine' })
    .exactOptional(),
  collector: oneOf(collectors).meta({ description: 'Garbage collector; default g1' }).exactOptional(),
  flags: either('none or a list of 1 to 200 flags of java such as -Xmx1g', [
    z.literal('none').transform(() => []),
    listOf(textLine('a flag'), 'flags', 200),
  ])
    .meta({ description: 'Flags of java in addition to those of pauselab' })
    .exactOptional(),
  loads: either('none or a list of 1 to 16 loads', [z.literal('none').transform(() => []), listOf(load, 'loads', 16)])
    .meta({ description: 'What the JVM does, each load in separate threads; default none' })
    .exactOptional(),
  threads: threadRules
    .meta({ description: 'Scheduling of the JVM’s threads, by patterns of their names such as `GC Thread*`' })
    .exactOptional(),
  process: processSettings
    .meta({
      description: 'How the JVM is started: its limits, and the scheduling of all threads that `threads` does not name',
    })
    .exactOptional(),
  allocator: allocator.meta({ description: 'The allocator under the JVM; default glibc' }).exactOptional(),
  app: app.meta({ description: 'Your program, with probes inside it, instead of loads' }).exactOptional(),
});

function isRegularExpression(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

/** A regular expression that finds exactly this text. */
function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
