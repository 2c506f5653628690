#include "engine/operations/self.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "board/fail.h"
#include "engine/operation.h"

namespace pauselab::engine {
namespace {

// By number: not every libc has wrappers.
long processMadvise(int pidfd, std::span<const iovec> ranges, int advice) noexcept {
  return syscall(SYS_process_madvise, pidfd, ranges.data(), ranges.size(), advice, 0);
}

// A call over one page, or over a range that crosses VMAs.
class ProcessMadvisePage final : public VictimAction {
 public:
  explicit ProcessMadvisePage(const VictimPage& page) : range_{page.address, page.bytes} {}

  int perform() noexcept override { return self_.give({&range_, 1}, range_.iov_len); }
  std::string note() const override {
    return self_.drops() ? ""
                         : "process_madvise_page uses MADV_COLD: this kernel refuses MADV_DONTNEED through a pidfd";
  }

 private:
  SelfAdvice self_;
  iovec range_;
};

// A call over the region, cut into parts. Their number is odd, so in a region of two VMAs the middle part crosses. From
// that part on the kernel takes mmap_lock for all remaining parts.
class ProcessMadvise final : public HolderAction {
 public:
  explicit ProcessMadvise(const Region& region) : bytes_(region.bytes()) {
    const std::size_t pages = bytes_ / kPageBytes;
    const std::size_t parts = pages >= 2 * kMostParts ? kMostParts : 1;
    for (std::size_t i = 0; i < parts; ++i) {
      const std::size_t start = pages * i / parts * kPageBytes;
      const std::size_t end = pages * (i + 1) / parts * kPageBytes;
      parts_.push_back({region.base() + start, end - start});
    }
  }

  int release() noexcept override { return self_.give(parts_, bytes_); }
  std::string note() const override {
    return self_.drops() ? "" : "process_madvise uses MADV_COLD: this kernel refuses MADV_DONTNEED through a pidfd";
  }

 private:
  static constexpr std::size_t kMostParts = 15;
  SelfAdvice self_;
  std::size_t bytes_;
  std::vector<iovec> parts_;
};

}  // namespace

SelfAdvice::SelfAdvice() : pidfd_(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0))), advice_(MADV_DONTNEED) {
  if (pidfd_ < 0)
    fail(Exit::unfit,
         "this kernel refused pidfd_open of the workload itself before the window: %s; leave process_madvise out",
         strerrorname_np(errno));
  const VictimPage page = isolatedPage();
  const iovec range{page.address, page.bytes};
  if (processMadvise(pidfd_, {&range, 1}, MADV_DONTNEED) < 0) advice_ = MADV_COLD;
  munmap(page.address, page.bytes);
}

int SelfAdvice::give(std::span<const iovec> ranges, std::size_t bytes) const noexcept {
  const long advised = processMadvise(pidfd_, ranges, advice_);
  if (advised < 0) return errno;
  return static_cast<std::size_t>(advised) == bytes ? 0 : EIO;
}

bool SelfAdvice::drops() const noexcept { return advice_ == MADV_DONTNEED; }

std::unique_ptr<VictimAction> makeProcessMadvisePage(const VictimPlan&, const VictimPage& page) {
  return std::make_unique<ProcessMadvisePage>(page);
}

std::unique_ptr<HolderAction> makeProcessMadvise(const HolderSite& site) {
  constexpr std::size_t kMostBytes = 0x7ffff000;  // MAX_RW_COUNT: the kernel shortens longer calls
  if (site.region.bytes() > kMostBytes)
    fail(Exit::usage,
         "process_madvise covers less than 2 GiB in one call and the region has %zu bytes; give holder.region a "
         "smaller size",
         site.region.bytes());
  return std::make_unique<ProcessMadvise>(site.region);
}

}  // namespace pauselab::engine
