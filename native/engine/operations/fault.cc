// Page faults, each in memory mapped before the window: a mapping made inside it would make the reader a writer.
#include <sys/mman.h>

#include <cerrno>
#include <cstring>

#include "board/fail.h"
#include "engine/operation.h"

namespace pauselab::engine {
namespace {

char* reservePool(const VictimPlan& plan, std::size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_NONE, kMapFlags, -1, 0);
  if (memory == MAP_FAILED) fail(Exit::unfit, "the pages of %s could not be reserved: %s", plan.name.c_str(), strerror(errno));
  return static_cast<char*>(memory);
}

void open(const VictimPlan& plan, char* start, std::size_t bytes) {
  if (mprotect(start, bytes, PROT_READ | PROT_WRITE) != 0)
    fail(Exit::unfit, "a page of %s could not be mapped (%s); lower its rate or raise vm.max_map_count", plan.name.c_str(), strerror(errno));
}

// Writes to pages of a pool, one an operation, each `stride` after the last.
class PoolFault final : public VictimAction {
 public:
  PoolFault(char* first, std::size_t stride, std::uint64_t pages) : next_(first), stride_(stride), left_(pages) {}

  int perform() noexcept override {
    if (left_ == 0) return kExhausted;
    --left_;
    *const_cast<volatile char*>(next_) = 1;
    next_ += stride_;
    return 0;
  }

 private:
  char* next_;
  std::size_t stride_;
  std::uint64_t left_;
};

}  // namespace

// The first fault of a VMA has to give it an anon_vma, for which the kernel needs mmap_lock (tried, and taken when a
// writer is queued). So every operation needs a VMA of its own: pages with a PROT_NONE page between them.
std::unique_ptr<VictimAction> makeFirstFault(const VictimPlan& plan, const VictimPage&) {
  constexpr std::size_t kStride = 2 * kPageBytes;
  char* pool = reservePool(plan, plan.pool * kStride + kPageBytes);
  for (std::uint64_t i = 0; i < plan.pool; ++i) open(plan, pool + kPageBytes + i * kStride, kPageBytes);
  return std::make_unique<PoolFault>(pool + kPageBytes, kStride, plan.pool);
}

// A fault in a VMA that has its anon_vma: the VMA's lock is enough since Linux 6.4.
std::unique_ptr<VictimAction> makeWarmFault(const VictimPlan& plan, const VictimPage&) {
  const std::size_t bytes = (plan.pool + 1) * kPageBytes;
  char* pool = reservePool(plan, bytes + 2 * kPageBytes) + kPageBytes;
  open(plan, pool, bytes);
  *const_cast<volatile char*>(pool) = 1;
  return std::make_unique<PoolFault>(pool + kPageBytes, kPageBytes, plan.pool);
}

}  // namespace pauselab::engine
