/**
 * The files of a bundle: one zod schema each, from which come the type, the check on reading and the published JSON
 * Schema. Units are in the key names; null means "not known" or "n too small", never zero.
 */
import { z } from 'zod';
import type { OpenReason } from '../facts/finding-facts.js';
import { causes } from '../facts/blame.js';
import { resolvedProfileSchema } from '../profile/resolved/resolved-schema.js';
import { statedList } from './stated-schema.js';
import { stallsSchema, traceSchema } from './stalls-schema.js';
import { schemaVersion } from './version.js';

export { schemaVersion };

const version = z.literal(schemaVersion);
const ns = z.number();
const orNull = <T extends z.ZodType>(schema: T): z.ZodNullable<T> => z.nullable(schema);

export const figuresSchema = z.object({
  n: z.number(),
  min_ns: orNull(ns),
  mean_ns: orNull(ns),
  p50_ns: orNull(ns),
  p90_ns: orNull(ns),
  p99_ns: orNull(ns),
  p99_9_ns: orNull(ns),
  p99_99_ns: orNull(ns),
  max_ns: orNull(ns),
});

/**
 * Stalls of a run in which the victim was blocked in the kernel, and how many of them ended when somebody's hold did
 * (src/experiment/run/hold-ends.ts).
 */
const blockedSchema = z.object({
  stalls_n: z.number(),
  /** Instants at which they ended: victims that go on together are one. */
  ends_n: z.number(),
  /** Stalls of which it is not known in what state the victim was, and records that were lost. */
  unseen_n: z.number(),
  lost_records: z.number(),
  /** By who is blamed. */
  blamed: z.array(
    z.object({
      thread: z.string(),
      call: orNull(z.string()),
      cause: z.enum(causes),
      /** Of `stalls_n`: those whose wait ended within 10 ms of the end of a hold of that thread; and of `ends_n`. */
      endedWithHold_n: z.number(),
      endsWithHold_n: z.number(),
      /** Their series, and the longest of them. */
      series: z.array(z.string()),
      longest_ns: ns,
      /**
       * Share of the time from the window's start to the drain's end that is so near to the end of one of its holds.
       */
      nearEnds_share: z.number(),
    }),
  ),
});

const stallFiguresSchema = z.object({
  threshold_ns: ns,
  count: z.number(),
  /** Of `count`: those whose victim was seen blocked in the kernel (state D) for most of the stall. */
  blocked_count: z.number(),
  /** Of `count`: those of which it is not known in what state the victim was. */
  unseen_count: z.number(),
  longest_ns: ns,
  /** The longest of those that were blocked in the kernel; 0 if there is none. */
  longest_blocked_ns: ns,
  total_ns: ns,
  /** Share of the window in which the series was stalled, by a stall that began in the warm-up too. */
  stalled_share: z.number(),
  /** The part of `stalled_share` that was spent in stalls blocked in the kernel. */
  blocked_share: z.number(),
  /**
   * Of `count`: those whose victim slept on the allocator's mutex for most of it, so far as that can be told
   * (docs/attribution.md).
   */
  mutex_count: z.number().default(0),
  longest_mutex_ns: ns.default(0),
  /** The part of `stalled_share` that was spent in such stalls. */
  mutex_share: z.number().default(0),
});

export const seriesSchema = z.object({
  name: z.string(),
  service: figuresSchema,
  /** Null for a victim that works back to back: without a schedule there is no response time. */
  response: orNull(figuresSchema),
  stalls: stallFiguresSchema,
  unserved: z.number(),
  /** Longest operation still running at the last look. */
  inflight_ns: orNull(ns),
  saturated: z.boolean(),
  /** Operations that the kernel refused, by errno name; they are in no figure. */
  refused: z.record(z.string(), z.number()),
  /** Operations not made because their pool of fresh pages was used up. */
  exhausted: z.number(),
  /** Records of slow operations overwritten before they were read. */
  lost_records: z.number(),
});

