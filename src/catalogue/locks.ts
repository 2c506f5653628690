/**
 * Locks of an address space, by range of kernel versions. The declarations come from the kernel's source. `pauselab
 * doctor` finds the locks of a machine by behaviour, and names differences.
 */

export type LockClass = 'mmap_lock write' | 'mmap_lock read' | 'VMA lock' | 'none';

/** Threads behind a caller of several calls wait for the first of these that it takes. */
export const strongestFirst = [
  'mmap_lock write',
  'mmap_lock read',
  'VMA lock',
  'none',
] as const satisfies readonly LockClass[];

/** Version and patch level, such as 6.17: locks do not change within a stable series. */
export type KernelVersion = `${number}.${number}`;

export interface LockRange {
  /** The first version of the range; absent: all earlier ones. */
  readonly from?: KernelVersion;
  /** The first version after it; absent: all later ones. */
  readonly until?: KernelVersion;
  /** For memory inside one VMA. */
  readonly oneVma: LockClass;
  /** For a range that crosses VMAs; null if the caller cannot choose the range. */
  readonly crossing: LockClass | null;
}

/** Ascending and without gaps: the first has no `from`, the last no `until`. */
export type Locks = readonly [LockRange, ...LockRange[]];

/** The same lock on every kernel so far. */
export function onEveryKernel(oneVma: LockClass, crossing: LockClass | null): Locks {
  return [{ oneVma, crossing }];
}

/** The earlier lock before this version, the later lock from it on. */
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
 * The lock taken on this kernel; `release` is from uname(2), such as 6.17.13+deb13-cloud-amd64. A release without a
 * version gets the newest range. Work that never has a crossing range takes the same lock for both.
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

/** Whether a kernel is older than this version, by its release; null: the release has no version. */
export function isOlder(release: string, than: KernelVersion): boolean | null {
  const version = versionOf(release);
  return version === null ? null : isBefore(version, than);
}

/** Whether its memory can cross VMAs. */
export const canCross = ({ locks }: { readonly locks: Locks }): boolean => locks[0].crossing !== null;

/** Whether it takes no lock on any kernel so far. */
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
