// Address space for memory that is unmapped and mapped again at the same place.
#pragma once

#include <sys/mman.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace pauselab::engine {

// Reserves address space (PROT_NONE) far from all that the process maps. For an mmap without an address the kernel
// takes the first gap that fits, from the top of the address space down; with an unlimited stack from a third of it up.
// Beside the libraries a hole of a page is such a gap as soon as it opens: an allocator that maps small blocks takes
// it. Here large gaps lie before the hole in both directions, so it is not reached before terabytes are mapped.
// MAP_FAILED: errno says why.
inline void* reserveApart(std::size_t bytes, int flags) noexcept {
  constexpr std::uintptr_t kMiddle = std::uintptr_t{1} << 46;  // of the 47 bits of a process
  constexpr std::uintptr_t kStep = std::uintptr_t{1} << 30;
  static std::atomic<std::uintptr_t> next{kMiddle};
  const std::uintptr_t place = next.fetch_add((bytes / kStep + 2) * kStep, std::memory_order_relaxed);
  // Only a wish: where something lies there already, or a sanitizer has its shadow there, the kernel takes another
  // place.
  return mmap(reinterpret_cast<void*>(place), bytes, PROT_NONE, flags, -1, 0);
}

}  // namespace pauselab::engine
