#include "engine/chunk_heap.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "board/fail.h"
#include "engine/maps.h"
#include "engine/operation.h"

namespace pauselab::engine {
namespace {

constexpr std::size_t kStrideBytes = ChunkHeap::kSpaceBytes + kPageBytes;
constexpr int kOpen = PROT_READ | PROT_WRITE;

const ChunkHeap* current = nullptr;

std::size_t spacesFor(std::size_t bytes) {
  return std::max<std::size_t>(1, (bytes + ChunkHeap::kSpaceBytes - 1) / ChunkHeap::kSpaceBytes);
}

// Maps the spaces, with a PROT_NONE page before each space and behind the last.
char* mapSpaces(std::size_t count) {
  void* const memory = mmap(nullptr, count * kStrideBytes + kPageBytes, PROT_NONE, kMapFlags, -1, 0);
  if (memory == MAP_FAILED) fail(Exit::unfit, "a heap of %zu spaces could not be reserved: %s", count, strerror(errno));
  char* const first = static_cast<char*>(memory) + kPageBytes;
  for (std::size_t i = 0; i < count; ++i)
    if (mprotect(first + i * kStrideBytes, ChunkHeap::kSpaceBytes, kOpen) != 0)
      fail(Exit::unfit, "a space of the heap could not be opened before the window: %s", strerror(errno));
  return first;
}

}  // namespace

ChunkHeap::ChunkHeap(std::size_t bytes) : ChunkHeap(spacesFor(bytes), mapSpaces(spacesFor(bytes))) {}

// Its VMAs are the spaces and the pages between them.
ChunkHeap::ChunkHeap(std::size_t count, char* base)
    : Region(base, count * kStrideBytes - kPageBytes, 2 * count - 1),
      count_(count),
      spaces_(std::make_unique<Space[]>(count)) {
  current = this;
}

ChunkHeap::~ChunkHeap() {
  munmap(base() - kPageBytes, count_ * kStrideBytes + kPageBytes);
  if (current == this) current = nullptr;
}

const ChunkHeap& ChunkHeap::ofThisProcess() {
  constexpr std::size_t kSmallBytes = 4 * kSpaceBytes;
  static std::unique_ptr<const ChunkHeap> small;
  if (current == nullptr) small = std::make_unique<ChunkHeap>(kSmallBytes);
  return *current;
}

bool ChunkHeap::mark(std::size_t index, Wanted wanted) const noexcept {
  std::atomic<unsigned>& bits = spaces_[index].bits;
  unsigned seen = bits.load(std::memory_order_relaxed);
  const bool hasBlock = (seen & kHasBlock) != 0;
  if ((seen & kMarked) != 0 || (wanted != Wanted::either && hasBlock != (wanted == Wanted::withBlock))) return false;
  return bits.compare_exchange_strong(seen, seen | kMarked, std::memory_order_acquire, std::memory_order_relaxed);
}

void ChunkHeap::unmark(std::size_t index) const noexcept {
  std::atomic<unsigned>& bits = spaces_[index].bits;
  bits.store(bits.load(std::memory_order_relaxed) & ~kMarked, std::memory_order_release);
}

int ChunkHeap::mapBlock(std::size_t index, std::size_t offset) const noexcept {
  char* const block = space(index) + offset;
  if (mmap(block, kBlockBytes, kOpen, kMapFlags | MAP_FIXED, -1, 0) == MAP_FAILED) return errno;
  if (mprotect(block + kBlockBytes - kPageBytes, kPageBytes, PROT_NONE) != 0) return errno;
  *const_cast<volatile char*>(block) = 1;
  spaces_[index].block = offset;
  spaces_[index].bits.store(kMarked | kHasBlock, std::memory_order_relaxed);
  return 0;
}

int ChunkHeap::unmapBlock(std::size_t index) const noexcept {
  // Maps open memory over the block: with its neighbours it becomes one VMA again.
  if (mmap(space(index) + spaces_[index].block, kBlockBytes, kOpen, kMapFlags | MAP_FIXED, -1, 0) == MAP_FAILED)
    return errno;
  spaces_[index].bits.store(kMarked, std::memory_order_relaxed);
  return 0;
}

bool ChunkHeap::crosses(std::size_t index, std::size_t offset, std::size_t bytes) const noexcept {
  const Space& space = spaces_[index];
  if ((space.bits.load(std::memory_order_relaxed) & kHasBlock) == 0) return false;
  const std::size_t guard = space.block + kBlockBytes - kPageBytes;
  const auto isInside = [&](std::size_t boundary) { return offset < boundary && boundary < offset + bytes; };
  return isInside(guard) || isInside(guard + kPageBytes);
}

void ChunkHeap::populate(const std::function<bool()>& stop) const noexcept {
  for (std::size_t i = 0; i < count_ && !stop(); ++i) {
    if (!mark(i, Wanted::either)) continue;
    const bool hasBlock = (spaces_[i].bits.load(std::memory_order_relaxed) & kHasBlock) != 0;
    const std::size_t guard = hasBlock ? spaces_[i].block + kBlockBytes - kPageBytes : kSpaceBytes;
    for (std::size_t offset = 0; offset < kSpaceBytes; offset += kPageBytes)
      if (offset != guard) *const_cast<volatile char*>(space(i) + offset) = 1;
    unmark(i);
  }
}

void ChunkHeap::verify() const {
  const std::vector<Vma> maps = readMaps();
  for (std::size_t i = 0; i < count_; ++i) {
    const unsigned bits = spaces_[i].bits.load(std::memory_order_acquire);
    if ((bits & kMarked) != 0) continue;
    const auto start = reinterpret_cast<std::uintptr_t>(space(i));
    const std::size_t expected = (bits & kHasBlock) != 0 ? 3 : 1;
    const std::size_t found = overlapping(maps, start, start + kSpaceBytes).size();
    if (found != expected)
      fail(Exit::unfit,
           "space %zu of the heap should be %zu VMA(s), and is %zu in /proc/self/maps, so it is not known which calls "
           "cross VMAs; this kernel lays memory out differently",
           i, expected, found);
  }
}

std::unique_ptr<Region> makeChunkHeap(const HolderPlan& plan) { return std::make_unique<ChunkHeap>(plan.bytes); }

}  // namespace pauselab::engine
