// pauselab-tracer: traces the kernel in a private instance of tracefs, from its report that it is ready until SIGUSR1.
//
//   pauselab-tracer FOLDER PARENT_PID PLAN
//   pauselab-tracer --check FOLDER            tries what every trace needs, and says why it is not possible
//
// It is a separate process, so that its changes to tracefs are undone whatever happens to pauselab. It ends on SIGTERM,
// which the kernel also sends when the parent has ended. If it is killed itself, its guardian removes its instances: a
// forked process that sleeps until the tracer has ended. If both are killed, the instances stay in the kernel, and the
// next tracer removes them: a tracer and its guardian hold an instance by a flock(2), and no process holds the instance
// of killed ones. (A pid would not show that, because two PID namespaces may share tracefs.) If tracefs is not mounted,
// the tracer mounts it in a private mount namespace, which ends with it. It sleeps while the trace runs.
//
// Lines of PLAN:
//   * `buffer_kib N`: per CPU
//   * `need PATH VALUE` and `try PATH VALUE`: write VALUE to PATH below the instance
//   * `event GROUP/NAME FILTER`: switch an event on (`-`: no filter)
//   * `pid N`: trace this thread too
//   * `outside`: the lines after it describe a second instance, which traces all other threads of the machine. Its
//     filter `mm` means the address spaces of the processes `watch N`. No other trace has the threads that take their
//     mmap_lock from outside, as by reading /proc/N/smaps.
//
// On SIGUSR2 it moves the events so far to FOLDER/drain, in files as below, and the trace goes on. That folder has to
// be removed before the next SIGUSR2.
//
// On SIGTERM it leaves in FOLDER, raw:
//   * `header_page`, `format-NAME` of each event, `cpuN.raw` and `cpuN.stats`; the second instance's in FOLDER/outside
//   * `outside-missing`: a sentence that says why there is no second instance
//   * `missing`: what `try` and `event` could not do, a line each
//   * `cost`: what mprotect() takes without and with the trace, in ns, measured before anything else is traced
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "board/fail.h"

namespace pauselab {
namespace {

constexpr long kTracefs = 0x74726163;  // TRACEFS_MAGIC, linux/magic.h
constexpr const char* kPrefix = "pauselab-";

// Instances are removed however this process ends; after SIGKILL by the guardian.
std::vector<std::string> ownInstances;

// The guardian reads from this pipe: a byte dismisses it, and the end of the pipe means that this process was killed.
int guardianPipe = -1;
pid_t guardian = -1;

bool isTracefs(const std::string& path) {
  struct statfs found {};
  return statfs(path.c_str(), &found) == 0 && found.f_type == kTracefs;
}

// Returns 0 or the errno.
int writeFile(const std::string& path, const std::string& text, int flags = O_TRUNC) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC | flags);
  if (fd < 0) return errno;
  const ssize_t got = write(fd, text.data(), text.size());
  const int error = got == static_cast<ssize_t>(text.size()) ? 0 : errno;
  close(fd);
  return error;
}

std::string mounted(const std::string& folder) {
  for (const char* usual : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}) {
    if (isTracefs(usual)) return usual;
  }
  const std::string own = folder + "/tracefs";
  mkdir(own.c_str(), 0700);
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("nodev", own.c_str(), "tracefs", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
    fail(Exit::unfit,
         "tracefs is not mounted and could not be mounted (%s); tracing needs root, and a kernel with tracing that is "
         "not locked down: mount -t tracefs nodev /sys/kernel/tracing, or do without the trace",
         strerrorname_np(errno));
  return own;
}

void switchOff(const std::string& instance) {
  writeFile(instance + "/tracing_on", "0");
  writeFile(instance + "/events/enable", "0");
}

void remove(const std::string& instance) {
  switchOff(instance);
  // Busy while a process reads from it. Our readers have ended by then.
  for (int attempt = 0; rmdir(instance.c_str()) != 0 && errno == EBUSY && attempt < 100; ++attempt) usleep(10'000);
}

// It uses relative paths, because pauselab may remove the folder in which tracefs is mounted before it has finished. It
// has a session of its own, so that a signal to the group of the tracer does not end both.
[[noreturn]] void guard(int pipe) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  setsid();
  char byte;
  ssize_t got;
  while ((got = read(pipe, &byte, 1)) < 0 && errno == EINTR) continue;
  if (got == 0) {
    for (const std::string& instance : ownInstances) remove(instance.substr(instance.rfind('/') + 1));
  }
  _exit(0);
}

