// pauselab-bench-service SECONDS REQUESTS_PER_S WORK_US: a service with a thread for each of its eight connections, and
// beside it a program that asks it over TCP on the loopback, at a fixed rate. An answer takes WORK_US of computing.
//
// Prints {"pid":…}, which is the service. For each line on stdin it counts for SECONDS and prints
// {"n":…,"cpu_ns":…,"p99_ns":…,"switches_n":…}: requests, CPU time and context switches of the service, and the 99th
// percentile of the response time, from the moment at which a request was due. The end of stdin ends it.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "board/clock.h"
#include "board/fail.h"

namespace pauselab::bench {
namespace {

constexpr int kConnections = 8;
constexpr std::uint64_t kWarmup_ns = kSecond_ns / 2;

struct Message {
  char bytes[128];
};

// What the service used up to now.
struct Usage {
  std::uint64_t cpu_ns, switches_n;
};

void expect(bool worked, const char* what) {
  if (!worked) fail(Exit::unfit, "%s was refused: %s", what, strerror(errno));
}

bool receive(int fd, void* data, std::size_t bytes) {
  return recv(fd, data, bytes, MSG_WAITALL) == static_cast<ssize_t>(bytes);
}

bool transmit(int fd, const void* data, std::size_t bytes) {
  return send(fd, data, bytes, MSG_NOSIGNAL) == static_cast<ssize_t>(bytes);
}

Usage usageNow() {
  timespec cpu;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
  rusage used;
  getrusage(RUSAGE_SELF, &used);
  return {static_cast<std::uint64_t>(cpu.tv_sec) * kSecond_ns + static_cast<std::uint64_t>(cpu.tv_nsec),
          static_cast<std::uint64_t>(used.ru_nvcsw + used.ru_nivcsw)};
}

// The same number of steps each time, so that less of the CPU does not become less of the work.
void work(std::uint64_t steps) {
  std::uint64_t value = steps;
  for (std::uint64_t i = 0; i < steps; ++i) asm volatile("" : "+r"(value) : "r"(i));
}

std::uint64_t stepsOf(std::uint64_t work_ns) {
  constexpr std::uint64_t kTried = 20'000'000;
  std::uint64_t least_ns = ~0ull;
  for (int i = 0; i < 5; ++i) {
    const auto start_ns = monotonic_ns();
    work(kTried);
    least_ns = std::min(least_ns, monotonic_ns() - start_ns);
  }
  return work_ns * kTried / least_ns;
}

void serve(int listening, std::uint64_t steps) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kConnections; ++i) {
    const int fd = accept(listening, nullptr, nullptr);
    expect(fd >= 0, "accept");
    const int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    threads.emplace_back([fd, steps] {
      for (Message message; receive(fd, &message, sizeof(message));) {
        work(steps);
        if (!transmit(fd, &message, sizeof(message))) return;
      }
    });
  }
  // One more connection asks for what was used.
  const int asking = accept(listening, nullptr, nullptr);
  for (char byte; receive(asking, &byte, 1);) {
    const Usage used = usageNow();
    if (!transmit(asking, &used, sizeof(used))) break;
  }
  for (auto& thread : threads) thread.join();
}

int connectTo(const sockaddr_in& address) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  expect(fd >= 0 && connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0, "connect");
  const int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  return fd;
}

Usage askUsage(int fd) {
  const char byte = 0;
  Usage used{};
  expect(transmit(fd, &byte, 1) && receive(fd, &used, sizeof(used)), "the question for what was used");
  return used;
}

// One connection: a request each period, from a moment of its own within the period. Those that are due after
// `counted_ns` count.
void load(int fd, std::uint64_t first_ns, std::uint64_t period_ns, std::uint64_t counted_ns, std::uint64_t end_ns,
          std::vector<std::uint64_t>& times_ns) {
  prctl(PR_SET_TIMERSLACK, 1);
  for (std::uint64_t due_ns = first_ns; due_ns < end_ns; due_ns += period_ns) {
    const timespec due = toTimespec(due_ns);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, nullptr);
    Message message{};
    expect(transmit(fd, &message, sizeof(message)) && receive(fd, &message, sizeof(message)), "the request");
    if (due_ns >= counted_ns) times_ns.push_back(monotonic_ns() - due_ns);
  }
}

