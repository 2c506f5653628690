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

class AdviceOverRegion final : public HolderAction {
 public:
  AdviceOverRegion(const Region& region, int advice, std::optional<int> undo)
      : base_(region.base()), bytes_(region.bytes()), advice_(advice), undo_(undo) {}

  int release() noexcept override { return advise(advice_); }
  int restore() noexcept override { return undo_ ? advise(*undo_) : 0; }
  bool restores() const noexcept override { return undo_.has_value(); }

 private:
  int advise(int advice) const noexcept { return madvise(base_, bytes_, advice) == 0 ? 0 : errno; }

  char* base_;
  std::size_t bytes_;
  int advice_;
  std::optional<int> undo_;
};

}  // namespace

std::unique_ptr<VictimAction> makeAdviceTurns(const VictimPage& page, int first, int second) {
  return std::make_unique<AdviceTurns>(page, first, second);
}
std::unique_ptr<VictimAction> makeAdvicePair(const VictimPage& page, int first, int second) {
  return std::make_unique<AdvicePair>(page, first, second);
}

std::unique_ptr<HolderAction> makeAdviceOverRegion(const Region& region, int advice, std::optional<int> undo) {
  return std::make_unique<AdviceOverRegion>(region, advice, undo);
}

}  // namespace pauselab::engine
