// malloc_trim: how a native heap gives memory back. The region is a free part of the heap. The timed call holds the
// arena's mutex for its whole length, besides the lock of each madvise in it.
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "board/fail.h"
#include "engine/operation.h"

namespace pauselab::engine {
namespace {

// As many blocks as fill the region, allocated, touched and freed: free neighbours become one block, so a trim gives
// all of it back in one madvise. A block behind them stays allocated and keeps the region from the end of the heap,
// which brk would give back and allocate again.
class FreeHeap final : public Region {
 public:
  explicit FreeHeap(std::size_t bytes) : FreeHeap(Blocks((bytes + kBlockBytes - 1) / kBlockBytes)) {}
  ~FreeHeap() override { std::for_each(blocks_.kept.begin(), blocks_.kept.end(), std::free); }
  FreeHeap(const FreeHeap&) = delete;
  FreeHeap& operator=(const FreeHeap&) = delete;

  void populate(const std::function<bool()>& stop) const noexcept override {
    std::vector<char*>& inside = blocks_.inside;
    std::size_t count = 0;
    while (count < inside.size() && !stop()) inside[count++] = allocate();
    for (std::size_t i = 0; i < count; ++i) std::free(inside[i]);
  }

 private:
  static constexpr std::size_t kHeaderBytes = 8;
  static constexpr std::size_t kBlockBytes = 4 * kPageBytes;

  struct Blocks {
    explicit Blocks(std::size_t count) : inside(count) {
      kept.reserve(2 * kMostTries);  // if it grew, it would leave free places
      // In a forked process the heap grows by a separate VMA: nothing of the region may lie before that.
      const char* const grownFrom = static_cast<char*>(sbrk(0));
      do {
        kept.push_back(allocate());
      } while (kept.back() < grownFrom && kept.size() < kMostTries);
      std::generate(inside.begin(), inside.end(), allocate);
      const auto [first, last] = std::minmax_element(inside.begin(), inside.end());
      start = *first;
      char* const end = *last;
      do {
        kept.push_back(allocate());
      } while (kept.back() < end && kept.size() < 2 * kMostTries);
      std::for_each(inside.begin(), inside.end(), std::free);
    }
    std::vector<char*> inside;  // blocks of the region; allocated only while it is populated
    std::vector<char*> kept;    // blocks before and behind it
    char* start;

   private:
    static constexpr std::size_t kMostTries = 4096;
  };

  explicit FreeHeap(Blocks blocks)
      : Region(blocks.start, blocks.inside.size() * kBlockBytes), blocks_(std::move(blocks)) {}

  // A block with a write to each of its pages.
  static char* allocate() {
    char* const block = static_cast<char*>(std::malloc(kBlockBytes - kHeaderBytes));
    if (block == nullptr)
      fail(Exit::unfit, "the heap could not grow to the size of the region; give holder.region a smaller size");
    for (std::size_t offset = 0; offset < kBlockBytes - kHeaderBytes; offset += kPageBytes)
      *const_cast<volatile char*>(block + offset) = 1;
    return block;
  }

  mutable Blocks blocks_;
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
