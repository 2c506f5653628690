// pauselab-sampler: records, every period, the state letter and the schedstat of every thread of some processes. If a
// thread waits for more than a period, it also records the system call in which the thread waits
// (/proc/<pid>/task/<tid>/syscall, if that may be read).
//
//   pauselab-sampler OUTPUT PERIOD_NS PARENT_PID [stacks=FILE] PID…
//
// With `stacks=` it writes the kernel stacks of threads that are blocked, or runnable and not running, for 50 ms or
// more (root): a line each, `TIME_NS TID STATE frame<frame<…`, innermost first.
//
// It is a separate process, so that the address space that it watches never stalls it. It reads only
// /proc/<pid>/task/<tid>/{stat,schedstat,syscall,stack}, which take neither mmap_lock nor any lock that a stalled
// thread holds. It never reads maps, smaps, cmdline or environ, which would make it another reader in the convoy. It
// ends when all processes have ended, on SIGTERM, or with its parent. Format: board/samples.h.
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
  Thread(Thread&& other) noexcept
      : pid_(other.pid_),
        tid_(other.tid_),
        stat_(std::exchange(other.stat_, -1)),
        schedstat_(std::exchange(other.schedstat_, -1)),
        unchangedLooks_(other.unchangedLooks_),
        last_(other.last_) {}
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
    if (!readFile(schedstat_, text) || !engine::parseSchedstat(text, reading) || !readFile(stat_, text) ||
        !parseStatLine(text, record.comm, record.state)) {
      record.kind = samples::Kind::gone;
      record.state = '-';
      out.push_back(record);
      return false;
    }
    record.on_cpu_ns = reading.on_cpu_ns;
    record.run_delay_ns = reading.run_delay_ns;
    const bool unchanged =
        record.state == last_.state && record.on_cpu_ns == last_.on_cpu_ns && record.run_delay_ns == last_.run_delay_ns;
    unchangedLooks_ = unchanged ? unchangedLooks_ + 1 : 0;
    // The thread is in the same wait, so its system call has not changed.
    if (unchanged) record.system_call = last_.system_call;
    const bool firstOfWait = unchangedLooks_ == 1 && (record.state == 'D' || record.state == 'S');
    if (firstOfWait) record.system_call = readSystemCall();
    if (!unchanged || (firstOfWait && record.system_call != 0)) out.push_back(record);
    last_ = record;
    return true;
  }

  // Whether a stack is due: blocked, or runnable with counters that stand still, for five looks, then every 50 looks.
  bool stackDue() const {
    return (last_.state == 'D' || last_.state == 'R') && unchangedLooks_ >= 5 && (unchangedLooks_ - 5) % 50 == 0;
  }

  // Empty if it may not be read.
  std::string stackLine() const {
    char path[64];
    std::snprintf(path, sizeof path, "/proc/%d/task/%d/stack", pid_, tid_);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    char text[4096];
    const ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0) close(fd);
    if (got <= 0) return {};
    text[got] = '\0';
    char head[64];
    std::snprintf(head, sizeof head, "%llu %d %c ", static_cast<unsigned long long>(monotonic_ns()), tid_, last_.state);
    return head + stackFrames(text) + "\n";
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

  std::uint32_t readSystemCall() const {
    char path[64];
    std::snprintf(path, sizeof path, "/proc/%d/task/%d/syscall", pid_, tid_);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    char text[512];
    const bool read = readFile(fd, text);
    if (fd >= 0) close(fd);
    return read ? parseSystemCall(text) : 0;
  }

  pid_t pid_, tid_;
  int stat_, schedstat_;
  unsigned unchangedLooks_ = 0;
  samples::Record last_{};
};

using Threads = std::map<std::pair<pid_t, pid_t>, Thread>;

// Adds threads that are new since the last listing. False if the process has ended.
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
  if (write(fd, data, bytes) != static_cast<ssize_t>(bytes))
    fail(Exit::unfit, "the samples could not be written to %s: %s", path, strerror(errno));
}

// Enough for a minute of stalls of many threads. A stack takes about 500 bytes.
constexpr unsigned kMostStacks = 5000;

void sample(const char* path, std::uint64_t period_ns, const char* stacksPath, const std::vector<pid_t>& pids) {
  const int stacks =
      stacksPath == nullptr ? -1 : open(stacksPath, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
  if (stacksPath != nullptr && stacks < 0)
    fail(Exit::unfit, "the stacks' file %s could not be created: %s", stacksPath, strerror(errno));
  unsigned stackCount = 0;
  const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) fail(Exit::unfit, "the samples' file %s could not be created: %s", path, strerror(errno));
  const samples::Header header{.magic = samples::kMagic,
                               .version = samples::kVersion,
                               .period_ns = period_ns,
                               .record_bytes = sizeof(samples::Record)};
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
    for (auto entry = threads.begin(); entry != threads.end();)
      entry = entry->second.look(records) ? std::next(entry) : threads.erase(entry);
    samples::Record tickRecord{};
    tickRecord.time_ns = monotonic_ns();
    tickRecord.state = '-';
    tickRecord.kind = samples::Kind::tick;
    records.push_back(tickRecord);
    append(fd, records.data(), records.size() * sizeof(samples::Record), path);
    if (stacks >= 0) {
      for (const auto& entry : threads) {
        if (stackCount >= kMostStacks || !entry.second.stackDue()) continue;
        const std::string line = entry.second.stackLine();
        if (line.empty()) continue;
        ++stackCount;
        append(stacks, line.data(), line.size(), stacksPath);
      }
    }

    // A sampler that was delayed continues from now. The ticks' times show which looks it missed.
    next_ns = std::max(next_ns + period_ns, monotonic_ns());
    const timespec wake = toTimespec(next_ns);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, nullptr);
  }
}

}  // namespace
}  // namespace pauselab

int main(int argc, char** argv) {
  using namespace pauselab;
  if (argc < 5) fail(Exit::usage, "expected: pauselab-sampler OUTPUT PERIOD_NS PARENT_PID [stacks=FILE] PID…");
  const std::uint64_t period_ns = std::strtoull(argv[2], nullptr, 10);
  if (period_ns < 1'000'000) fail(Exit::usage, "expected a period of at least 1000000 ns, got %s", argv[2]);
  std::vector<pid_t> pids;
  const bool withStacks = std::strncmp(argv[4], "stacks=", 7) == 0;
  for (int i = withStacks ? 5 : 4; i < argc; ++i) pids.push_back(static_cast<pid_t>(std::strtol(argv[i], nullptr, 10)));
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_TIMERSLACK, 1);
  if (getppid() != std::strtol(argv[3], nullptr, 10))
    fail(Exit::workload, "the process that started the sampler has ended");
  for (const int ignored : {SIGINT, SIGHUP}) std::signal(ignored, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // the kernel then refuses a file beyond RLIMIT_FSIZE with EFBIG
  std::signal(SIGTERM, [](int) { terminated = 1; });
  sample(argv[1], period_ns, withStacks ? argv[4] + 7 : nullptr, pids);
  return 0;
}