// Removes the instances, and then dismisses the guardian: another tracer may soon have an instance of the same name.
void removeOwn() {
  for (const std::string& instance : ownInstances) remove(instance);
  if (guardian <= 0) return;
  if (write(guardianPipe, "x", 1) == 1) waitpid(guardian, nullptr, 0);
}

// Like fail(), but removes the instances first, because fail() ends at once.
template <class... Values>
[[noreturn]] void giveUp(Exit code, const char* format, Values... values) {
  removeOwn();
  fail(code, format, values...);
}

// Afterwards the working folder is that of the instances.
void startGuardian(const std::string& tracefs) {
  int ends[2];
  if (chdir((tracefs + "/instances").c_str()) != 0 || pipe2(ends, O_CLOEXEC) != 0 || (guardian = fork()) < 0)
    giveUp(Exit::unfit, "the trace’s guardian could not be started: %s; do without the trace", strerror(errno));
  if (guardian == 0) {
    close(ends[1]);
    guard(ends[0]);
  }
  close(ends[0]);
  guardianPipe = ends[1];
}

// Files of tracefs have no size, so this reads until the end. False if the file cannot be opened.
bool copyFile(const std::string& from, const std::string& to, std::size_t pieceBytes = 65536) {
  const int source = open(from.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (source < 0) return false;
  const int target = open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (target < 0) giveUp(Exit::unfit, "%s could not be written: %s", to.c_str(), strerror(errno));
  std::vector<char> piece(pieceBytes);
  for (ssize_t got; (got = read(source, piece.data(), piece.size())) > 0;) {
    if (write(target, piece.data(), static_cast<std::size_t>(got)) != got)
      giveUp(Exit::unfit, "%s could not be written: %s; free some of its file system", to.c_str(), strerror(errno));
  }
  close(source);
  close(target);
  return true;
}

// A descriptor that holds the instance while this process lives; -1 if another tracer holds it, or it does not exist.
int hold(const std::string& instance) {
  const int fd = open(instance.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return -1;
  struct stat held {
  }, there{};
  if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &held) == 0 && stat(instance.c_str(), &there) == 0 &&
      held.st_ino == there.st_ino)
    return fd;
  close(fd);
  return -1;
}

// Removes the instances of tracers that have ended.
void removeLeftBehind(const std::string& tracefs) {
  DIR* folder = opendir((tracefs + "/instances").c_str());
  if (folder == nullptr) return;
  std::vector<std::string> found;
  while (const dirent* entry = readdir(folder)) {
    if (std::strncmp(entry->d_name, kPrefix, std::strlen(kPrefix)) == 0)
      found.push_back(tracefs + "/instances/" + entry->d_name);
  }
  closedir(folder);
  for (const std::string& instance : found) {
    const int fd = hold(instance);
    if (fd < 0) continue;
    remove(instance);
    close(fd);
  }
}

// Makes a new instance and holds it. The pid in its name is for people. If another PID namespace has the same pid, a
// number follows.
std::string createInstance(const std::string& tracefs, pid_t parent) {
  constexpr int kMostNumbers = 1000;
  for (int number = 0; number < kMostNumbers; ++number) {
    const std::string path = tracefs + "/instances/" + kPrefix + std::to_string(parent) + "-" + std::to_string(number);
    if (mkdir(path.c_str(), 0700) != 0) {
      if (errno == EEXIST) continue;
      fail(Exit::unfit,
           "no trace instance could be made in tracefs (%s); tracing needs root and a kernel that is not locked down: "
           "do without the trace",
           strerrorname_np(errno));
    }
    // Another tracer may have removed it in between, as left behind.
    if (hold(path) >= 0) return path;
  }
  fail(Exit::unfit, "tracefs has %d instances named after pauselab %d; remove them: rmdir %s/instances/%s%d-*",
       kMostNumbers, static_cast<int>(parent), tracefs.c_str(), kPrefix, static_cast<int>(parent));
}

struct Part {
  std::vector<std::pair<std::string, std::string>> needed, tried, events;
};

