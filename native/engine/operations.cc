// The table of operations. src/catalogue/operations.ts explains the same names to users, and a test compares the two.
#include "engine/operation.h"
#include "engine/operations/advice.h"

namespace pauselab::engine {
namespace {

constexpr LockClass kWrite = LockClass::mmapLockWrite;
constexpr LockClass kRead = LockClass::mmapLockRead;
constexpr LockClass kVma = LockClass::vmaLock;
constexpr LockClass kNone = LockClass::none;

constexpr Placements kBesideOrAlone{Placement::isolated, Placement::same, Placement::mergeable, Placement::adjacent};
constexpr Placements kAnywhere{Placement::isolated, Placement::same, Placement::mergeable, Placement::adjacent,
                               Placement::crossing};
constexpr Placements kWritable{Placement::isolated, Placement::same, Placement::mergeable, Placement::crossing};
// For operations that leave flags on the VMA, which keep the page apart from any neighbour, and for operations on
// shared memory, which the holder's region is not.
constexpr Placements kAlone{Placement::isolated, Placement::crossing};

constexpr RangeShape kHugePage{.vmaBytes = kHugePageBytes};
constexpr RangeShape kShared{.shared = true};
// DODUMP would undo the default separator.
constexpr RangeShape kForkSeparated{.separator = MADV_DONTFORK};

constexpr VictimOperation kVictims[] = {
    {.name = "mmap_munmap",
     .lockClass = kWrite,
     .calls = "mmap munmap",
     .placements = kBesideOrAlone,
     .make = makeMmapMunmap},
    {.name = "mprotect",
     .lockClass = kWrite,
     .crossingLockClass = kWrite,
     .calls = "mprotect",
     .placements = kAnywhere,
     .make = makeMprotect},
    {.name = "mremap", .lockClass = kWrite, .calls = "mremap", .make = makeMremap},
    {.name = "brk", .lockClass = kWrite, .calls = "brk brk", .make = makeBrk, .heap = Heap::movesBreak},
    {.name = "madvise_normal_page",
     .lockClass = kWrite,
     .crossingLockClass = kWrite,
     .calls = "madvise",
     .placements = kAnywhere,
     .make = madvisePage<MADV_NORMAL>},
    {.name = "madvise_random_page",
     .lockClass = kWrite,
     .crossingLockClass = kWrite,
     .calls = "madvise",
     .placements = kAlone,
     .make = madvisePage<MADV_RANDOM>},
    {.name = "madvise_sequential",
     .lockClass = kWrite,
     .crossingLockClass = kWrite,
     .calls = "madvise",
     .placements = kAnywhere,
     .make = madviseInTurns<MADV_SEQUENTIAL, MADV_NORMAL>},
    {.name = "madvise_dontfork_page",
     .lockClass = kWrite,
     .crossingLockClass = kWrite,
     .calls = "madvise",
     .placements = kAnywhere,
     .make = madviseInTurns<MADV_DONTFORK, MADV_DOFORK>},
    {.name = "madvise_dontdump_page",
     .lockClass = kWrite,
     .crossingLockClass = kWrite,
     .calls = "madvise",
     .placements = kAlone,
     .make = madviseInTurns<MADV_DONTDUMP, MADV_DODUMP>,
     .shape = kForkSeparated},
    {.name = "madvise_hugepage_page",
     .lockClass = kWrite,
     .crossingLockClass = kWrite,
     .calls = "madvise",
     .placements = kAlone,
     .make = madvisePage<MADV_HUGEPAGE>},
    {.name = "madvise_nohugepage_page",
     .lockClass = kWrite,
     .crossingLockClass = kWrite,
     .calls = "madvise",
     .placements = kAlone,
     .make = madvisePage<MADV_NOHUGEPAGE>},
    {.name = "madvise_mergeable_page",
     .lockClass = kWrite,
     .crossingLockClass = kWrite,
     .calls = "madvise",
     .placements = kAnywhere,
     .make = madviseInTurns<MADV_MERGEABLE, MADV_UNMERGEABLE>},
    {.name = "madvise_wipeonfork_page",
     .lockClass = kWrite,
     .crossingLockClass = kWrite,
     .calls = "madvise",
     .placements = kAnywhere,
     .make = madviseInTurns<MADV_WIPEONFORK, MADV_KEEPONFORK>},
    {.name = "thread_start_join_uncached",
     .lockClass = kWrite,
     .calls = "mmap mprotect rt_sigprocmask clone3 rt_sigprocmask futex? munmap | rseq set_robust_list rt_sigprocmask "
              "rt_sigprocmask exit",
     .make = makeThreadStartJoinUncached,
     .heap = Heap::uses,
     .leavesHole = true},
    {.name = "malloc_1m_mmap",
     .lockClass = kWrite,
     .calls = "mmap munmap",
     .make = makeMalloc1mMmap,
     .heap = Heap::mapsLarge},
    {.name = "proc_clear_refs", .lockClass = kWrite, .calls = "write", .make = makeProcClearRefs},
    {.name = "fork_exit",
     .lockClass = kWrite,
     .calls = "wait4* clone | exit_group",
     .make = makeForkExit,
     .forks = true},
    {.name = "madvise_collapse_small",
     .lockClass = kWrite,
     .crossingLockClass = kWrite,
     .calls = "madvise madvise",
     .placements = kAlone,
     .make = makeCollapseSmall,
     .shape = kHugePage},
    {.name = "heap_allocate", .lockClass = kWrite, .calls = "mmap mprotect?", .make = makeHeapAllocate, .inHeap = true},
    {.name = "first_fault", .lockClass = kRead, .calls = "", .make = makeFirstFault},
    {.name = "madvise_cold_page",
     .lockClass = kRead,
     .crossingLockClass = kRead,
     .calls = "madvise",
     .placements = kAnywhere,
     .make = madvisePage<MADV_COLD>},
    {.name = "madvise_pageout_page",
     .lockClass = kRead,
     .crossingLockClass = kRead,
     .calls = "madvise",
     .placements = kAnywhere,
     .make = madvisePage<MADV_PAGEOUT>},
    {.name = "madvise_willneed_page",
     .lockClass = kRead,
     .crossingLockClass = kRead,
     .calls = "madvise",
     .placements = kAnywhere,
     .make = madvisePage<MADV_WILLNEED>},
    {.name = "madvise_populate_read_page",
     .lockClass = kRead,
     .crossingLockClass = kRead,
     .calls = "madvise",
     .placements = kAnywhere,
     .make = madvisePage<MADV_POPULATE_READ>},
    {.name = "madvise_populate_write_page",
     .lockClass = kRead,
     .crossingLockClass = kRead,
     .calls = "madvise",
     .placements = kWritable,
     .make = madvisePage<MADV_POPULATE_WRITE>},
    {.name = "madvise_collapse_page",
     .lockClass = kRead,
     .crossingLockClass = kRead,
     .calls = "madvise",
     .placements = kAlone,
     .make = madvisePage<MADV_COLLAPSE>,
     .shape = kHugePage},
    {.name = "madvise_remove_page",
     .lockClass = kRead,
     .crossingLockClass = kRead,
     .calls = "madvise",
     .placements = kAlone,
     .make = madvisePage<MADV_REMOVE>,
     .shape = kShared},
    {.name = "madvise_guard_page",
     .lockClass = kRead,
     .crossingLockClass = kRead,
     .calls = "madvise madvise",
     .placements = kAnywhere,
     .make = madvisePair<MADV_GUARD_INSTALL, MADV_GUARD_REMOVE>},
    {.name = "thread_start_join",
     .lockClass = kRead,
     .calls = "rt_sigprocmask clone3 rt_sigprocmask futex? | rseq set_robust_list rt_sigprocmask rt_sigprocmask "
              "madvise exit",
     .make = makeThreadStartJoin,
     .heap = Heap::uses},
    {.name = "mincore",
     .lockClass = kRead,
     .crossingLockClass = kRead,
     .calls = "mincore",
     .placements = kAnywhere,
     .make = makeMincore},
    {.name = "proc_smaps", .lockClass = kRead, .calls = "pread64+", .make = makeProcSmaps},
    {.name = "proc_smaps_rollup", .lockClass = kRead, .calls = "pread64+", .make = makeProcSmapsRollup},
    {.name = "proc_numa_maps", .lockClass = kRead, .calls = "pread64+", .make = makeProcNumaMaps},
    {.name = "proc_pagemap", .lockClass = kRead, .calls = "pread64", .make = makeProcPagemap},
    {.name = "proc_cmdline", .lockClass = kRead, .calls = "pread64+", .make = makeProcCmdline},
    {.name = "get_mempolicy_page",
     .lockClass = kRead,
     .calls = "get_mempolicy",
     .placements = kBesideOrAlone,
     .make = makeGetMempolicyPage},
    {.name = "madvise_dontneed_page",
     .lockClass = kVma,
     .crossingLockClass = kRead,
     .calls = "madvise",
     .placements = kAnywhere,
     .make = madvisePage<MADV_DONTNEED>},
    {.name = "madvise_dontneed_locked_page",
     .lockClass = kVma,
     .crossingLockClass = kRead,
     .calls = "madvise",
     .placements = kAnywhere,
     .make = madvisePage<MADV_DONTNEED_LOCKED>},
    {.name = "madvise_free_page",
     .lockClass = kVma,
     .crossingLockClass = kRead,
     .calls = "madvise",
     .placements = kAnywhere,
     .make = madvisePage<MADV_FREE>},
    {.name = "process_madvise_page",
     .lockClass = kVma,
     .crossingLockClass = kRead,
     .calls = "process_madvise",
     .placements = kAnywhere,
     .make = makeProcessMadvisePage},
    {.name = "proc_maps", .lockClass = kVma, .calls = "pread64+", .make = makeProcMaps},
    {.name = "warm_fault", .lockClass = kVma, .calls = "", .make = makeWarmFault},
    {.name = "cow_fault", .lockClass = kVma, .calls = "", .make = makeCowFault},
    {.name = "get_mempolicy", .lockClass = kNone, .calls = "get_mempolicy", .make = makeGetMempolicy},
    {.name = "malloc_8k", .lockClass = kNone, .calls = "", .make = makeMalloc8k, .heap = Heap::uses},
    {.name = "malloc_1m_heap", .lockClass = kNone, .calls = "", .make = makeMalloc1mHeap, .heap = Heap::keepsLarge},
    {.name = "timer", .lockClass = kNone, .calls = "clock_nanosleep", .make = makeTimer},
    {.name = "noop", .lockClass = kNone, .calls = "", .make = makeNoop},
#ifdef PAUSELAB_INJECT
    {.name = "inject_pause", .lockClass = kNone, .calls = "", .make = makeInjectPause},
    {.name = "inject_hang", .lockClass = kNone, .calls = "", .make = makeInjectHang},
    {.name = "inject_crash", .lockClass = kNone, .calls = "", .make = makeInjectCrash},
    {.name = "inject_refusal", .lockClass = kNone, .calls = "madvise", .make = makeInjectRefusal},
#endif
};

// Each thread reads its schedstat and CPU time before and after its timed call.
constexpr std::string_view kParallelCalls =
    "rt_sigaction? rt_sigprocmask? ( mmap? mprotect? rt_sigprocmask clone3 rt_sigprocmask )100 futex* | rseq "
    "set_robust_list rt_sigprocmask openat pread64 "
    "mmap mprotect madvise pread64 clock_gettime madvise pread64 clock_gettime munmap close rt_sigprocmask madvise "
    "exit";

constexpr HolderOperation kHolders[] = {
    {.name = "madvise_dontneed",
     .lockClass = kVma,
     .crossingLockClass = kRead,
     .calls = "madvise",
     .make = madviseRegion<MADV_DONTNEED>},
    {.name = "madvise_dontneed_locked",
     .lockClass = kVma,
     .crossingLockClass = kRead,
     .calls = "madvise",
     .make = madviseRegion<MADV_DONTNEED_LOCKED>},
    {.name = "madvise_free",
     .lockClass = kVma,
     .crossingLockClass = kRead,
     .calls = "madvise",
     .make = madviseRegion<MADV_FREE>},
    {.name = "process_madvise",
     .lockClass = kVma,
     .crossingLockClass = kRead,
     .calls = "process_madvise",
     .make = makeProcessMadvise},
    {.name = "malloc_trim",
     .lockClass = kVma,
     .calls = "madvise+ brk?",
     .make = makeMallocTrim,
     .makeOwnRegion = makeFreeHeap,
     .trims = true},
    {.name = "madvise_dontneed_chunks",
     .lockClass = kVma,
     .calls = "madvise",
     .make = makeDontneedChunks,
     .makeOwnRegion = makeChunkHeap,
     .chunks = true},
    {.name = "parallel_dontneed",
     .lockClass = kVma,
     .crossingLockClass = kRead,
     .calls = kParallelCalls,
     .make = makeParallelDontneed,
     .makeOwnRegion = makeParallelSample},
    {.name = "parallel_free",
     .lockClass = kVma,
     .crossingLockClass = kRead,
     .calls = kParallelCalls,
     .make = makeParallelFree,
     .makeOwnRegion = makeParallelSample},
    {.name = "madvise_cold",
     .lockClass = kRead,
     .crossingLockClass = kRead,
     .calls = "madvise",
     .make = madviseRegion<MADV_COLD>},
    {.name = "madvise_pageout",
     .lockClass = kRead,
     .crossingLockClass = kRead,
     .calls = "madvise",
     .make = madviseRegion<MADV_PAGEOUT>},
    {.name = "madvise_willneed",
     .lockClass = kRead,
     .crossingLockClass = kRead,
     .calls = "madvise",
     .make = madviseRegion<MADV_WILLNEED>},
    {.name = "madvise_populate_write",
     .lockClass = kRead,
     .crossingLockClass = kRead,
     .calls = "madvise madvise",
     .make = madviseAndUndo<MADV_POPULATE_WRITE, MADV_DONTNEED>},
    {.name = "madvise_populate_read",
     .lockClass = kRead,
     .crossingLockClass = kRead,
     .calls = "madvise madvise",
     .make = madviseAndUndo<MADV_POPULATE_READ, MADV_DONTNEED>},
    {.name = "madvise_guard",
     .lockClass = kRead,
     .crossingLockClass = kRead,
     .calls = "madvise madvise",
     .make = madviseAndUndo<MADV_GUARD_INSTALL, MADV_GUARD_REMOVE>},
    {.name = "read_smaps",
     .lockClass = kRead,
     .crossingLockClass = kRead,
     .calls = "pread64+",
     .make = makeReadSmaps,
     .reads = true},
    {.name = "read_smaps_rollup",
     .lockClass = kRead,
     .crossingLockClass = kRead,
     .calls = "pread64+",
     .make = makeReadSmapsRollup,
     .reads = true},
    {.name = "read_numa_maps",
     .lockClass = kRead,
     .crossingLockClass = kRead,
     .calls = "pread64+",
     .make = makeReadNumaMaps,
     .reads = true},
    {.name = "read_pagemap",
     .lockClass = kRead,
     .crossingLockClass = kRead,
     .calls = "pread64+",
     .make = makeReadPagemap,
     .reads = true},
    {.name = "read_maps",
     .lockClass = kVma,
     .crossingLockClass = kVma,
     .calls = "pread64+",
     .make = makeReadMaps,
     .reads = true},
    {.name = "read_own_smaps",
     .lockClass = kRead,
     .crossingLockClass = kRead,
     .calls = "pread64+",
     .make = makeReadOwnSmaps},
    {.name = "write_clear_refs",
     .lockClass = kWrite,
     .crossingLockClass = kWrite,
     .calls = "write",
     .make = makeWriteClearRefs,
     .reads = true},
    {.name = "fork",
     .lockClass = kWrite,
     .crossingLockClass = kWrite,
     .calls = "wait4* clone | exit_group",
     .make = makeFork,
     .forks = true},
    {.name = "madvise_collapse",
     .lockClass = kWrite,
     .crossingLockClass = kWrite,
     .calls = "madvise madvise",
     .make = makeCollapseRegion,
     .collapses = true},
    {.name = "mremap_region", .lockClass = kWrite, .calls = "mremap mremap", .make = makeMremapRegion},
    {.name = "mprotect_region",
     .lockClass = kWrite,
     .crossingLockClass = kWrite,
     .calls = "mprotect mprotect",
     .make = makeMprotectRegion},
    {.name = "mmap_none", .lockClass = kWrite, .calls = "mmap mmap", .make = makeMmapNone},
    {.name = "munmap_mmap", .lockClass = kWrite, .calls = "munmap mmap", .make = makeMunmapMmap, .leavesHole = true},
};

// What each makes depends on the allocator and on what is free, so any number of its usual calls is declared.
const HolderOperation kPurges[] = {
    {.name = "glibc_trim", .lockClass = kVma, .calls = "madvise* brk*", .make = makeGlibcTrim},
    {.name = "jemalloc_purge", .lockClass = kVma, .calls = "madvise*", .make = makeJemallocPurge},
    {.name = "tcmalloc_release", .lockClass = kVma, .calls = "madvise*", .make = makeTcmallocRelease},
    {.name = "mimalloc_collect",
     .lockClass = kWrite,
     .calls = "madvise* mprotect* munmap*",
     .make = makeMimallocCollect},
};

template <typename Operation>
const Operation* find(std::span<const Operation> table, std::string_view name) {
  for (const Operation& operation : table)
    if (operation.name == name) return &operation;
  return nullptr;
}

}  // namespace

const char* nameOf(LockClass lockClass) {
  switch (lockClass) {
    case LockClass::mmapLockWrite:
      return "mmap_lock write";
    case LockClass::mmapLockRead:
      return "mmap_lock read";
    case LockClass::vmaLock:
      return "VMA lock";
    case LockClass::none:
      return "none";
  }
  return "unknown";
}

std::span<const VictimOperation> victimOperations() { return kVictims; }
std::span<const HolderOperation> holderOperations() { return kHolders; }
const VictimOperation* findVictimOperation(std::string_view name) { return find(victimOperations(), name); }
std::span<const HolderOperation> purgeOperations() { return kPurges; }
bool isPurge(std::string_view name) { return find(purgeOperations(), name) != nullptr; }
const HolderOperation* findHolderOperation(std::string_view name) {
  const HolderOperation* const purge = find(purgeOperations(), name);
  return purge != nullptr ? purge : find(holderOperations(), name);
}

std::unique_ptr<Region> makeRegion(const HolderOperation& operation, const HolderPlan& plan,
                                   const std::vector<VictimPlan>& victims) {
  if (operation.makeOwnRegion != nullptr) return operation.makeOwnRegion(plan);
  return std::make_unique<Region>(plan, victims, operation.collapses ? kHugePageBytes : kPageBytes);
}

VictimPage ownPage(const VictimOperation& operation, Placement placement) {
  return placement == Placement::crossing ? crossingPage(operation.shape) : isolatedPage(operation.shape);
}

}  // namespace pauselab::engine