const holderSchema = z.object({
  name: z.string(),
  /** Duration of its calls inside the window. */
  service: figuresSchema,
  /**
   * Median CPU time of the calls in `service`, and of several runs the median of theirs: how long the lock is held if
   * nothing preempts the holder. Null without a call, and where not every call has a record.
   */
  hold_ns: orNull(ns),
  /**
   * CPU time of the calls in `service`, together; exact. Null in a bundle of a version that measured slow calls only.
   */
  calls_cpu_ns: orNull(ns).default(null),
  /** Calls that reached into the window, also those that began before it or ended after it. */
  window_calls: z.number(),
  /**
   * Of the calls in `service`: those whose range crossed VMAs. Null in a bundle of a version that did not count them.
   */
  crossed_calls: orNull(z.number()).default(null),
  /** What the calls in `service` were handed, together. Null as above. */
  releasedBytes: orNull(z.number()).default(null),
  lost_records: z.number(),
});

/** Of a run in a guest: what the host did meanwhile, which the guest cannot see. */
const guestMachineSchema = z.object({
  /** Time that the virtual CPUs were runnable and did not run, as a share of theirs: the guest's true steal. */
  runDelay_share: z.number(),
  /** Time by the guest's clock per time by the host's, over the run; 1 if both go alike. */
  clock_ratio: z.number(),
  /** Crashes of its JVM before the window, after each of which it was started once more; only under TCG. */
  failedStarts: statedList.default([]),
});

const machineSchema = z.object({
  steal_share: z.number(),
  foreignLoad_share: z.number(),
  /** What the workload, its helpers and pauselab used; null in a bundle of an older version. */
  ownLoad_share: orNull(z.number()).default(null),
  clockSource: orNull(z.string()),
  clockSourceChanged: z.boolean(),
  /** Null outside guests. */
  guest: orNull(guestMachineSchema).default(null),
});

const prioritySchema = z.object({
  name: z.string(),
  tid: z.number(),
  nice: z.number(),
  policy: z.string(),
  cpus: z.array(z.number()),
  actual: orNull(z.object({ nice: z.number(), policy: z.string(), cpus: z.array(z.number()) })),
  problems: statedList,
});

/** The holder's limit (cpu.max) as it was in force, and what its cgroup counted up to the end of the drain. */
const cpuMaxSchema = z.object({
  quota_ns: ns,
  period_ns: ns,
  /** Periods in which the holder wanted CPU time, and those in which it had to wait for the next one. */
  periods: z.number(),
  throttledPeriods: z.number(),
  throttled_ns: ns,
});

const memoryFigures = {
  /**
   * Resident memory (/proc/<pid>/statm), of readings inside the window: one at its start, one a second, one at its end.
   */
  rssMeanBytes: z.number(),
  rssPeakBytes: z.number(),
  /** Proportional share (PSS), read after the last operation; null where it is not known. */
  pssBytes: orNull(z.number()),
};

/** What the workload uses of memory. */
const memorySchema = z.object({
  /** Readings. */
  samples_n: z.number(),
  /** Of all its processes together. */
  ...memoryFigures,
  processes: z.array(z.object({ pid: z.number(), name: z.string(), ...memoryFigures })),
  /**
   * What is charged to the cgroup of the process with the victims, and how many processes of others are in it; null
   * where none counts memory.
   */
  cgroup: orNull(z.object({ folder: z.string(), meanBytes: z.number(), peakBytes: z.number(), others_n: z.number() })),
});

/** A series of events that the JVM's own log told of: their time is the JVM's account, and no victim's. */
const logSeriesSchema = z.object({
  name: z.string(),
  /** Of events that began inside the window. */
  durations: figuresSchema,
  /** Events of at least the threshold. */
  long_count: z.number(),
  total_ns: ns,
});

const watchedThreadSchema = z.object({
  pattern: z.string(),
  pid: z.number(),
  tid: z.number(),
  name: z.string(),
  seenAfter_ns: ns,
  /** At most so long had it its name and not yet its scheduling. */
  delay_ns: ns,
  actual: orNull(z.object({ nice: z.number(), policy: z.string(), cpus: z.array(z.number()) })),
  problems: statedList,
});

