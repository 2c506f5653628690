// pauselab-sampler: records, every period, the state letter and the schedstat of every thread of some processes. If a
// thread waits for more than a period, it also records the system call in which the thread waits
// (/proc/<pid>/task/<tid>/syscall, if that may be read).
//
//   pauselab-sampler OUTPUT PERIOD_NS PARENT_PID [stacks=FILE | waits=FILE] [beside=PID,…] PID…
//
// The processes of `beside=` are looked at too, as long as one of the others lives: threads of the kernel, which have
// no end.
//
// With `stacks=` it writes the kernel stacks of threads that are blocked, or runnable and not running, for 50 ms or
// more (root): a line each, `TIME_NS TID STATE frame<frame<…`, innermost first.
//
// With `waits=` it watches processes that pauselab did not start (`observe`). It writes the function of the kernel in
// which a thread is blocked (/proc/<pid>/task/<tid>/wchan) to FILE, in the same form, and of a thread that sleeps by
// FUTEX_WAIT or FUTEX_LOCK_PI the call (stat_line.h). It uses about a tenth of a
// CPU at most: if looks take longer than a tenth of the period, they come less often. A thread that sleeps is looked
// at in full only when its schedstat has changed: it did not run, and if it was woken and waits for a CPU, its run
// delay says so afterwards. What all this took comes last, on standard output: `CPU_US MEMORY_KIB MISSED DROPPED`:
// threads that it could not open for want of file descriptors, at most at a time, and lines for which FILE was full.
//
// It is a separate process, so that the address space that it watches never stalls it. It reads only
// /proc/<pid>/task/<tid>/{stat,schedstat,syscall,stack}, which take neither mmap_lock nor any lock that a stalled
// thread holds. It never reads maps, smaps, cmdline or environ, which would make it another reader in the convoy. It
// ends when all processes have ended, on SIGTERM, or with its parent. Format: board/samples.h.
#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
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
  Thread(pid_t pid, pid_t tid) : pid_(pid), tid_(tid), stat_(openFile("stat")), schedstat_(openFile("schedstat")) {
    lacksFiles_ = (stat_ < 0 || schedstat_ < 0) && (errno == EMFILE || errno == ENFILE);
  }
  Thread(Thread&& other) noexcept
      : pid_(other.pid_),
        tid_(other.tid_),
        stat_(std::exchange(other.stat_, -1)),
        schedstat_(std::exchange(other.schedstat_, -1)),
        lacksFiles_(other.lacksFiles_),
        unchangedLooks_(other.unchangedLooks_),
        slices_(other.slices_),
        futexWait_(std::move(other.futexWait_)),
        last_(other.last_) {}
  Thread& operator=(Thread&&) = delete;
  ~Thread() {
    if (stat_ >= 0) close(stat_);
    if (schedstat_ >= 0) close(schedstat_);
  }

  // Appends a record if anything changed. False when the thread is gone. `skipsSleepers`: see above.
  bool look(std::vector<samples::Record>& out, bool skipsSleepers) {
    samples::Record record{};
    record.time_ns = monotonic_ns();
    record.pid = static_cast<std::uint32_t>(pid_);
    record.tid = static_cast<std::uint32_t>(tid_);
    char text[512];
    engine::SchedstatReading reading;
    const bool isRead = readFile(schedstat_, text) && engine::parseSchedstat(text, reading);
    if (isRead && skipsSleepers && last_.state == 'S' && reading.slices == slices_ && unchangedLooks_ >= 2) return true;
    slices_ = reading.slices;
    if (!isRead || !readFile(stat_, text) || !parseStatLine(text, record.comm, record.state, record.nice)) {
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

  bool lacksFiles() const { return lacksFiles_; }

  // Whether it has just turned out that the thread waits for more than a moment, in a way that is of interest.
  bool waitDue() const {
    return unchangedLooks_ == 1 && (last_.state == 'D' || (last_.state == 'S' && !futexWait_.empty()));
  }

  // Whether a stack is due: blocked, or runnable with counters that stand still, for five looks, then every 50 looks.
  bool stackDue() const {
    return (last_.state == 'D' || last_.state == 'R') && unchangedLooks_ >= 5 && (unchangedLooks_ - 5) % 50 == 0;
  }

  // Empty if it may not be read.
  std::string stackLine() const {
    char text[4096];
    return readOnce("stack", text) ? line(stackFrames(text)) : std::string();
  }

  // As above. The kernel writes `0` if the thread waits no longer.
  std::string waitLine() const {
    if (last_.state == 'S') return line(futexWait_);
    char text[512];
    return readOnce("wchan", text) && std::strcmp(text, "0") != 0 ? line(text) : std::string();
  }

 private:
  std::string line(const std::string& frames) const {
    char head[64];
    std::snprintf(head, sizeof head, "%llu %d %c ", static_cast<unsigned long long>(monotonic_ns()), tid_, last_.state);
    return head + frames + "\n";
  }
  template <std::size_t N>
  bool readOnce(const char* name, char (&text)[N]) const {
    const int fd = openFile(name);
    const ssize_t got = fd < 0 ? -1 : read(fd, text, N - 1);
    if (fd >= 0) close(fd);
    if (got <= 0) return false;
    text[got] = '\0';
    return true;
  }
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

  std::uint32_t readSystemCall() {
    char text[512];
    if (!readOnce("syscall", text)) return 0;
    futexWait_ = futexWait(text);
    return parseSystemCall(text);
  }

  pid_t pid_, tid_;
  int stat_, schedstat_;
  bool lacksFiles_ = false;
  unsigned unchangedLooks_ = 0;
  std::uint64_t slices_ = 0;
  std::string futexWait_;
  samples::Record last_{};
};

using Threads = std::map<std::pair<pid_t, pid_t>, Thread>;

// Adds threads that are new since the last listing. False if the process has ended. `missed`: those that could not be
// opened.
bool listThreads(pid_t pid, Threads& threads, unsigned& missed) {
  DIR* folder = opendir(("/proc/" + std::to_string(pid) + "/task").c_str());
  if (folder == nullptr) return false;
  while (const dirent* entry = readdir(folder)) {
    const auto tid = static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10));
    if (tid <= 0) continue;
    const auto [place, isNew] = threads.try_emplace({pid, tid}, pid, tid);
    if (!isNew || !place->second.lacksFiles()) continue;
    ++missed;
    threads.erase(place);
  }
  closedir(folder);
  return true;
}

