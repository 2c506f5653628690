/**
 * A resolved profile has no defaults left. Experiments run it, bundles record it, and its hash identifies it. It is plain
 * JSON with units in the names. CPUs stay symbolic, because each host has other numbers.
 */
import type { Allocator } from '../../catalogue/allocators.js';
import type { Cause } from '../../facts/blame.js';
import type { Collector } from '../../catalogue/collectors.js';
import type { JvmProbeName } from '../../catalogue/jvm-probes.js';
import type { LimitName } from './limits.js';
import type { PreemptionModel } from '../check/preemption.js';
import type { HolderOperation, Layout, VictimLayout, VictimOperation } from '../../catalogue/operations.js';
import type { PurgeOperation } from '../../catalogue/purges.js';

export type Cpus =
  | { readonly kind: 'first' }
  | { readonly kind: 'second' }
  | { readonly kind: 'list'; readonly cpus: readonly number[] };

/** A real-time policy includes its static priority (1 to 99): `fifo 50`. */
export type SchedulingPolicy = 'other' | 'batch' | 'idle' | RealTimePolicy;
export type RealTimePolicy = `${'fifo' | 'rr'} ${number}`;

export interface ResolvedThread {
  readonly nice: number;
  readonly policy: SchedulingPolicy;
  /** Undefined: the kernel's own. It is not null, so that profiles of versions without it keep their hash. */
  readonly slice_ns?: number | undefined;
  readonly cpus: Cpus;
}

export type Region =
  | { readonly kind: 'calibrated' }
  | { readonly kind: 'bytes'; readonly bytes: number }
  /** Sized so that a call takes this CPU time. */
  | { readonly kind: 'hold'; readonly hold_ns: number };

/** The limit cpu.max of a cgroup: CPU time that it may use per period. */
export interface CpuMax {
  readonly quota_ns: number;
  readonly period_ns: number;
}

export interface ResolvedHolder extends ResolvedThread {
  /** In an arm with a churn it is the purge of its allocator. */
  readonly operation: HolderOperation | PurgeOperation;
  readonly pause_ns: number;
  readonly region: Region;
  /** Of a region in layout split. Undefined: 2, so that profiles of versions without it keep their hash. */
  readonly vmas?: number | undefined;
  readonly pages: 'small' | 'huge';
  /** Null: no thread re-populates the dropped memory. */
  readonly toucher: ResolvedThread | null;
  readonly process: 'same' | 'foreign';
  /** Undefined: no limit. It is not null, so that profiles of versions without it keep their hash. */
  readonly cpuMax?: CpuMax | undefined;
  /** Weight of the cgroup that its thread is in. Undefined: it is in none; as `cpuMax`. */
  readonly cpuWeight?: number | undefined;
  /** Of a purge by jemalloc: the only arena that it purges. Undefined: all. */
  readonly arena?: number | undefined;
  readonly active: boolean;
}

/** A command of the user's that looks at a process of the run, as a monitoring agent does. */
export interface ResolvedAgent extends ResolvedThread {
  /** The program and its words; `{pid}` in a word is the pid of the process that it looks at. */
  readonly command: readonly string[];
  /** `repeat`: it ends by itself and is started again; `stay`: it runs until the end. */
  readonly mode: 'repeat' | 'stay';
  readonly pause_ns: number;
  readonly active: boolean;
}

export interface ResolvedHogs extends ResolvedThread {
  readonly count: number;
  /** Null: steady. */
  readonly burst: { readonly run_ns: number; readonly sleep_ns: number } | null;
  /** Weight of the cgroup that all of them are in. Undefined: they are in none; as `cpuMax` of a holder. */
  readonly cpuWeight?: number | undefined;
}

/** Threads that write files to a disk, and make the disk take them. */
export interface ResolvedIoHogs extends ResolvedThread {
  readonly count: number;
  readonly fileBytes: number;
  /** Of each thread, in a run. */
  readonly mostBytes: number;
  readonly active: boolean;
}

export interface ResolvedVictim extends ResolvedThread {
  /** Name of its series, `<role>.<operation>`. */
  readonly series: string;
  readonly role: string;
  readonly operation: VictimOperation | JvmProbeName;
  readonly layout: VictimLayout;
  /** Time between intended starts; 0: back to back. */
  readonly interval_ns: number;
}

interface ArmBasics {
  /** The process of its victims, and what gives memory back. */
  readonly kind: ArmKind;
  readonly name: string;
  readonly title: string;
  readonly control: null | 'idle' | 'foreign';
  readonly hogs: ResolvedHogs;
  readonly victims: readonly ResolvedVictim[];
  /**
   * Looks at the process with the victims; in the foreign control at the second process. Undefined: none; it is not null,
   * so that profiles of versions without it keep their hash.
   */
  readonly agent?: ResolvedAgent | undefined;
  /** The series of the victims in their order, then that of the holder if it is active. */
  readonly series: readonly string[];
}

