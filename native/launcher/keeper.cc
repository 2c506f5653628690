#include "launcher/keeper.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "board/clock.h"
#include "board/fail.h"

namespace pauselab::launcher {
namespace {

constexpr std::uint64_t kPoll_ns = 20'000'000;
// How long to wait for processes that were sent SIGKILL. After that the kernel ends those that hang in a system call.
constexpr std::uint64_t kKillDeadline_ns = 10 * kSecond_ns;

// The parent of a process; 0 if the process has ended or waits to be reaped. The name may contain parentheses
// (proc_pid_stat(5)).
pid_t parentOf(pid_t pid) {
  char path[64], text[512];
  std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  const ssize_t got = file < 0 ? -1 : read(file, text, sizeof text - 1);
  if (file >= 0) close(file);
  if (got <= 0) return 0;
  text[got] = '\0';
  const char* const end = std::strrchr(text, ')');
  char state = 'X';
  int parent = 0;
  return end != nullptr && std::sscanf(end + 1, " %c %d", &state, &parent) == 2 && state != 'Z' && state != 'X' ? parent
                                                                                                                : 0;
}

// The children of this process, and their descendants. A process that is forked meanwhile is found by the next call.
std::vector<pid_t> descendants() {
  std::vector<std::pair<pid_t, pid_t>> all;
  DIR* const folder = opendir("/proc");
  if (folder == nullptr) return {};
  while (const dirent* entry = readdir(folder))
    if (const auto pid = static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10)); pid > 0)
      if (const pid_t parent = parentOf(pid); parent > 0) all.emplace_back(pid, parent);
  closedir(folder);
  std::vector<pid_t> found{getpid()};
  for (std::size_t i = 0; i < found.size(); ++i)
    for (const auto& [pid, parent] : all)
      if (parent == found[i] && std::find(found.begin(), found.end(), pid) == found.end()) found.push_back(pid);
  found.erase(found.begin());
  return found;
}

long long microseconds(const timeval& time) { return time.tv_sec * 1'000'000LL + time.tv_usec; }

void signalAll(int signal) {
  for (const pid_t pid : descendants()) kill(pid, signal);
}

class Keeper {
 public:
  Keeper(const Keeping& keeping, pid_t program, const sigset_t& signals)
      : keeping_(keeping), program_(program), signals_(signals) {}

  [[noreturn]] void run() {
    while (!status_) waitAtMost(std::nullopt);
    tellEnd();
    endThose();
    endAs(*status_);
  }

 private:
  bool parentIsGone() const { return getppid() != keeping_.parent; }

  // Waits for a signal, at most for the given time, and reaps every process that has ended.
  void waitAtMost(std::optional<std::uint64_t> most_ns) {
    if (killAt_ns_ != 0) most_ns = std::min(most_ns.value_or(kPoll_ns), kPoll_ns);
    const timespec time = toTimespec(most_ns.value_or(0));
    const int signal = sigtimedwait(&signals_, nullptr, most_ns ? &time : nullptr);
    if (signal == SIGTERM) {
      if (!parentIsGone() && !status_) kill(program_, SIGTERM);
      const std::uint64_t killAt_ns = monotonic_ns() + (parentIsGone() ? 0 : keeping_.grace_ns);
      killAt_ns_ = killAt_ns_ == 0 ? killAt_ns : std::min(killAt_ns_, killAt_ns);
    }
    if (killAt_ns_ != 0 && monotonic_ns() >= killAt_ns_) signalAll(SIGKILL);
    int status = 0;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
      if (pid == program_) status_ = status;
  }

  // Sends SIGTERM, and SIGKILL after the grace period, until no process is left.
  void endThose() {
    if (descendants().empty()) return;
    signalAll(SIGTERM);
    const std::uint64_t killAt_ns = monotonic_ns() + keeping_.grace_ns;
    killAt_ns_ = killAt_ns_ == 0 ? killAt_ns : std::min(killAt_ns_, killAt_ns);
    while (!descendants().empty() && monotonic_ns() < killAt_ns_ + kKillDeadline_ns) waitAtMost(kPoll_ns);
  }

  // Renamed into place, so that a reader never sees half of it.
  void tellEnd() const {
    if (keeping_.endFile.empty()) return;
    // Of the program, and of what it started and has ended.
    rusage used{};
    getrusage(RUSAGE_CHILDREN, &used);
    char text[128];
    const int length =
        std::snprintf(text, sizeof text, "%s %d\nleft %zu\ncpu_us %lld\n", WIFEXITED(*status_) ? "code" : "signal",
                      WIFEXITED(*status_) ? WEXITSTATUS(*status_) : WTERMSIG(*status_), descendants().size(),
                      microseconds(used.ru_utime) + microseconds(used.ru_stime));
    const std::string unfinished = keeping_.endFile + ".new";
    const int file = open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file >= 0 && write(file, text, static_cast<std::size_t>(length)) == length)
      rename(unfinished.c_str(), keeping_.endFile.c_str());
    if (file >= 0) close(file);
  }

  [[noreturn]] static void endAs(int status) {
    if (WIFEXITED(status)) _exit(WEXITSTATUS(status));
    const rlimit noCore{.rlim_cur = 0, .rlim_max = 0};
    setrlimit(RLIMIT_CORE, &noCore);
    std::signal(WTERMSIG(status), SIG_DFL);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_UNBLOCK, &all, nullptr);
    raise(WTERMSIG(status));
    _exit(128 + WTERMSIG(status));
  }

  const Keeping& keeping_;
  const pid_t program_;
  const sigset_t& signals_;
  std::optional<int> status_;    // of the program, once it has ended
  std::uint64_t killAt_ns_ = 0;  // 0: no process gets SIGKILL
};

}  // namespace

void keep(const Keeping& keeping, const std::function<void()>& become) {
  for (const int ignored : {SIGINT, SIGHUP})
    std::signal(ignored, SIG_IGN);  // they reach the whole process group; pauselab decides what they mean
  std::signal(SIGCHLD, SIG_DFL);    // if it were ignored, the ends of children would not be reported
  sigset_t signals, before;
  sigemptyset(&signals);
  for (const int signal : {SIGCHLD, SIGTERM}) sigaddset(&signals, signal);
  sigprocmask(SIG_BLOCK, &signals, &before);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != keeping.parent)
    fail(Exit::workload, "the process %d that should start a program has ended", keeping.parent);
  const pid_t self = getpid();
  const pid_t program = fork();
  if (program < 0)
    fail(Exit::unfit, "no process could be made (%s); raise the limit of processes (ulimit -u, pids.max)",
         strerrorname_np(errno));
  if (program == 0) {
    sigprocmask(SIG_SETMASK, &before, nullptr);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != self) _exit(static_cast<int>(Exit::workload));
    become();
    _exit(static_cast<int>(Exit::internal));
  }
  Keeper(keeping, program, signals).run();
}

}  // namespace pauselab::launcher
