// malloc_trim: what a native heap gives back. The region is a free part of the heap, and the timed call takes the
// arena's mutex for all of its length, on top of the lock of each madvise in it.
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "board/fail.h"
#include "engine/operation.h"

namespace pauselab::engine {
namespace {

// As many blocks as fill the region, allocated, touched and freed: free neighbours become one, so that a trim gives
// back the whole of it in one madvise. A block that stays allocated behind them keeps it from the end of the heap,
// where it would be given back by brk, and allocated again by brk.
class FreeHeap final : public Region {
 public:
  explicit FreeHeap(std::size_t bytes) : FreeHeap(std::vector<char*>((bytes + kBlockBytes - 1) / kBlockBytes)) {}

  void populate(const std::function<bool()>& stop) const noexcept override {
    std::size_t count = 0;
    while (count < blocks_.size() && !stop()) touch(blocks_[count++] = allocate());
    for (std::size_t i = 0; i < count; ++i) std::free(blocks_[i]);
  }

 private:
  static constexpr std::size_t kHeaderBytes = 8;
  static constexpr std::size_t kBlockBytes = 4 * kPageBytes;

  explicit FreeHeap(std::vector<char*> blocks) : Region(firstBlock(blocks), blocks.size() * kBlockBytes), blocks_(std::move(blocks)) {}

  static char* allocate() {
    char* const block = static_cast<char*>(std::malloc(kBlockBytes - kHeaderBytes));
    if (block == nullptr) fail(Exit::unfit, "the heap could not grow to the size of the region; give holder.region a smaller size");
    return block;
  }
  static void touch(char* block) {
    for (std::size_t offset = 0; offset < kBlockBytes - kHeaderBytes; offset += kPageBytes) *const_cast<volatile char*>(block + offset) = 1;
  }

  static char* firstBlock(std::vector<char*>& blocks) {
    std::generate(blocks.begin(), blocks.end(), allocate);
    const auto [first, last] = std::minmax_element(blocks.begin(), blocks.end());
    char* const start = *first;
    char* const end = *last;
    // Never freed; the first ones may go to free places before the blocks. Touched, or the compiler leaves them out.
    constexpr int kMostTries = 100;
    for (int i = 0; i < kMostTries; ++i) {
      char* const behind = allocate();
      touch(behind);
      if (behind > end) break;
    }
    std::for_each(blocks.begin(), blocks.end(), std::free);
    return start;
  }

  mutable std::vector<char*> blocks_;
};

class MallocTrim final : public HolderAction {
 public:
  int release() noexcept override {
    malloc_trim(0);
    return 0;
  }
};

}  // namespace

std::unique_ptr<Region> makeFreeHeap(const HolderPlan& plan) { return std::make_unique<FreeHeap>(plan.bytes); }
std::unique_ptr<HolderAction> makeMallocTrim(const HolderSite&) { return std::make_unique<MallocTrim>(); }

void shareOneArena() { mallopt(M_ARENA_MAX, 1); }

}  // namespace pauselab::engine
