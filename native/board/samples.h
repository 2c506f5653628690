// The sampler's stream: a header, then records, appended to one file.
//
// A thread's record is left out if nothing about it has changed since its last record. A `tick` record closes every
// look at all threads. So readers can distinguish "unchanged" from "not looked at", and the ticks' times show a sampler
// that was itself delayed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pauselab::samples {

inline constexpr std::uint64_t kMagic = 0x454c504d41534c50;  // "PLSAMPLE" as little-endian bytes
inline constexpr std::uint64_t kVersion = 1;

struct Header {
  std::uint64_t magic;
  std::uint64_t version;
  std::uint64_t period_ns;
  std::uint64_t record_bytes;
};

enum class Kind : std::uint8_t { sample = 0, gone = 1, tick = 2 };

struct Record {
  std::uint64_t time_ns;  // CLOCK_MONOTONIC, read just before the thread's files
  std::uint32_t pid;
  std::uint32_t tid;           // 0 in a tick
  std::uint64_t on_cpu_ns;     // schedstat field 1
  std::uint64_t run_delay_ns;  // schedstat field 2
  char state;                  // R, S, D, T, Z, … ; '-' in a tick
  Kind kind;
  std::int8_t nice;
  char reserved;
  std::uint32_t system_call;  // of a waiting thread: 0 not read, 1 none (a page fault), n + 2 system call n
  char comm[16];              // as in /proc/<tid>/stat, cut at 15 characters by the kernel
};
static_assert(sizeof(Record) == 56);

}  // namespace pauselab::samples
