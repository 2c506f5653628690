// The loops of holders and I/O hogs, and what the seats of a crew say at their end.
#include "engine/roles.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <string>
#include <vector>

#include "engine/crew.h"
#include "test/child.h"
#include "test/doctest.h"

namespace pauselab::engine {
namespace {

constexpr std::uint64_t kLong_ns = 2 * board::kSlow_ns;

board::Board boardWith(const std::vector<board::ThreadSpec>& seats) {
  const std::string path = "/dev/shm/pauselab-roles-test-" + std::to_string(getpid());
  board::Board made = board::Board::create(path, seats, 100);
  unlink(path.c_str());
  made.header().window_end_ns.store(monotonic_ns() + 60'000'000'000ULL);
  return made;
}

board::ThreadSpec seatOf(const char* name, board::Role role) { return {.name = name, .role = role, .series = ""}; }

board::ThreadSpec holderSeat(std::uint64_t records) {
  return {.name = "holder",
          .role = board::Role::holder,
          .series = "holder.madvise_free",
          .response = false,
          .interval_ns = 0,
          .ring_capacity = records};
}

HolderPlan holderPlan() {
  return {.operation = "madvise_free",
          .bytes = 1 << 20,
          .vmas = 1,
          .hugePages = false,
          .pause_ns = 0,
          .active = true,
          .toucher = false};
}

// Makes a long call between many short calls, then ends the window.
class MostlyShort final : public HolderAction {
 public:
  MostlyShort(Shared& shared, std::uint64_t before, std::uint64_t after)
      : shared_(shared), before_(before), last_(before + after) {}
  int release() noexcept override {
    if (calls_ == before_)
      for (const std::uint64_t end_ns = monotonic_ns() + kLong_ns; monotonic_ns() < end_ns;) continue;
    if (calls_++ == last_) shared_.board.header().window_end_ns.store(monotonic_ns());
    return 0;
  }

 private:
  Shared& shared_;
  std::uint64_t before_, last_, calls_ = 0;
};

TEST_CASE("short calls of a holder do not overwrite the record of its long call") {
  constexpr std::uint64_t kCapacity = 16384;
  constexpr std::uint64_t kShort = 4 * kCapacity;
  Shared shared{.board = boardWith({holderSeat(kCapacity)})};
  const HolderPlan plan = holderPlan();
  MostlyShort action(shared, kShort, kShort);
  runHolder(shared, 0, plan, action, Region(plan, {}), Schedstat{});
  board::Thread& thread = shared.board.thread(0);
  CHECK(thread.released_bytes.load() == (2 * kShort + 1) * plan.bytes);  // all calls are counted
  const std::uint64_t written = thread.ring_written.load();
  REQUIRE(written <= kCapacity);
  const auto* const records = reinterpret_cast<const board::Record*>(
      reinterpret_cast<const std::byte*>(&shared.board.header()) + thread.ring_offset);
  std::uint64_t longest_ns = 0;
  for (std::uint64_t i = 0; i < written; ++i)
    longest_ns = std::max(longest_ns, records[i].end_ns.load() - records[i].start_ns.load());
  CHECK(longest_ns >= kLong_ns);
}

TEST_CASE("a thread of every role says when it has ended") {
  // In a child, because the threads of a crew never end.
  const test::Ended ended = test::endOf([] {
    Shared shared{.board = boardWith(
                      {holderSeat(16), seatOf("toucher", board::Role::toucher), seatOf("hog-0", board::Role::hog)})};
    const HolderPlan plan = holderPlan();
    const Region region(plan, {});
    Crew crew(shared);
    MostlyShort action(shared, 1, 1);
    crew.start(0, [&](const Schedstat& schedstat) { runHolder(shared, 0, plan, action, region, schedstat); });
    crew.start(1, [&](const Schedstat&) { runToucher(shared, region); });
    crew.start(2, [&](const Schedstat&) { runHog(shared, {}); });
    crew.waitUntilRegistered();
    shared.hogsStop.store(true);
    shared.go.raise();
    while (!crew.allEnded()) usleep(1000);
    for (std::size_t seat = 0; seat < 3; ++seat)
      if (shared.board.thread(seat).ended_ns.load() == 0) _exit(10 + static_cast<int>(seat));
    _exit(0);
  });
  CHECK(ended.status == 0);
}

// Its first operation succeeds, the kernel gives up the second, and refuses the third; then the window is over.
class GivenUp final : public VictimAction {
 public:
  explicit GivenUp(Shared& shared) : shared_(shared) {}
  int perform() noexcept override {
    if (++calls_ == 3) shared_.board.header().window_end_ns.store(monotonic_ns());
    return calls_ == 1 ? 0 : calls_ == 2 ? kGaveUp : EINVAL;
  }

 private:
  Shared& shared_;
  int calls_ = 0;
};

TEST_CASE("an operation that the kernel gives up is recorded and counted") {
  Shared shared{.board = boardWith({{.name = "writer.x",
                                     .role = board::Role::victim,
                                     .series = "writer.x",
                                     .response = false,
                                     .interval_ns = 0,
                                     .ring_capacity = 4}})};
  shared.board.header().drain_end_ns.store(shared.windowEnd_ns());
  GivenUp action(shared);
  runVictim(shared, 0, action, Schedstat{});
  board::Thread& thread = shared.board.thread(0);
  CHECK(thread.gave_up_n.load() == 1);
  CHECK(thread.refused_n.load() == 1);
  CHECK(thread.sequence.load() == 6);
}

constexpr std::uint64_t kMiB = 1 << 20;

TEST_CASE("an I/O hog that has written its most ends before the window does") {
  Shared shared{.board = boardWith({seatOf("io-hog-0", board::Role::hog)})};
  IoHog hog({.file_bytes = kMiB, .most_bytes = 2 * kMiB}, 1);
  hog.run(shared, 0);
  CHECK(!shared.windowOver());
  CHECK(shared.board.thread(0).refused_n.load() == 0);
}

TEST_CASE("an I/O hog whose block is written in part does not count the rest as written") {
  const test::Ended ended = test::endOf([] {
    Shared shared{.board = boardWith({seatOf("io-hog-0", board::Role::hog)})};
    IoHog hog({.file_bytes = 4 * kMiB, .most_bytes = 2 * kMiB}, 1);
    const rlimit limit{.rlim_cur = kMiB + kMiB / 2, .rlim_max = RLIM_INFINITY};
    std::signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(2);
    hog.run(shared, 0);
    _exit(shared.board.thread(0).refused_errno.load() == EFBIG ? 0 : 3);
  });
  CHECK(ended.status == 0);
}

}  // namespace
}  // namespace pauselab::engine