export type ArmKind = 'native' | 'churn' | 'jvm' | 'app';

/** Victims and holder are threads of the native engine. */
export interface NativeArm extends ArmBasics {
  readonly kind: 'native';
  /** The aim of a calibrated region. */
  readonly stall: { readonly aim_ns: number; readonly leastHold_ns: number };
  readonly layout: Layout;
  readonly holder: ResolvedHolder;
  /** Undefined: none, as for the agent. */
  readonly ioHogs?: ResolvedIoHogs | undefined;
  /** System calls that the arm makes. Undefined: none are said, as for the agent. */
  readonly issues?: readonly ExpectedCalls[] | undefined;
}

/** Victims are threads of the native engine, and the allocator under its churn gives memory back. */
export interface ChurnArm extends ArmBasics {
  readonly kind: 'churn';
  /** A thread that purges the churn's allocator; null: there is none. */
  readonly holder: ResolvedHolder | null;
  readonly churn: AllocatorWork;
}

/** Victims are threads of a JVM, and the JVM or its allocator gives memory back. */
interface ArmInJvm extends ArmBasics {
  /**
   * A reader of the JVM's files in /proc, in the engine's process; or a native thread inside the user's program.
   */
  readonly holder: ResolvedHolder | null;
  /** For a holder inside the program: `split` if its region spans two VMAs. */
  readonly layout: Layout;
}

/** The JVM runs loads of pauselab. */
export interface LoadsArm extends ArmInJvm {
  readonly kind: 'jvm';
  readonly jvm: ResolvedJvm;
}

/** The JVM runs the user's program, and an agent adds the probes. */
export interface AppArm extends ArmInJvm {
  readonly kind: 'app';
  readonly jvm: ResolvedJvm & { readonly app: ResolvedApp };
}

export type JvmArm = LoadsArm | AppArm;

export type ResolvedArm = NativeArm | ChurnArm | JvmArm;

export function isInJvm(arm: ResolvedArm): arm is JvmArm {
  return isJvmKind(arm.kind);
}

export function isJvmKind(kind: ArmKind): boolean {
  switch (kind) {
    case 'jvm':
    case 'app':
      return true;
    case 'native':
    case 'churn':
      return false;
  }
}

export function isApp(arm: ResolvedArm): arm is AppArm {
  return arm.kind === 'app';
}

/** Whether the program is still to be named, by --java-args. */
export function saysNoProgram(arm: ResolvedArm): boolean {
  return isApp(arm) && arm.jvm.app.args.length === 0;
}

/** Loads that use an allocator, in a JVM or in the native engine's process. */
export interface AllocatorWork {
  readonly loads: readonly ResolvedLoad[];
  /**
   * `foreign`: the loads run in a second process with the same settings, so that the victims share everything with them
   * except the address space.
   */
  readonly loadsIn: 'same' | 'foreign';
  readonly threads: readonly ThreadRule[];
  readonly allocator: ResolvedAllocator;
  /** System calls that the arm makes. `profile verify` counts them. */
  readonly issues: readonly ExpectedCalls[];
}

export interface ResolvedJvm extends AllocatorWork {
  /** The accepted JDKs, such as `>=17`. */
  readonly jdk: string;
  /** Path of the JDK to use; null: an accepted JDK of this machine. */
  readonly java: string | null;
  /** The label of `java` in a profile that lists several JDKs. Undefined without `jdks`, so that hashes stay. */
  readonly jdkLabel?: string | undefined;
  readonly collector: Collector;
  readonly flags: readonly string[];
  readonly process: ProcessRule;
}

export interface ResolvedLoad {
  /** Name of its thread, such as `load.heap-wave`. */
  readonly name: string;
  readonly load: string;
  /** Settings in the form of the plan line, with units in the keys. */
  readonly values: Readonly<Record<string, string | number>>;
}

/** Scheduling of threads; null: unchanged. */
export interface Scheduling {
  readonly nice: number | null;
  readonly policy: SchedulingPolicy | null;
  readonly slice_ns?: number | undefined;
  readonly cpus: Cpus | null;
}

/** The scheduling of threads whose names match. */
export interface ThreadRule extends Scheduling {
  readonly pattern: string;
}

/** How a JVM is started. */
export interface ProcessRule extends Scheduling {
  /** Soft limits in bytes or counts. Missing limits stay unchanged. */
  readonly limits: Readonly<Partial<Record<LimitName, number | 'unlimited'>>>;
}

export interface ResolvedAllocator {
  readonly name: Allocator;
  /** Null: the usual path of distributions. */
  readonly path: string | null;
  readonly settings: Readonly<Record<string, string>>;
}

