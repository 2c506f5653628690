/**
 * The operations that a profile can name. What is said of locks here is what each call takes by the
 * kernel's source; the native engine has the same table, and a test compares the two.
 */

export type LockClass = 'mmap_lock write' | 'mmap_lock read' | 'VMA lock' | 'none';

/** Where a victim's memory lies relative to the holder's region. */
export const victimLayouts = ['isolated', 'same', 'mergeable', 'adjacent'] as const;
export type VictimLayout = (typeof victimLayouts)[number];

/** An arm's layout: `split` says of the holder's region that it spans two VMAs. */
export const layouts = ['isolated', 'split', 'same', 'mergeable', 'adjacent'] as const;
export type Layout = (typeof layouts)[number];

export interface Operation {
  readonly name: string;
  readonly kind: 'holder' | 'victim';
  readonly lockClass: LockClass;
  /** Role in the series name unless the profile gives one. */
  readonly role: string;
  /** For a holder the arm's layouts, for a victim those of its own memory; none: it has no memory of its own. */
  readonly layouts: readonly Layout[];
  /** A holder whose second call finds nothing to release unless a toucher brought the memory back. */
  readonly needsToucher?: boolean;
  /** Uses up one page of a pool that is made before the window: `mapping` a VMA each, `page` none. */
  readonly uses?: 'mapping' | 'page';
  readonly explanation: string;
}

const table = [
  {
    name: 'madvise_dontneed',
    kind: 'holder',
    lockClass: 'VMA lock',
    role: 'holder',
    layouts,
    needsToucher: true,
    explanation:
      'madvise(MADV_DONTNEED) over the region: VMA lock inside one VMA on Linux 6.17 and later, mmap_lock read otherwise',
  },
  {
    name: 'madvise_free',
    kind: 'holder',
    lockClass: 'VMA lock',
    role: 'holder',
    layouts,
    explanation:
      'madvise(MADV_FREE) over the region: VMA lock inside one VMA on Linux 6.17 and later, mmap_lock read otherwise',
  },
  {
    name: 'madvise_cold',
    kind: 'holder',
    lockClass: 'mmap_lock read',
    role: 'holder',
    layouts,
    explanation: 'madvise(MADV_COLD) over the region: mmap_lock read on every kernel so far',
  },
  {
    name: 'mmap_none',
    kind: 'holder',
    lockClass: 'mmap_lock write',
    role: 'holder',
    layouts: ['isolated'],
    needsToucher: true,
    explanation:
      'mmap(PROT_NONE, MAP_FIXED|MAP_NORESERVE) over the region and back, as HotSpot uncommits heap',
  },
  {
    name: 'munmap_mmap',
    kind: 'holder',
    lockClass: 'mmap_lock write',
    role: 'holder',
    layouts: ['isolated'],
    needsToucher: true,
    explanation: 'munmap of the region, then mmap at the same address',
  },
  {
    name: 'mmap_munmap',
    kind: 'victim',
    lockClass: 'mmap_lock write',
    role: 'writer',
    layouts: victimLayouts,
    explanation: 'mmap of one page, then munmap',
  },
  {
    name: 'mprotect',
    kind: 'victim',
    lockClass: 'mmap_lock write',
    role: 'writer',
    layouts: victimLayouts,
    explanation: 'mprotect of one page, to read-only and back in turns',
  },
  {
    name: 'madvise_sequential',
    kind: 'victim',
    lockClass: 'mmap_lock write',
    role: 'writer',
    layouts: victimLayouts,
    explanation: 'madvise of one page, MADV_SEQUENTIAL and MADV_NORMAL in turns',
  },
  {
    name: 'first_fault',
    kind: 'victim',
    lockClass: 'mmap_lock read',
    role: 'reader',
    layouts: ['isolated'],
    uses: 'mapping',
    explanation: 'first write to a fresh mapping, made before the window',
  },
  {
    name: 'madvise_cold_page',
    kind: 'victim',
    lockClass: 'mmap_lock read',
    role: 'reader',
    layouts: victimLayouts,
    explanation: 'madvise(MADV_COLD) of one page',
  },
  {
    name: 'warm_fault',
    kind: 'victim',
    lockClass: 'VMA lock',
    role: 'control',
    layouts: ['isolated'],
    uses: 'page',
    explanation:
      'write to an untouched page of a mapping that was faulted in before: VMA lock since Linux 6.4',
  },
  {
    name: 'timer',
    kind: 'victim',
    lockClass: 'none',
    role: 'control',
    layouts: [],
    explanation: 'a clock read after a timed sleep: what the scheduler alone does to a thread',
  },
  {
    name: 'noop',
    kind: 'victim',
    lockClass: 'none',
    role: 'control',
    layouts: [],
    explanation: 'nothing at all: what measuring itself costs',
  },
] as const satisfies readonly Operation[];

type Entry = (typeof table)[number];
export type HolderOperation = Extract<Entry, { kind: 'holder' }>['name'];
export type VictimOperation = Extract<Entry, { kind: 'victim' }>['name'];

export const operations: readonly Operation[] = table;

export const holderOperations: readonly HolderOperation[] = table
  .filter((one) => one.kind === 'holder')
  .map((one) => one.name);

export const victimOperations: readonly VictimOperation[] = table
  .filter((one) => one.kind === 'victim')
  .map((one) => one.name);

export function operationNamed(name: HolderOperation | VictimOperation): Operation {
  const found = operations.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no operation ${name}`);
  return found;
}
