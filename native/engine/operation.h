// The operations: those of victims are timed, those of holders hold the lock.
//
// To add an operation, write a small class in its family's file under engine/operations/, and an entry in the table in
// operations.cc. A test compares what an entry declares (lock classes and system calls) with strace.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/memory.h"

namespace pauselab::engine {

// The lock that an operation's call takes on Linux 6.17.
enum class LockClass { mmapLockWrite, mmapLockRead, vmaLock, none };
const char* nameOf(LockClass lockClass);

// perform()'s outcomes besides 0 and an errno value.
inline constexpr int kExhausted = -1;  // the fresh pages that the operation uses up are used up
inline constexpr int kGaveUp = -2;     // the kernel looked, and gave the work up: it may not have taken the lock

// A victim's operation. It is made and tried before the window; `perform` is on the hot path.
class VictimAction {
 public:
  virtual ~VictimAction() = default;
  // 0, kExhausted, kGaveUp, or the errno of the call that the kernel refused.
  virtual int perform() noexcept = 0;
  // Called once before `go` by the thread that will perform. It prepares what only a thread's first operation would
  // need (an allocator's arena, a cached stack).
  virtual void warmUp() noexcept {}
  // What a reader of the results should know about the variant that this kernel required; empty: nothing.
  virtual std::string note() const { return {}; }
};

// Which placements an operation's range can take. None: it makes its memory itself.
class Placements {
 public:
  constexpr Placements(std::initializer_list<Placement> placements) {
    for (const Placement placement : placements) bits_ |= 1U << static_cast<unsigned>(placement);
  }
  constexpr bool any() const { return bits_ != 0; }
  constexpr bool has(Placement placement) const { return (bits_ >> static_cast<unsigned>(placement) & 1U) != 0; }