void append(int fd, const void* data, std::size_t bytes, const char* path) {
  if (write(fd, data, bytes) != static_cast<ssize_t>(bytes))
    fail(Exit::unfit, "the samples could not be written to %s: %s", path, strerror(errno));
}

int create(const char* path) {
  const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) fail(Exit::unfit, "the sampler's file %s could not be created: %s", path, strerror(errno));
  return fd;
}

// Lines about single threads: kernel stacks, or functions in which they wait.
class Notes {
 public:
  Notes(const char* path, unsigned most) : path_(path), fd_(path == nullptr ? -1 : create(path)), most_(most) {}
  bool isOpen() const { return fd_ >= 0; }
  unsigned dropped() const { return dropped_; }
  void write(const std::string& line) {
    if (line.empty()) return;
    if (count_ == most_) {
      ++dropped_;
      return;
    }
    ++count_;
    append(fd_, line.data(), line.size(), path_);
  }

 private:
  const char* path_;
  int fd_;
  unsigned most_;
  unsigned count_ = 0;
  unsigned dropped_ = 0;
};

struct Options {
  const char* output = nullptr;
  std::uint64_t period_ns = 0;
  const char* stacks = nullptr;
  const char* waits = nullptr;
  std::vector<pid_t> beside;
  std::vector<pid_t> pids;
};

std::uint64_t cpu_ns() {
  timespec used;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(used.tv_nsec);
}