const jvmSchema = z.object({
  /** The JVM with the probes and, in the foreign control, the one with the loads: JDK, pid, what it said of itself. */
  processes: z.array(z.record(z.string(), z.unknown())),
  /** Threads whose scheduling was set by name. */
  threads: z.array(watchedThreadSchema),
  log: z.array(logSeriesSchema),
  /** What of the JVM's log could not be read or is missing in it. */
  logProblems: statedList,
  /** CPU time of the JVM with the probes over the window. */
  cpu_ns: ns,
  /** From the one reading of it to the other. */
  cpuOver_ns: ns.default(0),
});

const churnTallySchema = z.object({
  thread: z.string(),
  blocks: z.number(),
  allocatedBytes: z.number(),
  /** Times that malloc returned null. */
  refused: z.number(),
  /** Ticks of its pace that were made, and those that went by while it was held up and were not made up for. */
  ticks: z.number(),
  droppedTicks: z.number(),
});

const churnSchema = z.object({
  /**
   * The engine with the victims and, in the foreign control, the one with the churn: pid, the proof of its allocator.
   */
  processes: z.array(z.record(z.string(), z.unknown())),
  /** Threads whose scheduling was set by name. */
  threads: z.array(watchedThreadSchema),
  /** Empty in the idle control; null if the process ended too early to say. */
  tallies: orNull(z.array(churnTallySchema)),
});

/** A setting of an allocator of which nothing says that it is in force. */
const unprovenSchema = z.object({ process: z.string(), allocator: z.string(), key: z.string(), asked: z.string() });

const status = z.enum(['complete', 'partial', 'failed']);

export const runSchema = z.object({
  schemaVersion: version,
  /** Folder below runs/, such as `003-free-across-vmas`. */
  name: z.string(),
  arm: z.string(),
  /** As in summary.json; null in a bundle of a version without guests. */
  kernel: orNull(z.string()).default(null),
  repetition: z.number(),
  /** `partial`: cut short by a signal; `failed`: the workload ended early. Both hold what was recorded. */
  status,
  /** What made it fail, the first cause first; empty of one that did not. Codes: src/base/failure.ts. */
  failures: statedList,
  /** Null for a run without --trace; stalls.json has the rest of it. */
  trace: orNull(traceSchema.pick({ events_n: true, lost_n: true, call_ns: true })).default(null),
  /** What the machine did that makes this run no evidence; such a run is repeated, and kept. */
  disturbances: statedList,
  degraded: statedList,
  startedAt: z.string(),
  /** Relative to go. */
  window: z.object({ windowStart_ns: ns, windowEnd_ns: ns, drainEnd_ns: ns }),
  regionBytes: z.number(),
  machine: machineSchema,
  autogroup: orNull(z.string()),
  memoryLocked: z.boolean(),
  layout: z.unknown(),
  priorities: z.array(prioritySchema),
  holder: orNull(holderSchema),
  /** Null for a holder without a limit, and where it could not be set. */
  cpuMax: orNull(cpuMaxSchema).default(null),
  /** Null in a bundle of a version that did not read it. */
  memoryUse: orNull(memorySchema).default(null),
  /** Null for a native arm. */
  jvm: orNull(jvmSchema),
  /** Null for an arm without a churn, and in a bundle of a version that had none. */
  churn: orNull(churnSchema).default(null),
  unproven: z.array(unprovenSchema).default([]),
  series: z.array(seriesSchema),
  /** Null in a bundle of an older version, and of a run that failed before its window. */
  blocked: orNull(blockedSchema).default(null),
});

/** What a conclusion is drawn from: one run of one series. */
const perRunSchema = stallFiguresSchema.omit({ threshold_ns: true, total_ns: true }).extend({
  run: z.string(),
  status,
  /** Operations that were served. */
  n: z.number(),
  exhausted: z.number(),
  lost_records: z.number(),
  /** Whether the run's own percentiles of response time say anything. */
  saturated: z.boolean().default(false),
  /**
   * The run's own percentiles; null in a bundle of a version that kept them in run.json alone, and of `response`
   * without a schedule.
   */
  service: orNull(figuresSchema).default(null),
  response: orNull(figuresSchema).default(null),
  /**
   * The holder's calls that reached into the window; 0 if it is idle, null for a JVM or an allocator, whose own calls
   * are not counted in a run.
   */
  holder_calls: orNull(z.number()),
});

