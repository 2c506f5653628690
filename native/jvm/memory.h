// The memory that the JVM's probes and loads work on. Results are 0 or an errno; nothing throws or ends the process.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pauselab::jvm {

inline constexpr std::size_t kPageBytes = 4096;
inline constexpr int kExhausted = -1;

// A hole of one page between two inaccessible pages: a mapping there merges with nothing.
class Hole {
 public:
  // Finds a place for the hole. The hole may move later.
  int place() noexcept;
  // Another thread of the JVM may have mapped a page in the hole (EEXIST). Then the hole moves, for the next call.
  int mapAndUnmap() noexcept;

 private:
  char* page_ = nullptr;
};

// Pages that nothing has touched. Each is used once.
class Pool {
 public:
  // `apart`: each page in a separate VMA that has no anon_vma yet; otherwise all in one VMA that has its anon_vma.
  int make(std::uint64_t pages, bool apart) noexcept;
  int touchNext() noexcept;

 private:
  char* next_ = nullptr;
  std::uint64_t left_ = 0;
};

}  // namespace pauselab::jvm
