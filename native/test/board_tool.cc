// The native side of test/interop/:
//
//   pauselab-board-tool make BOARD           lays out a board with one timed seat, writer.interop
//   pauselab-board-tool write BOARD SAMPLES  records a file of lines `intended start end`, in nanoseconds
//   pauselab-board-tool print BOARD          prints the whole board as JSON; numbers as text, because they exceed 2^53
//   pauselab-board-tool draws SEED LIVE MIN_BYTES MAX_BYTES COUNT   what a churn draws: lines `slot bytes`
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include "board/board.h"
#include "board/fail.h"
#include "engine/draws.h"

namespace pauselab::board {
namespace {

constexpr std::uint64_t kStallThreshold_ns = 100'000'000;
constexpr std::uint64_t kRingCapacity = 64;

void make(const char* path) {
  const ThreadSpec spec{.name = "writer.interop",
                        .role = Role::victim,
                        .series = "writer.interop",
                        .response = true,
                        .interval_ns = 1'000'000,
                        .ring_capacity = kRingCapacity};
  Board::create(path, {&spec, 1}, kStallThreshold_ns);
}

class Mapped {
 public:
  explicit Mapped(const char* path) {
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    struct stat status {};
    if (fd < 0 || fstat(fd, &status) != 0) fail(Exit::workload, "%s could not be opened", path);
    void* memory = mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) fail(Exit::workload, "%s could not be mapped", path);
    base_ = static_cast<std::byte*>(memory);
  }

  template <typename T>
  T& at(std::uint64_t offset) {
    return *reinterpret_cast<T*>(base_ + offset);
  }
  Header& header() { return at<Header>(0); }
  Thread& thread() { return at<Thread>(header().threads_offset); }
  Series& series() { return at<Series>(header().series_offset); }
  Histogram& service() { return at<Histogram>(series().service_offset); }
  Histogram& response() { return at<Histogram>(series().response_offset); }
  Record* records() { return &at<Record>(thread().ring_offset); }

 private:
  std::byte* base_;
};

void write(Mapped board, const char* samples) {
  Recorder recorder(board.series(), board.service(), &board.response(), board.header().stall_threshold_ns);
  Ring ring(board.thread(), board.records());
  std::ifstream file(samples);
  std::uint64_t k = 0;
  for (std::uint64_t intended_ns, start_ns, end_ns; file >> intended_ns >> start_ns >> end_ns; ++k) {
    beginOperation(board.thread(), k, start_ns, intended_ns);
    recorder.record(intended_ns, start_ns, end_ns);
    if (end_ns - start_ns >= kSlow_ns)
      ring.push({.start_ns = start_ns,
                 .end_ns = end_ns,
                 .intended_ns = intended_ns,
                 .bytes = 0,
                 .call = 0,
                 .run_delay_ns = k,
                 .run_delay_from_ns = k + 1,
                 .on_cpu_ns = k + 2});
    endOperation(board.thread(), k);
  }
  board.thread().ended_ns.store(k + 1);
}

void print(const char* name, const Word& word) { std::printf("\"%s\":\"%lu\",", name, word.load()); }

void print(const char* name, const Histogram& histogram) {
  std::printf("\"%s\":{", name);
  print("n", histogram.n);
  print("min_ns", histogram.min_ns);
  print("max_ns", histogram.max_ns);
  print("sum_ns", histogram.sum_ns);
  print("over_range", histogram.over_range);
  std::printf("\"counts\":{");
  const char* separator = "";
  for (std::size_t i = 0; i < kCountsLength; ++i) {
    if (histogram.counts[i].load() == 0) continue;
    std::printf("%s\"%zu\":\"%lu\"", separator, i, histogram.counts[i].load());
    separator = ",";
  }
  std::printf("}},");
}

void print(Mapped board) {
  const Thread& thread = board.thread();
  std::printf("{");
  print("sequence", thread.sequence);
  print("start_ns", thread.start_ns);
  print("intended_ns", thread.intended_ns);
  print("next", thread.next);
  print("ended_ns", thread.ended_ns);
  print("ring_written", thread.ring_written);
  print("stall_n", board.series().stall_n);
  print("stall_sum_ns", board.series().stall_sum_ns);
  print("service", board.service());
  print("response", board.response());
  std::printf("\"ring\":[");
  const auto* const words = reinterpret_cast<const Word*>(board.records());
  for (std::size_t i = 0; i < thread.ring_capacity * sizeof(Record) / sizeof(Word); ++i)
    std::printf("%s\"%lu\"", i == 0 ? "" : ",", words[i].load());
  std::printf("]}\n");
}

void draws(char** numbers) {
  const auto number = [numbers](int i) { return std::strtoull(numbers[i], nullptr, 10); };
  engine::BlockDraws drawn(number(0), static_cast<std::uint32_t>(number(1)), engine::Sizes(number(2), number(3)));
  for (std::uint64_t i = 0; i < number(4); ++i) {
    const std::uint32_t slot = drawn.slot();
    std::printf("%u %lu\n", slot, drawn.bytes());
  }
}

}  // namespace
}  // namespace pauselab::board

int main(int argc, char** argv) {
  using namespace pauselab;
  const std::string_view command = argc > 2 ? argv[1] : "";
  if (command == "make" && argc == 3) {
    board::make(argv[2]);
  } else if (command == "write" && argc == 4) {
    board::write(board::Mapped(argv[2]), argv[3]);
  } else if (command == "print" && argc == 3) {
    board::print(board::Mapped(argv[2]));
  } else if (command == "draws" && argc == 7) {
    board::draws(argv + 2);
  } else {
    fail(Exit::usage,
         "expected: pauselab-board-tool make BOARD | write BOARD SAMPLES | print BOARD | draws SEED LIVE MIN_BYTES "
         "MAX_BYTES COUNT");
  }
}
