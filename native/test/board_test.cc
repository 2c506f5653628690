// The board's writer: bucket layout, exact figures, rings, in-flight slots, and reading while writing.
#include "board/board.h"

#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "board/fail.h"
#include "test/child.h"
#include "test/doctest.h"

namespace pauselab::board {
namespace {

std::string freshPath() {
  static int count = 0;
  const std::string path = "/dev/shm/pauselab-test-" + std::to_string(getpid()) + "-" + std::to_string(count++);
  unlink(path.c_str());
  return path;
}

const ThreadSpec kVictim{.name = "writer.test",
                         .role = Role::victim,
                         .series = "writer.test",
                         .response = true,
                         .interval_ns = 1000,
                         .ring_capacity = 4};

Board freshBoard(const ThreadSpec& spec = kVictim) {
  const std::string path = freshPath();
  Board board = Board::create(path, {&spec, 1}, 100);
  unlink(path.c_str());
  return board;
}

std::uint64_t sumOf(const Histogram& histogram) {
  std::uint64_t total = 0;
  for (const Word& count : histogram.counts) total += count.load(std::memory_order_relaxed);
  return total;
}

// The index as HdrHistogram computes it, written out: bucket by leading zeros, then the sub-bucket.
std::size_t referenceIndex(std::uint64_t value) {
  int bucket = 0;
  while ((value >> bucket) >= 2048) ++bucket;
  const auto sub = static_cast<std::size_t>(value >> bucket);
  return static_cast<std::size_t>(bucket + 1) * 1024 + sub - 1024;
}

TEST_CASE("a value is counted where HdrHistogram counts it") {
  for (std::uint64_t value : {0ULL, 1ULL, 1023ULL, 1024ULL, 2047ULL, 2048ULL, 2049ULL, 4095ULL, 4096ULL, 1'000'000ULL,
                              3'600'000'000'000ULL}) {
    CAPTURE(value);
    CHECK(countsIndex(value) == referenceIndex(value));
  }
  for (std::uint64_t value = 1; value < kHighestTrackable_ns; value += value / 7 + 1) {
    CAPTURE(value);
    CHECK(countsIndex(value) == referenceIndex(value));
  }
  CHECK(countsIndex(kHighestTrackable_ns) < kCountsLength);
}

TEST_CASE("n, min, max and sum are exact, and a value over the range is counted as such") {
  const auto histogram = std::make_unique<Histogram>();
  histogram->min_ns.store(UINT64_MAX);
  for (const std::uint64_t value :
       std::initializer_list<std::uint64_t>{1234567, 3, 999999999, kHighestTrackable_ns + 1})
    add(*histogram, value);
  CHECK(histogram->n.load() == 4);
  CHECK(histogram->min_ns.load() == 3);
  CHECK(histogram->max_ns.load() == kHighestTrackable_ns + 1);
  CHECK(histogram->sum_ns.load() == 1'234'567 + 3 + 999'999'999 + kHighestTrackable_ns + 1);
  CHECK(histogram->over_range.load() == 1);
  CHECK(sumOf(*histogram) == 4);
}

TEST_CASE("a sample over the threshold is a stall by its service time, not by its response time") {
  Board board = freshBoard();
  Recorder recorder = board.recorder(0);
  recorder.record(0, 500, 599);  // service 99, response 599, threshold 100
  recorder.record(0, 500, 600);
  const auto* series =
      reinterpret_cast<Series*>(reinterpret_cast<std::byte*>(&board.header()) + board.header().series_offset);
  CHECK(series->stall_n.load() == 1);
  CHECK(series->stall_sum_ns.load() == 100);
}

TEST_CASE("a ring overwrites its oldest record and says how many were written") {
  Board board = freshBoard();
  Ring ring = board.ring(0);
  for (std::uint64_t i = 0; i < 6; ++i) ring.push({i, i, i, i, i, i, i, i});
  CHECK(board.thread(0).ring_written.load() == 6);
  const auto* records =
      reinterpret_cast<Record*>(reinterpret_cast<std::byte*>(&board.header()) + board.thread(0).ring_offset);
  CHECK(records[0].start_ns.load() == 4);
  CHECK(records[1].start_ns.load() == 5);
  CHECK(records[2].start_ns.load() == 2);
}

TEST_CASE("an operation in flight is on the board until it ends") {
  Board board = freshBoard();
  Thread& thread = board.thread(0);
  beginOperation(thread, 7, 1000, 900);
  CHECK(thread.sequence.load() == 15);
  CHECK(thread.start_ns.load() == 1000);
  CHECK(thread.intended_ns.load() == 900);
  CHECK(thread.next.load() == 8);
  endOperation(thread, 7);
  CHECK(thread.sequence.load() == 16);
}

TEST_CASE("a reader beside the writer never finds n ahead of the counters") {
  const auto histogram = std::make_unique<Histogram>();
  histogram->min_ns.store(UINT64_MAX);
  std::atomic<bool> stop{false};
  std::jthread writer([&] {
    for (std::uint64_t value = 1; !stop.load(std::memory_order_relaxed);
         value = value * 6364136223846793005ULL + 1442695040888963407ULL)
      add(*histogram, value >> 30);
  });
  for (int i = 0; i < 50; ++i) {
    const std::uint64_t before = histogram->n.load(std::memory_order_acquire);
    CHECK(sumOf(*histogram) >= before);
  }
  stop.store(true);
  writer.join();
  CHECK(sumOf(*histogram) == histogram->n.load());
}

TEST_CASE("a board that exists already is refused with a sentence") {
  const std::string path = freshPath();
  Board::create(path, {&kVictim, 1}, 100);
  const test::Ended ended = test::endOf([&] { Board::create(path, {&kVictim, 1}, 100); });
  unlink(path.c_str());
  CHECK(ended.status == static_cast<int>(Exit::unfit));
  CHECK(ended.stderrText == test::contains("could not be created"));
}

TEST_CASE("a name that does not fit is refused, not cut") {
  const ThreadSpec spec{.name = std::string(64, 'x'), .role = Role::hog, .series = ""};
  const std::string path = freshPath();
  const test::Ended ended = test::endOf([&] { Board::create(path, {&spec, 1}, 100); });
  unlink(path.c_str());
  CHECK(ended.status == static_cast<int>(Exit::usage));
}

}  // namespace
}  // namespace pauselab::board