struct Plan {
  Part workload, outside;
  std::string pids;
  std::vector<std::string> watched;
};

Plan readPlan(const char* path) {
  std::ifstream file(path);
  if (!file) fail(Exit::usage, "the tracer's plan %s could not be read", path);
  Plan plan;
  Part* part = &plan.workload;
  for (std::string line; std::getline(file, line);) {
    const std::size_t one = line.find(' ');
    const std::string verb = line.substr(0, one), rest = one == std::string::npos ? "" : line.substr(one + 1);
    const std::size_t two = rest.find(' ');
    const std::pair<std::string, std::string> pair{rest.substr(0, two),
                                                   two == std::string::npos ? "" : rest.substr(two + 1)};
    if (verb == "buffer_kib")
      part->needed.emplace_back("buffer_size_kb", rest);
    else if (verb == "need")
      part->needed.push_back(pair);
    else if (verb == "try")
      part->tried.push_back(pair);
    else if (verb == "event")
      part->events.push_back(pair);
    else if (verb == "pid")
      plan.pids += rest + " ";
    else if (verb == "outside")
      part = &plan.outside;
    else if (verb == "watch")
      plan.watched.push_back(rest);
    else
      fail(Exit::usage,
           "the tracer's plan has the line \"%s\"; expected buffer_kib, need, try, event, pid, outside or watch",
           line.c_str());
  }
  return plan;
}

// mprotect() takes mmap_lock for write and changes one page: seven events. The result is the fastest of many short
// blocks, because any disturbance only adds time.
double mprotect_ns() {
  constexpr int kBlocks = 20, kCalls = 100;
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return 0;
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
  };
  double least = std::numeric_limits<double>::infinity();
  for (int block = 0; block < kBlocks; ++block) {
    const double begin = now();
    for (int call = 0; call < kCalls; ++call) mprotect(page, 4096, call % 2 == 0 ? PROT_READ : PROT_READ | PROT_WRITE);
    least = std::min(least, (now() - begin) / kCalls);
  }
  munmap(page, 4096);
  return least;
}

// One thread at a time: if a thread has ended meanwhile, the others are still added.
void addThreads(const std::string& file, const std::string& pids) {
  for (std::size_t at = 0; at < pids.size();) {
    const std::size_t end = pids.find(' ', at);
    writeFile(file, pids.substr(at, end - at), O_APPEND);
    at = end + 1;
  }
}

// Returns what could not be done, a line each. Fails if that is needed.
std::string setUp(const std::string& instance, const Plan& plan, const std::string& folder) {
  std::string missing;
  const auto need = [&](const std::string& path, const std::string& value) {
    if (const int error = writeFile(instance + "/" + path, value); error != 0)
      giveUp(Exit::unfit, "the trace could not be set up: %s does not take \"%s\" (%s); do without the trace",
             path.c_str(), value.c_str(), strerrorname_np(error));
  };
  need("tracing_on", "0");
  for (const auto& [path, value] : plan.workload.needed) need(path, value);
  for (const auto& [path, value] : plan.workload.tried) {
    if (writeFile(instance + "/" + path, value) != 0) missing += path + "\n";
  }
  // Of the stacks that a trigger records; instances have no folder for it.
  copyFile(instance + "/../../events/ftrace/kernel_stack/format", folder + "/format-kernel_stack");
  const double without_ns = mprotect_ns();
  // First this thread alone, to measure the cost of the trace. Without a pid, all threads of the machine are traced.
  need("set_event_pid", std::to_string(getpid()));
  for (const auto& [event, filter] : plan.workload.events) {
    const std::string path = "events/" + event;
    const bool filtered = filter == "-" || writeFile(instance + "/" + path + "/filter", filter) == 0;
    const std::string name = event.substr(event.find('/') + 1);
    if (!filtered || writeFile(instance + "/" + path + "/enable", "1") != 0 ||
        !copyFile(instance + "/" + path + "/format", folder + "/format-" + name))
      missing += event + "\n";
  }
  need("tracing_on", "1");
  std::ofstream(folder + "/cost") << without_ns << " " << mprotect_ns() << "\n";
  need("tracing_on", "0");
  need("trace", "");  // clears the buffer
  need("set_event_pid", "");
  addThreads(instance + "/set_event_pid", plan.pids);
  if (!copyFile(instance + "/events/header_page", folder + "/header_page"))
    copyFile(instance + "/../../events/header_page", folder + "/header_page");
  return missing;
}