void sample(const Options& options) {
  // Enough for a minute of stalls of many threads, and for an hour. A stack takes about 500 bytes, a wait 60.
  Notes stacks(options.stacks, 5'000);
  Notes waits(options.waits, 100'000);
  const bool isForeign = options.waits != nullptr;
  const int fd = create(options.output);
  const samples::Header header{.magic = samples::kMagic,
                               .version = samples::kVersion,
                               .period_ns = options.period_ns,
                               .record_bytes = sizeof(samples::Record)};
  append(fd, &header, sizeof header, options.output);

  constexpr unsigned kTicksBetweenListings = 10;
  constexpr std::uint64_t kBudget = 10;
  std::uint64_t cost_ns = 0;
  Threads threads;
  // Threads may end, so the last listing need not be the one that lacks most.
  unsigned mostMissed = 0;
  std::vector<samples::Record> records;
  std::uint64_t next_ns = monotonic_ns();
  for (unsigned tick = 0; terminated == 0; ++tick) {
    const std::uint64_t before_ns = cpu_ns();
    if (tick % kTicksBetweenListings == 0) {
      bool anyAlive = false;
      unsigned missed = 0;
      for (const pid_t pid : options.pids) anyAlive |= listThreads(pid, threads, missed);
      for (const pid_t pid : options.beside) listThreads(pid, threads, missed);
      mostMissed = std::max(mostMissed, missed);
      if (!anyAlive) break;
    }
    records.clear();
    for (auto entry = threads.begin(); entry != threads.end();)
      entry = entry->second.look(records, isForeign) ? std::next(entry) : threads.erase(entry);
    samples::Record tickRecord{};
    tickRecord.time_ns = monotonic_ns();
    tickRecord.state = '-';
    tickRecord.kind = samples::Kind::tick;
    records.push_back(tickRecord);
    append(fd, records.data(), records.size() * sizeof(samples::Record), options.output);
    for (const auto& entry : threads) {
      if (stacks.isOpen() && entry.second.stackDue()) stacks.write(entry.second.stackLine());
      if (waits.isOpen() && entry.second.waitDue()) waits.write(entry.second.waitLine());
    }

    // A sampler that was delayed continues from now. The ticks' times show which looks it missed.
    // The first look opens all files. Of the others the cost is averaged, because some list the threads as well.
    if (tick > 0) cost_ns = (cost_ns * 7 + cpu_ns() - before_ns) / 8;
    const std::uint64_t pause_ns = isForeign ? std::max(options.period_ns, cost_ns * kBudget) : options.period_ns;
    next_ns = std::max(next_ns + pause_ns, monotonic_ns());
    const timespec wake = toTimespec(next_ns);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, nullptr);
  }
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  std::printf("%llu %ld %u %u\n", static_cast<unsigned long long>(cpu_ns() / 1000), used.ru_maxrss, mostMissed,
              waits.dropped());
}

// Each thread takes two.
void allowManyFiles() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace
}  // namespace pauselab

int main(int argc, char** argv) {
  using namespace pauselab;
  constexpr char kUsage[] =
      "expected: pauselab-sampler OUTPUT PERIOD_NS PARENT_PID [stacks=FILE | waits=FILE] [beside=PID,…] PID…";
  if (argc < 5) fail(Exit::usage, "%s", kUsage);
  Options options;
  options.output = argv[1];
  options.period_ns = std::strtoull(argv[2], nullptr, 10);
  if (options.period_ns < 1'000'000) fail(Exit::usage, "expected a period of at least 1000000 ns, got %s", argv[2]);
  int next = 4;
  const auto valueOf = [&](const char* name) {
    const std::size_t length = std::strlen(name);
    return next < argc && std::strncmp(argv[next], name, length) == 0 ? argv[next++] + length : nullptr;
  };
  options.stacks = valueOf("stacks=");
  if (options.stacks == nullptr) options.waits = valueOf("waits=");
  for (const char* list = valueOf("beside="); list != nullptr; list = std::strchr(list, ','))
    options.beside.push_back(static_cast<pid_t>(std::strtol(*list == ',' ? ++list : list, nullptr, 10)));
  for (; next < argc; ++next) options.pids.push_back(static_cast<pid_t>(std::strtol(argv[next], nullptr, 10)));
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_TIMERSLACK, 1);
  if (getppid() != std::strtol(argv[3], nullptr, 10))
    fail(Exit::workload, "the process that started the sampler has ended");
  for (const int ignored : {SIGINT, SIGHUP}) std::signal(ignored, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // the kernel then refuses a file beyond RLIMIT_FSIZE with EFBIG
  std::signal(SIGTERM, [](int) { terminated = 1; });
  allowManyFiles();
  sample(options);
  return 0;
}
