/**
 * The files of a bundle. A zod schema per file gives the type, the check on reading and the published JSON Schema. Units
 * are in the key names; null means "not known" or "n too small", never zero.
 */
import { z } from 'zod';
import type { OpenReason } from '../facts/finding-facts.js';
import type { RefusedArm } from '../facts/refused-arm-facts.js';
import { causes } from '../facts/blame.js';
import { resolvedProfileSchema } from '../profile/resolved/resolved-schema.js';
import { lockTableSchema } from './lock-table-schema.js';
import { statedList } from './stated-schema.js';
import { observationSchema } from './observation-schema.js';
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
 * Stalls of a run in which the victim was blocked in the kernel, and how many of them ended when the hold of a
 * thread ended (src/experiment/run/hold-ends.ts).
 */
const blockedSchema = z.object({
  stalls_n: z.number(),
  /** Instants at which they ended. Victims that continue together share an instant. */
  ends_n: z.number(),
  /** Stalls in which the state of the victim is unknown, and lost records. */
  unseen_n: z.number(),
  lost_records: z.number(),
  /** The blamed threads. */
  blamed: z.array(
    z.object({
      thread: z.string(),
      call: orNull(z.string()),
      cause: z.enum(causes),
      /** Waits of `stalls_n`, and instants of `ends_n`, that ended within 10 ms of the end of a hold of this thread. */
      endedWithHold_n: z.number(),
      endsWithHold_n: z.number(),
      /** Series of the stalls, and the longest stall. */
      series: z.array(z.string()),
      longest_ns: ns,
      /**
       * Share of the time from the start of the window to the end of the drain that is as near to the end of a hold of
       * this thread.
       */
      nearEnds_share: z.number(),
    }),
  ),
});

const stallFiguresSchema = z.object({
  threshold_ns: ns,
  count: z.number(),
  /** Stalls of `count` whose victim was blocked in the kernel (state D) for most of the stall. */
  blocked_count: z.number(),
  /** Stalls of `count` in which the state of the victim is unknown. */
  unseen_count: z.number(),
  longest_ns: ns,
  /** The longest stall that was blocked in the kernel; 0 if there is none. */
  longest_blocked_ns: ns,
  total_ns: ns,
  /** Share of the window in stalls, including stalls that began in the warm-up. */
  stalled_share: z.number(),
  /** The part of `stalled_share` in stalls blocked in the kernel. */
  blocked_share: z.number(),
  /**
   * Stalls of `count` whose victim slept on the allocator's mutex for most of the stall, as far as known
   * (docs/attribution.md).
   */
  mutex_count: z.number().default(0),
  longest_mutex_ns: ns.default(0),
  /** The part of `stalled_share` in these stalls. */
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
  /** Operations that the kernel refused, by errno name. The figures do not include them. */
  refused: z.record(z.string(), z.number()),
  /** Operations that were not made because their pool of fresh pages was used up. */
  exhausted: z.number(),
  /** Operations, among the figures, whose work the kernel gave up. Absent in an older bundle. */
  gaveUp: z.number().optional(),
  /** Records of slow operations that were overwritten before they were read. */
  lost_records: z.number(),
});

const holderSchema = z.object({
  name: z.string(),
  /** Durations of the holder's calls inside the window. */
  service: figuresSchema,
  /**
   * Median CPU time of the calls in `service`; over several runs, the median of the medians. It is the time that the lock
   * is held if nothing preempts the holder. Null without a call, and if a call has no record.
   */
  hold_ns: orNull(ns),
  /**
   * Total CPU time of the calls in `service`; exact. Null in a bundle of a version that measured only slow calls.
   */
  calls_cpu_ns: orNull(ns).default(null),
  /** Calls that overlapped the window, including calls that began before it or ended after it. */
  window_calls: z.number(),
  /**
   * Calls in `service` whose range crossed VMAs. Null in a bundle of a version that did not count them.
   */
  crossed_calls: orNull(z.number()).default(null),
  /** Total size of the ranges of the calls in `service`. Null as above. */
  releasedBytes: orNull(z.number()).default(null),
  lost_records: z.number(),
});

