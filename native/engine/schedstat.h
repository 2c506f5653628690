// A thread's run delay (/proc/thread-self/schedstat, opened before the window) and CPU time. Reading both costs about
// 1 us.
#pragma once

#include <cstdint>

namespace pauselab::engine {

struct SchedstatReading {
  std::uint64_t on_cpu_ns = 0;
  std::uint64_t run_delay_ns = 0;  // runnable and not running
  std::uint64_t slices = 0;        // how often it got a CPU
  std::uint64_t at_ns = 0;
};

class Schedstat {
 public:
  Schedstat();  // opens the calling thread's file; ends the program with a sentence if there is none
  ~Schedstat();
  Schedstat(const Schedstat&) = delete;
  Schedstat& operator=(const Schedstat&) = delete;
  // Only for the thread that made it.
  SchedstatReading read() const noexcept;
  // Only the CPU time of the calling thread, as in `read`: about 0.2 us.
  static std::uint64_t onCpu_ns() noexcept;

 private:
  int fd_;
};

// Parses "on_cpu run_delay timeslices"; false if the text has another form.
bool parseSchedstat(const char* text, SchedstatReading& reading) noexcept;

}  // namespace pauselab::engine
