// Many threads that each map memory, write to it, give it back in one call and unmap it, as a published benchmark does.
// Only that one call of each thread is timed, among the other threads' mmap, mprotect, faults and munmap.
#include <pthread.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "board/clock.h"
#include "board/fail.h"
#include "engine/operation.h"
#include "engine/schedstat.h"

namespace pauselab::engine {
namespace {

constexpr std::size_t kThreads = 100;

// A mapping whose middle half is open memory:  [PROT_NONE | released range | PROT_NONE].
struct Mapping {
  char* start = nullptr;
  char* middle = nullptr;

  // Returns 0 or an errno. Both kinds make the same calls: if the range crosses, its second half gets a flag, otherwise
  // all of it.
  int map(std::size_t rangeBytes, bool crossing, bool hugePages) noexcept {
    void* const memory = mmap(nullptr, 2 * rangeBytes, PROT_NONE, kMapFlags, -1, 0);
    if (memory == MAP_FAILED) return errno;
    start = static_cast<char*>(memory);
    middle = start + rangeBytes / 2;
    if (mprotect(middle, rangeBytes, PROT_READ | PROT_WRITE) != 0) return errno;
    if (hugePages && madvise(middle, rangeBytes, MADV_HUGEPAGE) != 0) return errno;
    const std::size_t flaggedFrom = crossing ? rangeBytes / 2 : 0;
    return madvise(middle + flaggedFrom, rangeBytes - flaggedFrom, MADV_DONTDUMP) == 0 ? 0 : errno;
  }
  int unmap(std::size_t rangeBytes) noexcept { return munmap(start, 2 * rangeBytes) == 0 ? 0 : errno; }
};

// A mapping as each thread makes it, to prove the layout before the window. No thread touches it.
class SampleRegion final : public Region {
 public:
  SampleRegion(const Mapping& mapping, const HolderPlan& plan)
      : Region(mapping.middle, plan.bytes, plan.vmas), hugePages_(plan.hugePages) {}
  void populate(const std::function<bool()>&) const noexcept override {}
  bool hugePages() const { return hugePages_; }

 private:
  bool hugePages_;
};

class Parallel final : public HolderAction {
 public:
  Parallel(const SampleRegion& sample, int advice)
      : bytes_(sample.bytes()),
        crossing_(sample.vmas() == 2),
        hugePages_(sample.hugePages()),
        advice_(advice),
        workers_(kThreads),
        calls_(kThreads) {
    pthread_attr_init(&attributes_);
    constexpr std::size_t kStackBytes =
        128 * 1024;  // so small that the libc keeps all of them from one round to the next
    pthread_attr_setstacksize(&attributes_, kStackBytes);
    for (Worker& worker : workers_) worker.parallel = this;
  }
  ~Parallel() override { pthread_attr_destroy(&attributes_); }
  Parallel(const Parallel&) = delete;
  Parallel& operator=(const Parallel&) = delete;

  // Starts new threads every time: they inherit the holder's nice value, policy and CPUs, which are set from outside.
  int release() noexcept override {
    int outcome = 0;
    std::size_t started = 0;
    while (started < kThreads && outcome == 0) {
      Worker& worker = workers_[started];
      outcome = pthread_create(&worker.thread, &attributes_, work, &worker);
      if (outcome == 0) ++started;
    }
    for (std::size_t i = 0; i < started; ++i) {
      pthread_join(workers_[i].thread, nullptr);
      if (outcome == 0) outcome = workers_[i].outcome;
      calls_[i] = workers_[i].call;
    }
    return outcome;
  }
  std::span<const ReleaseCall> calls() const noexcept override { return calls_; }

 private:
  struct alignas(64) Worker {
    Parallel* parallel;
    pthread_t thread;
    int outcome;
    ReleaseCall call;
  };

  static void* work(void* argument) {
    Worker& worker = *static_cast<Worker*>(argument);
    worker.outcome = worker.parallel->mapWriteRelease(worker.call);
    return nullptr;
  }

  int mapWriteRelease(ReleaseCall& call) const noexcept {
    const Schedstat schedstat;
    Mapping mapping;
    if (const int outcome = mapping.map(bytes_, crossing_, hugePages_); outcome != 0) return outcome;
    for (std::size_t offset = 0; offset < bytes_; offset += kPageBytes)
      *const_cast<volatile char*>(mapping.middle + offset) = 1;
    const SchedstatReading before = schedstat.read();
    const int outcome = madvise(mapping.middle, bytes_, advice_) == 0 ? 0 : errno;
    const std::uint64_t end_ns = monotonic_ns();
    const SchedstatReading after = schedstat.read();
    call = {.start_ns = before.at_ns,
            .end_ns = end_ns,
            .bytes = bytes_,
            .crossed = crossing_,
            .run_delay_ns = after.run_delay_ns - before.run_delay_ns,
            .run_delay_from_ns = before.at_ns,
            .on_cpu_ns = after.on_cpu_ns - before.on_cpu_ns};
    const int unmapped = mapping.unmap(bytes_);
    return outcome != 0 ? outcome : unmapped;
  }

  std::size_t bytes_;
  bool crossing_, hugePages_;
  int advice_;
  pthread_attr_t attributes_;
  std::vector<Worker> workers_;
  std::vector<ReleaseCall> calls_;
};

std::unique_ptr<HolderAction> makeParallel(const HolderSite& site, int advice) {
  return std::make_unique<Parallel>(static_cast<const SampleRegion&>(site.region), advice);
}

}  // namespace

std::unique_ptr<HolderAction> makeParallelDontneed(const HolderSite& site) { return makeParallel(site, MADV_DONTNEED); }
std::unique_ptr<HolderAction> makeParallelFree(const HolderSite& site) { return makeParallel(site, MADV_FREE); }

std::unique_ptr<Region> makeParallelSample(const HolderPlan& plan) {
  HolderPlan whole = plan;
  const std::size_t unit = 4 * kPageBytes;  // quarters and halves in whole pages
  whole.bytes = (plan.bytes + unit - 1) / unit * unit;
  Mapping mapping;
  if (const int outcome = mapping.map(whole.bytes, plan.vmas == 2, plan.hugePages); outcome != 0)
    fail(Exit::unfit, "a mapping of %lu bytes could not be made before the window: %s", 2 * whole.bytes,
         strerrorname_np(outcome));
  return std::make_unique<SampleRegion>(mapping, whole);
}

}  // namespace pauselab::engine
