// get_mempolicy: the policy of the thread, which needs no lock of memory, and the node of a page, which does.
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "engine/operation.h"

namespace pauselab::engine {
namespace {

// linux/mempolicy.h, whose package (libnuma-dev) the engine does not need.
constexpr unsigned long kNode = 1;     // MPOL_F_NODE: the node, not the policy
constexpr unsigned long kAddress = 2;  // MPOL_F_ADDR: of the page at an address

class GetMempolicy final : public VictimAction {
 public:
  GetMempolicy(const char* address, unsigned long flags) : address_(address), flags_(flags) {}

  int perform() noexcept override {
    return syscall(SYS_get_mempolicy, &mode_, nullptr, 0UL, address_, flags_) == 0 ? 0 : errno;
  }

 private:
  const char* address_;
  unsigned long flags_;
  int mode_ = 0;
};

}  // namespace

std::unique_ptr<VictimAction> makeGetMempolicy(const VictimPlan&, const VictimPage&) {
  return std::make_unique<GetMempolicy>(nullptr, 0);
}
std::unique_ptr<VictimAction> makeGetMempolicyPage(const VictimPlan&, const VictimPage& page) {
  return std::make_unique<GetMempolicy>(page.address, kNode | kAddress);
}

}  // namespace pauselab::engine
