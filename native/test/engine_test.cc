// The engine's parts that need no run: plans, maps, layouts, schedstat, stat lines.
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "board/fail.h"
#include "engine/chunk_heap.h"
#include "engine/maps.h"
#include "engine/memory.h"
#include "engine/memory_use.h"
#include "engine/operation.h"
#include "engine/plan.h"
#include "engine/roles.h"
#include "engine/schedstat.h"
#include "engine/workload.h"
#include "sampler/stat_line.h"
#include "test/child.h"
#include "test/doctest.h"

namespace pauselab::engine {
namespace {

const std::string kBoard = "board path=/dev/shm/b threshold_ns=100\n";

void expectRefused(const std::string& plan, const char* part) {
  const test::Ended ended = test::endOf([&] { parsePlan(plan, "plan"); });
  CHECK(ended.status == static_cast<int>(Exit::usage));
  CHECK(ended.stderrText == test::contains(part));
}

// For sentences: the errno's name, or what an operation says besides an errno.
std::string_view errorName(int outcome) {
  const char* const name = outcome > 0 ? strerrorname_np(outcome) : nullptr;
  return name != nullptr ? name : outcome == kExhausted ? "its pool is used up" : "no error";
}

HolderPlan holderOf(std::uint64_t bytes, std::uint64_t vmas) {
  return {.operation = "madvise_free",
          .bytes = bytes,
          .vmas = vmas,
          .hugePages = false,
          .pause_ns = 0,
          .active = true,
          .toucher = false};
}

VictimPlan victimAt(Placement placement) {
  return {.name = "writer.mprotect",
          .operation = "mprotect",
          .placement = placement,
          .interval_ns = 0,
          .offset_ns = 0,
          .pool = 4};
}

TEST_CASE("a plan is read in full") {
  const Plan plan =
      parsePlan(kBoard +
                    "# a comment\n"
                    "parent pid=12\nprocess holder=foreign\n"
                    "holder operation=madvise_free bytes=4096 vmas=2 pages=huge pause_ns=5 active=0 toucher=1\n"
                    "hog run_ns=1 sleep_ns=2\n"
                    "victim name=w.m operation=mprotect placement=isolated interval_ns=7 offset_ns=3 pool=9\n",
                "plan");
  CHECK(plan.boardPath == "/dev/shm/b");
  CHECK(plan.parentPid == 12u);
  CHECK(plan.foreignHolder);
  REQUIRE(plan.holder);
  CHECK(plan.holder->vmas == 2);
  CHECK(plan.holder->hugePages);
  CHECK_FALSE(plan.holder->active);
  CHECK(plan.holder->toucher);
  CHECK(plan.holder->pause_ns == 5);
  REQUIRE(plan.hogs.size() == 1);
  CHECK(plan.hogs[0].run_ns == 1);
  CHECK(plan.hogs[0].sleep_ns == 2);
  REQUIRE(plan.victims.size() == 1);
  CHECK(plan.victims[0].interval_ns == 7);
  CHECK(plan.victims[0].pool == 9);
}

TEST_CASE("a text that is no plan is refused with its line") {
  expectRefused("", "expected a line `board");
  expectRefused("board path=/b\n", "plan:1: board needs threshold_ns=");
  expectRefused(kBoard + "hog run_ns=x sleep_ns=0\n", "plan:2: expected a whole number for run_ns, got \"x\"");
  expectRefused(kBoard + "hog run_ns=-1 sleep_ns=0\n", "expected a whole number");
  expectRefused(kBoard + "hog run_ns=1 sleep_ns=0 sleep_ns=1\n", "came twice");
  expectRefused(kBoard + "hog run_ns=1 sleep_ns=0 colour=red\n", "does not know the key colour");
  expectRefused(kBoard + "dog run_ns=1\n", "got \"dog\"");
  expectRefused(kBoard + "victim name=a operation=mprotect placement=far interval_ns=0 offset_ns=0 pool=0\n",
                "expected one of isolated, same, mergeable, adjacent, crossing");
  expectRefused(kBoard + "victim name=a operation=mprotect placement=same interval_ns=0 offset_ns=0 pool=0\n",
                "needs a holder in its own process");
  expectRefused(kBoard + "holder operation=x bytes=0 vmas=1 pages=small pause_ns=0 active=1 toucher=0\n",
                "at least one byte");
}

TEST_CASE("maps are parsed, whatever the path column holds") {
  const auto maps = parseMaps(
      "00400000-00500000 r-xp 00000000 08:01 12 /a b\n7f0000000000-7f0000001000 ---p 00000000 00:00 0 \nnonsense\n");
  REQUIRE(maps.size() == 2);
  CHECK(maps[0].accessible());
  CHECK_FALSE(maps[1].accessible());
  CHECK(overlapping(maps, 0x4fffff, 0x500001).size() == 1);
  CHECK(overlapping(maps, 0x500000, 0x500001).empty());
}

TEST_CASE("the proportional share of memory is read from a rollup, and from nothing else") {
  CHECK(proportionalBytesIn("55-7f ---p 0 00:00 0 [rollup]\nRss:  1692 kB\nPss:   210 kB\nPss_Dirty: 112 kB\n") ==
        210u * 1024);
  CHECK_FALSE(proportionalBytesIn("Rss: 1692 kB\nPss_Dirty: 112 kB\n"));
  CHECK_FALSE(proportionalBytesIn(""));
}

TEST_CASE("a region spans the VMAs that were asked for") {
  for (const std::uint64_t vmas : {1u, 2u, 7u, 100u}) {
    CAPTURE(vmas);
    const Region region(holderOf(1 << 20, vmas), {});
    region.populate([] { return false; });
    CHECK(overlapping(readMaps(), reinterpret_cast<std::uintptr_t>(region.base()),
                      reinterpret_cast<std::uintptr_t>(region.base()) + region.bytes())
              .size() == vmas);
  }
}

TEST_CASE("every placement lies as it says") {
  for (const Placement placement : {Placement::same, Placement::mergeable, Placement::adjacent}) {
    const VictimPlan victim = victimAt(placement);
    Region region(holderOf(1 << 20, 1), {victim});
    verifiedLayout(&region, {{victim.name, region.placeVictim(victim)}});
  }
  const Region region(holderOf(1 << 20, 1), {});
  verifiedLayout(&region, {{"writer.mprotect", isolatedPage()}, {"reader.madvise_free_page", crossingPage()}});
}

TEST_CASE("a page that lies otherwise than planned is found out") {
  const VictimPlan victim = victimAt(Placement::mergeable);
  const test::Ended ended = test::endOf([&] {
    Region region(holderOf(1 << 20, 1), {victim});
    VictimPage page = region.placeVictim(victim);
    mprotect(page.address, kPageBytes, PROT_READ);  // no longer mergeable
    verifiedLayout(&region, {{victim.name, page}});
  });
  CHECK(ended.status == static_cast<int>(Exit::unfit));
  CHECK(ended.stderrText == test::contains("should lie \"mergeable\""));
}

TEST_CASE("a crossing range whose two VMAs became one is found out") {
  const test::Ended ended = test::endOf([] {
    const VictimPage page = crossingPage();
    madvise(page.address, page.bytes, MADV_DODUMP);
    verifiedLayout(nullptr, {{"reader.madvise_free_page", page}});
  });
  CHECK(ended.status == static_cast<int>(Exit::unfit));
  CHECK(ended.stderrText == test::contains("should lie \"crossing\""));
}

TEST_CASE("every victim operation works in every placement that it can take") {
  for (const VictimOperation& operation : victimOperations()) {
    if (operation.name.starts_with("inject_")) continue;
    CAPTURE(operation.name);
    CHECK(operation.crossingLockClass.has_value() == operation.placements.has(Placement::crossing));
    for (const Placement placement :
         {Placement::isolated, Placement::same, Placement::mergeable, Placement::adjacent, Placement::crossing}) {
      if (operation.placements.any() ? !operation.placements.has(placement) : placement != Placement::isolated)
        continue;
      const VictimPlan victim = victimAt(placement);
      Region region(holderOf(1 << 20, 1), {victim});
      const VictimPage page = besideHolder(placement) ? region.placeVictim(victim) : ownPage(operation, placement);
      const auto action = operation.make(victim, page);
      action->warmUp();
      for (int i = 0; i < 4; ++i) {
        const int outcome = action->perform();
        INFO("placed ", std::string_view(nameOf(placement)), ": ", errorName(outcome));
        CHECK(outcome == 0);
      }
      if (placement == Placement::crossing) verifiedLayout(nullptr, {{victim.name, page}});
    }
  }
}

void expectRefusedRun(const std::string& lines, const char* part) {
  const test::Ended ended = test::endOf([&] { runWorkload(parsePlan(kBoard + lines, "plan")); });
  CHECK(ended.status == static_cast<int>(Exit::usage));
  CHECK(ended.stderrText == test::contains(part));
}

std::string victimLine(const char* operation, const char* placement = "isolated") {
  return std::string("victim name=v.")
      .append(operation)
      .append(" operation=")
      .append(operation)
      .append(" placement=")
      .append(placement)
      .append(" interval_ns=0 offset_ns=0 pool=1\n");
}

std::string holderLine(const char* operation, const char* toucher = "0") {
  return std::string("holder operation=")
      .append(operation)
      .append(" bytes=4096 vmas=1 pages=small pause_ns=0 active=1 toucher=")
      .append(toucher)
      .append("\n");
}

TEST_CASE("operations that do not go together in one process are refused before anything is made") {
  expectRefusedRun(victimLine("malloc_1m_mmap") + victimLine("malloc_1m_heap"), "needs the allocator in another state");
  expectRefusedRun(victimLine("brk") + victimLine("thread_start_join"), "needs the allocator in another state");
  expectRefusedRun(holderLine("malloc_trim") + victimLine("brk"),
                   "moves the program break and cannot be in one process with the holder's malloc_trim");
  expectRefusedRun(holderLine("munmap_mmap") + victimLine("malloc_1m_mmap"),
                   "could land where the other has just unmapped");
  expectRefusedRun(holderLine("read_smaps", "1"), "gives nothing back, so it can have no toucher");
  expectRefusedRun(victimLine("mmap_munmap", "crossing"), "cannot be placed \"crossing\"");
  expectRefusedRun(victimLine("timer", "crossing"), "cannot be placed \"crossing\"");
  expectRefusedRun(holderLine("madvise_free") + victimLine("madvise_random_page", "same"), "cannot be placed \"same\"");
  expectRefusedRun(holderLine("madvise_free") + victimLine("heap_allocate"),
                   "needs a holder that releases its heap in chunks");
  expectRefusedRun(holderLine("madvise_dontneed_chunks") + victimLine("heap_allocate"),
                   "1 threads need a heap of at least 83886080 bytes, and it has 4096");
}

TEST_CASE("a refusal of the second process is the last sentence") {
  const test::Ended ended = test::endOf([] {
    const std::string path = "/dev/shm/pauselab-test-board-" + std::to_string(getpid());
    const Plan plan = parsePlan(
        "board path=" + path +
            " threshold_ns=100\nprocess holder=foreign\n"
            "holder operation=process_madvise bytes=3221225472 vmas=1 pages=small pause_ns=0 active=1 toucher=0\n",
        "plan");
    if (fork() == 0) runWorkload(plan);
    int status = 0;
    wait(&status);
    unlink(path.c_str());
    _exit(WEXITSTATUS(status));
  });
  CHECK(ended.status == static_cast<int>(Exit::usage));
  CHECK(ended.stderrText == test::contains("process_madvise covers less than 2 GiB"));
  CHECK(ended.stderrText != test::contains("ended before it was ready"));
}

// A sanitizer's allocator has no heap that brk moves.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("the free part of the heap lies in one VMA, in a forked process too") {
  const auto region = [] { return makeRegion(*findHolderOperation("malloc_trim"), holderOf(8 << 20, 1), {}); };
  verifiedLayout(region().get(), {});
  const test::Ended ended = test::endOf([&] { verifiedLayout(region().get(), {}); });
  CAPTURE(ended.stderrText);
  CHECK(ended.status == 0);
}
#endif

TEST_CASE("a kernel's refusal comes back as its errno") {
  const test::Ended ended = test::endOf([] {
    disableHugePages();
    const VictimOperation& collapse = *findVictimOperation("madvise_collapse_page");
    const auto action = collapse.make(victimAt(Placement::isolated), ownPage(collapse, Placement::isolated));
    if (action->perform() == EINVAL) fail(Exit::unfit, "refused");
  });
  CHECK(ended.status == static_cast<int>(Exit::unfit));
  const auto gone = findHolderOperation("read_smaps")->make({.region = Region(holderOf(1 << 20, 1), {}), .victims = 0});
  CHECK(gone->release() == ENOENT);
}

TEST_CASE("a call that its target's end cuts short is refused only while the window lasts") {
  class Gone final : public HolderAction {
   public:
    Gone(Shared& shared, bool isLate) : shared_(shared), isLate_(isLate) {}
    int release() noexcept override {
      if (isLate_) shared_.board.header().window_end_ns.store(monotonic_ns());
      return ESRCH;
    }

   private:
    Shared& shared_;
    bool isLate_;
  };
  for (const bool isLate : {false, true}) {
    CAPTURE(isLate);
    const std::string path = "/dev/shm/pauselab-test-gone-" + std::to_string(getpid());
    unlink(path.c_str());
    const board::ThreadSpec spec{.name = "holder",
                                 .role = board::Role::holder,
                                 .series = "holder.read_smaps",
                                 .response = false,
                                 .interval_ns = 0,
                                 .ring_capacity = 4};
    Shared shared{.board = board::Board::create(path, {&spec, 1}, 100)};
    unlink(path.c_str());
    shared.board.header().window_end_ns.store(monotonic_ns() + 60'000'000'000ULL);
    const HolderPlan plan = holderOf(1 << 20, 1);
    Gone gone(shared, isLate);
    runHolder(shared, 0, plan, gone, Region(plan, {}), Schedstat{});
    CHECK(shared.board.thread(0).refused_n.load() == (isLate ? 0 : 1));
    CHECK(shared.board.thread(0).released_bytes.load() == (isLate ? plan.bytes : 0));
  }
}

TEST_CASE("a pool that is used up says so") {
  const VictimPlan victim = victimAt(Placement::isolated);
  for (const auto make : {makeFirstFault, makeWarmFault}) {
    CAPTURE(make == makeFirstFault);
    const auto action = make(victim, {});
    for (std::uint64_t i = 0; i < victim.pool; ++i) CHECK(action->perform() == 0);
    CHECK(action->perform() == kExhausted);
  }
}

TEST_CASE("first faults have a VMA each, of one page, and take no other; warm faults share one") {
  constexpr std::uint64_t kPages = 1000;
  const VictimPlan plan{.name = "r.f",
                        .operation = "first_fault",
                        .placement = Placement::isolated,
                        .interval_ns = 0,
                        .offset_ns = 0,
                        .pool = kPages};
  constexpr std::size_t kOthers = 100;
  const auto ofOnePage = [](const std::vector<Vma>& vmas) {
    return static_cast<std::uint64_t>(
        std::count_if(vmas.begin(), vmas.end(), [](const Vma& vma) { return vma.end - vma.start == kPageBytes; }));
  };
  const std::vector<Vma> before = readMaps();
  const auto action = makeFirstFault(plan, {});
  const std::vector<Vma> prepared = readMaps();
  // A heap or a sanitizer may have mapped some pages of this kind.
  CHECK(ofOnePage(prepared) >= ofOnePage(before) + kPages);
  CHECK(prepared.size() < before.size() + kPages + kOthers);
  for (std::uint64_t i = 0; i < kPages; ++i) CHECK(action->perform() == 0);
  CHECK(ofOnePage(readMaps()) >= ofOnePage(before) + kPages);
  const auto warm = makeWarmFault(plan, {});
  CHECK(readMaps().size() < prepared.size() + kOthers);
}

// A process for holders that read another. This process has terabytes of shadow memory under a sanitizer, and pagemap
// has 8 bytes for each page of them. posix_spawn returns when the new program has replaced this one's memory.
class SmallProcess {
 public:
  SmallProcess() {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    lifeline_ = ends[1];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
    char name[] = "cat";
    char* const arguments[] = {name, nullptr};
    const int outcome = posix_spawnp(&pid_, name, &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[0]);
    REQUIRE(outcome == 0);
  }
  // It ends with its standard input, so also if this process is killed.
  ~SmallProcess() {
    close(lifeline_);
    waitpid(pid_, nullptr, 0);
  }
  SmallProcess(const SmallProcess&) = delete;
  SmallProcess& operator=(const SmallProcess&) = delete;
  pid_t pid() const { return pid_; }

 private:
  int lifeline_ = -1;
  pid_t pid_ = 0;
};

TEST_CASE("every holder operation releases and restores, in one VMA and across two") {
  const SmallProcess small;
  for (const HolderOperation& operation : holderOperations()) {
    for (const std::uint64_t vmas : {1u, 2u}) {
      if (vmas == 2 && !operation.crossingLockClass) continue;
      const auto region = makeRegion(operation, holderOf(1 << 20, vmas), {});
      const auto action = operation.make({.region = *region, .victims = operation.reads ? small.pid() : getpid()});
      for (int i = 0; i < 3; ++i) {
        if (i == 0 || !operation.guards) region->populate([] { return false; });
        const int released = action->release();
        INFO(operation.name, " over ", vmas, " VMAs: ", errorName(released));
        CHECK(released == 0);
        CHECK(action->restore() == 0);
      }
      if (!operation.trims) verifiedLayout(region.get(), {});
    }
  }
}

// ThreadSanitizer has its shadow where the memory would lie.
#ifndef __SANITIZE_THREAD__

// Maps 200 areas of each size, as an allocator in another thread may map them.
class OtherMappings {
 public:
  OtherMappings() {
    for (const std::size_t bytes : {kPageBytes, std::size_t{1} << 20, std::size_t{2} << 20})
      for (int i = 0; i < 200; ++i) {
        void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, kMapFlags, -1, 0);
        REQUIRE(memory != MAP_FAILED);
        mapped_.emplace_back(memory, bytes);
      }
  }
  OtherMappings(const OtherMappings&) = delete;
  OtherMappings& operator=(const OtherMappings&) = delete;
  ~OtherMappings() {
    for (const auto& [memory, bytes] : mapped_) munmap(memory, bytes);
  }

 private:
  std::vector<std::pair<void*, std::size_t>> mapped_;
};

TEST_CASE("what a victim unmaps stays free for it, in every placement") {
  for (const VictimOperation& operation : victimOperations()) {
    if (!operation.leavesHole && operation.name != "mmap_munmap") continue;
    for (const Placement placement :
         {Placement::isolated, Placement::same, Placement::mergeable, Placement::adjacent}) {
      if (operation.placements.any() ? !operation.placements.has(placement) : placement != Placement::isolated)
        continue;
      const VictimPlan victim = victimAt(placement);
      Region region(holderOf(1 << 20, 1), {victim});
      const auto action =
          operation.make(victim, besideHolder(placement) ? region.placeVictim(victim) : ownPage(operation, placement));
      CHECK(action->perform() == 0);
      const OtherMappings others;
      const int outcome = action->perform();
      INFO(operation.name, " placed ", std::string_view(nameOf(placement)), ": ", errorName(outcome));
      CHECK(outcome == 0);
    }
  }
}

TEST_CASE("what a holder unmaps stays free for it") {
  const HolderPlan plan = holderOf(1 << 20, 1);
  for (const HolderOperation& operation : holderOperations()) {
    if (!operation.leavesHole) continue;
    const auto region = makeRegion(operation, plan, {});
    const auto action = operation.make({.region = *region, .victims = getpid()});
    CHECK(action->release() == 0);
    const OtherMappings others;
    const int outcome = action->restore();
    INFO(operation.name, ": ", errorName(outcome));
    CHECK(outcome == 0);
  }
}

#endif

std::size_t vmasOf(const char* start, std::size_t bytes) {
  const auto from = reinterpret_cast<std::uintptr_t>(start);
  return overlapping(readMaps(), from, from + bytes).size();
}

TEST_CASE("a range of the heap crosses VMAs where /proc/self/maps says so, and not after the block is gone") {
  const ChunkHeap heap(ChunkHeap::kSpaceBytes);
  heap.populate([] { return false; });
  SeededNumbers numbers(7);
  std::size_t crossing = 0;
  for (int i = 0; i < 40; ++i) {
    CHECK(heap.mark(0, ChunkHeap::Wanted::withoutBlock));
    CHECK(heap.mapBlock(0, (1 + numbers.below(1000)) * kPageBytes) == 0);
    for (int k = 0; k < 20; ++k) {
      const std::size_t offset = numbers.below(1100) * kPageBytes;
      const std::size_t bytes = (1 + numbers.below(100)) * kPageBytes;
      CAPTURE(offset);
      CAPTURE(bytes);
      CHECK(heap.crosses(0, offset, bytes) == (vmasOf(heap.space(0) + offset, bytes) > 1));
      crossing += heap.crosses(0, offset, bytes) ? 1 : 0;
    }
    CHECK(heap.unmapBlock(0) == 0);
    CHECK_FALSE(heap.crosses(0, 0, ChunkHeap::kSpaceBytes));
    CHECK(vmasOf(heap.space(0), ChunkHeap::kSpaceBytes) == 1);
    heap.unmark(0);
  }
  CHECK(crossing > 0);
}

TEST_CASE("a space belongs to the thread that marked it, and to no thread that wants another kind") {
  const ChunkHeap heap(ChunkHeap::kSpaceBytes);
  CHECK_FALSE(heap.mark(0, ChunkHeap::Wanted::withBlock));
  CHECK(heap.mark(0, ChunkHeap::Wanted::either));
  CHECK_FALSE(heap.mark(0, ChunkHeap::Wanted::either));
  CHECK(heap.mapBlock(0, kPageBytes) == 0);
  heap.unmark(0);
  CHECK_FALSE(heap.mark(0, ChunkHeap::Wanted::withoutBlock));
  CHECK(heap.mark(0, ChunkHeap::Wanted::withBlock));
}

TEST_CASE(
    "a cycle of chunks covers the heap once, in calls of 256 KiB to 4 MiB, none of which crosses where nobody "
    "allocates") {
  const auto heap =
      makeRegion(*findHolderOperation("madvise_dontneed_chunks"), holderOf(4 * ChunkHeap::kSpaceBytes, 1), {});
  const auto action = findHolderOperation("madvise_dontneed_chunks")->make({.region = *heap, .victims = getpid()});
  std::size_t covered = 0;
  do {
    CHECK(action->release() == 0);
    const auto range = action->lastRange();
    REQUIRE(range);
    CHECK(range->bytes >= 256 * 1024);
    CHECK(range->bytes <= 4 * 1024 * 1024);
    CHECK_FALSE(range->crossed);
    covered += range->bytes;
  } while (!action->endsCycle());
  CHECK(covered == 4 * ChunkHeap::kSpaceBytes);
}

TEST_CASE("among allocating threads some chunks cross, and in the end the heap is as it was written down") {
  const ChunkHeap heap(10 * ChunkHeap::kSpaceBytes);
  const auto action = findHolderOperation("madvise_dontneed_chunks")->make({.region = heap, .victims = getpid()});
  std::atomic<bool> stop{false};
  std::atomic<int> refused{0};
  std::atomic<unsigned> calls{0};
  const auto allocate = [&](const char* name) {
    VictimPlan plan = victimAt(Placement::isolated);
    plan.name = name;
    const auto own = findVictimOperation("heap_allocate")->make(plan, {});
    for (unsigned seen = 0; !stop; std::this_thread::yield()) {
      if (seen == calls) continue;  // a block outlives some calls
      seen = calls;
      if (own->perform() != 0) ++refused;
    }
  };
  std::thread a(allocate, "allocator.a"), b(allocate, "allocator.b");
  std::size_t crossed = 0;
  for (int cycles = 0; cycles < 1000 && (cycles < 3 || crossed == 0); ++cycles) {
    heap.populate([] { return false; });
    do {
      CHECK(action->release() == 0);
      ++calls;
      crossed += action->lastRange()->crossed ? 1 : 0;
    } while (!action->endsCycle());
  }
  stop = true;
  a.join();
  b.join();
  CHECK(refused == 0);
  CHECK(crossed > 0);
  heap.verify();
}

TEST_CASE("a heap that lies otherwise than written down is found out") {
  const test::Ended ended = test::endOf([] {
    const ChunkHeap heap(2 * ChunkHeap::kSpaceBytes);
    heap.verify();
    mprotect(heap.space(1) + kPageBytes, kPageBytes, PROT_READ);
    heap.verify();
  });
  CHECK(ended.status == static_cast<int>(Exit::unfit));
  CHECK(ended.stderrText == test::contains("space 1 of the heap should be 1 VMA(s), and is 3"));
}

TEST_CASE("each of 100 threads makes one call, and the layout says whether it crosses") {
  for (const std::string_view name : {"parallel_dontneed", "parallel_free"}) {
    for (const std::uint64_t vmas : {1u, 2u}) {
      CAPTURE(name);
      CAPTURE(vmas);
      const HolderOperation& operation = *findHolderOperation(name);
      const auto sample = makeRegion(operation, holderOf(64 * 1024, vmas), {});
      CHECK(vmasOf(sample->base(), sample->bytes()) == vmas);
      const auto action = operation.make({.region = *sample, .victims = getpid()});
      CHECK(action->release() == 0);
      CHECK(action->calls().size() == 100);
      for (const ReleaseCall& call : action->calls()) {
        CHECK(call.bytes == 64 * 1024);
        CHECK(call.crossed == (vmas == 2));
        CHECK(call.start_ns > 0);
        CHECK(call.end_ns >= call.start_ns);
      }
    }
  }
}

TEST_CASE("schedstat and stat lines are parsed") {
  SchedstatReading reading;
  CHECK(parseSchedstat("12 34 56\n", reading));
  CHECK(reading.on_cpu_ns == 12);
  CHECK(reading.run_delay_ns == 34);
  CHECK(reading.slices == 56);
  CHECK_FALSE(parseSchedstat("", reading));
  CHECK_FALSE(parseSchedstat("12", reading));
  char comm[16];
  char state = 0;
  std::int8_t nice = 5;
  CHECK(parseStatLine("1 (a) b) c) D 1 2 3", comm, state, nice));
  CHECK(nice == 5);
  CHECK(state == 'D');
  CHECK(std::string(comm) == "a) b) c");
  CHECK(parseStatLine("1 (0123456789abcdefgh) R 1", comm, state, nice));
  CHECK(std::string(comm) == "0123456789abcde");
  CHECK(parseStatLine("1 (a) S 1 1 1 0 -1 64 1 0 0 0 0 0 0 0 39 -19 1 0 1 2", comm, state, nice));
  CHECK(nice == -19);
  CHECK_FALSE(parseStatLine("1 (a", comm, state, nice));
}

TEST_CASE("the sampler tells a futex that is waited for by FUTEX_WAIT from other sleeps") {
  CHECK(futexWait("202 0x7f12 0x80 0x5 0x0 0x0 0x0 0x7ffc 0x7f12\n") == "futex_wait<0x7f12<0x5<0x0<0x7ffc");
  CHECK(futexWait("202 0x7f12 0x0 0x5 0x7f20 0x0 0x0 0x7ffc 0x7f12\n") == "futex_wait<0x7f12<0x5<0x7f20<0x7ffc");
  CHECK(futexWait("202 0x7f12 0x86 0x0 0x0 0x0 0x0 0x7ffc 0x7f12\n") == "futex_lock_pi<0x7f12<0x0<0x0<0x7ffc");
  CHECK(futexWait("202 0x7f12 0x89 0x0 0x0 0x0 0xffffffff 0x7ffc 0x7f12\n").empty());
  CHECK(futexWait("230 0x1 0x0 0x5 0x0 0x0 0x0 0x7ffc 0x7f12\n").empty());
  CHECK(futexWait("running\n").empty());
}

TEST_CASE("the sampler reads the system call of a waiting thread") {
  CHECK(parseSystemCall("202 0x7f 0x80 0x0 0x0 0x0 0x0 0x7ffc 0x7f12\n") == 204);
  CHECK(parseSystemCall("0 0x7f\n") == 2);
  CHECK(parseSystemCall("-1 0x7ffc 0x7f12\n") == 1);
  CHECK(parseSystemCall("running\n") == 0);
  CHECK(parseSystemCall("") == 0);
  CHECK(parseSystemCall("12x") == 0);
}

TEST_CASE("the sampler reads the names of a kernel stack") {
  CHECK(stackFrames("[<0>] rwsem_down_write_slowpath+0x1a/0x2b\n[<0>] do_mprotect_pkey+0x74/0xf0 [some module]\n") ==
        "rwsem_down_write_slowpath<do_mprotect_pkey");
  CHECK(stackFrames("") == "");
  CHECK(stackFrames("[<0>] last") == "last");
}

}  // namespace
}  // namespace pauselab::engine
