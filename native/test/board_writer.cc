// pauselab-board-writer PATH SECONDS: one back-to-back series at full rate, for the test of the board's reader.
// Prints the number of samples that it recorded.
#include <cstdio>
#include <cstdlib>

#include "board/board.h"
#include "board/clock.h"
#include "board/fail.h"

int main(int argc, char** argv) {
  using namespace pauselab;
  if (argc != 3) fail(Exit::usage, "expected: pauselab-board-writer PATH SECONDS");
  const board::ThreadSpec spec{.name = "writer.full-rate",
                               .role = board::Role::victim,
                               .series = "writer.full-rate",
                               .response = true,
                               .interval_ns = 1,
                               .ring_capacity = 64};
  board::Board target = board::Board::create(argv[1], {&spec, 1}, 100'000'000);
  board::Thread& thread = target.thread(0);
  board::Recorder recorder = target.recorder(0);
  board::Ring ring = target.ring(0);
  target.header().state.store(static_cast<std::uint64_t>(board::State::running));
  std::puts("running");
  std::fflush(stdout);
  const std::uint64_t end_ns = monotonic_ns() + std::strtoull(argv[2], nullptr, 10) * kSecond_ns;
  std::uint64_t k = 0, random = 88172645463325252ULL;
  for (std::uint64_t now_ns; (now_ns = monotonic_ns()) < end_ns; ++k) {
    // xorshift64: values over many buckets, so that a torn or missing counter would show.
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    const std::uint64_t service_ns = random >> (24 + random % 32);
    board::beginOperation(thread, k, now_ns, now_ns);
    recorder.record(now_ns, now_ns, now_ns + service_ns);
    // Every field has the same number, so a torn record shows.
    if (k % 1000 == 0) ring.push({k, k, k, k, k, k, k, k});
    board::endOperation(thread, k);
  }
  thread.ended_ns.store(monotonic_ns());
  target.header().state.store(static_cast<std::uint64_t>(board::State::done));
  std::printf("%lu\n", k);
  return 0;
}