const pooledSeriesSchema = seriesSchema.extend({ perRun: z.array(perRunSchema) });

const armSchema = z.object({
  name: z.string(),
  title: z.string(),
  control: orNull(z.enum(['idle', 'foreign'])),
  kernel: z.string(),
  /** Runs that the figures come from. */
  runs: z.number(),
  /** Of `runs`: those that were cut short or failed. They are in the figures, and no conclusion is drawn from them. */
  cutShortRuns: z.number(),
  spoiledRuns: z.number(),
  regionBytes: orNull(z.number()),
  /** The windows of these runs, together; null in a bundle of an older version. */
  window_ns: orNull(ns).default(null),
  /** Over these runs: means of means, the highest peak; null where a run does not have it. */
  memoryUse: orNull(
    memorySchema
      .omit({ samples_n: true, processes: true })
      .extend({ cgroup: orNull(z.object({ meanBytes: z.number(), peakBytes: z.number() })) }),
  ).default(null),
  holder: orNull(holderSchema),
  /** Of a JVM: its log's events, pooled over the runs, and its CPU time; null for a native arm. */
  jvm: orNull(
    z.object({
      log: z.array(logSeriesSchema),
      cpu_ns: ns,
      /** The arm that differs only in that the user's own program has no probes in it. */
      withoutProbes: orNull(z.string()).default(null),
      /** CPU time of a run, and the time over which it was read. */
      perRun: z
        .array(
          z.object({ run: z.string(), status, cpu_ns: ns, over_ns: ns, log: z.array(logSeriesSchema).default([]) }),
        )
        .default([]),
      /** What of the logs could not be read or is missing in them. */
      logProblems: statedList.default([]),
      /** Variables of the environment that it did not get. */
      removedFromEnvironment: z.array(z.string()).default([]),
    }),
  ),
  /** Of a churn: what it did in all runs; null for another arm. */
  churn: orNull(churnTallySchema.omit({ thread: true })).default(null),
  unproven: z.array(unprovenSchema.omit({ process: true })).default([]),
  series: z.array(pooledSeriesSchema),
  /**
   * Of whole runs that nothing but other load spoiled: shown, and evidence of no rate and no length. Null if there is
   * none.
   */
  underLoad: orNull(
    z.object({ runs: z.number(), foreignLoad_share: z.number(), series: z.array(pooledSeriesSchema) }),
  ).default(null),
  /**
   * Waits in the kernel, of each whole run that is undisturbed or spoiled by nothing but other load. Empty in an older
   * bundle.
   */
  blockedRuns: z
    .array(
      blockedSchema.extend({
        run: z.string(),
        window_ns: ns,
        load_share: z.number(),
        /** Null for a JVM or an allocator, as in `perRun`. */
        holder_calls: orNull(z.number()),
      }),
    )
    .default([]),
});

/** What a finding rests on: undisturbed runs, or runs under load, which say that it stalls and why, and no more. */
export const levels = ['undisturbed', 'under-load'] as const;

export const outcomes = ['stalls', 'like-foreign', 'unclear', 'no-data'] as const;

const seenSchema = z.object({
  runs_n: z.number(),
  stallingRuns_n: z.number(),
  stalls_n: z.number(),
  threshold_ns: ns,
  longest_ns: ns,
  stalled_share: z.number(),
  blocked_n: z.number(),
  mutex_n: z.number(),
});

const seenUnderLoadSchema = z.object({
  blamed: z.object({ thread: z.string(), call: orNull(z.string()), cause: z.string() }),
  runs: z.number(),
  stalls_n: z.number(),
  endedWithHold_n: z.number(),
  /** Probability that chance alone would have as many ends near to ends of holds. */
  chance: z.number(),
  longest_ns: ns,
  load_share: z.number(),
  controlLoad_share: z.number(),
});

