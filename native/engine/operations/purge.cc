// Purges: a thread asks the allocator under the churn to give free memory back. Which memory that is, and by which
// system calls, is the allocator's decision.
#include "allocator/purge.h"

#include "engine/operation.h"

namespace pauselab::engine {
namespace {

class PurgeAction final : public HolderAction {
 public:
  explicit PurgeAction(std::unique_ptr<allocator::Purge> purge) : purge_(std::move(purge)) {}

  bool prepare() noexcept override {
    before_bytes_ = purge_->given_bytes();
    return true;
  }
  int release() noexcept override { return (*purge_)(); }
  // Whether the allocator's calls crossed VMAs is unknown.
  std::optional<Range> lastRange() const noexcept override {
    const std::int64_t given_bytes = purge_->given_bytes() - before_bytes_;
    return Range{.bytes = given_bytes > 0 ? static_cast<std::uint64_t>(given_bytes) : 0, .crossed = false};
  }

 private:
  std::unique_ptr<allocator::Purge> purge_;
  std::int64_t before_bytes_ = 0;
};

}  // namespace

std::unique_ptr<HolderAction> makeGlibcTrim(const HolderSite&) {
  return std::make_unique<PurgeAction>(allocator::glibcTrim());
}
std::unique_ptr<HolderAction> makeJemallocPurge(const HolderSite& site) {
  return std::make_unique<PurgeAction>(allocator::jemallocPurge(site.arena));
}
std::unique_ptr<HolderAction> makeTcmallocRelease(const HolderSite&) {
  return std::make_unique<PurgeAction>(allocator::tcmallocRelease());
}
std::unique_ptr<HolderAction> makeMimallocCollect(const HolderSite&) {
  return std::make_unique<PurgeAction>(allocator::mimallocCollect());
}

}  // namespace pauselab::engine
