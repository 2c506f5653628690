// MADV_COLLAPSE of small pages into huge pages: the kernel takes mmap_lock for read to look at each huge page's range,
// and for write to replace its small pages.
#include <cerrno>

#include "engine/operation.h"
#include "engine/operations/advice.h"

namespace pauselab::engine {
namespace {

// Gives 2 MiB back, writes to their first page and collapses them: a page becomes a huge page in each operation. The
// kernel may find no free huge page, or a page that is in use. It then gives up, mostly before it takes mmap_lock for
// write, and says that another call may succeed.
class CollapseSmall final : public VictimAction {
 public:
  explicit CollapseSmall(const VictimPage& page) : page_(page) {}

  int perform() noexcept override {
    if (madvise(page_.address, page_.bytes, MADV_DONTNEED) != 0) return errno;
    for (std::size_t offset = 0; offset < page_.bytes; offset += kHugePageBytes)
      *const_cast<volatile char*>(page_.address + offset) = 1;
    if (madvise(page_.address, page_.bytes, MADV_COLLAPSE) == 0) return 0;
    return errno == ENOMEM || errno == EAGAIN || errno == EBUSY ? kGaveUp : errno;
  }

 private:
  VictimPage page_;
};

// Over the region, which then is given back, so that the toucher brings small pages for the next call.
class CollapseRegion final : public HolderAction {
 public:
  explicit CollapseRegion(const Region& region) : base_(region.base()), bytes_(region.bytes()) {}

  int release() noexcept override { return madvise(base_, bytes_, MADV_COLLAPSE) == 0 ? 0 : errno; }
  int restore() noexcept override { return madvise(base_, bytes_, MADV_DONTNEED) == 0 ? 0 : errno; }
  bool restores() const noexcept override { return true; }
  const char* remedy(int outcome) const override {
    switch (outcome) {
      case EINVAL:
        return "MADV_COLLAPSE needs Linux 6.1 or newer with transparent huge pages, not switched off for the process; "
               "leave the operation out";
      case ENOMEM:
      case EAGAIN:
        return "the kernel found no free huge pages, or pages that it could not move; give holder.region a smaller "
               "size, or free memory";
      default:
        return HolderAction::remedy(outcome);
    }
  }

 private:
  char* base_;
  std::size_t bytes_;
};

}  // namespace

std::unique_ptr<VictimAction> makeCollapseSmall(const VictimPlan&, const VictimPage& page) {
  return std::make_unique<CollapseSmall>(page);
}
std::unique_ptr<HolderAction> makeCollapseRegion(const HolderSite& site) {
  return std::make_unique<CollapseRegion>(site.region);
}

}  // namespace pauselab::engine
