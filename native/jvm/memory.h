// The memory that the JVM's probes and loads work on. Results are 0 or an errno; nothing here throws or ends the
// process.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pauselab::jvm {

inline constexpr std::size_t kPageBytes = 4096;
inline constexpr int kExhausted = -1;

// A hole of one page between two inaccessible ones: what is mapped there merges with nothing.
class Hole {
 public:
  // Finds a place for it; it may be moved to another one.
  int place() noexcept;
  // Another thread of the JVM may have mapped a page just here (EEXIST): then the hole moves, and the next one
  // succeeds.
  int mapAndUnmap() noexcept;

 private:
  char* page_ = nullptr;
};

// Pages that nothing has touched, used up one by one.
class Pool {
 public:
  // `apart`: each page in a VMA of its own that has no anon_vma yet; else all in one VMA that has it.
  int make(std::uint64_t pages, bool apart) noexcept;
  int touchNext() noexcept;

 private:
  char* next_ = nullptr;
  std::uint64_t left_ = 0;
};

}  // namespace pauselab::jvm
