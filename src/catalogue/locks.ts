/**
 * Locks of an address space, by range of kernel versions. What is declared here is read in the kernel's source;
 * `pauselab doctor` finds by behaviour what holds on a machine, and names what differs.
 */

export type LockClass = 'mmap_lock write' | 'mmap_lock read' | 'VMA lock' | 'none';

/** What others wait for behind a thread that makes several calls is the first of these that it takes. */
export const strongestFirst: readonly LockClass[] = ['mmap_lock write', 'mmap_lock read', 'VMA lock', 'none'];

/** Version and patch level, such as 6.17: a lock does not change in a stable series. */
export type KernelVersion = `${number}.${number}`;

export interface LockRange {
  /** The first version of the range; absent: all earlier ones. */
  readonly from?: KernelVersion;
  /** The first version after it; absent: all later ones. */
  readonly until?: KernelVersion;
  /** On memory inside one VMA. */
  readonly oneVma: LockClass;
  /** On a range that crosses VMAs; null where there is none: the work is never on a range of the caller's choice. */
  readonly crossing: LockClass | null;
}

/** In ascending order, without gaps: the first has no `from`, the last no `until`. */
export type Locks = readonly [LockRange, ...LockRange[]];

/** The same lock on every kernel so far. */
export function onEveryKernel(oneVma: LockClass, crossing: LockClass | null): Locks {
  return [{ oneVma, crossing }];
}

/** The earlier lock up to this version, the later one from it on. */
export function changedIn(
  version: KernelVersion,
  before: readonly [oneVma: LockClass, crossing: LockClass | null],
  after: readonly [oneVma: LockClass, crossing: LockClass | null],
): Locks {
  return [
    { until: version, oneVma: before[0], crossing: before[1] },
    { from: version, oneVma: after[0], crossing: after[1] },
  ];
}

/**
 * The lock that is taken on this kernel; `release` as uname(2) has it, such as 6.17.13+deb13-cloud-amd64. Of a release
 * without a version the newest range counts. Work that is never on a crossing range takes the same lock everywhere.
 */
export function lockOn(
  { locks }: { readonly locks: Locks },
  release: string,
  { crossing }: { readonly crossing: boolean },
): LockClass {
  const version = versionOf(release);
  const range =
    version === null ? undefined : locks.find(({ until }) => until === undefined || isBefore(version, until));
  const { oneVma, crossing: across } = range ?? locks.at(-1) ?? locks[0];
  return crossing ? (across ?? oneVma) : oneVma;
}

/** Whether it has memory that can lie across VMAs. */
export const canCross = ({ locks }: { readonly locks: Locks }): boolean => locks[0].crossing !== null;

/** Whether no kernel so far makes it take any. */
export const takesNoLock = ({ locks }: { readonly locks: Locks }): boolean =>
  locks.every(({ oneVma, crossing }) => oneVma === 'none' && (crossing ?? 'none') === 'none');

type Version = readonly [major: number, minor: number];

function versionOf(text: string): Version | null {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(text) ?? [];
  return major === undefined || minor === undefined ? null : [Number(major), Number(minor)];
}

function isBefore([major, minor]: Version, other: KernelVersion): boolean {
  const [otherMajor = 0, otherMinor = 0] = versionOf(other) ?? [];
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
