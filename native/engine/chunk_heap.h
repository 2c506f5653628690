// A heap as a collector sees it: spaces of equal size, each a VMA between PROT_NONE pages. Allocating threads map
// blocks in it while the collector's thread gives free memory back in chunks.
//
// A block ends in a guard page that no thread may touch. So a space with a block is three VMAs, and a chunk that
// reaches over the guard crosses. Which calls cross is known: a thread marks the space that it works in, so the space
// does not change during a call, and it records where the guard lies. No thread waits for a mark: the collector skips a
// marked space, and an allocating thread takes another space. So the two never meet in one VMA (the profile
// residual-stalls measures that), and the only lock that they wait for is mmap_lock.
#pragma once

#include <atomic>
#include <memory>

#include "engine/memory.h"

namespace pauselab::engine {

class ChunkHeap final : public Region {
 public:
  static constexpr std::size_t kSpaceBytes = 16 * 1024 * 1024;
  static constexpr std::size_t kBlockBytes = 64 * 1024;

  // `bytes` rounded up to whole spaces.
  explicit ChunkHeap(std::size_t bytes);
  ~ChunkHeap() override;

  // The heap of this process. If there is none yet, a small heap is made.
  static const ChunkHeap& ofThisProcess();

  std::size_t spaces() const { return count_; }
  char* space(std::size_t index) const { return base() + index * (kSpaceBytes + kPageBytes); }

  // Marks a space, if it is unmarked and has a block (or has none).
  enum class Wanted { withBlock, withoutBlock, either };
  bool mark(std::size_t index, Wanted wanted) const noexcept;
  void unmark(std::size_t index) const noexcept;

  // Only for the owner of the mark. Returns 0 or an errno. The block lies `offset` bytes into the space.
  int mapBlock(std::size_t index, std::size_t offset) const noexcept;
  int unmapBlock(std::size_t index) const noexcept;
  // Only for the owner of the mark: does this range of the space cross VMAs?
  bool crosses(std::size_t index, std::size_t offset, std::size_t bytes) const noexcept;

  // Skips marked spaces and guard pages.
  void populate(const std::function<bool()>& stop) const noexcept override;

  // Compares /proc/self/maps with the recorded guards, except in marked spaces. If they differ, calls were counted
  // wrongly, and the program ends with a sentence.
  void verify() const;

 private:
  // Each on a separate cache line, because threads on two CPUs work on neighbours.
  struct alignas(64) Space {
    std::atomic<unsigned> bits{0};
    std::size_t block = 0;  // its offset; belongs to the mark's owner
  };
  static constexpr unsigned kMarked = 1, kHasBlock = 2;

  explicit ChunkHeap(std::size_t count, char* base);

  std::size_t count_;
  std::unique_ptr<Space[]> spaces_;
};

// A small generator: the same numbers for the same seed.
class SeededNumbers {
 public:
  explicit SeededNumbers(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() noexcept {  // splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators)
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t limit) noexcept { return next() % limit; }
  // In [0, 1).
  double fraction() noexcept { return static_cast<double>(next() >> 11) / static_cast<double>(std::uint64_t{1} << 53); }

 private:
  std::uint64_t state_;
};

}  // namespace pauselab::engine
