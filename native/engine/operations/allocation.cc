// malloc, a write, free. Without M_MMAP_THRESHOLD the allocator decides itself how it serves 1 MB (with a dynamic
// threshold it makes a single mmap in all). So the threshold is set, for the whole process.
#include <malloc.h>

#include <cerrno>
#include <cstdlib>

#include "engine/operation.h"

namespace pauselab::engine {
namespace {

class Malloc final : public VictimAction {
 public:
  explicit Malloc(std::size_t bytes) : bytes_(bytes) {}

  int perform() noexcept override {
    char* const block = static_cast<char*>(std::malloc(bytes_));
    if (block == nullptr) return ENOMEM;
    *const_cast<volatile char*>(block) = 1;
    std::free(block);
    return 0;
  }
  // Gives the thread its arena, and the arena its size.
  void warmUp() noexcept override {
    perform();
    perform();
  }

 private:
  std::size_t bytes_;
};

constexpr std::size_t kLargeBytes = 1024 * 1024;

}  // namespace

std::unique_ptr<VictimAction> makeMalloc8k(const VictimPlan&, const VictimPage&) {
  constexpr std::size_t kBytes = 8192;
  return std::make_unique<Malloc>(kBytes);
}

std::unique_ptr<VictimAction> makeMalloc1mMmap(const VictimPlan&, const VictimPage&) {
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  return std::make_unique<Malloc>(kLargeBytes);
}

std::unique_ptr<VictimAction> makeMalloc1mHeap(const VictimPlan&, const VictimPage&) {
  constexpr int kLargestThresholdBytes = 32 * 1024 * 1024;  // glibc refuses more than half of an arena's largest heap
  mallopt(M_MMAP_THRESHOLD, kLargestThresholdBytes);
  mallopt(M_TRIM_THRESHOLD, 1024 * 1024 * 1024);  // otherwise each free gives the top of the heap back
  return std::make_unique<Malloc>(kLargeBytes);
}

}  // namespace pauselab::engine
