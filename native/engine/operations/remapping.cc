// Holders that map the region again or change its protection.
#include <sys/mman.h>

#include <cerrno>

#include "engine/operation.h"

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

}  // namespace

std::unique_ptr<HolderAction> makeMmapNone(const HolderSite& site) { return std::make_unique<MmapNone>(site.region); }
std::unique_ptr<HolderAction> makeMunmapMmap(const HolderSite& site) {
  return std::make_unique<MunmapMmap>(site.region);
}
std::unique_ptr<HolderAction> makeMprotectRegion(const HolderSite& site) {
  return std::make_unique<MprotectRegion>(site.region);
}

}  // namespace pauselab::engine
