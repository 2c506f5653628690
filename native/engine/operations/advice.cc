#include "engine/operations/advice.h"

#include <cerrno>

namespace pauselab::engine {
namespace {

class AdviceTurns final : public VictimAction {
 public:
  AdviceTurns(const VictimPage& page, int first, int second) : page_(page), advices_{first, second} {}

  int perform() noexcept override {
    const int advice = advices_[turn_];
    turn_ ^= 1U;
    return madvise(page_.address, page_.bytes, advice) == 0 ? 0 : errno;
  }

 private:
  VictimPage page_;
  int advices_[2];
  unsigned turn_ = 0;
};

class AdvicePair final : public VictimAction {
 public:
  AdvicePair(const VictimPage& page, int first, int second) : page_(page), first_(first), second_(second) {}

  int perform() noexcept override {
    if (madvise(page_.address, page_.bytes, first_) != 0) return errno;
    return madvise(page_.address, page_.bytes, second_) == 0 ? 0 : errno;
  }

 private:
  VictimPage page_;
  int first_, second_;
};

}  // namespace

std::unique_ptr<VictimAction> makeAdviceTurns(const VictimPage& page, int first, int second) { return std::make_unique<AdviceTurns>(page, first, second); }
std::unique_ptr<VictimAction> makeAdvicePair(const VictimPage& page, int first, int second) { return std::make_unique<AdvicePair>(page, first, second); }

}  // namespace pauselab::engine