void measure(const std::vector<int>& connections, int asking, std::uint64_t duration_ns, std::uint64_t rate) {
  const std::uint64_t period_ns = kConnections * kSecond_ns / rate;
  const std::uint64_t start_ns = monotonic_ns() + 1'000'000;
  const std::uint64_t counted_ns = start_ns + kWarmup_ns, end_ns = counted_ns + duration_ns;
  std::vector<std::vector<std::uint64_t>> times_ns(kConnections);
  std::vector<std::thread> threads;
  for (int i = 0; i < kConnections; ++i) {
    times_ns[i].reserve(2 * duration_ns / period_ns);
    threads.emplace_back(load, connections[i], start_ns + i * period_ns / kConnections, period_ns, counted_ns, end_ns,
                         std::ref(times_ns[i]));
  }
  const timespec from = toTimespec(counted_ns);
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &from, nullptr);
  const Usage before = askUsage(asking);
  for (auto& thread : threads) thread.join();
  const Usage after = askUsage(asking);
  std::vector<std::uint64_t> all;
  for (const auto& one : times_ns) all.insert(all.end(), one.begin(), one.end());
  if (all.empty()) fail(Exit::workload, "no request was answered");
  const auto p99 = all.begin() + static_cast<std::ptrdiff_t>(all.size() * 99 / 100);
  std::nth_element(all.begin(), p99, all.end());
  std::printf("{\"n\":%zu,\"cpu_ns\":%lu,\"p99_ns\":%lu,\"switches_n\":%lu}\n", all.size(),
              after.cpu_ns - before.cpu_ns, *p99, after.switches_n - before.switches_n);
  std::fflush(stdout);
}

void measureOnLines(const sockaddr_in& address, std::uint64_t duration_ns, std::uint64_t rate) {
  std::vector<int> connections;
  for (int i = 0; i < kConnections; ++i) connections.push_back(connectTo(address));
  const int asking = connectTo(address);
  for (int byte; (byte = std::getchar()) != EOF;) {
    if (byte == '\n') measure(connections, asking, duration_ns, rate);
  }
}

}  // namespace
}  // namespace pauselab::bench

int main(int argc, char** argv) {
  using namespace pauselab;
  const double seconds = argc == 4 ? std::strtod(argv[1], nullptr) : 0;
  const double rate = argc == 4 ? std::strtod(argv[2], nullptr) : 0;
  const double work_us = argc == 4 ? std::strtod(argv[3], nullptr) : -1;
  if (!(seconds > 0) || !(rate > 0) || !(work_us >= 0))
    fail(Exit::usage, "expected: pauselab-bench-service SECONDS REQUESTS_PER_S WORK_US");
  const std::uint64_t steps = work_us > 0 ? bench::stepsOf(static_cast<std::uint64_t>(work_us * 1000)) : 0;
  const int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof(address);
  bench::expect(listening >= 0 && bind(listening, reinterpret_cast<sockaddr*>(&address), bytes) == 0 &&
                    listen(listening, 2 * bench::kConnections) == 0 &&
                    getsockname(listening, reinterpret_cast<sockaddr*>(&address), &bytes) == 0,
                "the socket");
  const pid_t service = fork();
  bench::expect(service >= 0, "fork");
  if (service == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    bench::serve(listening, steps);
    return 0;
  }
  std::printf("{\"pid\":%d}\n", service);
  std::fflush(stdout);
  bench::measureOnLines(address, static_cast<std::uint64_t>(seconds * 1e9), static_cast<std::uint64_t>(rate));
  kill(service, SIGKILL);
  waitpid(service, nullptr, 0);
}
