// Writers that change mappings: mmap+munmap and mprotect of one page.
#include <sys/mman.h>

#include <cerrno>

#include "board/fail.h"
#include "engine/operation.h"

namespace pauselab::engine {
namespace {

// Maps a page and unmaps it again, always in the same hole, which only this operation uses (engine/apart.h). So it
// cannot land in a hole that the holder makes, or merge with a neighbour that is not part of the layout.
class MmapMunmap final : public VictimAction {
 public:
  explicit MmapMunmap(const VictimPage& page) : page_(page) { munmap(page_.address, page_.bytes); }

  int perform() noexcept override {
    const void* mapped = mmap(page_.address, page_.bytes, page_.openProtection, kMapFlags | MAP_FIXED_NOREPLACE, -1, 0);
    if (mapped == MAP_FAILED) return errno;
    return munmap(page_.address, page_.bytes) == 0 ? 0 : errno;
  }

 private:
  VictimPage page_;
};

class Mprotect final : public VictimAction {
 public:
  explicit Mprotect(const VictimPage& page) : page_(page) {}

  int perform() noexcept override {
    open_ = !open_;
    return mprotect(page_.address, page_.bytes, open_ ? page_.openProtection : page_.closedProtection) == 0 ? 0 : errno;
  }

 private:
  VictimPage page_;
  bool open_ = true;
};

}  // namespace

std::unique_ptr<VictimAction> makeMmapMunmap(const VictimPlan&, const VictimPage& page) {
  return std::make_unique<MmapMunmap>(page);
}
std::unique_ptr<VictimAction> makeMprotect(const VictimPlan&, const VictimPage& page) {
  return std::make_unique<Mprotect>(page);
}

}  // namespace pauselab::engine
