// The churn without a run: the numbers that it draws, its pace, its blocks, its lines in a plan.
#include "engine/churn.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <string>

#include "allocator/describe.h"
#include "board/fail.h"
#include "test/child.h"
#include "test/doctest.h"

namespace pauselab::engine {
namespace {

const std::string kChurn =
    "churn name=load.churn seed=7 threads=3 per_s=1500 min_bytes=16384 max_bytes=1048576 live=64 burst_percent=50\n";
const std::string kBoard = "board path=/dev/shm/b threshold_ns=100\n";

Plan planOf(const std::string& lines) { return parsePlan(lines, "plan"); }

void expectRefused(const std::string& plan, const char* part) {
  const test::Ended ended = test::endOf([&] { planOf(plan); });
  CHECK(ended.status == static_cast<int>(Exit::usage));
  CHECK(ended.stderrText == test::contains(part));
}

TEST_CASE("a churn is read in full, and may be all that an engine on another's board has") {
  const Plan plan = planOf(kBoard + kChurn);
  CHECK_FALSE(plan.joins);
  CHECK(plan.churns.size() == 1);
  const ChurnPlan& churn = plan.churns[0];
  CHECK(churn.name == "load.churn");
  CHECK(churn.seed == 7);
  CHECK(churn.threads == 3);
  CHECK(churn.per_s == 1500);
  CHECK(churn.min_bytes == 16384);
  CHECK(churn.max_bytes == 1048576);
  CHECK(churn.live == 64);
  CHECK(churn.burst_percent == 50);
  const Plan joining = planOf("join path=/dev/shm/b\n" + kChurn);
  CHECK(joining.joins);
  CHECK(joining.boardPath == "/dev/shm/b");
  CHECK(joining.churns.size() == 1);
}

TEST_CASE("a line that is no churn is refused with its number") {
  const auto with = [](const char* key, const char* value) {
    std::string line = kChurn;
    const std::size_t at = line.find(std::string(key) + "=") + std::string(key).size() + 1;
    return kBoard + line.replace(at, line.find_first_of(" \n", at) - at, value);
  };
  expectRefused(with("threads", "0"), "plan:2: expected at least 1 for threads, got 0");
  expectRefused(with("burst_percent", "101"), "expected at most 100 for burst_percent, got 101");
  expectRefused(with("max_bytes", "4096"), "expected at least min_bytes=16384 for max_bytes, got 4096");
  expectRefused("join path=/dev/shm/b\n", "expected churn lines and at most a purge beside `join`");
  expectRefused("join path=/dev/shm/b\nhog run_ns=0 sleep_ns=0\n" + kChurn,
                "expected churn lines and at most a purge beside `join`");
}

TEST_CASE("the threads of a churn have names of at most 15 characters") {
  ChurnPlan churn = planOf(kBoard + kChurn).churns[0];
  CHECK(threadNames(churn) == std::vector<std::string>{"load.churn", "load.churn#1", "load.churn#2"});
  churn.name = "load.churn-10";
  CHECK(threadNames(churn)[1] == "load.churn-1#1");
}

TEST_CASE("sizes are log-uniform: each doubling has equally many, and none lies outside") {
  SplittableRandom random(1);
  const Sizes sizes(16384, 1048576);
  constexpr int kDraws = 60'000, kDoublings = 6;
  int counts[kDoublings] = {};
  for (int i = 0; i < kDraws; ++i) {
    const std::uint64_t bytes = sizes.next(random);
    CHECK(bytes >= 16384);
    CHECK(bytes <= 1048576);
    ++counts[std::min(kDoublings - 1, static_cast<int>(std::log2(static_cast<double>(bytes) / 16384)))];
  }
  // Five standard deviations of a binomial count of mean 10,000: 456.
  for (const int count : counts) {
    CHECK(count > kDraws / kDoublings - 456);
    CHECK(count < kDraws / kDoublings + 456);
  }
}

TEST_CASE("slots are drawn evenly for every bound") {
  for (const std::uint32_t bound : {1u, 3u, 64u, 1000u}) {
    SplittableRandom random(5);
    std::vector<int> counts(bound);
    const int draws = static_cast<int>(bound) * 1000;
    for (int i = 0; i < draws; ++i) ++counts.at(random.nextInt(bound));
    CAPTURE(bound);
    for (const int count : counts) {
      CHECK(count > 840);
      CHECK(count < 1160);
    }
  }
}

TEST_CASE("every second has its number of blocks, in ticks of at least a millisecond") {
  for (const std::uint64_t per_s : {1u, 7u, 999u, 1000u, 1500u, 12345u}) {
    CAPTURE(per_s);
    Rate rate(per_s);
    const std::uint64_t ticks = kSecond_ns / rate.interval_ns();
    CHECK(rate.interval_ns() >= 1'000'000);
    for (int second = 0; second < 3; ++second) {
      std::uint64_t due = 0;
      for (std::uint64_t i = 0; i < ticks; ++i) due += rate.due();
      CHECK(due == per_s);
    }
  }
}

TEST_CASE("a churn counts what it allocates, and two churns of one seed allocate the same") {
  const ChurnPlan plan = planOf(kBoard + kChurn).churns[0];
  Churn one(plan, 0), same(plan, 0), other(plan, 1);
  for (Churn* churn : {&one, &same, &other}) churn->replace(500);
  CHECK(one.tally().blocks == 500);
  CHECK(one.tally().refused == 0);
  CHECK(one.tally().allocated_bytes >= 500 * 16384);
  CHECK(one.tally().allocated_bytes <= 500 * 1048576ull);
  CHECK(one.tally().allocated_bytes == same.tally().allocated_bytes);
  CHECK(one.tally().allocated_bytes != other.tally().allocated_bytes);
}

// Runs from `go` to the end of a window of `window_ns` that begins now.
ChurnTally ranFor(const ChurnPlan& plan, std::uint64_t window_ns, board::Thread* left = nullptr) {
  const std::string path = "/dev/shm/pauselab-churn-test-" + std::to_string(getpid());
  const board::ThreadSpec spec{.name = plan.name, .role = board::Role::load, .series = ""};
  Shared shared{.board = board::Board::create(path, {&spec, 1}, 100)};
  unlink(path.c_str());
  const std::uint64_t now_ns = monotonic_ns();
  shared.board.header().go_ns.store(now_ns);
  shared.board.header().window_end_ns.store(now_ns + window_ns);
  Churn churn(plan, 0);
  churn.run(shared, 0);
  CHECK(monotonic_ns() >= now_ns + window_ns - kSecond_ns / 1000);
  if (left != nullptr) left->refused_n.store(shared.board.thread(0).refused_n.load());
  if (left != nullptr) left->refused_errno.store(shared.board.thread(0).refused_errno.load());
  return churn.tally();
}

TEST_CASE("a churn ends with the window, and every tick was made or is counted as dropped") {
  ChurnPlan plan = planOf(kBoard + kChurn).churns[0];
  plan.burst_percent = 100;
  // Ticks count from the thread's first tick. The time before it does not count: on a busy machine most of a window.
  ChurnTally tally;
  for (int tries = 0; tries < 5 && tally.ticks + tally.dropped_ticks < 100; ++tries) {
    if (tries > 0) MESSAGE("the window of 200 ms began late: " << tally.ticks + tally.dropped_ticks << " ticks");
    tally = ranFor(plan, 200'000'000);
  }
  CHECK(tally.ticks > 0);
  CHECK(tally.blocks >= tally.ticks);
  CHECK(tally.ticks + tally.dropped_ticks >= 100);
  CHECK(tally.ticks + tally.dropped_ticks <= 201);
}

// A window of three seconds whose clock stands still but for its sleeps.
struct MadeUpWindow {
  std::uint64_t at_ns = 0;
  std::uint64_t late_ns = 0;  // how late a sleep ends

