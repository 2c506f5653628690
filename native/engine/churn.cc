#include "engine/churn.h"

#include <cerrno>
#include <cstdlib>

#include "allocator/blocks.h"

namespace pauselab::engine {
namespace {

// The window of a run, for ticks.
struct RunWindow {
  Shared& shared;

  std::uint64_t now_ns() const noexcept { return monotonic_ns(); }
  std::uint64_t end_ns() const noexcept { return shared.windowEnd_ns(); }
  void sleepUntil(std::uint64_t until_ns) const noexcept {
    engine::sleepUntil(until_ns, [&] { return until_ns >= end_ns(); });
  }
};

}  // namespace

Churn::Churn(const ChurnPlan& plan, std::uint64_t number)
    : draws_(plan.seed + number, static_cast<std::uint32_t>(plan.live), Sizes(plan.min_bytes, plan.max_bytes)),
      rate_(plan.per_s),
      work_ns_(plan.burst_percent * kSecond_ns / 100),
      blocks_(plan.live, nullptr) {}

Churn::~Churn() {
  for (void* const block : blocks_) std::free(block);
}

void Churn::replace(std::uint64_t count) noexcept {
  for (; count > 0; --count) {
    void*& block = blocks_[draws_.slot()];
    std::free(block);
    const std::uint64_t bytes = draws_.bytes();
    block = allocator::allocateTouched(bytes);
    if (block == nullptr) {
      ++tally_.refused;
    } else {
      ++tally_.blocks;
      tally_.allocated_bytes += bytes;
    }
  }
}

void Churn::run(Shared& shared, std::size_t seat) noexcept {
  board::Thread& thread = shared.board.thread(seat);
  const auto over = [&] { return shared.windowOver(); };
  sleepUntil(shared.board.header().go_ns.load(std::memory_order_relaxed), over);
  RunWindow window{shared};
  Ticks ticks(monotonic_ns(), rate_.interval_ns());
  while (ticks.next(window)) {
    const std::uint64_t due = rate_.due();
    if (monotonic_ns() % kSecond_ns >= work_ns_) continue;
    const std::uint64_t refused = tally_.refused;
    replace(due);
    if (tally_.refused != refused) [[unlikely]] {
      thread.refused_errno.store(ENOMEM, std::memory_order_relaxed);
      board::raise(thread.refused_n, tally_.refused - refused);
    }
  }
  tally_.ticks = ticks.made();
  tally_.dropped_ticks = ticks.dropped();
}

std::vector<std::string> threadNames(const ChurnPlan& plan) {
  constexpr std::size_t kNameCharacters = 12;
  std::vector<std::string> names{plan.name};
  for (std::uint64_t i = 1; i < plan.threads; ++i)
    names.push_back(plan.name.substr(0, kNameCharacters) + "#" + std::to_string(i));
  return names;
}

}  // namespace pauselab::engine