export const summarySchema = z.object({
  schemaVersion: version,
  profile: z.string(),
  kernel: z.string(),
  status: z.enum(['running', 'complete', 'partial', 'failed']),
  threshold_ns: ns,
  /** What was found, in plain words. */
  verdict: z.string(),
  /** What the verdict is made from; empty in an older bundle. Codes: src/facts/verdict-facts.ts. */
  conclusions: statedList.default([]),
  /**
   * `kernel` is null in a bundle of a version without guests; `level` where nothing is concluded, and in an older
   * bundle.
   */
  findings: z.array(
    z.object({
      arm: z.string(),
      kernel: orNull(z.string()).default(null),
      series: z.string(),
      outcome: z.enum(outcomes),
      level: orNull(z.enum(levels)).default(null),
      /** The outcome, or why nothing is concluded. */
      code: z.string(),
      reason: orNull(z.string()) as unknown as z.ZodType<OpenReason | null, OpenReason | null>,
      /** What the sentence is made from; null in a bundle of schema version 1, and without a run. */
      seen: orNull(seenSchema),
      foreignStalls_n: orNull(z.number()),
      idleStalls_n: orNull(z.number()),
      underLoad: orNull(seenUnderLoadSchema),
      sentence: z.string(),
    }),
  ),
  /** Codes: src/facts/note-facts.ts. */
  notes: statedList,
  degraded: statedList,
  arms: z.array(armSchema),
});

const calibrationSchema = z.object({
  operation: z.string(),
  pages: z.string(),
  /** Null where the profile gives the region in bytes. */
  target_hold_ns: orNull(ns),
  bytes: z.number(),
  hold_ns: ns,
  probes: z.array(z.object({ bytes: z.number(), hold_ns: ns, calls: z.number() })),
});

/** A place where runs were made: this machine with its own kernel, or a guest with another one. */
const kernelSchema = z.object({
  /**
   * As in summary.json and run.json; of the places of a bundle no two have the same. Its label, or else its release,
   * with what tells it from others of the same release (place-names.ts).
   */
  name: z.string(),
  /** What the user called it; null if it was not called anything, and in a bundle of a version without labels. */
  label: orNull(z.string()).default(null),
  /** `host`, or as the user wrote it, without the label. */
  asked: z.string(),
  release: z.string(),
  /** Facts as that kernel tells them, such as `host` of this file. */
  facts: z.record(z.string(), z.unknown()),
  /**
   * How its image and config differ from those of the first kernel that runs in a guest: values of that kernel (`a`) and
   * of this (`b`), or names of options. Null and empty in an older bundle.
   */
  differences: z.array(
    z.object({
      fact: z.string(),
      a: orNull(z.string()).default(null),
      b: orNull(z.string()).default(null),
      options: z.array(z.string()).readonly().default([]),
      sentence: z.string(),
    }),
  ),
  /**
   * It and that first kernel are builds of one tree as far as image and config tell (src/kernel/image/one-tree.ts), and by
   * what; null: not known.
   */
  oneTree: orNull(z.object({ version: z.string(), options_n: z.number(), sameCompiler: z.boolean() })).default(null),
  /** Null for the host. */
  guest: orNull(
    z.object({
      origin: z.record(z.string(), z.unknown()),
      sha256: z.string(),
      configSha256: orNull(z.string()),
      commandLine: z.string(),
      /** The model asked for on the command line; null: the kernel's own choice. */
      preempt: orNull(z.string()),
      accelerator: z.enum(['kvm', 'tcg']),
      /** Why it is not KVM; null if it is. */
      withoutKvm: orNull(z.string()),
      qemu: z.string(),
      cpus: z.number(),
      memoryBytes: z.number(),
      /** Host CPU of each virtual CPU; null where they are not pinned. */
      pinnedTo: orNull(z.array(z.number())),
      channel: z.enum(['virtio', 'serial']),
      image: z.object({ bytes: z.number(), sha256: z.string(), built_ms: orNull(z.number()) }),
      /** From QEMU's start to the agent's first message. */
      boot_ms: z.number(),
      /** Why it did not boot before it did. */
      bootFailures: statedList.default([]),
      command: z.array(z.string()),
    }),
  ),
});

