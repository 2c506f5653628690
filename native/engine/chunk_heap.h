// A heap as a collector sees it: spaces of equal size, each one VMA between PROT_NONE pages, in which allocating
// threads map blocks of their own while the collector's thread gives free memory back in chunks.
//
// A block ends in a guard page that nobody may touch, so a space that has one is three VMAs and a chunk that reaches
// over the guard crosses. Which calls cross is known and not guessed: who works in a space marks it first, so the space
// does not change during a call, and where its guard lies is written down. Nobody waits for a mark: the collector
// leaves a marked space out, and an allocating thread takes another one. So the two never meet at one VMA (that is what
// the profile residual-stalls measures), and what they still wait for is mmap_lock.
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

  // The heap of this process; made, small, if there is none.
  static const ChunkHeap& ofThisProcess();

  std::size_t spaces() const { return count_; }
  char* space(std::size_t index) const { return base() + index * (kSpaceBytes + kPageBytes); }

  // A space's mark, taken if it is not taken and the space has a block (or has none).
  enum class Wanted { withBlock, withoutBlock, either };
  bool mark(std::size_t index, Wanted wanted) const noexcept;
  void unmark(std::size_t index) const noexcept;

  // By who has the mark; 0 or an errno. The block lies `offset` bytes into the space, never at its edges.
  int mapBlock(std::size_t index, std::size_t offset) const noexcept;
  int unmapBlock(std::size_t index) const noexcept;
  // By who has the mark: does the range of the space cross VMAs?
  bool crosses(std::size_t index, std::size_t offset, std::size_t bytes) const noexcept;

  // Leaves out the spaces that are marked, and guards.
  void populate(const std::function<bool()>& stop) const noexcept override;

  // Compares /proc/self/maps with what is written down; ends the program with a sentence where they differ, for then
  // calls were not counted right. Spaces that are marked are left out.
  void verify() const;

 private:
  // Each on a cache line of its own, as threads of two CPUs work on neighbours.
  struct alignas(64) Space {
    std::atomic<unsigned> bits{0};
    std::size_t block = 0;  // its offset; of the mark's owner
  };
  static constexpr unsigned kMarked = 1, kHasBlock = 2;

  explicit ChunkHeap(std::size_t count, char* base);

  std::size_t count_;
  std::unique_ptr<Space[]> spaces_;
};

// Small and seeded: the same numbers in every run.
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
  // From 0 to 1, 1 not included.
  double fraction() noexcept { return static_cast<double>(next() >> 11) / static_cast<double>(std::uint64_t{1} << 53); }

 private:
  std::uint64_t state_;
};

}  // namespace pauselab::engine