constexpr const char* kLockEvent = "/events/mmap_lock/mmap_lock_start_locking";

// The addresses in the trace's text, each once: `mm=ffff88810a3c5f00`.
std::vector<std::string> addressesIn(const std::string& trace) {
  std::ifstream file(trace);
  std::vector<std::string> found;
  for (std::string line; std::getline(file, line);) {
    const std::size_t at = line.find("mm=");
    if (at == std::string::npos || line[0] == '#') continue;
    const std::string address = "0x" + line.substr(at + 3, line.find(' ', at) - at - 3);
    if (std::find(found.begin(), found.end(), address) == found.end()) found.push_back(address);
  }
  return found;
}

// The address of a process's mm_struct, by which events name its mmap_lock. This thread takes that lock itself, by
// reading the process's command line (access_remote_vm in mm/memory.c), and finds the lock in the trace beside its own.
// Empty if the trace does not show it.
std::string addressOf(const std::string& instance, const std::string& pid, const std::string& own) {
  char buffer[256];
  writeFile(instance + "/trace", "");
  const int fd = open(("/proc/" + pid + "/cmdline").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return "";
  if (read(fd, buffer, sizeof buffer) < 0) buffer[0] = 0;
  close(fd);
  for (const std::string& address : addressesIn(instance + "/trace")) {
    if (address != own) return address;
  }
  return "";
}

// `mm == 0x… || mm == 0x…`; empty if the lock of a process could not be found.
std::string filterOf(const std::string& instance, const Plan& plan) {
  // Otherwise addresses are printed as hashes.
  if (writeFile(instance + "/options/hash-ptr", "0") != 0) return "";
  writeFile(instance + "/set_event_pid", std::to_string(getpid()));
  if (writeFile(instance + kLockEvent + "/enable", "1") != 0) return "";
  writeFile(instance + "/tracing_on", "1");
  if (void* page = mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); page != MAP_FAILED)
    munmap(page, 4096);
  const std::vector<std::string> seen = addressesIn(instance + "/trace");
  std::string filter;
  for (const std::string& pid : plan.watched) {
    const std::string address = seen.empty() ? "" : addressOf(instance, pid, seen.front());
    if (address.empty()) return "";
    filter += (filter.empty() ? "mm == " : " || mm == ") + address;
  }
  switchOff(instance);
  writeFile(instance + "/trace", "");
  writeFile(instance + "/set_event_pid", "");
  return filter;
}

// Traces all threads except the workload's and this one. Returns the reason if it cannot, otherwise an empty string.
std::string setUpOutside(const std::string& instance, const Plan& plan) {
  writeFile(instance + "/tracing_on", "0");
  for (const auto& [path, value] : plan.outside.needed) {
    if (writeFile(instance + "/" + path, value) != 0)
      return "the kernel refused " + path + " of the trace of other programs";
  }
  for (const auto& [path, value] : plan.outside.tried) writeFile(instance + "/" + path, value);
  const std::string filter = filterOf(instance, plan);
  if (filter.empty()) return "the address of the workload’s mmap_lock was not found";
  // Without this the workload would be traced twice.
  if (writeFile(instance + "/set_event_notrace_pid", std::to_string(getpid())) != 0)
    return "this kernel cannot leave threads out of a trace (Linux 5.7 and later can)";
  addThreads(instance + "/set_event_notrace_pid", plan.pids);
  for (const auto& [event, wanted] : plan.outside.events) {
    const std::string path = instance + "/events/" + event;
    if (wanted == "mm" && writeFile(path + "/filter", filter) != 0) return "the kernel refused the filter of " + event;
    if (writeFile(path + "/enable", "1") != 0) return "this kernel has no trace event " + event;
  }
  return "";
}

void collect(const std::string& instance, const std::string& folder) {
  DIR* cpus = opendir((instance + "/per_cpu").c_str());
  if (cpus == nullptr) return;
  while (const dirent* entry = readdir(cpus)) {
    if (std::strncmp(entry->d_name, "cpu", 3) != 0) continue;
    const std::string from = instance + "/per_cpu/" + entry->d_name, to = folder + "/" + entry->d_name;
    // Before reading, because the statistics do not count what was read as lost.
    copyFile(from + "/stats", to + ".stats");
    // Page by page, because a read returns at most one page.
    copyFile(from + "/trace_pipe_raw", to + ".raw");
  }
  closedir(cpus);
}

