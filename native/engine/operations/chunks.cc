// How a collector gives memory back: many calls, each over a chunk, among threads that map blocks in the same heap.
#include <sys/mman.h>

#include <cerrno>
#include <cmath>
#include <vector>

#include "engine/chunk_heap.h"
#include "engine/operation.h"

namespace pauselab::engine {
namespace {

struct Chunk {
  std::size_t space, offset, bytes;
};

constexpr std::size_t kLeastBytes = 256 * 1024;
constexpr std::size_t kMostBytes = 4 * 1024 * 1024;

// A size from least to most, equally likely to lie in each octave, in whole pages.
std::size_t drawBytes(SeededNumbers& numbers) {
  const double octaves = std::log2(static_cast<double>(kMostBytes) / kLeastBytes);
  const auto bytes = static_cast<std::size_t>(kLeastBytes * std::exp2(octaves * numbers.fraction()));
  return bytes / kPageBytes * kPageBytes;
}

// Cuts the whole heap, space by space, into chunks of drawn sizes. The last chunk of a space gets what is left.
std::vector<Chunk> cutIntoChunks(std::size_t spaces) {
  SeededNumbers numbers(1);
  std::vector<Chunk> chunks;
  for (std::size_t space = 0; space < spaces; ++space) {
    for (std::size_t offset = 0; offset < ChunkHeap::kSpaceBytes;) {
      const std::size_t left = ChunkHeap::kSpaceBytes - offset;
      std::size_t bytes = std::min(drawBytes(numbers), left);
      if (left - bytes < kLeastBytes) bytes = left <= kMostBytes ? left : left - kLeastBytes;
      chunks.push_back({space, offset, bytes});
      offset += bytes;
    }
  }
  return chunks;
}

// A chunk per call. After the last chunk the heap is populated again, as a program does that continues to allocate.
class DontneedChunks final : public HolderAction {
 public:
  explicit DontneedChunks(const ChunkHeap& heap) : heap_(heap), chunks_(cutIntoChunks(heap.spaces())) {}

  int release() noexcept override {
    const Chunk chunk = nextUnmarked();
    char* const start = heap_.space(chunk.space) + chunk.offset;
    last_ = {.bytes = chunk.bytes, .crossed = heap_.crosses(chunk.space, chunk.offset, chunk.bytes)};
    const int outcome = madvise(start, chunk.bytes, MADV_DONTNEED) == 0 ? 0 : errno;
    heap_.unmark(chunk.space);
    return outcome;
  }
  bool endsCycle() const noexcept override { return endsCycle_; }
  std::optional<Range> lastRange() const noexcept override { return last_; }

 private:
  // Skips spaces that other threads work in until the next time. There are more spaces than threads.
  Chunk nextUnmarked() noexcept {
    endsCycle_ = false;
    for (;;) {
      const Chunk chunk = chunks_[next_];
      next_ = (next_ + 1) % chunks_.size();
      endsCycle_ = endsCycle_ || next_ == 0;
      if (heap_.mark(chunk.space, ChunkHeap::Wanted::either)) return chunk;
    }
  }

  const ChunkHeap& heap_;
  std::vector<Chunk> chunks_;
  std::size_t next_ = 0;
  bool endsCycle_ = false;
  Range last_{};
};

// Maps a block and gives it back in the next operation. If the collector works in the block's space, it maps a second
// block instead. Then it can give one of the two back, because the collector is in one space at a time.
class HeapAllocate final : public VictimAction {
 public:
  HeapAllocate(const ChunkHeap& heap, std::uint64_t seed) : heap_(heap), numbers_(seed) {}

  int perform() noexcept override {
    for (std::size_t i = 0; i < count_; ++i)
      if (heap_.mark(own_[i], ChunkHeap::Wanted::withBlock)) return giveBack(i);
    if (count_ == kMostBlocks) return EAGAIN;
    const std::size_t first = numbers_.below(heap_.spaces());
    for (std::size_t i = 0; i < heap_.spaces(); ++i) {
      const std::size_t space = (first + i) % heap_.spaces();
      if (heap_.mark(space, ChunkHeap::Wanted::withoutBlock)) return allocate(space);
    }
    return EAGAIN;
  }

 private:
  // The holder has one space at a time, and so has the toucher.
  static constexpr std::size_t kMostBlocks = 3;

  int giveBack(std::size_t i) noexcept {
    const std::size_t space = own_[i];
    const int outcome = heap_.unmapBlock(space);
    if (outcome == 0) own_[i] = own_[--count_];
    heap_.unmark(space);
    return outcome;
  }

  int allocate(std::size_t space) noexcept {
    constexpr std::size_t kPlaces = (ChunkHeap::kSpaceBytes - ChunkHeap::kBlockBytes) / kPageBytes - 1;
    const int outcome = heap_.mapBlock(space, (1 + numbers_.below(kPlaces)) * kPageBytes);
    if (outcome == 0) own_[count_++] = space;
    heap_.unmark(space);
    return outcome;
  }

  const ChunkHeap& heap_;
  SeededNumbers numbers_;
  std::size_t own_[kMostBlocks] = {};
  std::size_t count_ = 0;
};

}  // namespace

std::unique_ptr<HolderAction> makeDontneedChunks(const HolderSite& site) {
  return std::make_unique<DontneedChunks>(static_cast<const ChunkHeap&>(site.region));
}

std::unique_ptr<VictimAction> makeHeapAllocate(const VictimPlan& plan, const VictimPage&) {
  // Each thread draws different numbers, the same in every run.
  return std::make_unique<HeapAllocate>(ChunkHeap::ofThisProcess(), std::hash<std::string>{}(plan.name));
}

}  // namespace pauselab::engine