  std::uint64_t now_ns() const { return at_ns; }
  std::uint64_t end_ns() const { return 3 * kSecond_ns; }
  void sleepUntil(std::uint64_t until_ns) {
    if (until_ns > at_ns && until_ns < end_ns()) at_ns = until_ns + late_ns;
  }
};

TEST_CASE("a load that is held up drops its ticks of the window, each once, and makes none after it") {
  // The window is a multiple of the first interval, and of no other.
  for (const std::uint64_t interval_ns : {kSecond_ns / 10, 7 * kSecond_ns / 100, 4 * kSecond_ns}) {
    CAPTURE(interval_ns);
    const std::uint64_t all = (3 * kSecond_ns + interval_ns - 1) / interval_ns;
    const std::uint64_t before = std::min<std::uint64_t>(all, 6);
    for (const bool inSleep : {false, true}) {
      CAPTURE(inSleep);
      MadeUpWindow window;
      Ticks ticks(0, interval_ns);
      for (std::uint64_t i = 0; i < before; ++i) CHECK(ticks.next(window));
      (inSleep ? window.late_ns : window.at_ns) = 10 * kSecond_ns;
      CHECK_FALSE(ticks.next(window));
      CHECK_FALSE(ticks.next(window));
      CHECK(ticks.made() == before);
      CHECK(ticks.dropped() == all - before);
    }
  }
}

TEST_CASE("a load that is held up in the window makes the last tick that was due") {
  MadeUpWindow window;
  Ticks ticks(0, kSecond_ns / 10);
  CHECK(ticks.next(window));
  window.at_ns = kSecond_ns / 2 + 1;
  CHECK(ticks.next(window));
  CHECK(window.at_ns == kSecond_ns / 2 + 1);
  CHECK(ticks.dropped() == 4);
  while (ticks.next(window)) continue;
  CHECK(ticks.made() == 26);
  CHECK(window.at_ns < 3 * kSecond_ns);
}

TEST_CASE("a churn rests in a part of each second") {
  ChurnPlan plan = planOf(kBoard + kChurn).churns[0];
  plan.per_s = 1000;  // a block per tick
  plan.burst_percent = 1;
  const ChurnTally tally = ranFor(plan, kSecond_ns);
  CHECK(tally.ticks > tally.blocks);
}

TEST_CASE("a block that is refused is counted, and the churn goes on") {
  ChurnPlan plan = planOf(kBoard + kChurn).churns[0];
  plan.burst_percent = 100;
  board::Thread left{};
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  // A sanitizer's allocator ends the process where malloc would return null.
  ranFor(plan, 10'000'000, &left);
#else
  plan.min_bytes = plan.max_bytes = (std::uint64_t{1} << 31) - 1;
  plan.live = 1;
  const test::Ended ended = test::endOf([&] {
    const rlimit none{.rlim_cur = 1 << 30, .rlim_max = 1 << 30};
    setrlimit(RLIMIT_AS, &none);
    const ChurnTally tally = ranFor(plan, 50'000'000, &left);
    fail(static_cast<Exit>(tally.blocks == 0 && tally.refused > 0 && left.refused_n == tally.refused &&
                                   left.refused_errno == ENOMEM
                               ? 0
                               : 1),
         "done");
  });
  CHECK(ended.status == 0);
#endif
}

TEST_CASE("an engine names the allocator that serves its malloc") {
  const std::string said = allocator::describe();
  CHECK(said.substr(0, 8) == "{\"path\":");
  CHECK(said.substr(said.size() - 2) == "}}");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  CHECK(said == test::contains("\"name\":\"glibc\""));
#endif
}

}  // namespace
}  // namespace pauselab::engine
