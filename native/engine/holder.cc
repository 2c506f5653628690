#include <cerrno>

#include "engine/roles.h"

namespace pauselab::engine {
namespace {

// A holder may make a million short calls a second, and its ring is read once a second: they would overwrite the record
// of the call that was preempted and stalled the victims. The histogram and the sums have all calls. Records are needed
// only of the first calls, which size regions, and of long calls, which explain stalls.
constexpr std::uint64_t kShortCalls = 10'000;

// Makes the toucher re-populate the region, and waits for it. False if the window ended first.
bool repopulate(Shared& shared) noexcept {
  const std::uint32_t before = shared.releaseDone.value();
  shared.releaseRequest.raise();
  while (shared.releaseDone.value() == before) {
    if (shared.windowOver()) return false;
    shared.releaseDone.waitWhile(before);
  }
  return true;
}

// A call may outlast the window, and then the process whose memory it walks, because the control plane ends that
// process first. The call then ended with the process; no kernel refused it.
bool endedWithTarget(int outcome, Shared& shared) noexcept {
  return (outcome == ESRCH || outcome == ENOENT) && shared.windowOver();
}

}  // namespace

// Releases the region again and again, with a rest of `pause_ns` between calls. It starts no call after the window. A
// call that is running at the window's end is finished and recorded.
void runHolder(Shared& shared, std::size_t index, const HolderPlan& plan, HolderAction& action, const Region& region,
               const Schedstat& schedstat) noexcept {
  board::Thread& thread = shared.board.thread(index);
  board::Header& header = shared.board.header();
  board::Recorder recorder = shared.board.recorder(index);
  board::Ring ring = shared.board.ring(index);
  const std::uint64_t windowStart_ns = header.window_start_ns.load(std::memory_order_relaxed);
  const auto over = [&] { return shared.windowOver(); };
  SchedstatReading last = schedstat.read();
  bool slow = true;  // whether calls justify two readings of schedstat each: the last call did
  // The last reading of the clock. Without a pause a call starts when the call before it ended, as a victim's operation
  // does. So each call needs one reading, and the time between two calls counts as the second call's. CPU time is read
  // around every call, so that its sum is exact: two readings of 0.2 us each.
  std::uint64_t now_ns = last.at_ns;

  std::uint64_t shortCalls = 0;
  const auto push = [&ring, &shortCalls](const ReleaseCall& made, board::CallKind kind) noexcept {
    if (made.end_ns - made.start_ns < board::kSlow_ns && shortCalls++ >= kShortCalls) return;
    ring.push({.start_ns = made.start_ns,
               .end_ns = made.end_ns,
               .intended_ns = made.start_ns,
               .bytes = made.bytes,
               .call = static_cast<std::uint64_t>(kind),
               .run_delay_ns = made.run_delay_ns,
               .run_delay_from_ns = made.run_delay_from_ns,
               .on_cpu_ns = made.on_cpu_ns});
  };
  const auto record = [&](const ReleaseCall& release) noexcept {
    if (release.start_ns < windowStart_ns) {
      board::raise(thread.warmup_n);
    } else if (release.start_ns < shared.windowEnd_ns()) {  // a call inside a release may begin after the window
      recorder.record(release.start_ns, release.start_ns, release.end_ns);
      if (release.crossed) board::raise(thread.crossed_n);
      board::raise(thread.released_bytes, release.bytes);
      board::raise(thread.released_cpu_ns, release.on_cpu_ns);
    }
    push(release, release.crossed ? board::CallKind::releaseAcross : board::CallKind::release);
  };

  const auto call = [&](std::uint64_t k, board::CallKind kind) noexcept {
    // A call does not start where the call before it ended if there was work in between.
    if (kind == board::CallKind::release && action.prepare()) now_ns = monotonic_ns();
    // Reads it before a call that is likely to be long, so that run delay is this call's, without the rest before it.
    if (slow) {
      last = schedstat.read();
      now_ns = last.at_ns;
    }
    const std::uint64_t cpuBefore_ns = slow ? last.on_cpu_ns : Schedstat::onCpu_ns();
    const std::uint64_t start_ns = now_ns;
    board::beginOperation(thread, k, start_ns, start_ns);
    const int outcome = kind == board::CallKind::release ? action.release() : action.restore();
    const std::uint64_t end_ns = now_ns = monotonic_ns();
    const std::uint64_t onCpu_ns = Schedstat::onCpu_ns() - cpuBefore_ns;
    slow = end_ns - start_ns >= board::kSlow_ns;
    const SchedstatReading after = slow ? schedstat.read() : last;
    const bool refused = outcome != 0 && !endedWithTarget(outcome, shared);
    if (refused) {
      if (thread.refused_n.load(std::memory_order_relaxed) == 0)
        thread.refused_errno.store(static_cast<std::uint64_t>(outcome), std::memory_order_relaxed);
      board::raise(thread.refused_n);
    } else {
      const HolderAction::Range range =
          action.lastRange().value_or(HolderAction::Range{.bytes = region.bytes(), .crossed = region.vmas() > 1});
      const ReleaseCall whole{.start_ns = start_ns,
                              .end_ns = end_ns,
                              .bytes = range.bytes,
                              .crossed = range.crossed,
                              .run_delay_ns = after.run_delay_ns - last.run_delay_ns,
                              .run_delay_from_ns = last.at_ns,
                              .on_cpu_ns = onCpu_ns};
      const std::span<const ReleaseCall> own = action.calls();
      if (kind == board::CallKind::restore) {
        push(whole, kind);
      } else {
        for (const ReleaseCall& release : own.empty() ? std::span(&whole, 1) : own) record(release);
      }
    }
    last = after;
    board::endOperation(thread, k);
    return outcome == 0;
  };

  sleepUntil(header.go_ns.load(std::memory_order_relaxed), over);
  now_ns = monotonic_ns();
  std::uint64_t k = 0;
  while (plan.active && now_ns < shared.windowEnd_ns()) {
    if (!call(k++, board::CallKind::release)) break;
    if (action.restores() && !call(k++, board::CallKind::restore)) break;
    if (!action.endsCycle()) continue;
    if (plan.toucher && !repopulate(shared)) break;
    if (plan.pause_ns > 0) sleepUntil(monotonic_ns() + plan.pause_ns, over);
    if (plan.toucher || plan.pause_ns > 0) now_ns = monotonic_ns();
  }
}

void runToucher(Shared& shared, const Region& region) noexcept {
  std::uint32_t served = 0;
  while (!shared.windowOver()) {
    const std::uint32_t requested = shared.releaseRequest.value();
    if (requested == served) {
      shared.releaseRequest.waitWhile(served);
      continue;
    }
    region.populate([&] { return shared.windowOver(); });
    served = requested;
    shared.releaseDone.raise();
  }
}

}  // namespace pauselab::engine