/** For a run in a guest: what happened on the host, which the guest cannot see. Null: it ended before its window. */
const guestMachineSchema = z.object({
  /** Share of their time in which the virtual CPUs were runnable and did not run: the true steal of the guest. */
  runDelay_share: orNull(z.number()),
  /** Time by the guest's clock divided by time by the host's clock, over the run; 1 if they agree. */
  clock_ratio: orNull(z.number()),
  /** Crashes of the JVM before the window. The JVM was started again after each; only under TCG. */
  failedStarts: statedList.default([]),
});

const machineSchema = z.object({
  steal_share: z.number(),
  /** Null if it was not read over enough of the window. */
  foreignLoad_share: orNull(z.number()),
  /** What the workload, its helpers and pauselab used; null as above, and in a bundle of an older version. */
  ownLoad_share: orNull(z.number()).default(null),
  clockSource: orNull(z.string()),
  clockSourceChanged: z.boolean(),
  /** Null outside guests. */
  guest: orNull(guestMachineSchema).default(null),
});

/** `slice_ns` only if a slice was asked for. */
const actualScheduling = z.object({
  nice: z.number(),
  policy: z.string(),
  slice_ns: ns.optional(),
  cpus: z.array(z.number()),
});

const prioritySchema = z.object({
  name: z.string(),
  tid: z.number(),
  nice: z.number(),
  policy: z.string(),
  slice_ns: ns.optional(),
  cpus: z.array(z.number()),
  actual: orNull(actualScheduling),
  problems: statedList,
});

/** The holder's limit (cpu.max) in force, and what its cgroup counted until the end of the drain. */
const cpuMaxSchema = z.object({
  quota_ns: ns,
  period_ns: ns,
  /** Periods in which the holder wanted CPU time, and periods in which it had to wait for the next period. */
  periods: z.number(),
  throttledPeriods: z.number(),
  throttled_ns: ns,
});

/** What a command of the user's did, that looked at a process of the run. */
const agentSchema = z.object({
  name: z.string(),
  /** Of the process that it looked at. */
  pid: z.number(),
  /** Starts, the trial before the window included, and ends by how they ended, such as `exit code 0`. */
  starts_n: z.number(),
  ends: z.record(z.string(), z.number()),
  /** Starts of `starts_n` that overlapped the window. */
  window_n: z.number(),
  /** In all starts, with what the command had started and waited for. */
  cpu_ns: ns,
  longest_ns: ns,
  /** The last line of its stderr; null: none. */
  lastComplaint: orNull(z.string()),
});

const memoryFigures = {
  /**
   * Resident memory (/proc/<pid>/statm) by readings inside the window: at its start, every second, and at its end.
   */
  rssMeanBytes: z.number(),
  rssPeakBytes: z.number(),
  /** Proportional share (PSS), read after the last operation; null where it is not known. */
  pssBytes: orNull(z.number()),
};

/** Memory use of the workload. */
const memorySchema = z.object({
  /** Number of readings. */
  samples_n: z.number(),
  /** Sum over all its processes. */
  ...memoryFigures,
  processes: z.array(z.object({ pid: z.number(), name: z.string(), ...memoryFigures })),
  /**
   * Memory charged to the cgroup of the process with the victims, and the number of other processes in it; null if no
   * cgroup counts memory.
   */
  cgroup: orNull(z.object({ folder: z.string(), meanBytes: z.number(), peakBytes: z.number(), others_n: z.number() })),
});

