#include "jvm/memory.h"

#include <sys/mman.h>

#include <cerrno>

#include "engine/apart.h"

namespace pauselab::jvm {
namespace {

constexpr int kMapFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
constexpr int kOpen = PROT_READ | PROT_WRITE;

char* reserve(std::size_t bytes) noexcept {
  void* memory = mmap(nullptr, bytes, PROT_NONE, kMapFlags, -1, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<char*>(memory);
}

void touch(char* page) noexcept { *const_cast<volatile char*>(page) = 1; }

}  // namespace

int Hole::place() noexcept {
  void* const reservation = engine::reserveApart(3 * kPageBytes, kMapFlags);
  if (reservation == MAP_FAILED) return errno;
  page_ = static_cast<char*>(reservation) + kPageBytes;
  return munmap(page_, kPageBytes) == 0 ? 0 : errno;
}

int Hole::mapAndUnmap() noexcept {
  if (mmap(page_, kPageBytes, kOpen, kMapFlags | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED) {
    const int refused = errno;
    if (refused == EEXIST) place();
    return refused;
  }
  return munmap(page_, kPageBytes) == 0 ? 0 : errno;
}

// As in native/engine/operations/fault.cc. The engine switches huge pages off for its process. In a JVM that would
// change the JVM's memory, so only these pages go without (EINVAL: a kernel without huge pages).
int Pool::make(std::uint64_t pages, bool apart) noexcept {
  const std::size_t bytes = (apart ? pages : pages + 1) * kPageBytes;
  char* const reservation = reserve(bytes + 2 * kPageBytes);
  if (reservation == nullptr) return errno;
  if (madvise(reservation, bytes + 2 * kPageBytes, MADV_NOHUGEPAGE) != 0 && errno != EINVAL) return errno;
  char* const first = reservation + kPageBytes;
  if (mprotect(first, bytes, kOpen) != 0) return errno;
  if (apart) {
    for (std::uint64_t i = 1; i < pages; i += 2)
      if (madvise(first + i * kPageBytes, kPageBytes, MADV_DONTDUMP) != 0) return errno;
    next_ = first;
  } else {
    touch(first);  // gives the VMA its anon_vma
    next_ = first + kPageBytes;
  }
  left_ = pages;
  return 0;
}

int Pool::touchNext() noexcept {
  if (left_ == 0) return kExhausted;
  --left_;
  touch(next_);
  next_ += kPageBytes;
  return 0;
}

}  // namespace pauselab::jvm
