// madvise of one page: SEQUENTIAL and NORMAL in turn (flags of the VMA, so a writer), and COLD (a reader).
#include <sys/mman.h>

#include <cerrno>

#include "engine/operation.h"

namespace pauselab::engine {
namespace {

class MadviseSequential final : public VictimAction {
 public:
  explicit MadviseSequential(const VictimPage& page) : page_(page.address) {}

  int perform() noexcept override {
    sequential_ = !sequential_;
    return madvise(page_, kPageBytes, sequential_ ? MADV_SEQUENTIAL : MADV_NORMAL) == 0 ? 0 : errno;
  }

 private:
  char* page_;
  bool sequential_ = false;
};

class MadviseColdPage final : public VictimAction {
 public:
  explicit MadviseColdPage(const VictimPage& page) : page_(page.address) {}

  int perform() noexcept override { return madvise(page_, kPageBytes, MADV_COLD) == 0 ? 0 : errno; }

 private:
  char* page_;
};

}  // namespace

std::unique_ptr<VictimAction> makeMadviseSequential(const VictimPlan&, const VictimPage& page) { return std::make_unique<MadviseSequential>(page); }
std::unique_ptr<VictimAction> makeMadviseColdPage(const VictimPlan&, const VictimPage& page) { return std::make_unique<MadviseColdPage>(page); }

}  // namespace pauselab::engine