/** A series of events in the JVM's log. The JVM measured their time; no victim did. */
const logSeriesSchema = z.object({
  name: z.string(),
  /** Events that began inside the window. */
  durations: figuresSchema,
  /** Events that lasted at least the threshold. */
  long_count: z.number(),
  /** Of these events, also beyond the window. */
  total_ns: ns,
  /**
   * Time in events inside the window, of the warm-up and of the window, for shares of the window. Null in an older bundle,
   * and if a run of an older version is in it.
   */
  inWindow_ns: orNull(ns).default(null),
});

const watchedThreadSchema = z.object({
  pattern: z.string(),
  pid: z.number(),
  tid: z.number(),
  name: z.string(),
  seenAfter_ns: ns,
  /** Longest time that the thread had its name before it had its scheduling. */
  delay_ns: ns,
  actual: orNull(actualScheduling),
  problems: statedList,
});

/**
 * Returns of heap in the window, with a length or without, by the log of the JVM that has the loads: in the foreign
 * control the second. Null: that log may lack some. Absent in an older bundle.
 */
const heapReturns = orNull(z.number()).optional();

/** How a load kept its pace: ticks that it made, and ticks that it dropped because it was held up. */
const paceSchema = z.object({ thread: z.string(), ticks: z.number(), droppedTicks: z.number() });

const jvmSchema = z.object({
  /** The JVM with the probes and, in the foreign control, the JVM with the loads: JDK, pid, data of its log. */
  processes: z.array(z.record(z.string(), z.unknown())),
  /** Threads whose scheduling was set by name. */
  threads: z.array(watchedThreadSchema),
  /**
   * Of each load: its pace, and what it counts itself. Empty without loads of pauselab; null if a JVM ended before it
   * reported them; absent in an older bundle.
   */
  tallies: orNull(z.array(paceSchema.extend({ did: z.record(z.string(), z.number()) }))).optional(),
  log: z.array(logSeriesSchema),
  /** What is unreadable or missing in the JVM's log. */
  logProblems: statedList,
  heapReturns_n: heapReturns,
  /** Of the JVM with the probes, by its threads; null: they do not tell. Absent in an older bundle. */
  collector: orNull(z.string()).optional(),
  /** CPU time of the JVM with the probes over the window. */
  cpu_ns: ns,
  /** Time between the two readings of the CPU time. */
  cpuOver_ns: ns.default(0),
});

const churnTallySchema = z.object({
  thread: z.string(),
  blocks: z.number(),
  allocatedBytes: z.number(),
  /** How often malloc returned null. */
  refused: z.number(),
  /** Ticks that were made, and ticks that were skipped because the churn was held up. */
  ticks: z.number(),
  droppedTicks: z.number(),
});

const churnSchema = z.object({
  /**
   * The engine with the victims and, in the foreign control, the engine with the churn: pid, proof of the allocator.
   */
  processes: z.array(z.record(z.string(), z.unknown())),
  /** Threads whose scheduling was set by name. */
  threads: z.array(watchedThreadSchema),
  /** Empty in the idle control; null if the process ended before it reported them. */
  tallies: orNull(z.array(churnTallySchema)),
});

/** A setting of an allocator that is not proven to be in force. */
const unprovenSchema = z.object({ process: z.string(), allocator: z.string(), key: z.string(), asked: z.string() });

/** Calls in the window, as named in `profile verify`, and the bytes that they asked for. */
const issuedSchema = z.object({ call: z.string(), by: orNull(z.string()), n: z.number(), bytes: z.number() });

const status = z.enum(['complete', 'partial', 'failed']);

