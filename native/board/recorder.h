// The hot path of recording: everything that a measured thread does besides its operation and reading the clock.
// No allocation, no lock, no system call. Each word is written by one thread, so a counter's increment is a plain load
// and store. A locked read-modify-write would cost ten times as much, and there is no second writer to protect against.
#pragma once

#include <bit>

#include "board/layout.h"

namespace pauselab::board {

inline void raise(Word& word, std::uint64_t by = 1) noexcept {
  word.store(word.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

// The index of a value's counter. Bucket b holds values of 11 + b significant bits in steps of 2^b. Its lower half
// repeats the bucket before, so it adds 1024 counters: index = b * 1024 + (value >> b).
inline std::size_t countsIndex(std::uint64_t value_ns) noexcept {
  const auto bucket =
      static_cast<unsigned>(64 - kSubBucketBits - std::countl_zero(value_ns | (2 * kSubBucketHalf - 1)));
  return bucket * kSubBucketHalf + (value_ns >> bucket);
}

inline void add(Histogram& histogram, std::uint64_t value_ns) noexcept {
  std::uint64_t counted_ns = value_ns;
  if (value_ns > kHighestTrackable_ns) [[unlikely]] {
    counted_ns = kHighestTrackable_ns;
    raise(histogram.over_range);
  }
  // With release: a reader that sees this sample's counter also sees the `n` of the sample before it.
  Word& count = histogram.counts[countsIndex(counted_ns)];
  count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  raise(histogram.sum_ns, value_ns);
  if (value_ns < histogram.min_ns.load(std::memory_order_relaxed)) [[unlikely]]
    histogram.min_ns.store(value_ns, std::memory_order_relaxed);
  if (value_ns > histogram.max_ns.load(std::memory_order_relaxed)) [[unlikely]]
    histogram.max_ns.store(value_ns, std::memory_order_relaxed);
  // Last and with release: a reader that sees n = k also sees k samples in the counters.
  histogram.n.store(histogram.n.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

// A thread's series: where its samples go. `response` is null without a schedule.
class Recorder {
 public:
  Recorder(Series& series, Histogram& service, Histogram* response, std::uint64_t stallThreshold_ns) noexcept
      : series_(&series), service_(&service), response_(response), stallThreshold_ns_(stallThreshold_ns) {}

  void record(std::uint64_t intended_ns, std::uint64_t start_ns, std::uint64_t end_ns) noexcept {
    const std::uint64_t service_ns = end_ns - start_ns;
    add(*service_, service_ns);
    if (response_ != nullptr) add(*response_, end_ns - intended_ns);
    if (service_ns >= stallThreshold_ns_) [[unlikely]] {
      raise(series_->stall_sum_ns, service_ns);
      raise(series_->stall_n);
    }
  }

 private:
  Series* series_;
  Histogram* service_;
  Histogram* response_;
  std::uint64_t stallThreshold_ns_;
};

// The in-flight slot of a thread: its current operation, which a reader finds even after the thread was killed.
inline void beginOperation(Thread& thread, std::uint64_t k, std::uint64_t start_ns,
                           std::uint64_t intended_ns) noexcept {
  // With release: the even sequence of the operation before it is visible before its times change.
  thread.start_ns.store(start_ns, std::memory_order_release);
  thread.intended_ns.store(intended_ns, std::memory_order_relaxed);
  thread.next.store(k + 1, std::memory_order_relaxed);
  thread.sequence.store(2 * k + 1, std::memory_order_release);
}

inline void endOperation(Thread& thread, std::uint64_t k) noexcept {
  thread.sequence.store(2 * k + 2, std::memory_order_release);
}

// A thread's ring. The writer never waits for a reader: it overwrites. `ring_written` shows how many records are lost.
class Ring {
 public:
  Ring(Thread& thread, Record* records) noexcept : thread_(&thread), records_(records) {}

  struct Entry {
    std::uint64_t start_ns, end_ns, intended_ns, bytes, call, run_delay_ns, run_delay_from_ns, on_cpu_ns;
  };

  void push(const Entry& entry) noexcept {
    const std::uint64_t written = thread_->ring_written.load(std::memory_order_relaxed);
    Record& record = records_[written & (thread_->ring_capacity - 1)];
    constexpr auto relaxed = std::memory_order_relaxed;
    record.start_ns.store(entry.start_ns, std::memory_order_release);  // after `written` of the record before it
    record.end_ns.store(entry.end_ns, relaxed);
    record.intended_ns.store(entry.intended_ns, relaxed);
    record.bytes.store(entry.bytes, relaxed);
    record.call.store(entry.call, relaxed);
    record.run_delay_ns.store(entry.run_delay_ns, relaxed);
    record.run_delay_from_ns.store(entry.run_delay_from_ns, relaxed);
    record.on_cpu_ns.store(entry.on_cpu_ns, relaxed);
    thread_->ring_written.store(written + 1, std::memory_order_release);
  }

 private:
  Thread* thread_;
  Record* records_;
};

}  // namespace pauselab::board
