// CLOCK_MONOTONIC in nanoseconds: the project's only clock (Java's System.nanoTime is the same).
#pragma once

#include <cstdint>
#include <ctime>

namespace pauselab {

inline constexpr std::uint64_t kSecond_ns = 1'000'000'000;

inline std::uint64_t monotonic_ns() noexcept {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * kSecond_ns + static_cast<std::uint64_t>(now.tv_nsec);
}

inline timespec toTimespec(std::uint64_t time_ns) noexcept {
  return {.tv_sec = static_cast<time_t>(time_ns / kSecond_ns), .tv_nsec = static_cast<long>(time_ns % kSecond_ns)};
}

}  // namespace pauselab
