// Blocks of the allocator that serves malloc in this process. Both kinds of churn use them: the JVM's off-heap load
// (jvm-workloads/src/pauselab/load/MallocChurn.java) and the engine's (engine/churn.h).
#pragma once

#include <cstddef>
#include <cstdlib>

namespace pauselab::allocator {

// Calls malloc, and writes to each page; null if malloc returns null.
inline void* allocateTouched(std::size_t bytes) noexcept {
  constexpr std::size_t kPageBytes = 4096;
  char* const block = static_cast<char*>(std::malloc(bytes));
  if (block == nullptr) return nullptr;
  for (std::size_t at = 0; at < bytes; at += kPageBytes) *const_cast<volatile char*>(block + at) = 1;
  return block;
}

}  // namespace pauselab::allocator
