#include "engine/operations/self.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
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

// Which range of a call crosses VMAs, in a region of two.
enum class CrossingRange { none, first, middle, last };

// Cuts the region into ranges of about the same size, in the order of the call. With `none`, a cut lies where the two
// VMAs meet; otherwise it lies half a range after that. Such a range takes mmap_lock, and so do those after it.
std::vector<iovec> cut(const Region& region, std::size_t count, CrossingRange crossing) {
  const std::size_t pages = region.bytes() / kPageBytes;
  if (pages < 2 * count) return {{region.base(), region.bytes()}};
  const auto cutAt = [&](std::size_t i) {
    const bool moved = crossing != CrossingRange::none && count % 2 == 0 && i == count / 2;
    return (moved ? pages * (2 * i + 1) / (2 * count) : pages * i / count) * kPageBytes;
  };
  std::vector<iovec> ranges;
  for (std::size_t i = 0; i < count; ++i) ranges.push_back({region.base() + cutAt(i), cutAt(i + 1) - cutAt(i)});
  const auto crossingRange = ranges.begin() + static_cast<std::ptrdiff_t>((count - 1) / 2);
  if (crossing == CrossingRange::first) std::rotate(ranges.begin(), crossingRange, crossingRange + 1);
  if (crossing == CrossingRange::last) std::rotate(crossingRange, crossingRange + 1, ranges.end());
  return ranges;
}

// A call over the region, in ranges.
class ProcessMadvise final : public HolderAction {
 public:
  ProcessMadvise(const Region& region, std::size_t count, CrossingRange crossing)
      : bytes_(region.bytes()),
        crosses_(region.vmas() > 1 && crossing != CrossingRange::none),
        ranges_(cut(region, count, crossing)) {}

  int release() noexcept override { return self_.give(ranges_, bytes_); }
  std::optional<Range> lastRange() const noexcept override { return Range{.bytes = bytes_, .crossed = crosses_}; }
  std::string note() const override {
    return self_.drops() ? "" : "process_madvise uses MADV_COLD: this kernel refuses MADV_DONTNEED through a pidfd";
  }

 private:
  SelfAdvice self_;
  std::size_t bytes_;
  bool crosses_;
  std::vector<iovec> ranges_;
};

std::unique_ptr<HolderAction> processMadvise(const Region& region, std::size_t count, CrossingRange crossing) {
  constexpr std::size_t kMostBytes = 0x7ffff000;  // MAX_RW_COUNT: the kernel shortens longer calls
  if (region.bytes() > kMostBytes)
    fail(Exit::usage,
         "process_madvise covers less than 2 GiB in one call and the region has %zu bytes; give holder.region a "
         "smaller size",
         region.bytes());
  return std::make_unique<ProcessMadvise>(region, count, crossing);
}

// The most that jemalloc gives back in a call (process_madvise_max_batch).
constexpr std::size_t kBatch = 128;

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
  constexpr std::size_t kCount = 15;  // odd: the middle range lies where the two VMAs meet
  return processMadvise(site.region, kCount, CrossingRange::middle);
}
std::unique_ptr<HolderAction> makeProcessMadviseBatchInside(const HolderSite& site) {
  return processMadvise(site.region, kBatch, CrossingRange::none);
}
std::unique_ptr<HolderAction> makeProcessMadviseBatchFirst(const HolderSite& site) {
  return processMadvise(site.region, kBatch, CrossingRange::first);
}
std::unique_ptr<HolderAction> makeProcessMadviseBatchLast(const HolderSite& site) {
  return processMadvise(site.region, kBatch, CrossingRange::last);
}

}  // namespace pauselab::engine
