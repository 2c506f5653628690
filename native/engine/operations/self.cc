#include "engine/operations/self.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "board/fail.h"
#include "engine/operation.h"

namespace pauselab::engine {
namespace {

// By number: not every libc has wrappers.
long processMadvise(int pidfd, std::span<const iovec> ranges, int advice) noexcept {
  return syscall(SYS_process_madvise, pidfd, ranges.data(), ranges.size(), advice, 0);
}

// One call over one page or over a range that crosses VMAs.
class ProcessMadvisePage final : public VictimAction {
 public:
  explicit ProcessMadvisePage(const VictimPage& page) : range_{page.address, page.bytes} {}

  int perform() noexcept override { return self_.give({&range_, 1}, range_.iov_len); }
  std::string note() const override { return self_.drops() ? "" : "process_madvise_page gives MADV_COLD: this kernel refuses MADV_DONTNEED through a pidfd"; }

 private:
  SelfAdvice self_;
  iovec range_;
};

}  // namespace

SelfAdvice::SelfAdvice() : pidfd_(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0))), advice_(MADV_DONTNEED) {
  if (pidfd_ < 0) fail(Exit::unfit, "this kernel refused pidfd_open of the workload itself before the window: %s; leave process_madvise out", strerrorname_np(errno));
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

std::unique_ptr<VictimAction> makeProcessMadvisePage(const VictimPlan&, const VictimPage& page) { return std::make_unique<ProcessMadvisePage>(page); }

}  // namespace pauselab::engine
