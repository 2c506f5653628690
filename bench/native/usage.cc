// pauselab-bench-usage FILE COMMAND [ARGUMENT…]: runs a command and writes {"cpu_ns":…} to FILE, the CPU time of all
// its threads from start to end. It ends as the command ended, and the command dies with it.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "board/clock.h"
#include "board/fail.h"

namespace pauselab::bench {
namespace {

std::uint64_t toNanoseconds(const timeval& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * kSecond_ns + static_cast<std::uint64_t>(time.tv_usec) * 1000;
}

rusage runToItsEnd(char** command) {
  const pid_t us = getpid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const pid_t child = fork();
  if (child < 0) fail(Exit::unfit, "fork failed: %s", strerror(errno));
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != us) _exit(static_cast<int>(Exit::workload));
    execv(command[0], command);
    fail(Exit::unfit, "%s could not be started: %s", command[0], strerror(errno));
  }
  int status = 0;
  rusage usage{};
  while (wait4(child, &status, 0, &usage) != child)
    if (errno != EINTR) fail(Exit::internal, "wait4 failed: %s", strerror(errno));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return usage;
  // Its sentence is already on stderr.
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : static_cast<int>(Exit::workload));
}

}  // namespace
}  // namespace pauselab::bench

int main(int argc, char** argv) {
  using namespace pauselab;
  if (argc < 3) fail(Exit::usage, "expected: pauselab-bench-usage FILE COMMAND [ARGUMENT...]");
  const rusage usage = bench::runToItsEnd(argv + 2);
  std::FILE* file = std::fopen(argv[1], "w");
  if (file == nullptr) fail(Exit::unfit, "%s could not be written: %s", argv[1], strerror(errno));
  std::fprintf(file, "{\"cpu_ns\":%lu}\n", bench::toNanoseconds(usage.ru_utime) + bench::toNanoseconds(usage.ru_stime));
  std::fclose(file);
}
