// Holders that map the region again, move it or change its protection.
#include <sys/mman.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "board/fail.h"
#include "engine/operation.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

namespace pauselab::engine {
namespace {

// HotSpot's uncommit and commit. The reservation stays, so PROT_NONE is mapped over the memory.
class MmapNone final : public HolderAction {
 public:
  explicit MmapNone(const Region& region) : base_(region.base()), bytes_(region.bytes()) {}

  int release() noexcept override { return map(PROT_NONE); }
  int restore() noexcept override { return map(PROT_READ | PROT_WRITE); }
  bool restores() const noexcept override { return true; }

 private:
  int map(int protection) const noexcept {
    return mmap(base_, bytes_, protection, kMapFlags | MAP_FIXED, -1, 0) == MAP_FAILED ? errno : 0;
  }

  char* base_;
  std::size_t bytes_;
};

// Unmaps the region and maps it again at the same place. Another mapping may have landed in the hole meanwhile, so the
// second call refuses to replace a mapping.
class MunmapMmap final : public HolderAction {
 public:
  explicit MunmapMmap(const Region& region) : base_(region.base()), bytes_(region.bytes()) {}

  int release() noexcept override { return munmap(base_, bytes_) == 0 ? 0 : errno; }
  int restore() noexcept override {
    return mmap(base_, bytes_, PROT_READ | PROT_WRITE, kMapFlags | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED ? errno
                                                                                                             : 0;
  }
  bool restores() const noexcept override { return true; }

 private:
  char* base_;
  std::size_t bytes_;
};

// Takes away the right to write, and gives it back.
class MprotectRegion final : public HolderAction {
 public:
  explicit MprotectRegion(const Region& region) : base_(region.base()), bytes_(region.bytes()) {}

  int release() noexcept override { return mprotect(base_, bytes_, PROT_READ) == 0 ? 0 : errno; }
  int restore() noexcept override { return mprotect(base_, bytes_, PROT_READ | PROT_WRITE) == 0 ? 0 : errno; }
  bool restores() const noexcept override { return true; }

 private:
  char* base_;
  std::size_t bytes_;
};

// Moves the region to another place and back. That place begins a page further into a page table than the region does,
// so the kernel moves each page; otherwise it moves whole page tables, and a gigabyte takes microseconds. DONTUNMAP
// leaves an empty mapping behind, so there is never a hole in which another mapping could land.
class MremapRegion final : public HolderAction {
 public:
  explicit MremapRegion(const Region& region) : base_(region.base()), bytes_(region.bytes()) {
    constexpr std::size_t kTableBytes = kHugePageBytes;  // what the last level of a page table maps
    const auto offsetOf = [](char* place) { return reinterpret_cast<std::uintptr_t>(place) % kTableBytes; };
    void* const memory = mmap(nullptr, bytes_ + kTableBytes + 2 * kPageBytes, PROT_NONE, kMapFlags, -1, 0);
    if (memory == MAP_FAILED)
      fail(Exit::unfit, "%zu bytes of address space could not be reserved: %s", bytes_, strerrorname_np(errno));
    char* const first = static_cast<char*>(memory) + kPageBytes;
    other_ = first + (offsetOf(base_) + kPageBytes + kTableBytes - offsetOf(first)) % kTableBytes;
  }

  int release() noexcept override { return move(base_, other_); }
  int restore() noexcept override { return move(other_, base_); }
  bool restores() const noexcept override { return true; }

 private:
  int move(char* from, char* to) const noexcept {
    constexpr int kFlags = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
    return mremap(from, bytes_, bytes_, kFlags, to) == MAP_FAILED ? errno : 0;
  }

  char* base_;
  char* other_;
  std::size_t bytes_;
};

}  // namespace

std::unique_ptr<HolderAction> makeMremapRegion(const HolderSite& site) {
  return std::make_unique<MremapRegion>(site.region);
}
std::unique_ptr<HolderAction> makeMmapNone(const HolderSite& site) { return std::make_unique<MmapNone>(site.region); }
std::unique_ptr<HolderAction> makeMunmapMmap(const HolderSite& site) {
  return std::make_unique<MunmapMmap>(site.region);
}
std::unique_ptr<HolderAction> makeMprotectRegion(const HolderSite& site) {
  return std::make_unique<MprotectRegion>(site.region);
}

}  // namespace pauselab::engine