export interface ResolvedApp {
  /** The words after `java`, such as `-jar my.jar --port 8080`. */
  readonly args: readonly string[];
  /** When the program is ready to be measured; null: as soon as the probes are. */
  readonly ready: Readiness | null;
  /** Variables in addition to the environment of pauselab. */
  readonly environment: Readonly<Record<string, string>>;
  /** False: the program without probes, to see what the probes cost. */
  readonly probes: boolean;
}

export type Readiness =
  /** Ready when a line of its output matches this regular expression. */
  | { readonly kind: 'log'; readonly pattern: string; readonly deadline_ns: number }
  /** Ready when this TCP port accepts a connection. */
  | { readonly kind: 'port'; readonly port: number; readonly deadline_ns: number }
  /** Ready this long after its start. */
  | { readonly kind: 'after'; readonly after_ns: number };

export interface ExpectedCalls {
  /** Such as `madvise.FREE`. */
  readonly call: string;
  /** Pattern of the calling threads' names; null: any. */
  readonly by: string | null;
  readonly atLeast: number;
}

/** A root of stalls that is expected to come back, because it was observed. */
export interface ExpectedRoot {
  readonly arm: string;
  readonly cause: Cause;
  /** Pattern of the names of the thread at the end of the chain; null: any, or none. */
  readonly by: string | null;
  /** Of the stalls that were observed; null: not known. */
  readonly median_ns: number | null;
  /** Of that thread; undefined: not known, or no lock of the kernel is to blame. */
  readonly call?: string | undefined;
  /** The release of Linux that was observed; undefined as `call`. */
  readonly kernel?: string | undefined;
}

export interface ResolvedProfile {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly runs: number;
  readonly seed: number;
  readonly warmup_ns: number;
  readonly duration_ns: number;
  readonly drain_ns: number;
  readonly threshold_ns: number;
  readonly spoiled: {
    readonly steal_share: number;
    readonly foreignLoad_share: number;
    readonly retries: number;
  };
  /** As written; empty: this machine's kernel. */
  readonly kernels: readonly string[];
  /** For guests; empty: the default of each kernel. */
  readonly preempt: readonly PreemptionModel[];
  /** Of the scheduler, each for all kernels. Undefined: as the kernels have them. */
  readonly features?: readonly string[] | undefined;
  /** Undefined: nothing is expected. It is not empty, so that profiles of versions without it keep their hash. */
  readonly expects?: readonly ExpectedRoot[] | undefined;
  /**
   * The two controls, then the profile's arms in its order. Profiles of the user's program have no controls.
   */
  readonly arms: readonly ResolvedArm[];
}

/** Whether a command of the user's runs beside the arm and looks at one of its processes. */
export function agentOf(arm: ResolvedArm): ResolvedAgent | undefined {
  return arm.agent;
}

/** Undefined: no thread writes to the disk. */
export function ioHogsOf(arm: ResolvedArm): ResolvedIoHogs | undefined {
  return arm.kind === 'native' ? arm.ioHogs : undefined;
}

/** Whether a thread of the engine is an I/O hog, by the name of its seat (native/engine/seats.cc). */
export function isIoHog(name: string): boolean {
  return name.startsWith('io-hog-');
}

/** The system calls that an arm says it makes. `profile verify` counts them. */
export function issuesOf(arm: ResolvedArm): readonly ExpectedCalls[] {
  return (arm.kind === 'native' ? arm.issues : workOf(arm)?.issues) ?? [];
}

/** The label of its JDK; null where the profile does not list JDKs, and for an arm without a JVM. */
export function jdkLabelOf(arm: ResolvedArm): string | null {
  return isInJvm(arm) ? (arm.jvm.jdkLabel ?? null) : null;
}

/** The name of an arm under a JDK of the profile's list, such as `g1@jdk-26`. */
export function nameOnJdk(name: string, label: string): string {
  return `${name}@${label}`;
}

/** The name as the profile has it. */
export function nameWithoutJdk({ name, jdk }: { readonly name: string; readonly jdk: string | null }): string {
  return jdk !== null && name.endsWith(`@${jdk}`) ? name.slice(0, -(jdk.length + 1)) : name;
}

/** Its name, and that of the profile, which stands for the arm under each JDK of the list. */
export function namesOfArm(arm: ResolvedArm): readonly string[] {
  return [...new Set([arm.name, nameWithoutJdk({ name: arm.name, jdk: jdkLabelOf(arm) })])];
}

/** Null for an arm whose holder is a thread of the native engine. */
export function workOf(arm: ResolvedArm): AllocatorWork | null {
  switch (arm.kind) {
    case 'native':
      return null;
    case 'churn':
      return arm.churn;
    case 'jvm':
    case 'app':
      return arm.jvm;
  }
}
