// pauselab-bench-switching processes|threads SECONDS [CPU]: two processes, or two threads of one process, pass a byte
// through pipes on one CPU and do nothing else. A round trip is two switches, two wakings and four system calls. Prints
// {"n":…,"cpu_ns":…}: round trips of SECONDS, and the CPU time of both.
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>

#include "board/clock.h"
#include "board/fail.h"

namespace pauselab::bench {
namespace {

void expect(bool worked, const char* what) {
  if (!worked) fail(Exit::unfit, "%s was refused: %s", what, strerror(errno));
}

struct Pipe {
  int read_fd, write_fd;
};

Pipe openPipe() {
  int ends[2];
  expect(pipe(ends) == 0, "pipe");
  return {ends[0], ends[1]};
}

void stayOn(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  expect(sched_setaffinity(0, sizeof(set), &set) == 0, "the CPU");
}

// Until the other side closes its pipe.
void answer(Pipe from, Pipe to) {
  for (char byte; read(from.read_fd, &byte, 1) == 1;)
    if (write(to.write_fd, &byte, 1) != 1) return;
}

std::uint64_t askFor(std::uint64_t duration_ns, Pipe from, Pipe to) {
  std::uint64_t n = 0;
  char byte = 0;
  for (const auto end_ns = monotonic_ns() + duration_ns; monotonic_ns() < end_ns; ++n)
    expect(write(to.write_fd, &byte, 1) == 1 && read(from.read_fd, &byte, 1) == 1, "the round trip");
  return n;
}

std::uint64_t usedBy(int whom) {
  rusage used;
  getrusage(whom, &used);
  const auto in_ns = [](const timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * kSecond_ns + static_cast<std::uint64_t>(time.tv_usec) * 1000;
  };
  return in_ns(used.ru_utime) + in_ns(used.ru_stime);
}

std::uint64_t betweenProcesses(std::uint64_t duration_ns, Pipe there, Pipe back) {
  const pid_t child = fork();
  expect(child >= 0, "fork");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(there.write_fd);
    answer(there, back);
    _exit(0);
  }
  const std::uint64_t n = askFor(duration_ns, back, there);
  close(there.write_fd);
  expect(waitpid(child, nullptr, 0) == child, "waitpid");
  return n;
}

std::uint64_t betweenThreads(std::uint64_t duration_ns, Pipe there, Pipe back) {
  std::thread other([there, back] { answer(there, back); });
  const std::uint64_t n = askFor(duration_ns, back, there);
  close(there.write_fd);
  other.join();
  return n;
}

}  // namespace
}  // namespace pauselab::bench

int main(int argc, char** argv) {
  using namespace pauselab;
  const std::string_view who = argc > 1 ? argv[1] : "";
  const double seconds = argc > 2 ? std::strtod(argv[2], nullptr) : 0;
  if ((who != "processes" && who != "threads") || !(seconds > 0) || argc > 4)
    fail(Exit::usage, "expected: pauselab-bench-switching processes|threads SECONDS [CPU]");
  bench::stayOn(argc == 4 ? std::atoi(argv[3]) : 0);
  const auto duration_ns = static_cast<std::uint64_t>(seconds * 1e9);
  const bench::Pipe there = bench::openPipe(), back = bench::openPipe();
  const auto before_ns = bench::usedBy(RUSAGE_SELF);
  const std::uint64_t n = who == "processes" ? bench::betweenProcesses(duration_ns, there, back)
                                             : bench::betweenThreads(duration_ns, there, back);
  const auto cpu_ns = bench::usedBy(RUSAGE_SELF) + bench::usedBy(RUSAGE_CHILDREN) - before_ns;
  std::printf("{\"n\":%lu,\"cpu_ns\":%lu}\n", n, cpu_ns);
}
