#include "board/describe.h"

#include <cstdio>

#include "board/layout.h"

// offsetof is well defined in a standard-layout struct of atomics. GCC only warns for structs of other layouts.
#define PAUSELAB_FIELD(type, field) std::printf("\"%s\":%zu,", #field, offsetof(type, field))

namespace pauselab::board {

void describeLayout() {
  std::printf("{\"version\":%lu,\"countsLength\":%lu,\"highestTrackable_ns\":%lu,\"nameBytes\":%zu,\"slow_ns\":%lu,",
              kVersion, kCountsLength, kHighestTrackable_ns, kNameBytes, kSlow_ns);

  std::printf("\"header\":{");
  PAUSELAB_FIELD(Header, magic);
  PAUSELAB_FIELD(Header, version);
  PAUSELAB_FIELD(Header, total_bytes);
  PAUSELAB_FIELD(Header, thread_count);
  PAUSELAB_FIELD(Header, series_count);
  PAUSELAB_FIELD(Header, threads_offset);
  PAUSELAB_FIELD(Header, series_offset);
  PAUSELAB_FIELD(Header, stall_threshold_ns);
  PAUSELAB_FIELD(Header, state);
  PAUSELAB_FIELD(Header, heartbeat_ns);
  PAUSELAB_FIELD(Header, memory_locked);
  PAUSELAB_FIELD(Header, command);
  PAUSELAB_FIELD(Header, go_ns);
  PAUSELAB_FIELD(Header, window_start_ns);
  PAUSELAB_FIELD(Header, window_end_ns);
  PAUSELAB_FIELD(Header, drain_end_ns);
  std::printf("\"bytes\":%zu},", sizeof(Header));

  std::printf("\"thread\":{");
  PAUSELAB_FIELD(Thread, name);
  PAUSELAB_FIELD(Thread, role);
  PAUSELAB_FIELD(Thread, pid);
  PAUSELAB_FIELD(Thread, tid);
  PAUSELAB_FIELD(Thread, series);
  PAUSELAB_FIELD(Thread, interval_ns);
  PAUSELAB_FIELD(Thread, offset_ns);
  PAUSELAB_FIELD(Thread, ring_offset);
  PAUSELAB_FIELD(Thread, ring_capacity);
  PAUSELAB_FIELD(Thread, sequence);
  PAUSELAB_FIELD(Thread, start_ns);
  PAUSELAB_FIELD(Thread, intended_ns);
  PAUSELAB_FIELD(Thread, next);
  PAUSELAB_FIELD(Thread, ended_ns);
  PAUSELAB_FIELD(Thread, warmup_n);
  PAUSELAB_FIELD(Thread, refused_n);
  PAUSELAB_FIELD(Thread, refused_errno);
  PAUSELAB_FIELD(Thread, ring_written);
  PAUSELAB_FIELD(Thread, exhausted_n);
  PAUSELAB_FIELD(Thread, crossed_n);
  PAUSELAB_FIELD(Thread, released_bytes);
  PAUSELAB_FIELD(Thread, released_cpu_ns);
  PAUSELAB_FIELD(Thread, gave_up_n);
  std::printf("\"bytes\":%zu},", sizeof(Thread));

  std::printf("\"record\":{");
  PAUSELAB_FIELD(Record, start_ns);
  PAUSELAB_FIELD(Record, end_ns);
  PAUSELAB_FIELD(Record, intended_ns);
  PAUSELAB_FIELD(Record, bytes);
  PAUSELAB_FIELD(Record, call);
  PAUSELAB_FIELD(Record, run_delay_ns);
  PAUSELAB_FIELD(Record, run_delay_from_ns);
  PAUSELAB_FIELD(Record, on_cpu_ns);
  std::printf("\"recordBytes\":%zu},", sizeof(Record));

  std::printf("\"histogram\":{");
  PAUSELAB_FIELD(Histogram, n);
  PAUSELAB_FIELD(Histogram, min_ns);
  PAUSELAB_FIELD(Histogram, max_ns);
  PAUSELAB_FIELD(Histogram, sum_ns);
  PAUSELAB_FIELD(Histogram, over_range);
  PAUSELAB_FIELD(Histogram, counts);
  std::printf("\"bytes\":%zu},", sizeof(Histogram));

  std::printf("\"series\":{");
  PAUSELAB_FIELD(Series, name);
  PAUSELAB_FIELD(Series, thread);
  PAUSELAB_FIELD(Series, service_offset);
  PAUSELAB_FIELD(Series, response_offset);
  PAUSELAB_FIELD(Series, stall_n);
  PAUSELAB_FIELD(Series, stall_sum_ns);
  std::printf("\"bytes\":%zu}}\n", sizeof(Series));
}

}  // namespace pauselab::board
