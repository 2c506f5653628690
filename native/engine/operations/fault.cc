// Page faults in memory mapped before the window. A mapping made inside it would turn the reader into a writer.
#include <sys/mman.h>

#include <cerrno>
#include <cstring>

#include "board/fail.h"
#include "engine/disk_file.h"
#include "engine/operation.h"

namespace pauselab::engine {
namespace {

char* reservePool(const VictimPlan& plan, std::size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_NONE, kMapFlags, -1, 0);
  if (memory == MAP_FAILED)
    fail(Exit::unfit, "the pages of %s could not be reserved: %s", plan.name.c_str(), strerror(errno));
  return static_cast<char*>(memory);
}

[[noreturn]] void refusePool(const VictimPlan& plan) {
  fail(Exit::unfit,
       "the %lu pages of %s could not be mapped (%s); lower its rate, shorten the window or raise vm.max_map_count",
       plan.pool, plan.name.c_str(), strerror(errno));
}

// Writes to the pages of a pool in order, a page per operation.
class PoolFault final : public VictimAction {
 public:
  PoolFault(char* first, std::uint64_t pages) : next_(first), left_(pages) {}

  int perform() noexcept override {
    if (left_ == 0) return kExhausted;
    --left_;
    *const_cast<volatile char*>(next_) = 1;
    next_ += kPageBytes;
    return 0;
  }

 private:
  char* next_;
  std::uint64_t left_;
};

// `pages` readable and writable pages in one VMA, between two inaccessible pages.
char* openPool(const VictimPlan& plan, std::uint64_t pages) {
  const std::size_t bytes = pages * kPageBytes;
  char* const first = reservePool(plan, bytes + 2 * kPageBytes) + kPageBytes;
  if (mprotect(first, bytes, PROT_READ | PROT_WRITE) != 0) refusePool(plan);
  return first;
}

}  // namespace

// The first fault of a VMA has to give it an anon_vma, for which the kernel needs mmap_lock (tried, and taken when a
// writer is queued). So every operation needs a separate VMA, and vm.max_map_count allows a process some 65,000.
// Every second page is left out of core dumps: neighbours of different flags neither merge nor share an anon_vma, so
// the pool takes one VMA per page.
std::unique_ptr<VictimAction> makeFirstFault(const VictimPlan& plan, const VictimPage&) {
  char* const pool = openPool(plan, plan.pool);
  for (std::uint64_t i = 1; i < plan.pool; i += 2)
    if (madvise(pool + i * kPageBytes, kPageBytes, MADV_DONTDUMP) != 0) refusePool(plan);
  return std::make_unique<PoolFault>(pool, plan.pool);
}

// A fault in a VMA that has its anon_vma: since Linux 6.4 the VMA's lock suffices.
std::unique_ptr<VictimAction> makeWarmFault(const VictimPlan& plan, const VictimPage&) {
  char* const pool = openPool(plan, plan.pool + 1);
  *const_cast<volatile char*>(pool) = 1;
  return std::make_unique<PoolFault>(pool + kPageBytes, plan.pool);
}

// A write to a page that was only read before: the kernel copies the page, here the page of zeros. After a fork all
// pages of both processes are written by such a fault. The VMA has its anon_vma, as above.
std::unique_ptr<VictimAction> makeCowFault(const VictimPlan& plan, const VictimPage&) {
  char* const pool = openPool(plan, plan.pool + 1);
  *const_cast<volatile char*>(pool) = 1;
  for (std::uint64_t i = 1; i <= plan.pool; ++i) static_cast<void>(*const_cast<volatile char*>(pool + i * kPageBytes));
  return std::make_unique<PoolFault>(pool + kPageBytes, plan.pool);
}

// The first write to a page of a mapped file: the file system prepares the page (page_mkwrite). The pages are in the
// page cache, so that no fault reads from the disk.
std::unique_ptr<VictimAction> makeFileFault(const VictimPlan& plan, const VictimPage&) {
  const char* const user = plan.name.c_str();
  const std::size_t bytes = plan.pool * kPageBytes;
  const int fd = openDiskFile(user, bytes);
  fill(fd, bytes, user);
  keepWrittenBack(fd);
  return std::make_unique<PoolFault>(mapShared(fd, bytes, user), plan.pool);
}

}  // namespace pauselab::engine
