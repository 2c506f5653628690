// pauselab-sampler: records, every period, the state letter and the schedstat of every thread of some processes.
//
//   pauselab-sampler OUTPUT PERIOD_NS PARENT_PID PID…
//
// A process of its own, so that it is never stalled by the address space that it watches. It reads only
// /proc/<pid>/task/<tid>/{stat,schedstat}, which take neither mmap_lock nor any lock that a stalled thread holds; never
// maps, smaps, cmdline or environ, which would make it one more reader in the convoy.
// Ends when all processes are gone, on SIGTERM, or with its parent. Format: board/samples.h.
#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "board/clock.h"
#include "board/fail.h"
#include "board/samples.h"
#include "engine/schedstat.h"
#include "sampler/stat_line.h"

namespace pauselab {
namespace {

volatile std::sig_atomic_t terminated = 0;

class Thread {
 public:
  Thread(pid_t pid, pid_t tid) : pid_(pid), tid_(tid), stat_(openFile("stat")), schedstat_(openFile("schedstat")) {}
  Thread(Thread&& other) noexcept : pid_(other.pid_), tid_(other.tid_), stat_(std::exchange(other.stat_, -1)), schedstat_(std::exchange(other.schedstat_, -1)) {}
  Thread& operator=(Thread&&) = delete;
  ~Thread() {
    if (stat_ >= 0) close(stat_);
    if (schedstat_ >= 0) close(schedstat_);
  }

  // Appends a record if anything changed. False when the thread is gone.
  bool look(std::vector<samples::Record>& out) {
    samples::Record record{};
    record.time_ns = monotonic_ns();
    record.pid = static_cast<std::uint32_t>(pid_);
    record.tid = static_cast<std::uint32_t>(tid_);
    char text[512];
    engine::SchedstatReading reading;
    if (!readFile(schedstat_, text) || !engine::parseSchedstat(text, reading) || !readFile(stat_, text) || !parseStatLine(text, record.comm, record.state)) {
      record.kind = samples::Kind::gone;
      record.state = '-';
      out.push_back(record);
      return false;
    }
    record.on_cpu_ns = reading.on_cpu_ns;
    record.run_delay_ns = reading.run_delay_ns;
    const bool unchanged = record.state == last_.state && record.on_cpu_ns == last_.on_cpu_ns && record.run_delay_ns == last_.run_delay_ns;
    if (!unchanged) out.push_back(record);
    last_ = record;
    return true;
  }

 private:
  int openFile(const char* name) const {
    char path[64];
    std::snprintf(path, sizeof path, "/proc/%d/task/%d/%s", pid_, tid_, name);
    return open(path, O_RDONLY | O_CLOEXEC);
  }
  static bool readFile(int fd, char (&text)[512]) {
    const ssize_t got = fd < 0 ? -1 : pread(fd, text, sizeof text - 1, 0);
    if (got <= 0) return false;
    text[got] = '\0';
    return true;
  }

  pid_t pid_, tid_;
  int stat_, schedstat_;
  samples::Record last_{};
};

using Threads = std::map<std::pair<pid_t, pid_t>, Thread>;

// Adds threads that are new since the last listing. False when the process is gone.
bool listThreads(pid_t pid, Threads& threads) {
  DIR* folder = opendir(("/proc/" + std::to_string(pid) + "/task").c_str());
  if (folder == nullptr) return false;
  while (const dirent* entry = readdir(folder)) {
    const auto tid = static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10));
    if (tid > 0) threads.try_emplace({pid, tid}, pid, tid);
  }
  closedir(folder);
  return true;
}

void append(int fd, const void* data, std::size_t bytes, const char* path) {
  if (write(fd, data, bytes) != static_cast<ssize_t>(bytes)) fail(Exit::unfit, "the samples could not be written to %s: %s", path, strerror(errno));
}

void sample(const char* path, std::uint64_t period_ns, const std::vector<pid_t>& pids) {
  const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) fail(Exit::unfit, "the samples' file %s could not be created: %s", path, strerror(errno));
  const samples::Header header{.magic = samples::kMagic, .version = samples::kVersion, .period_ns = period_ns, .record_bytes = sizeof(samples::Record)};
  append(fd, &header, sizeof header, path);

  constexpr unsigned kTicksBetweenListings = 10;
  Threads threads;
  std::vector<samples::Record> records;
  std::uint64_t next_ns = monotonic_ns();
  for (unsigned tick = 0; terminated == 0; ++tick) {
    if (tick % kTicksBetweenListings == 0) {
      bool anyAlive = false;
      for (const pid_t pid : pids) anyAlive |= listThreads(pid, threads);
      if (!anyAlive) break;
    }
    records.clear();
    for (auto entry = threads.begin(); entry != threads.end();) entry = entry->second.look(records) ? std::next(entry) : threads.erase(entry);
    samples::Record tickRecord{};
    tickRecord.time_ns = monotonic_ns();
    tickRecord.state = '-';
    tickRecord.kind = samples::Kind::tick;
    records.push_back(tickRecord);
    append(fd, records.data(), records.size() * sizeof(samples::Record), path);

    // A sampler that was delayed goes on from now: looks that were missed stay missed, and the ticks' times say so.
    next_ns = std::max(next_ns + period_ns, monotonic_ns());
    const timespec wake = toTimespec(next_ns);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, nullptr);
  }
}

}  // namespace
}  // namespace pauselab

int main(int argc, char** argv) {
  using namespace pauselab;
  if (argc < 5) fail(Exit::usage, "expected: pauselab-sampler OUTPUT PERIOD_NS PARENT_PID PID…");
  const std::uint64_t period_ns = std::strtoull(argv[2], nullptr, 10);
  if (period_ns < 1'000'000) fail(Exit::usage, "expected a period of at least 1000000 ns, got %s", argv[2]);
  std::vector<pid_t> pids;
  for (int i = 4; i < argc; ++i) pids.push_back(static_cast<pid_t>(std::strtol(argv[i], nullptr, 10)));
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_TIMERSLACK, 1);
  if (getppid() != std::strtol(argv[3], nullptr, 10)) fail(Exit::workload, "the process that started the sampler is gone");
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGTERM, [](int) { terminated = 1; });
  sample(argv[1], period_ns, pids);
  return 0;
}
