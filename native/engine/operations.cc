// The table of operations. src/catalogue/operations.ts explains the same names to users; a test compares the two.
#include "engine/operation.h"
#include "engine/operations/advice.h"

namespace pauselab::engine {
namespace {

constexpr LockClass kWrite = LockClass::mmapLockWrite;
constexpr LockClass kRead = LockClass::mmapLockRead;
constexpr LockClass kVma = LockClass::vmaLock;
constexpr LockClass kNone = LockClass::none;

constexpr Placements kOwn{};
constexpr Placements kBesideOrAlone{Placement::isolated, Placement::same, Placement::mergeable, Placement::adjacent};
constexpr Placements kAnywhere{Placement::isolated, Placement::same, Placement::mergeable, Placement::adjacent,
                               Placement::crossing};
constexpr Placements kWritable{Placement::isolated, Placement::same, Placement::mergeable, Placement::crossing};
// Flags of a VMA that stay set keep the page apart from any neighbour, and a page of the holder's is not shared memory.
constexpr Placements kAlone{Placement::isolated, Placement::crossing};

constexpr RangeShape kHugePage{.vmaBytes = 2 * 1024 * 1024};
constexpr RangeShape kShared{.shared = true};
// DODUMP would undo the usual separator.
constexpr RangeShape kForkSeparated{.separator = MADV_DONTFORK};

constexpr VictimOperation kVictims[] = {
    {"mmap_munmap", kWrite, {}, "mmap munmap", kBesideOrAlone, makeMmapMunmap},
    {"mprotect", kWrite, kWrite, "mprotect", kAnywhere, makeMprotect},
    {"mremap", kWrite, {}, "mremap", kOwn, makeMremap},
    {"brk", kWrite, {}, "brk brk", kOwn, makeBrk, {}, Heap::movesBreak},
    {"madvise_normal_page", kWrite, kWrite, "madvise", kAnywhere, madvisePage<MADV_NORMAL>},
    {"madvise_random_page", kWrite, kWrite, "madvise", kAlone, madvisePage<MADV_RANDOM>},
    {"madvise_sequential", kWrite, kWrite, "madvise", kAnywhere, madviseInTurns<MADV_SEQUENTIAL, MADV_NORMAL>},
    {"madvise_dontfork_page", kWrite, kWrite, "madvise", kAnywhere, madviseInTurns<MADV_DONTFORK, MADV_DOFORK>},
    {"madvise_dontdump_page", kWrite, kWrite, "madvise", kAlone, madviseInTurns<MADV_DONTDUMP, MADV_DODUMP>,
     kForkSeparated},
    {"madvise_hugepage_page", kWrite, kWrite, "madvise", kAlone, madvisePage<MADV_HUGEPAGE>},
    {"madvise_nohugepage_page", kWrite, kWrite, "madvise", kAlone, madvisePage<MADV_NOHUGEPAGE>},
    {"madvise_mergeable_page", kWrite, kWrite, "madvise", kAnywhere, madviseInTurns<MADV_MERGEABLE, MADV_UNMERGEABLE>},
    {"madvise_wipeonfork_page", kWrite, kWrite, "madvise", kAnywhere, madviseInTurns<MADV_WIPEONFORK, MADV_KEEPONFORK>},
    {"thread_start_join_uncached",
     kWrite,
     {},
     "mmap mprotect rt_sigprocmask clone3 rt_sigprocmask futex? munmap | rseq set_robust_list rt_sigprocmask "
     "rt_sigprocmask exit",
     kOwn,
     makeThreadStartJoinUncached,
     {},
     Heap::uses,
     true},
    {"malloc_1m_mmap", kWrite, {}, "mmap munmap", kOwn, makeMalloc1mMmap, {}, Heap::mapsLarge},
    {"heap_allocate", kWrite, {}, "mmap mprotect?", kOwn, makeHeapAllocate, {}, Heap::untouched, false, true},
    {"first_fault", kRead, {}, "", kOwn, makeFirstFault},
    {"madvise_cold_page", kRead, kRead, "madvise", kAnywhere, madvisePage<MADV_COLD>},
    {"madvise_pageout_page", kRead, kRead, "madvise", kAnywhere, madvisePage<MADV_PAGEOUT>},
    {"madvise_willneed_page", kRead, kRead, "madvise", kAnywhere, madvisePage<MADV_WILLNEED>},
    {"madvise_populate_read_page", kRead, kRead, "madvise", kAnywhere, madvisePage<MADV_POPULATE_READ>},
    {"madvise_populate_write_page", kRead, kRead, "madvise", kWritable, madvisePage<MADV_POPULATE_WRITE>},
    {"madvise_collapse_page", kRead, kRead, "madvise", kAlone, madvisePage<MADV_COLLAPSE>, kHugePage},
    {"madvise_remove_page", kRead, kRead, "madvise", kAlone, madvisePage<MADV_REMOVE>, kShared},
    {"madvise_guard_page", kRead, kRead, "madvise madvise", kAnywhere,
     madvisePair<MADV_GUARD_INSTALL, MADV_GUARD_REMOVE>},
    {"thread_start_join",
     kRead,
     {},
     "rt_sigprocmask clone3 rt_sigprocmask futex? | rseq set_robust_list rt_sigprocmask rt_sigprocmask madvise exit",
     kOwn,
     makeThreadStartJoin,
     {},
     Heap::uses},
    {"mincore", kRead, kRead, "mincore", kAnywhere, makeMincore},
    {"proc_smaps", kRead, {}, "pread64+", kOwn, makeProcSmaps},
    {"proc_smaps_rollup", kRead, {}, "pread64+", kOwn, makeProcSmapsRollup},
    {"proc_numa_maps", kRead, {}, "pread64+", kOwn, makeProcNumaMaps},
    {"madvise_dontneed_page", kVma, kRead, "madvise", kAnywhere, madvisePage<MADV_DONTNEED>},
    {"madvise_dontneed_locked_page", kVma, kRead, "madvise", kAnywhere, madvisePage<MADV_DONTNEED_LOCKED>},
    {"madvise_free_page", kVma, kRead, "madvise", kAnywhere, madvisePage<MADV_FREE>},
    {"process_madvise_page", kVma, kRead, "process_madvise", kAnywhere, makeProcessMadvisePage},
    {"proc_maps", kVma, {}, "pread64+", kOwn, makeProcMaps},
    {"warm_fault", kVma, {}, "", kOwn, makeWarmFault},
    {"malloc_8k", kNone, {}, "", kOwn, makeMalloc8k, {}, Heap::uses},
    {"malloc_1m_heap", kNone, {}, "", kOwn, makeMalloc1mHeap, {}, Heap::keepsLarge},
    {"timer", kNone, {}, "clock_nanosleep", kOwn, makeTimer},
    {"noop", kNone, {}, "", kOwn, makeNoop},
#ifdef PAUSELAB_INJECT
    {"inject_pause", kNone, {}, "", kOwn, makeInjectPause},
    {"inject_hang", kNone, {}, "", kOwn, makeInjectHang},
    {"inject_crash", kNone, {}, "", kOwn, makeInjectCrash},
    {"inject_refusal", kNone, {}, "madvise", kOwn, makeInjectRefusal},
#endif
};

// A thread's own schedstat and CPU time are read before and after its timed call.
constexpr std::string_view kParallelCalls =
    "rt_sigaction? rt_sigprocmask? ( mmap? mprotect? rt_sigprocmask clone3 rt_sigprocmask )100 futex* | rseq "
    "set_robust_list rt_sigprocmask openat pread64 "
    "mmap mprotect madvise pread64 clock_gettime madvise pread64 clock_gettime munmap close rt_sigprocmask madvise "
    "exit";

constexpr HolderOperation kHolders[] = {
    {"madvise_dontneed", kVma, kRead, "madvise", madviseRegion<MADV_DONTNEED>},
    {"madvise_dontneed_locked", kVma, kRead, "madvise", madviseRegion<MADV_DONTNEED_LOCKED>},
    {"madvise_free", kVma, kRead, "madvise", madviseRegion<MADV_FREE>},
    {"process_madvise", kVma, kRead, "process_madvise", makeProcessMadvise},
    {"malloc_trim", kVma, {}, "madvise+ brk?", makeMallocTrim, false, makeFreeHeap, false, true},
    {"madvise_dontneed_chunks", kVma, {}, "madvise", makeDontneedChunks, false, makeChunkHeap, false, false, true},
    {"parallel_dontneed", kVma, kRead, kParallelCalls, makeParallelDontneed, false, makeParallelSample},
    {"parallel_free", kVma, kRead, kParallelCalls, makeParallelFree, false, makeParallelSample},
    {"madvise_cold", kRead, kRead, "madvise", madviseRegion<MADV_COLD>},
    {"madvise_pageout", kRead, kRead, "madvise", madviseRegion<MADV_PAGEOUT>},
    {"madvise_willneed", kRead, kRead, "madvise", madviseRegion<MADV_WILLNEED>},
    {"madvise_populate_write", kRead, kRead, "madvise madvise", madviseAndUndo<MADV_POPULATE_WRITE, MADV_DONTNEED>},
    {"madvise_guard", kRead, kRead, "madvise madvise", madviseAndUndo<MADV_GUARD_INSTALL, MADV_GUARD_REMOVE>},
    {"read_smaps", kRead, kRead, "pread64+", makeReadSmaps, true},
    {"read_smaps_rollup", kRead, kRead, "pread64+", makeReadSmapsRollup, true},
    {"read_numa_maps", kRead, kRead, "pread64+", makeReadNumaMaps, true},
    {"read_maps", kVma, kVma, "pread64+", makeReadMaps, true},
    {"read_own_smaps", kRead, kRead, "pread64+", makeReadOwnSmaps},
    {"mprotect_region", kWrite, kWrite, "mprotect mprotect", makeMprotectRegion},
    {"mmap_none", kWrite, {}, "mmap mmap", makeMmapNone},
    {"munmap_mmap", kWrite, {}, "munmap mmap", makeMunmapMmap, false, nullptr, true},
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
const HolderOperation* findHolderOperation(std::string_view name) { return find(holderOperations(), name); }

std::unique_ptr<Region> makeRegion(const HolderOperation& operation, const HolderPlan& plan,
                                   const std::vector<VictimPlan>& victims) {
  return operation.makeOwnRegion == nullptr ? std::make_unique<Region>(plan, victims) : operation.makeOwnRegion(plan);
}

VictimPage ownPage(const VictimOperation& operation, Placement placement) {
  return placement == Placement::crossing ? crossingPage(operation.shape) : isolatedPage(operation.shape);
}

}  // namespace pauselab::engine
