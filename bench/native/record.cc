// pauselab-bench-record PAIRS: the cost of recording a sample, beside an hdr_record_value of HdrHistogram_c.
//
// Everything is measured in turns within one process, so that a disturbance affects all subjects. In each pair every
// subject records the same number of samples, in forward and backward order alternately. Each subject has separate
// arguments and a separate histogram. It reads exactly the arguments that its function takes (three times for pauselab,
// one value for the library), so fetching them counts against pauselab. No clock is read inside. Costs are CPU time of
// the thread, so a pass during which another program had the CPU costs no more.
//
// Prints one JSON document: for each subject its nanoseconds per sample in every pair.
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <random>
#include <span>
#include <vector>

#include "board/clock.h"
#include "board/fail.h"
#include "board/recorder.h"

extern "C" {
#include "hdr_histogram.h"
}

namespace pauselab::bench {
namespace {

constexpr std::size_t kSamples = 8192;
constexpr std::size_t kPasses = 64;
constexpr std::uint64_t kStallThreshold_ns = 100'000'000;

struct Sample {
  std::uint64_t intended_ns, start_ns, end_ns;
};

// Samples of a writer at 1,000/s: a system call of some microseconds with a long tail, started some tens of
// microseconds late. One operation in 4096 is a stall.
std::vector<Sample> drawSamples(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::lognormal_distribution<double> usual_ns(std::log(4'000.0), 0.5);
  std::lognormal_distribution<double> tail_ns(std::log(100'000.0), 1.5);
  std::lognormal_distribution<double> lateness_ns(std::log(60'000.0), 0.4);
  std::bernoulli_distribution isTail(0.01);
  std::vector<Sample> samples(kSamples);
  std::uint64_t intended_ns = 3'600 * kSecond_ns;
  for (std::size_t i = 0; i < kSamples; ++i) {
    const bool isStall = i % 4096 == 4095;
    const double service_ns = isStall ? 250e6 : isTail(random) ? tail_ns(random) : usual_ns(random);
    const std::uint64_t start_ns = intended_ns + static_cast<std::uint64_t>(lateness_ns(random));
    samples[i] = {
        .intended_ns = intended_ns, .start_ns = start_ns, .end_ns = start_ns + static_cast<std::uint64_t>(service_ns)};
    intended_ns += 1'000'000;
  }
  return samples;
}

// No value stays in a register from one sample to the next, as none stays across a system call.
inline void nextSample() { asm volatile("" ::: "memory"); }

// Memory like the board's: shared pages, all touched.
template <typename T>
T& inSharedMemory() {
  void* memory = mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) fail(Exit::unfit, "%zu bytes could not be mapped: %s", sizeof(T), strerror(errno));
  return *new (memory) T{};
}

// A thread's place on a board, and the arguments of its calls.
class Ours {
 public:
  explicit Ours(std::uint64_t seed)
      : samples_(drawSamples(seed)),
        recorder_(inSharedMemory<board::Series>(), service_, &response_, kStallThreshold_ns) {
    service_.min_ns.store(UINT64_MAX, std::memory_order_relaxed);
    response_.min_ns.store(UINT64_MAX, std::memory_order_relaxed);
  }

  [[gnu::noinline]] void record() {
    for (const Sample& sample : samples_) {
      recorder_.record(sample.intended_ns, sample.start_ns, sample.end_ns);
      nextSample();
    }
  }

  [[gnu::noinline]] void recordInFlight() {
    for (const Sample& sample : samples_) {
      board::beginOperation(thread_, next_, sample.start_ns, sample.intended_ns);
      nextSample();
      recorder_.record(sample.intended_ns, sample.start_ns, sample.end_ns);
      board::endOperation(thread_, next_++);
      nextSample();
    }
  }

  [[gnu::noinline]] void inFlight() {
    for (const Sample& sample : samples_) {
      board::beginOperation(thread_, next_, sample.start_ns, sample.intended_ns);
      nextSample();
      board::endOperation(thread_, next_++);
      nextSample();
    }
  }

  std::uint64_t recorded() const { return std::min(service_.n.load(), response_.n.load()); }

 private:
  std::vector<Sample> samples_;
  board::Histogram& service_ = inSharedMemory<board::Histogram>();
  board::Histogram& response_ = inSharedMemory<board::Histogram>();
  board::Thread& thread_ = inSharedMemory<board::Thread>();
  std::uint64_t next_ = 0;
  board::Recorder recorder_;
};

class Theirs {
 public:
  explicit Theirs(std::uint64_t seed) {
    for (const Sample& sample : drawSamples(seed))
      values_.push_back(static_cast<std::int64_t>(sample.end_ns - sample.start_ns));
    if (hdr_init(1, static_cast<std::int64_t>(board::kHighestTrackable_ns), 3, &histogram_) != 0)
      fail(Exit::internal, "hdr_init refused the board's range");
  }

  [[gnu::noinline]] void record() {
    for (const std::int64_t value : values_) {
      hdr_record_value(histogram_, value);
      nextSample();
    }
  }

  std::uint64_t recorded() const { return static_cast<std::uint64_t>(histogram_->total_count); }

 private:
  std::vector<std::int64_t> values_;
  hdr_histogram* histogram_ = nullptr;
};

double cpuTime_ns() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

template <typename Pass>
double costPerSample_ns(Pass pass) {
  const double start_ns = cpuTime_ns();
  for (std::size_t i = 0; i < kPasses; ++i) pass();
  return (cpuTime_ns() - start_ns) / static_cast<double>(kSamples * kPasses);
}

void print(const char* name, std::span<const double> costs_ns, const char* after) {
  std::printf("\"%s\":[", name);
  for (std::size_t i = 0; i < costs_ns.size(); ++i) std::printf("%s%.4f", i == 0 ? "" : ",", costs_ns[i]);
  std::printf("]%s", after);
}

void measure(std::size_t pairs) {
  Ours sample(1), sampleInFlight(2), slot(3);
  Theirs theirs(4);
  enum Subject { kTheirs, kSample, kSampleInFlight, kSlot, kSubjects };
  const auto cost_ns = [&](std::size_t subject) {
    switch (subject) {
      case kTheirs:
        return costPerSample_ns([&] { theirs.record(); });
      case kSample:
        return costPerSample_ns([&] { sample.record(); });
      case kSampleInFlight:
        return costPerSample_ns([&] { sampleInFlight.recordInFlight(); });
      default:
        return costPerSample_ns([&] { slot.inFlight(); });
    }
  };
  std::array<std::vector<double>, kSubjects> costs_ns;
  for (std::size_t subject = 0; subject < kSubjects; ++subject)
    cost_ns(subject);  // caches, pages, the CPU's clock rate
  for (std::size_t pair = 0; pair < pairs; ++pair)
    for (std::size_t turn = 0; turn < kSubjects; ++turn) {
      const std::size_t subject = pair % 2 == 0 ? turn : kSubjects - 1 - turn;
      costs_ns[subject].push_back(cost_ns(subject));
    }

  const std::uint64_t expected = (pairs + 1) * kPasses * kSamples;
  if (theirs.recorded() != expected || sample.recorded() != expected || sampleInFlight.recorded() != expected)
    fail(Exit::internal, "not every sample was counted, so the costs mean nothing");
  std::printf("{\"samplesPerPair\":%zu,", kSamples * kPasses);
  print("hdr_record_value_ns", costs_ns[kTheirs], ",");
  print("sample_ns", costs_ns[kSample], ",");
  print("sample_in_flight_ns", costs_ns[kSampleInFlight], ",");
  print("in_flight_ns", costs_ns[kSlot], "}\n");
}

}  // namespace
}  // namespace pauselab::bench

int main(int argc, char** argv) {
  using namespace pauselab;
  const unsigned long pairs = argc == 2 ? std::strtoul(argv[1], nullptr, 10) : 0;
  if (pairs == 0) fail(Exit::usage, "expected: pauselab-bench-record PAIRS");
  bench::measure(pairs);
}