 private:
  unsigned bits_ = 0;
};

// What an operation does to the process-wide allocator. Some of these exclude each other in a process.
enum class Heap {
  untouched,
  uses,        // calls malloc, under any setting
  mapsLarge,   // M_MMAP_THRESHOLD low: large blocks are mapped
  keepsLarge,  // M_MMAP_THRESHOLD high: large blocks come from the heap
  movesBreak,  // moves the program break itself, so no other operation may use it
};

struct VictimOperation {
  std::string_view name;
  LockClass lockClass;                           // on a range inside one VMA
  std::optional<LockClass> crossingLockClass{};  // on a range that crosses VMAs; empty: it has no such range
  // System calls of one operation, separated by spaces; "" for none. `x?`: optional, `x+`: once or more, `x*`: any
  // number, `( x y )100`: 100 times. After a `|`: the calls of each thread that it starts.
  std::string_view calls;
  Placements placements{};
  std::unique_ptr<VictimAction> (*make)(const VictimPlan& plan, const VictimPage& page);
  RangeShape shape{};
  Heap heap = Heap::untouched;
  bool leavesHole = false;  // unmaps and maps again at the same place, where another thread's mmap could land
  bool inHeap = false;      // works in the heap (engine/chunk_heap.h) of a holder that releases in chunks
  bool forks = false;       // forks its process
  bool outside = false;     // reads about the workload's process from a second process, in which its thread is
};

// A call that gave memory back, as recorded.
struct ReleaseCall {
  std::uint64_t start_ns, end_ns, bytes;
  bool crossed;  // its range crossed VMAs
  std::uint64_t run_delay_ns, run_delay_from_ns, on_cpu_ns;
};

// A holder's operation: `release` gives the region back, `restore` maps it again if that is needed.
class HolderAction {
 public:
  virtual ~HolderAction() = default;
  // Called before each timed release. True if it took time, so that the clock has to be read again.
  virtual bool prepare() noexcept { return false; }
  virtual int release() noexcept = 0;
  virtual int restore() noexcept { return 0; }
  virtual bool restores() const noexcept { return false; }
  // False: more calls come before the toucher brings the memory back and the holder rests.
  virtual bool endsCycle() const noexcept { return true; }
  // The range of the last release, if it is not the whole region.
  struct Range {
    std::uint64_t bytes;
    bool crossed;
  };
  virtual std::optional<Range> lastRange() const noexcept { return std::nullopt; }
  // The calls of the last release, if it made several calls in threads that it started.
  virtual std::span<const ReleaseCall> calls() const noexcept { return {}; }
  virtual std::string note() const { return {}; }
  // What to do if the kernel refuses the operation with this errno.
  virtual const char* remedy(int) const { return "leave the operation out"; }
};

// What a holder's operation works on.
struct HolderSite {
  const Region& region;
  pid_t victims;                         // the process whose lock it holds
  std::optional<std::uint64_t> arena{};  // that a purge is limited to
};

struct HolderOperation {
  std::string_view name;
  LockClass lockClass;                           // over a region inside one VMA
  std::optional<LockClass> crossingLockClass{};  // over a region that spans two; empty: it cannot
  std::string_view calls;                        // of one release and restore
  std::unique_ptr<HolderAction> (*make)(const HolderSite& site);
  // It reads the victims' process from outside: its thread is in a second process, the region is in the victims'.
  bool reads = false;
  // Makes its region, if that is not a plain region.
  std::unique_ptr<Region> (*makeOwnRegion)(const HolderPlan& plan) = nullptr;
  bool leavesHole = false;
  bool trims = false;      // its region is a free part of malloc's heap
  bool chunks = false;     // its region is a heap (engine/chunk_heap.h) that other threads map blocks in
  bool forks = false;      // forks its process
  bool guards = false;     // leaves its region guarded: no thread may touch it
  bool collapses = false;  // its region is made of ranges that can become huge pages, and has small pages at first
  // Whether it can run in another program's process: it works on a separate region, and leaves no hole where another
  // mapping could land.
  constexpr bool anywhere() const { return !reads && makeOwnRegion == nullptr && !leavesHole; }
};

// Huge pages are off for the whole process unless an operation needs them.
constexpr bool needsHugePages(const VictimOperation& operation) { return operation.shape.vmaBytes > kPageBytes; }

std::span<const VictimOperation> victimOperations();
std::span<const HolderOperation> holderOperations();
// Holders that exist only beside a churn: each asks one allocator to give free memory back.
std::span<const HolderOperation> purgeOperations();
bool isPurge(std::string_view name);
// Null if there is no operation of that name. Holders include the purges.
const VictimOperation* findVictimOperation(std::string_view name);
const HolderOperation* findHolderOperation(std::string_view name);

// Makes the region of an operation.
std::unique_ptr<Region> makeRegion(const HolderOperation& operation, const HolderPlan& plan,
                                   const std::vector<VictimPlan>& victims);
// The range of an operation that lies far from the holder's region: isolated or crossing.
VictimPage ownPage(const VictimOperation& operation, Placement placement);

// Makes all threads share one arena, so that allocating threads meet the thread that trims. Call it before any starts.
void shareOneArena();

// The families, one file each.
std::unique_ptr<VictimAction> makeMmapMunmap(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeMprotect(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeMremap(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeBrk(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeProcessMadvisePage(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeMincore(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeProcMaps(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeProcSmaps(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeProcSmapsRollup(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeProcNumaMaps(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeProcPagemap(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeProcCmdline(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeReadCmdline(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeReadEnviron(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeProcClearRefs(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeGetMempolicy(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeGetMempolicyPage(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeForkExit(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeCollapseSmall(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeThreadStartJoin(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeThreadStartJoinUncached(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeMalloc8k(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeMalloc1mMmap(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeMalloc1mHeap(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeHeapAllocate(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeFirstFault(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeWarmFault(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeCowFault(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeFileFault(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeMappedFileWrite(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeMappedTmpfsWrite(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeTimer(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeNoop(const VictimPlan&, const VictimPage&);
std::unique_ptr<HolderAction> makeMmapNone(const HolderSite&);
std::unique_ptr<HolderAction> makeMunmapMmap(const HolderSite&);
std::unique_ptr<HolderAction> makeMprotectRegion(const HolderSite&);
std::unique_ptr<HolderAction> makeMremapRegion(const HolderSite&);
std::unique_ptr<HolderAction> makeFork(const HolderSite&);
std::unique_ptr<HolderAction> makeCollapseRegion(const HolderSite&);
std::unique_ptr<HolderAction> makeProcessMadvise(const HolderSite&);
std::unique_ptr<HolderAction> makeProcessMadviseBatchInside(const HolderSite&);
std::unique_ptr<HolderAction> makeProcessMadviseBatchFirst(const HolderSite&);
std::unique_ptr<HolderAction> makeProcessMadviseBatchLast(const HolderSite&);
std::unique_ptr<HolderAction> makeMallocTrim(const HolderSite&);
std::unique_ptr<HolderAction> makeGlibcTrim(const HolderSite&);
std::unique_ptr<HolderAction> makeJemallocPurge(const HolderSite&);
std::unique_ptr<HolderAction> makeTcmallocRelease(const HolderSite&);
std::unique_ptr<HolderAction> makeMimallocCollect(const HolderSite&);
std::unique_ptr<Region> makeFreeHeap(const HolderPlan&);
std::unique_ptr<HolderAction> makeDontneedChunks(const HolderSite&);
std::unique_ptr<Region> makeChunkHeap(const HolderPlan&);
std::unique_ptr<HolderAction> makeParallelDontneed(const HolderSite&);
std::unique_ptr<HolderAction> makeParallelFree(const HolderSite&);
std::unique_ptr<Region> makeParallelSample(const HolderPlan&);
std::unique_ptr<HolderAction> makeReadSmaps(const HolderSite&);
std::unique_ptr<HolderAction> makeReadOwnSmaps(const HolderSite&);
std::unique_ptr<HolderAction> makeReadSmapsRollup(const HolderSite&);
std::unique_ptr<HolderAction> makeReadNumaMaps(const HolderSite&);
std::unique_ptr<HolderAction> makeReadMaps(const HolderSite&);
std::unique_ptr<HolderAction> makeReadPagemap(const HolderSite&);
std::unique_ptr<HolderAction> makeWriteClearRefs(const HolderSite&);
#ifdef PAUSELAB_INJECT
// Only in the test build of the engine: pauses, hangs and crashes at a known moment.
std::unique_ptr<VictimAction> makeInjectPause(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeInjectHang(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeInjectCrash(const VictimPlan&, const VictimPage&);
std::unique_ptr<VictimAction> makeInjectRefusal(const VictimPlan&, const VictimPage&);
#endif

}  // namespace pauselab::engine