export const runSchema = z.object({
  schemaVersion: version,
  /** Folder below runs/, such as `003-free-across-vmas`. */
  name: z.string(),
  arm: z.string(),
  /** As in summary.json; null in a bundle of a version without guests. */
  kernel: orNull(z.string()).default(null),
  repetition: z.number(),
  /** `partial`: a signal cut it short; `failed`: the workload ended early. Both have what was recorded. */
  status,
  /** Why it failed, or has no results, the first cause first; else empty. Codes: src/base/failure.ts. */
  failures: statedList,
  /** A signal ended it, and its guest did not answer: it is `partial`, and `failures` says why its results are missing. */
  interrupted: z.literal(true).optional(),
  /** Null for a run without --trace. stalls.json has the rest of the trace. */
  trace: orNull(traceSchema.pick({ events_n: true, lost_n: true, call_ns: true })).default(null),
  /** Activity of the machine because of which this run is no evidence. A disturbed run is kept, and repeated. */
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
  /**
   * The calls that the arm declares (`issues`), by its trace; null without a trace that has them all, and for an arm that
   * declares none.
   */
  issued: orNull(z.array(issuedSchema)).default(null),
  /** Null for a holder without a limit, and if the limit could not be set. */
  cpuMax: orNull(cpuMaxSchema).default(null),
  /** Weights of cgroups (cpu.weight), as read back, with the threads that are in them; absent if none is in force. */
  cpuWeights: z.array(z.object({ threads: z.enum(['holder', 'hogs']), weight: z.number() })).optional(),
  /** Null for an arm without an agent, for one whose agent does nothing, and in a bundle of an older version. */
  agent: orNull(agentSchema).default(null),
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

/** The basis of conclusions: a run of a series. */
const perRunSchema = stallFiguresSchema.omit({ threshold_ns: true, total_ns: true }).extend({
  run: z.string(),
  status,
  /** Number of served operations. */
  n: z.number(),
  exhausted: z.number(),
  /** Of `n`, operations whose work the kernel gave up. Absent in an older bundle. */
  gaveUp: z.number().optional(),
  lost_records: z.number(),
  /** If true, the percentiles of response time of this run are meaningless. */
  saturated: z.boolean().default(false),
  /**
   * Percentiles of this run; null in a bundle of a version that kept them only in run.json, and for `response` without a
   * schedule.
   */
  service: orNull(figuresSchema).default(null),
  response: orNull(figuresSchema).default(null),
  /**
   * The holder's calls that overlapped the window; 0 in an idle control. Of a JVM or an allocator: the calls that the arm
   * declares, if a trace counted them all, and 0 in a foreign control that kept its heap by its log. Null otherwise, for an agent or I/O hogs, and if the profile switches the
   * holder off.
   */
  holder_calls: orNull(z.number()),
});

const pooledSeriesSchema = seriesSchema.extend({ perRun: z.array(perRunSchema) });

const armSchema = z.object({
  name: z.string(),
  title: z.string(),
  control: orNull(z.enum(['idle', 'foreign'])),
  kernel: z.string(),
  /** The label of its JDK, in a profile that lists several; null in any other, for a native arm, and in an older bundle. */
  jdk: orNull(z.string()).default(null),
  /** Number of runs in the figures. */
  runs: z.number(),
  /** Runs of `runs` that an interruption cut short. The figures include them; conclusions do not. */
  cutShortRuns: z.number(),
  /** The same, of runs that failed in their window. 0 in a bundle of an older version, which counted them above. */
  failedRuns: z.number().default(0),
  /** Undisturbed runs beside `runs`: they ended before their window, or their recordings were lost. */
  runsWithoutFigures: z.number().default(0),
  spoiledRuns: z.number(),
  regionBytes: orNull(z.number()),
  /** CPU time of a call that the profile gives; null if it gives none. `holder.hold_ns` is what was measured. */
  asked_hold_ns: orNull(ns).default(null),
  /** Total length of the windows of these runs; null in a bundle of an older version. */
  window_ns: orNull(ns).default(null),
  /** Over these runs: the mean of the means and the highest peak; null if a run lacks them. */
  memoryUse: orNull(
    memorySchema
      .omit({ samples_n: true, processes: true })
      .extend({ cgroup: orNull(z.object({ meanBytes: z.number(), peakBytes: z.number() })) }),
  ).default(null),
  holder: orNull(holderSchema),
  /** Totals over these runs of the calls that the arm declares; null if a run lacks them. */
  issued: orNull(z.array(issuedSchema)).default(null),
  /** For a JVM: the events of its log, pooled over the runs, and its CPU time. Null for a native arm. */
  jvm: orNull(
    z.object({
      log: z.array(logSeriesSchema),
      cpu_ns: ns,
      /** The arm that runs the user's program without probes and is otherwise the same. */
      withoutProbes: orNull(z.string()).default(null),
      /** CPU time of a run, and the time between its readings; null for the window in an older bundle. */
      perRun: z
        .array(
          z.object({
            run: z.string(),
            status,
            cpu_ns: ns,
            over_ns: ns,
            window_ns: orNull(ns).default(null),
            log: z.array(logSeriesSchema).default([]),
            /** Absent in an older bundle. */
            logProblems: statedList.optional(),
            heapReturns_n: heapReturns,
          }),
        )
        .default([]),
      /** What is unreadable or missing in the logs. */
      logProblems: statedList.default([]),
      /** Environment variables that were withheld from it. */
      removedFromEnvironment: z.array(z.string()).default([]),
      /**
       * Flags to which the JDK gave another value than the arm sets; `actual` is null for a flag that it ignores. Null if
       * some run could not read them.
       */
      changedFlags: orNull(
        z.array(z.object({ flag: z.string(), asked: z.string(), actual: orNull(z.string()) })),
      ).default([]),
      /** What gives memory back in it; null for a program of the user. Absent in an older bundle. */
      gives: orNull(
        z.object({
          collector: z.string(),
          allocator: z.object({ name: z.string(), settings: z.record(z.string(), z.string()) }),
          loads: z.array(z.string()),
        }),
      ).optional(),
      /** In all of these runs, by the threads of the JVM with the probes; null: not known. Absent in an older bundle. */
      collector: orNull(z.string()).optional(),
      /** Of each load, over the runs that reported it. Absent in an older bundle. */
      paces: z.array(paceSchema).optional(),
      /** The arm is set up to give heap back, in the JVM that has the loads. */
      isMeantToShrink: z.boolean().default(false),
      /** Something besides the heap may give memory back, which the log does not have. Absent in an older bundle. */
      givesOffHeap: z.boolean().optional(),
    }),
  ),
  /** For a churn: totals over all runs. Null for other arms. */
  churn: orNull(churnTallySchema.omit({ thread: true })).default(null),
  /** Totals over these runs, and the last complaint of the last run that has one. */
  agent: orNull(agentSchema.omit({ pid: true })).default(null),
  unproven: z.array(unprovenSchema.omit({ process: true })).default([]),
  series: z.array(pooledSeriesSchema),
  /**
   * From complete runs that only other load disturbed. Shown, but no evidence of rates and lengths. Null if there is no
   * such run.
   */
  underLoad: orNull(
    z.object({ runs: z.number(), foreignLoad_share: z.number(), series: z.array(pooledSeriesSchema) }),
  ).default(null),
  /**
   * Waits in the kernel, for each complete run that is undisturbed, or that only other load disturbed. Empty in an older
   * bundle.
   */
  blockedRuns: z
    .array(
      blockedSchema.extend({
        run: z.string(),
        window_ns: ns,
        load_share: z.number(),
        /** As in `perRun`. */
        holder_calls: orNull(z.number()),
      }),
    )
    .default([]),
});

/** The basis of a finding: undisturbed runs, or runs under load, which only show that there are stalls, and why. */
export const levels = ['undisturbed', 'under-load'] as const;

export const outcomes = ['stalls', 'like-foreign', 'unclear', 'no-data'] as const;

const seenSchema = z.object({
  runs_n: z.number(),
  stallingRuns_n: z.number(),
  stalls_n: z.number(),
  threshold_ns: ns,
  longest_ns: ns,
  stalled_share: z.number(),
  hasLostRecords: z.boolean().default(false),
  blocked_n: z.number(),
  mutex_n: z.number(),
  /** Null in an older bundle. */
  unseen_n: orNull(z.number()).default(null),
});

const seenUnderLoadSchema = z.object({
  blamed: z.object({ thread: z.string(), call: orNull(z.string()), cause: z.string() }),
  runs: z.number(),
  stalls_n: z.number(),
  endedWithHold_n: z.number(),
  /** Probability that chance alone gives as many ends near ends of holds. */
  chance: z.number(),
  longest_ns: ns,
  load_share: z.number(),
  controlLoad_share: z.number(),
});

const seenPausesSchema = z.object({
  runs_n: z.number(),
  pausedRuns_n: z.number(),
  longest_ns: ns,
  most_share: z.number(),
  isWhole: orNull(z.boolean()).default(null),
  foreignRuns_n: orNull(z.number()).default(null),
  foreign_share: orNull(z.number()),
  isForeignUnknown: z.boolean(),
});

export const summarySchema = z.object({
  schemaVersion: version,
  profile: z.string(),
  kernel: z.string(),
  status: z.enum(['running', 'complete', 'partial', 'failed']),
  threshold_ns: ns,
  /** The finding in words. */
  verdict: z.string(),
  /** What the verdict is made from; empty in an older bundle. Codes: src/facts/verdict-facts.ts. */
  conclusions: statedList.default([]),
  /**
   * `kernel` is null in a bundle of a version without guests. `level` is null without a conclusion, and in an older bundle.
   */
  findings: z.array(
    z.object({
      arm: z.string(),
      kernel: orNull(z.string()).default(null),
      series: z.string(),
      outcome: z.enum(outcomes),
      level: orNull(z.enum(levels)).default(null),
      /** The outcome, or why there is no conclusion. */
      code: z.string(),
      reason: orNull(z.string()) as unknown as z.ZodType<OpenReason | null, OpenReason | null>,
      /** The figures of the sentence; null in a bundle of schema version 1, and without a run. */
      seen: orNull(seenSchema),
      foreignStalls_n: orNull(z.number()),
      idleStalls_n: orNull(z.number()),
      underLoad: orNull(seenUnderLoadSchema),
      /** Null unless the reason is `paused` or `pauses-undecided`. */
      paused: orNull(seenPausesSchema).default(null),
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
  /** Null if the profile has the region in bytes. */
  target_hold_ns: orNull(ns),
  bytes: z.number(),
  hold_ns: ns,
  probes: z.array(z.object({ bytes: z.number(), hold_ns: ns, calls: z.number() })),
});

/** A place where runs were made: this machine with its kernel, or a guest with another kernel. */
const kernelSchema = z.object({
  /**
   * As in summary.json and run.json; unique in a bundle. It is the label or the release, with what distinguishes it from
   * places with the same release (place-names.ts).
   */
  name: z.string(),
  /** The label of the user; null without a label, and in a bundle of a version without labels. */
  label: orNull(z.string()).default(null),
  /** `host`, or the kernel as the user wrote it, without the label. */
  asked: z.string(),
  release: z.string(),
  /** Facts as this kernel reports them, as `host` of this file. */
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
   * Why this and that first kernel are builds of the same tree; null: not known. `built`: pauselab built both, so this
   * is certain, and these are the changes that only one of them has. Null: by image and config it is probable
   * (src/kernel/image/one-tree.ts).
   */
  oneTree: orNull(
    z.object({
      version: z.string(),
      options_n: z.number(),
      sameCompiler: z.boolean(),
      built: orNull(
        z.object({
          source: z.string(),
          onlyFirst: z.array(z.string()).readonly(),
          onlyThis: z.array(z.string()).readonly(),
        }),
      ).default(null),
    }),
  ).default(null),
  /**
   * Of this machine, if --boot-label proved which built kernel is booted: its label, its build id (in its vmlinux and in
   * /sys/kernel/notes), what `uname -v` prints, the id of the boot, and what it was built from, as `guest.origin`.
   */
  boot: z
    .object({
      label: z.string(),
      buildId: z.string(),
      version: z.string(),
      bootId: orNull(z.string()),
      origin: z.record(z.string(), z.unknown()),
      configSha256: orNull(z.string()),
    })
    .optional(),
  /** Of the scheduler, in the kernel's word, which was set and read back for all runs here; absent: none was asked for. */
  feature: z.string().optional(),
  /** Null for the host. */
  guest: orNull(
    z.object({
      origin: z.record(z.string(), z.unknown()),
      sha256: z.string(),
      configSha256: orNull(z.string()),
      commandLine: z.string(),
      /** The model on the command line; null: the kernel's default. */
      preempt: orNull(z.string()),
      accelerator: z.enum(['kvm', 'tcg']),
      /** Why the accelerator is not KVM; null if it is. */
      withoutKvm: orNull(z.string()),
      qemu: z.string(),
      cpus: z.number(),
      memoryBytes: z.number(),
      /** Host CPU of each virtual CPU; null if they are not pinned. */
      pinnedTo: orNull(z.array(z.number())),
      channel: z.enum(['virtio', 'serial']),
      image: z.object({ bytes: z.number(), sha256: z.string(), built_ms: orNull(z.number()) }),
      /** From QEMU's start to the agent's first message. */
      boot_ms: z.number(),
      /** Reasons of failed boots before this boot. */
      bootFailures: statedList.default([]),
      command: z.array(z.string()),
    }),
  ),
});

const askedSchema = z.object({
  allowDegraded: z.boolean(),
  trace: z.boolean(),
  untilN: orNull(z.object({ series: z.string(), n: z.number() })),
  /** Conditions of --fail-if, as they were written; empty in an older bundle. */
  failIf: z.array(z.string()).default([]),
  /** The bundle has the secrets of its program (--keep-secrets). */
  keepSecrets: z.boolean().default(false),
  /** Settings of the guests of the profile's kernels. */
  guest: z.object({
    cpus: z.int().min(1).max(64),
    memoryBytes: z.int().min(2 ** 20),
    append: z.array(z.string()),
    bootDeadline_ns: ns,
  }),
});

/** A file of the user's program, as it was when the experiment began. */
const programFileSchema = z.object({
  /** The path in the profile. */
  path: z.string(),
  bytes: z.number(),
  /** Null if the path is no file, such as a folder of classes. */
  sha256: orNull(z.string()),
});

/** For a side that was measured in turns with another: a round has the runs of both sides. */
const turnsSchema = z.object({
  /** Id of the experiment. Bundles with the same id share their rounds. */
  id: z.string(),
  side: z.enum(['baseline', 'candidate']),
});

/** An experiment that was interrupted, and went on in the same bundle. */
const resumedSchema = z.object({
  /** When it went on (UTC). */
  at: z.string(),
  /** Runs that were complete by then. */
  kept_n: z.number(),
  /** Runs that were not complete. They were moved to the folder `cut-short`, and made again. */
  setAside: z.array(
    z.object({
      run: z.string(),
      status,
      /** Its guest was lost, and no further run was made on that kernel. */
      placeLost: z.literal(true).optional(),
    }),
  ),
  /** Guests that were booted again. */
  bootedAgain: z.array(z.string()),
  /** What differed from the beginning. A difference that would make the runs unlike each other is refused. */
  changed: z.array(z.object({ fact: z.string(), then: z.string(), now: z.string() })),
});

/** A code of a later version has no sentence here, so only known codes are read. */
const refusedArm = { arm: z.string(), jdk: z.string() };
const refusedArmSchema: z.ZodType<RefusedArm, RefusedArm> = z.discriminatedUnion('code', [
  z.object({ ...refusedArm, code: z.literal('jdk-without-collector'), collector: z.string() }),
  z.object({ ...refusedArm, code: z.literal('jdk-without-flag'), flag: z.string() }),
  z.object({ ...refusedArm, code: z.literal('jdk-not-accepted'), accepted: z.string() }),
]);

const measuredManifestSchema = z.object({
  schemaVersion: version,
  tool: z.object({ name: z.literal('pauselab'), version: z.string() }),
  argv: z.array(z.string()),
  /**
   * The options beside the profile, parsed; null in a bundle of a version that kept only `argv`.
   */
  asked: orNull(askedSchema).default(null),
  startedAt: z.string(),
  seed: z.number(),
  profileHash: z.string(),
  /** The resolved profile (src/profile/resolved/resolved.ts). */
  profile: resolvedProfileSchema,
  host: z.record(z.string(), z.unknown()),
  calibration: z.array(calibrationSchema),
  /** Planned order, without the repetitions of disturbed runs. */
  order: z.array(z.object({ arm: z.string(), kernel: orNull(z.string()).default(null), repetition: z.number() })),
  /** Arms that their JDK cannot run, so that they are in no order, and why. Codes: src/facts/refused-arm-facts.ts. */
  refusedArms: z.array(refusedArmSchema).default([]),
  /** The places, in the order of the profile; empty in a bundle of a version without guests. */
  kernels: z.array(kernelSchema).default([]),
  spoiledBy: z.unknown(),
  /** Files of the user's program; null in a bundle of a version that did not record them. */
  programs: orNull(z.array(programFileSchema)).default(null),
  /** Null for a bundle that was not measured in turns. */
  turns: orNull(turnsSchema).default(null),
  /** Empty for an experiment that was measured in one go. */
  resumed: z.array(resumedSchema).default([]),
});

/** For a bundle that `pauselab merge` made: where its runs come from. */
const originSchema = z.object({
  /** As the user named it. */
  path: z.string(),
  manifest: measuredManifestSchema,
  runs: z.array(z.object({ from: z.string(), to: z.string() })),
});

export const manifestSchema = measuredManifestSchema.extend({
  /** Empty in a measured bundle. */
  origins: z.array(originSchema).default([]),
});

export type RunFile = z.infer<typeof runSchema>;
export type SummaryFile = z.infer<typeof summarySchema>;
/** A manifest as it is read. A measured bundle is written without `origins`. */
export type ManifestFile = z.infer<typeof manifestSchema>;
export type Turns = z.infer<typeof turnsSchema>;
export type Resumed = z.infer<typeof resumedSchema>;
export type AskedFor = z.infer<typeof askedSchema>;
export type MeasuredManifest = z.infer<typeof measuredManifestSchema>;
export type SeriesFigures = z.infer<typeof seriesSchema>;
export type LogSeries = z.infer<typeof logSeriesSchema>;
export type HolderFigures = z.infer<typeof holderSchema>;
export type ArmSummary = z.infer<typeof armSchema>;
export type SeriesRunFigures = z.infer<typeof perRunSchema>;
export type Calibration = z.infer<typeof calibrationSchema>;
export type KernelRecord = z.infer<typeof kernelSchema>;
export type Finding = SummaryFile['findings'][number];
export type Outcome = (typeof outcomes)[number];

export const bundleSchemas = {
  manifest: manifestSchema,
  run: runSchema,
  summary: summarySchema,
  stalls: stallsSchema,
  observation: observationSchema,
  'lock-table': lockTableSchema,
} as const;

/** For other tools. It allows unknown keys, because later versions may add keys without a new schema version. */
export function bundleJsonSchema(kind: keyof typeof bundleSchemas): object {
  return { ...z.toJSONSchema(bundleSchemas[kind], { io: 'input', reused: 'inline' }), title: `pauselab ${kind}.json` };
}
