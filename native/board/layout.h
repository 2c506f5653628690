// The board: one memory-mapped file into which every workload, native or Java, records.
//
// This header is the native side's only definition of the layout. The reader (src/record/board/board-layout.ts) and
// the Java writer (jvm-workloads/src/pauselab/board/Layout.java) repeat the numbers. `pauselab-engine layout` prints
// them, and a test compares.
//
// Rules that make reading while writing safe:
//   * every word is 64 bits, aligned, little endian, and has exactly one writer;
//   * counters only grow, so the difference of two snapshots is an interval;
//   * a writer counts a sample's bucket before it raises `n`, so in each series a snapshot is off by at most the
//     sample in flight;
//   * all times are CLOCK_MONOTONIC nanoseconds.
//
// docs/board.md has the same in prose. Change both, and raise kVersion.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace pauselab::board {

using Word = std::atomic<std::uint64_t>;
static_assert(sizeof(Word) == 8 && Word::is_always_lock_free);

inline constexpr std::uint64_t kMagic = 0x42414c4553554150;  // "PAUSELAB" as little-endian bytes
inline constexpr std::uint64_t kVersion = 2;

// ---- histogram: the HdrHistogram bucket layout for 1 ns .. 1 h at 3 significant digits --------------------
//
// 3 digits need 2 * 10^3 sub-buckets of unit width, rounded up to 2048 = 2^11. Bucket b covers values below
// 2^(11+b); the smallest b count that reaches 3.6e12 (< 2^42) is 32, and each bucket after the first adds
// 1024 new counters: (32 + 1) * 1024.
inline constexpr std::uint64_t kHighestTrackable_ns = 3'600'000'000'000;
inline constexpr unsigned kSubBucketBits = 11;
inline constexpr std::uint64_t kSubBucketHalf = 1u << (kSubBucketBits - 1);
inline constexpr std::uint64_t kBucketCount = 32;
inline constexpr std::uint64_t kCountsLength = (kBucketCount + 1) * kSubBucketHalf;

struct alignas(64) Histogram {
  Word n;           // samples, exact
  Word min_ns;      // exact; UINT64_MAX while n is 0
  Word max_ns;      // exact
  Word sum_ns;      // exact
  Word over_range;  // samples above kHighestTrackable_ns: counted as that value, exact in max and sum
  Word reserved[3];
  Word counts[kCountsLength];
};
static_assert(sizeof(Histogram) == 64 + 8 * kCountsLength);

// ---- header ------------------------------------------------------------------------------------------------

// Written by the workload; a later state is a larger number.
enum class State : std::uint64_t {
  starting = 0,  // threads are being made, memory is mapped and touched
  ready = 1,     // everything is prepared, waiting for `go`
  running = 2,   // between go and the end of the drain
  done = 3,      // every measured thread has ended
  failed = 4,    // the reason is on the workload's stderr
};

// Written by the control plane.
enum class Command : std::uint64_t { wait = 0, go = 1 };

struct alignas(64) Header {
  Word magic;  // the workload writes it last: a reader that finds it finds the rest
  std::uint64_t version;
  std::uint64_t total_bytes;
  std::uint64_t thread_count;
  std::uint64_t series_count;
  std::uint64_t threads_offset;  // of Thread[thread_count]
  std::uint64_t series_offset;   // of Series[series_count]
  std::uint64_t stall_threshold_ns;

  // Written by the workload's main thread.
  alignas(64) Word state;
  Word heartbeat_ns;
  Word memory_locked;  // 1: the board's pages are locked; 0: that was not permitted

  // Written by the control plane, before it writes `go`. To cut a run short, it moves `window_end_ns` and
  // `drain_end_ns` to an earlier time while the workload runs.
  alignas(64) Word command;
  Word go_ns;            // threads start here: the warm-up begins
  Word window_start_ns;  // operations intended from here on are recorded
  Word window_end_ns;    // no operation is intended from here on
  Word drain_end_ns;     // owed operations are given up
};

// ---- threads -----------------------------------------------------------------------------------------------

// `load`: makes a collector or an allocator give memory back. It is on the board only for its pid and tid.
enum class Role : std::uint64_t { victim = 1, holder = 2, toucher = 3, hog = 4, load = 5 };

inline constexpr std::size_t kNameBytes = 64;
inline constexpr std::uint64_t kNoSeries = UINT64_MAX;

struct alignas(64) Thread {
  char name[kNameBytes];  // NUL-terminated; unique on the board, e.g. "writer.mprotect", "hog-0"
  std::uint64_t role;
  Word pid;
  Word tid;
  std::uint64_t series;  // index of its series, or kNoSeries
  std::uint64_t
      interval_ns;  // open-loop schedule: intended start k = go_ns + offset_ns + k * interval_ns; 0 = back to back
  std::uint64_t offset_ns;
  std::uint64_t ring_offset;    // of Record[ring_capacity], or 0
  std::uint64_t ring_capacity;  // a power of two

  // The operation in flight. `sequence` is 2k + 1 during operation k, and 2k + 2 after it.
  alignas(64) Word sequence;
  Word start_ns;       // actual start
  Word intended_ns;    // intended start
  Word next;           // schedule index of the next operation that has not started
  Word ended_ns;       // the thread has left its loop; 0 while it runs
  Word warmup_n;       // operations before the window: made, not recorded
  Word refused_n;      // operations that the kernel refused: made, not recorded
  Word refused_errno;  // of the first refusal

  // Records written so far. Record i is at i % ring_capacity; the first `written - capacity` are overwritten.
  alignas(64) Word ring_written;
  Word exhausted_n;      // operations not made because the fresh pages that they use up were used up
  Word crossed_n;        // holders: calls recorded in the series whose range crossed VMAs
  Word released_bytes;   // holders: size of the ranges of all recorded calls
  Word released_cpu_ns;  // holders: CPU time of all recorded calls
  Word gave_up_n;        // victims: recorded operations whose work the kernel gave up
  Word reserved[2];
};

// One record of a ring: a holder's call, or a victim's operation of at least kSlow_ns.
struct Record {
  Word start_ns;
  Word end_ns;
  Word intended_ns;   // victims; equal to start_ns for holders
  Word bytes;         // holders: bytes handed to the call
  Word call;          // holders: CallKind; victims: 0
  Word run_delay_ns;  // the thread's time runnable but not running since run_delay_from_ns (schedstat field 2)
  Word run_delay_from_ns;
  Word on_cpu_ns;  // the thread's CPU time (CLOCK_THREAD_CPUTIME_ID): holders in the call, victims over the same span
};
static_assert(sizeof(Record) == 64);

// What a holder's call was. `release` gives memory back. `releaseAcross` does too, over a range that crossed VMAs.
// `restore` maps the memory again.
enum class CallKind : std::uint64_t { release = 1, restore = 2, releaseAcross = 3 };

// Operations at least this long read their schedstat. That takes 1 us, so at most 0.1 % of the operation.
inline constexpr std::uint64_t kSlow_ns = 1'000'000;

// ---- series ------------------------------------------------------------------------------------------------

struct alignas(64) Series {
  char name[kNameBytes];  // "<role>.<operation>", e.g. "writer.mprotect"
  std::uint64_t thread;
  std::uint64_t service_offset;   // of a Histogram
  std::uint64_t response_offset;  // of a Histogram, or 0 without a schedule (holders)
  std::uint64_t reserved[5];

  alignas(64) Word stall_n;  // operations of at least stall_threshold_ns, among those recorded
  Word stall_sum_ns;
  Word reserved_words[6];
};

}  // namespace pauselab::board
