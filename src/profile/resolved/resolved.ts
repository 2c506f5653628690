/**
 * A profile with nothing left to default: what an experiment runs, what a bundle records and what is
 * hashed. Plain JSON; units are in the names. CPUs stay symbolic: the host says which they are.
 */
import type { Allocator } from '../../catalogue/allocators.js';
import type { Collector } from '../../catalogue/collectors.js';
import type { JvmProbeName } from '../../catalogue/jvm-probes.js';
import type { LimitName } from './limits.js';
import type { PreemptionModel } from '../check/preemption.js';
import type { HolderOperation, Layout, VictimLayout, VictimOperation } from '../../catalogue/operations.js';

export type Cpus =
  | { readonly kind: 'first' }
  | { readonly kind: 'second' }
  | { readonly kind: 'list'; readonly cpus: readonly number[] };

/** A real-time policy has its static priority (1 to 99) with it: `fifo 50`. */
export type SchedulingPolicy = 'other' | 'batch' | 'idle' | RealTimePolicy;
export type RealTimePolicy = `${'fifo' | 'rr'} ${number}`;

export interface ResolvedThread {
  readonly nice: number;
  readonly policy: SchedulingPolicy;
  readonly cpus: Cpus;
}

export type Region = { readonly kind: 'calibrated' } | { readonly kind: 'bytes'; readonly bytes: number };

/** Of a cgroup (cpu.max): CPU time that may be used in each period. */
export interface CpuMax {
  readonly quota_ns: number;
  readonly period_ns: number;
}

export interface ResolvedHolder extends ResolvedThread {
  readonly operation: HolderOperation;
  readonly pause_ns: number;
  readonly region: Region;
  readonly pages: 'small' | 'huge';
  /** null: nobody re-populates what was dropped. */
  readonly toucher: ResolvedThread | null;
  readonly process: 'same' | 'foreign';
  /** Not there: no limit, so that profiles from before it keep their hash. */
  readonly cpuMax?: CpuMax | undefined;
  readonly active: boolean;
}

export interface ResolvedHogs extends ResolvedThread {
  readonly count: number;
  /** null: steady. */
  readonly burst: { readonly run_ns: number; readonly sleep_ns: number } | null;
}

export interface ResolvedVictim extends ResolvedThread {
  /** Name of its series, `<role>.<operation>`. */
  readonly series: string;
  readonly role: string;
  readonly operation: VictimOperation | JvmProbeName;
  readonly layout: VictimLayout;
  /** From one intended start to the next; 0: back to back. */
  readonly interval_ns: number;
}

interface ArmBasics {
  /** What its victims are threads of, and what gives memory back. */
  readonly kind: ArmKind;
  readonly name: string;
  readonly title: string;
  readonly control: null | 'idle' | 'foreign';
  readonly hogs: ResolvedHogs;
  readonly victims: readonly ResolvedVictim[];
  /** The victims' series in their order, then the holder's if it is active. */
  readonly series: readonly string[];
}

export type ArmKind = 'native' | 'churn' | 'jvm' | 'app';

/** Victims and holder are threads of the native engine. */
export interface NativeArm extends ArmBasics {
  readonly kind: 'native';
  /** What a calibrated region is sized to. */
  readonly stall: { readonly aim_ns: number; readonly leastHold_ns: number };
  readonly layout: Layout;
  readonly holder: ResolvedHolder;
}

/** Victims are threads of the native engine, and what gives memory back is the allocator under its churn. */
export interface ChurnArm extends ArmBasics {
  readonly kind: 'churn';
  readonly holder: null;
  readonly churn: AllocatorWork;
}

/** Victims are threads of a JVM, and what gives memory back is the JVM itself or its allocator. */
interface ArmInJvm extends ArmBasics {
  /**
   * A reader of the JVM's files in /proc, in the engine's process; or, beside the user's own program, a native thread
   * in that.
   */
  readonly holder: ResolvedHolder | null;
  /** Of a holder inside the program: `split` if what it gives back spans two VMAs. */
  readonly layout: Layout;
}