// Renamed into place, so that a reader never sees half of it.
void drain(const std::string& instance, const std::string& outside, const std::string& folder) {
  const std::string fresh = folder + "/drain.new";
  mkdir(fresh.c_str(), 0700);
  collect(instance, fresh);
  mkdir((fresh + "/outside").c_str(), 0700);
  if (!outside.empty()) collect(outside, fresh + "/outside");
  if (rename(fresh.c_str(), (folder + "/drain").c_str()) != 0)
    giveUp(Exit::unfit, "%s/drain could not be written: %s", folder.c_str(), strerror(errno));
}

void trace(const std::string& folder, pid_t parent, const char* planPath) {
  const Plan plan = readPlan(planPath);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGUSR1, SIGUSR2}) sigaddset(&signals, signal);
  sigprocmask(SIG_BLOCK, &signals, nullptr);

  const std::string tracefs = mounted(folder);
  removeLeftBehind(tracefs);
  const auto newInstance = [&] { return ownInstances.emplace_back(createInstance(tracefs, parent)); };
  const std::string path = newInstance();
  const std::string outside = plan.watched.empty() ? "" : newInstance();
  startGuardian(tracefs);
  const std::string missing = setUp(path, plan, folder);
  std::ofstream(folder + "/missing") << missing;
  const std::string problem = outside.empty() ? "no process is watched" : setUpOutside(outside, plan);
  std::ofstream(folder + "/outside-missing") << problem;
  if (!problem.empty() && !outside.empty()) switchOff(outside);
  if (problem.empty() && writeFile(outside + "/tracing_on", "1") != 0)
    giveUp(Exit::unfit, "the trace of other programs could not be switched on; do without the trace");
  if (writeFile(path + "/tracing_on", "1") != 0)
    giveUp(Exit::unfit, "the trace could not be switched on; do without the trace");
  // Renamed into place, so that a reader never sees half of it.
  std::ofstream(folder + "/ready.new") << "ready\n";
  rename((folder + "/ready.new").c_str(), (folder + "/ready").c_str());

  for (;;) {
    int signal = 0;
    sigwait(&signals, &signal);
    if (signal == SIGUSR2) {
      drain(path, problem.empty() ? outside : "", folder);
      continue;
    }
    for (const std::string& instance : ownInstances) switchOff(instance);
    if (signal == SIGTERM) break;
  }
  // If the parent has ended, no process reads the files.
  if (getppid() == parent) {
    collect(path, folder);
    mkdir((folder + "/outside").c_str(), 0700);
    if (problem.empty()) collect(outside, folder + "/outside");
  }
  removeOwn();
}

// Without these events nothing is known of any thread.
void check(const std::string& folder) {
  const std::string tracefs = mounted(folder);
  removeLeftBehind(tracefs);
  const std::string path = ownInstances.emplace_back(createInstance(tracefs, getpid()));
  writeFile(path + "/set_event_pid", std::to_string(getpid()));
  for (const char* event : {"sched/sched_switch", "sched/sched_waking"}) {
    if (const int error = writeFile(path + "/events/" + event + "/enable", "1"); error != 0)
      giveUp(Exit::unfit, "this kernel does not trace %s (%s)", event, strerrorname_np(error));
  }
  removeOwn();
}

}  // namespace
}  // namespace pauselab

int main(int argc, char** argv) {
  using namespace pauselab;
  if (argc == 3 && std::strcmp(argv[1], "--check") == 0) {
    check(argv[2]);
    return 0;
  }
  if (argc != 4) fail(Exit::usage, "expected: pauselab-tracer FOLDER PARENT_PID PLAN, or --check FOLDER");
  const auto parent = static_cast<pid_t>(std::strtol(argv[2], nullptr, 10));
  for (const int ignored : {SIGINT, SIGHUP}) std::signal(ignored, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file beyond RLIMIT_FSIZE is then refused with EFBIG
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) fail(Exit::workload, "the process that started the tracer has ended");
  trace(argv[1], parent, argv[3]);
  return 0;
}
