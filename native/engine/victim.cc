#include "engine/roles.h"

namespace pauselab::engine {

// Open loop: operation k is intended at go + offset + k * interval, whatever happened to earlier operations. So a
// stalled victim owes the operations that it could not start, and its response time includes them (no coordinated
// omission). interval 0: back to back; each operation is intended when it starts. Owed operations are served after the
// window, until the drain ends.
void runVictim(Shared& shared, std::size_t index, VictimAction& action, const Schedstat& schedstat) noexcept {
  board::Thread& thread = shared.board.thread(index);
  board::Header& header = shared.board.header();
  board::Recorder recorder = shared.board.recorder(index);
  board::Ring ring = shared.board.ring(index);
  const std::uint64_t first_ns = header.go_ns.load(std::memory_order_relaxed) + thread.offset_ns;
  const std::uint64_t windowStart_ns = header.window_start_ns.load(std::memory_order_relaxed);
  const std::uint64_t interval_ns = thread.interval_ns;
  SchedstatReading last = schedstat.read();

  sleepUntil(first_ns, [&] { return shared.windowOver(); });
  std::uint64_t now_ns = monotonic_ns();
  for (std::uint64_t k = 0;; ++k) {
    const std::uint64_t intended_ns = interval_ns == 0 ? now_ns : first_ns + k * interval_ns;
    if (intended_ns >= shared.windowEnd_ns()) break;
    if (now_ns < intended_ns) {
      sleepUntil(intended_ns, [&] { return intended_ns >= shared.windowEnd_ns(); });
      if (intended_ns >= shared.windowEnd_ns()) break;
    }
    const std::uint64_t start_ns = interval_ns == 0 ? now_ns : monotonic_ns();
    if (start_ns >= shared.drainEnd_ns()) break;

    board::beginOperation(thread, k, start_ns, intended_ns);
    const int outcome = action.perform();
    now_ns = monotonic_ns();

    if (outcome == 0 || outcome == kGaveUp) [[likely]] {
      if (intended_ns >= windowStart_ns) {
        recorder.record(intended_ns, start_ns, now_ns);
        // Recorded: the thread may have waited all the same.
        if (outcome == kGaveUp) board::raise(thread.gave_up_n);
      } else {
        board::raise(thread.warmup_n);
      }
      if (now_ns - start_ns >= board::kSlow_ns) [[unlikely]] {
        const SchedstatReading after = schedstat.read();
        ring.push({.start_ns = start_ns,
                   .end_ns = now_ns,
                   .intended_ns = intended_ns,
                   .bytes = 0,
                   .call = 0,
                   .run_delay_ns = after.run_delay_ns - last.run_delay_ns,
                   .run_delay_from_ns = last.at_ns,
                   .on_cpu_ns = after.on_cpu_ns - last.on_cpu_ns});
        last = after;
        now_ns = monotonic_ns();
      }
    } else if (outcome == kExhausted) {
      board::raise(thread.exhausted_n);
    } else {
      if (thread.refused_n.load(std::memory_order_relaxed) == 0)
        thread.refused_errno.store(static_cast<std::uint64_t>(outcome), std::memory_order_relaxed);
      board::raise(thread.refused_n);
    }
    board::endOperation(thread, k);
  }
}

}  // namespace pauselab::engine