/** The JVM runs loads of pauselab. */
export interface LoadsArm extends ArmInJvm {
  readonly kind: 'jvm';
  readonly jvm: ResolvedJvm;
}

/** The JVM runs the user's own program, with the probes riding in it as an agent. */
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

/** --java-args says it. */
export function saysNoProgram(arm: ResolvedArm): boolean {
  return isApp(arm) && arm.jvm.app.args.length === 0;
}

/** Loads on an allocator, in a JVM or in the native engine's process. */
export interface AllocatorWork {
  readonly loads: readonly ResolvedLoad[];
  /**
   * `foreign`: the loads run in a second process of the same settings, so that the victims share all but the address
   * space with them.
   */
  readonly loadsIn: 'same' | 'foreign';
  readonly threads: readonly ThreadRule[];
  readonly allocator: ResolvedAllocator;
  /** System calls that the arm causes, which `profile verify` counts. */
  readonly issues: readonly ExpectedCalls[];
}

export interface ResolvedJvm extends AllocatorWork {
  /** Which JDKs will do, such as `>=17`. */
  readonly jdk: string;
  /** The only JDK that is considered; null: one of this machine's. */
  readonly java: string | null;
  readonly collector: Collector;
  readonly flags: readonly string[];
  readonly process: ProcessRule;
}

export interface ResolvedLoad {
  /** Of its thread: `load.heap-wave`. */
  readonly name: string;
  readonly load: string;
  /** Its settings as its plan line has them, units in the keys. */
  readonly values: Readonly<Record<string, string | number>>;
}

/** Scheduling of threads; null: left as it is. */
export interface Scheduling {
  readonly nice: number | null;
  readonly policy: SchedulingPolicy | null;
  readonly cpus: Cpus | null;
}

/** Of the threads of a JVM whose names match. */
export interface ThreadRule extends Scheduling {
  readonly pattern: string;
}

/** How a JVM is started. */
export interface ProcessRule extends Scheduling {
  /** Soft limits in bytes or counts; those that are not there stay as they are. */
  readonly limits: Readonly<Partial<Record<LimitName, number | 'unlimited'>>>;
}

export interface ResolvedAllocator {
  readonly name: Allocator;
  /** null: where distributions put it. */
  readonly path: string | null;
  readonly settings: Readonly<Record<string, string>>;
}

export interface ResolvedApp {
  /** What follows `java`: `-jar my.jar --port 8080`, as words. */
  readonly args: readonly string[];
  /** What says that it is ready to be measured; null: it is once the probes are. */
  readonly ready: Readiness | null;
  /** Variables beside those that pauselab was started with. */
  readonly environment: Readonly<Record<string, string>>;
  /** false: the program alone, to see what the probes cost. */
  readonly probes: boolean;
}

export type Readiness =
  /** A regular expression that a line of its output matches. */
  | { readonly kind: 'log'; readonly pattern: string; readonly deadline_ns: number }
  /** A TCP port of this machine that accepts a connection. */
  | { readonly kind: 'port'; readonly port: number; readonly deadline_ns: number }
  /** From its start. */
  | { readonly kind: 'after'; readonly after_ns: number };

export interface ExpectedCalls {
  /** Such as `madvise.FREE`. */
  readonly call: string;
  /** Pattern of the calling threads' names; null: any. */
  readonly by: string | null;
  readonly atLeast: number;
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
  /** As written; empty: this machine's own. */
  readonly kernels: readonly string[];
  /** Of guests; empty: each kernel's own choice. */
  readonly preempt: readonly PreemptionModel[];
  /**
   * The two controls first, then the profile's arms in its order; without controls where the arms run the user's own
   * program.
   */
  readonly arms: readonly ResolvedArm[];
}

/** Null for an arm with a holder of the native engine's. */
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