const askedSchema = z.object({
  allowDegraded: z.boolean(),
  trace: z.boolean(),
  untilN: orNull(z.object({ series: z.string(), n: z.number() })),
  /** Of guests, where the profile names their kernels. */
  guest: z.object({
    cpus: z.int().min(1).max(64),
    memoryBytes: z.int().min(2 ** 20),
    append: z.array(z.string()),
    bootDeadline_ns: ns,
  }),
});

/** A file of a program of the user's own, as it was when the experiment began. */
const programFileSchema = z.object({
  /** As the profile has it. */
  path: z.string(),
  bytes: z.number(),
  /** Null of what is no file, such as a folder of classes. */
  sha256: orNull(z.string()),
});

/** Both sides of an experiment that were measured in turns: a round holds the runs of both. */
const turnsSchema = z.object({
  /** The experiment's. Rounds of bundles with the same one are the same rounds. */
  id: z.string(),
  side: z.enum(['baseline', 'candidate']),
});

const measuredManifestSchema = z.object({
  schemaVersion: version,
  tool: z.object({ name: z.literal('pauselab'), version: z.string() }),
  argv: z.array(z.string()),
  /**
   * What was asked for beside the profile, however it was written; null in a bundle of a version that kept `argv`
   * alone.
   */
  asked: orNull(askedSchema).default(null),
  startedAt: z.string(),
  seed: z.number(),
  profileHash: z.string(),
  /** The profile with nothing left to default (src/profile/resolved/resolved.ts). */
  profile: resolvedProfileSchema,
  host: z.record(z.string(), z.unknown()),
  calibration: z.array(calibrationSchema),
  /** Planned order, spoiled runs' repetitions not included. */
  order: z.array(z.object({ arm: z.string(), kernel: orNull(z.string()).default(null), repetition: z.number() })),
  /** What ran, in the order asked for; empty in a bundle of a version without guests. */
  kernels: z.array(kernelSchema).default([]),
  spoiledBy: z.unknown(),
  /** Jars of programs of the user's own; null in a bundle of a version that did not look. */
  programs: orNull(z.array(programFileSchema)).default(null),
  /** Null of a bundle that was measured alone. */
  turns: orNull(turnsSchema).default(null),
});

/** Of a bundle that `pauselab merge` made: where its runs come from. */
const originSchema = z.object({
  /** As it was named. */
  path: z.string(),
  manifest: measuredManifestSchema,
  runs: z.array(z.object({ from: z.string(), to: z.string() })),
});

export const manifestSchema = measuredManifestSchema.extend({
  /** Empty in one that was measured. */
  origins: z.array(originSchema).default([]),
});

export type RunFile = z.infer<typeof runSchema>;
export type SummaryFile = z.infer<typeof summarySchema>;
/** As it is read; one that was measured is written without `origins`. */
export type ManifestFile = z.infer<typeof manifestSchema>;
export type Turns = z.infer<typeof turnsSchema>;
export type AskedFor = z.infer<typeof askedSchema>;
export type MeasuredManifest = z.infer<typeof measuredManifestSchema>;
export type SeriesFigures = z.infer<typeof seriesSchema>;
export type RunMemory = z.infer<typeof memorySchema>;
export type LogSeries = z.infer<typeof logSeriesSchema>;
export type JvmRun = z.infer<typeof jvmSchema>;
export type HolderFigures = z.infer<typeof holderSchema>;
export type ArmSummary = z.infer<typeof armSchema>;
export type SeriesRunFigures = z.infer<typeof perRunSchema>;
export type Calibration = z.infer<typeof calibrationSchema>;
export type KernelRecord = z.infer<typeof kernelSchema>;
export type GuestMachine = z.infer<typeof guestMachineSchema>;
export type Finding = SummaryFile['findings'][number];
export type Outcome = (typeof outcomes)[number];

export const bundleSchemas = {
  manifest: manifestSchema,
  run: runSchema,
  summary: summarySchema,
  stalls: stallsSchema,
} as const;

/** For other tools. It allows further keys, as later versions may add some without a new schema version. */
export function bundleJsonSchema(kind: keyof typeof bundleSchemas): object {
  return { ...z.toJSONSchema(bundleSchemas[kind], { io: 'input', reused: 'inline' }), title: `pauselab ${kind}.json` };
}
