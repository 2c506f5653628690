// fork of this process. The child ends at once; until then, and for pages that are not written again, the two processes
// share all pages, and each first write to a page is a page fault.
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "engine/operation.h"

namespace pauselab::engine {
namespace {

class Forker {
 public:
  int fork() noexcept {
    reap();
    // Without libc's fork, which would take the allocator's locks: a second cause of stalls. Without SIGCHLD, which
    // could interrupt the next fork.
    const long pid = syscall(SYS_clone, 0UL, nullptr, nullptr, nullptr, nullptr);
    if (pid < 0) return errno;
    if (pid == 0) syscall(SYS_exit_group, 0);
    children_[count_++] = static_cast<pid_t>(pid);
    return 0;
  }

 private:
  // Children at a low priority may live longer than the time to the next fork. Waits only if too many do.
  void reap() noexcept {
    std::size_t alive = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      const bool full = count_ == children_.size() && i == 0;
      if (wait4(children_[i], nullptr, full ? __WALL : __WALL | WNOHANG, nullptr) == 0)
        children_[alive++] = children_[i];
    }
    count_ = alive;
  }

  std::array<pid_t, 64> children_{};
  std::size_t count_ = 0;
};

class ForkExit final : public VictimAction {
 public:
  int perform() noexcept override { return forker_.fork(); }

 private:
  Forker forker_;
};

class Fork final : public HolderAction {
 public:
  int release() noexcept override { return forker_.fork(); }
  const char* remedy(int outcome) const override {
    switch (outcome) {
      case ENOMEM:
        return "a fork needs memory for a copy of the page tables, and with vm.overcommit_memory=2 it must be able to "
               "copy all memory; give holder.region a smaller size, or set vm.overcommit_memory=0";
      case EAGAIN:
        return "raise the limits on processes (ulimit -u, the pids limit of the container)";
      default:
        return HolderAction::remedy(outcome);
    }
  }

 private:
  Forker forker_;
};

}  // namespace

std::unique_ptr<VictimAction> makeForkExit(const VictimPlan&, const VictimPage&) {
  return std::make_unique<ForkExit>();
}
std::unique_ptr<HolderAction> makeFork(const HolderSite&) { return std::make_unique<Fork>(); }

}  // namespace pauselab::engine
