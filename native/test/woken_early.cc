// pauselab-woken-early SECONDS: a process for tests of what is seen from outside. `sleeper` is woken by timers that are
// due before it sleeps, so that it goes on without a sleep, and then sleeps at once until `writer` wakes it 60 ms
// later. It writes both thread ids, the sleeper's first.
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <thread>

namespace {

std::atomic<long> sleeperTid{0};

void sleepOn(int fd) {
  prctl(PR_SET_NAME, "sleeper");
  prctl(PR_SET_TIMERSLACK, 1);
  sleeperTid = syscall(SYS_gettid);
  const timespec moment{.tv_sec = 0, .tv_nsec = 1};
  char byte;
  do {
    for (int i = 0; i < 3; ++i) nanosleep(&moment, nullptr);
  } while (read(fd, &byte, 1) == 1);
}

}  // namespace

int main(int argc, char** argv) {
  const int seconds = argc == 2 ? std::atoi(argv[1]) : 0;
  if (seconds <= 0) {
    std::fprintf(stderr, "usage: pauselab-woken-early SECONDS\n");
    return 2;
  }
  int ends[2];
  if (pipe(ends) != 0) {
    std::fprintf(stderr, "pauselab-woken-early: pipe: %s\n", strerror(errno));
    return 1;
  }
  prctl(PR_SET_NAME, "writer");
  std::thread sleeper(sleepOn, ends[0]);
  while (sleeperTid == 0) usleep(1000);
  std::printf("%ld %ld\n", sleeperTid.load(), syscall(SYS_gettid));
  std::fflush(stdout);
  for (int i = 0; i < seconds * 1000 / 60; ++i) {
    usleep(60'000);
    if (write(ends[1], "", 1) != 1) return 1;
  }
  close(ends[1]);
  sleeper.join();
  return 0;
}
