// pauselab-launcher: java-caller starts it in place of java. It prepares the process (logs, limits, priority,
// environment, death of the parent) and becomes the real java by exec: same pid, same session, no process in between.
// It is called as `pauselab-launcher -Dpauselab.launch=FILE ARGUMENT…`, because java-caller puts words with -D first.
//
// For a program that may start others it stays as the keeper (keeper.h), and its child becomes the program. The file
// asks for this. For tools of the system the call is `pauselab-launcher -Dpauselab.keep=PARENT_PID PROGRAM ARGUMENT…`.
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "board/clock.h"
#include "board/fail.h"
#include "board/slice.h"
#include "launcher/keeper.h"
#include "launcher/launch_file.h"

namespace pauselab::launcher {
namespace {

constexpr std::string_view kOption = "-Dpauselab.launch=";
constexpr std::string_view kKeepOption = "-Dpauselab.keep=";
// How long a tool may take to remove what it has half done.
constexpr std::uint64_t kToolGrace_ns = 2 * kSecond_ns;

// The parent of a keeper's child is the keeper.
void dieWith(const Launch& launch) {
  if (launch.keep_ms) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // exec keeps it
  if (static_cast<std::uint64_t>(getppid()) != launch.parent)
    fail(Exit::workload, "the process %llu that should start %s has ended",
         static_cast<unsigned long long>(launch.parent), launch.called.c_str());
}

void open(const std::string& path, int flags, int descriptor) {
  const int file = ::open(path.c_str(), flags, 0644);
  if (file < 0 || dup2(file, descriptor) < 0)
    fail(Exit::unfit, "%s could not be opened (%s)", path.c_str(), strerrorname_np(errno));
  if (file != descriptor) close(file);
}

// stderr last, so that earlier errors appear where java-caller reads.
void redirect(const Launch& launch) {
  constexpr int kLog = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND;
  open("/dev/null", O_RDONLY, STDIN_FILENO);
  open(launch.stdoutPath, kLog, STDOUT_FILENO);
  open(launch.stderrPath, kLog, STDERR_FILENO);
}

void limit(const Limit& limit) {
  rlimit now{};
  getrlimit(static_cast<__rlimit_resource>(limit.resource), &now);
  const rlimit wanted{.rlim_cur = limit.value, .rlim_max = std::max(now.rlim_max, limit.value)};
  if (setrlimit(static_cast<__rlimit_resource>(limit.resource), &wanted) != 0)
    fail(Exit::unfit, "the limit %s could not be set to %llu (%s); a value above the hard limit needs root",
         limit.name.c_str(), static_cast<unsigned long long>(limit.value), strerrorname_np(errno));
}

// Threads and processes that it starts inherit the slice.
void slice(const Launch& launch) {
  const auto now_ns = setSlice(0, *launch.slice_ns) ? sliceOf(0) : std::nullopt;
  if (!now_ns)
    fail(Exit::unfit, "the slice of %s was refused (%s); run as root, or leave it out", launch.called.c_str(),
         strerrorname_np(errno));
  if (*now_ns != *launch.slice_ns)
    fail(Exit::unfit, "the slice of %s could not be set, because this kernel ignores it; it needs Linux 6.12",
         launch.called.c_str());
}

void schedule(const Launch& launch) {
  if (!launch.cpus.empty()) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const int cpu : launch.cpus) CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
      fail(Exit::unfit, "the CPUs of %s could not be set (%s); choose CPUs that taskset and the cpuset allow",
           launch.called.c_str(), strerrorname_np(errno));
  }
  if (launch.policy) {
    const sched_param parameter{.sched_priority = launch.policy->staticPriority};
    if (sched_setscheduler(0, launch.policy->number, &parameter) != 0)
      fail(Exit::unfit,
           "policy %s of %s was refused (%s); a real-time policy needs root, CAP_SYS_NICE or a raised RLIMIT_RTPRIO "
           "(ulimit -r)",
           launch.policy->text.c_str(), launch.called.c_str(), strerrorname_np(errno));
  }
  if (launch.nice && setpriority(PRIO_PROCESS, 0, *launch.nice) != 0)
    fail(Exit::unfit,
         "nice %d of %s was refused (%s); a value below the present one needs root, CAP_SYS_NICE or a raised "
         "RLIMIT_NICE (ulimit -e)",
         *launch.nice, launch.called.c_str(), strerrorname_np(errno));
  if (launch.slice_ns) slice(launch);
  if (launch.timerSlack_ns) prctl(PR_SET_TIMERSLACK, *launch.timerSlack_ns);
}

// Renamed into place, so that a reader never sees half of it.
void writePidFile(const std::string& path, const std::vector<std::string>& removed) {
  std::string text = std::to_string(getpid()) + "\n";
  for (const std::string& name : removed) text += name + "\n";
  const std::string unfinished = path + ".new";
  const int file = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const bool written = file >= 0 && write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       close(file) == 0 && rename(unfinished.c_str(), path.c_str()) == 0;
  if (!written) fail(Exit::unfit, "%s could not be written (%s)", path.c_str(), strerrorname_np(errno));
}

std::vector<char*> pointersTo(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Why exec failed, with what to do about it.
std::string reasonFor(int error) {
  switch (error) {
    case ENOENT:
      return "there is no such file, or the loader that it asks for is missing";
    case EACCES:
      return "it is not executable";
    case ENOEXEC:
      return "it is no program of this architecture";
    case E2BIG:
      return "arguments and environment are too long";
    default:
      return strerror(error);
  }
}

[[noreturn]] void becomeJava(Launch& launch, std::span<char*> given, std::vector<std::string>& environment) {
  std::vector<std::string> arguments{launch.java};
  arguments.insert(arguments.end(), given.begin(), given.end());
  arguments.insert(arguments.end(), launch.arguments.begin(), launch.arguments.end());
  execve(launch.java.c_str(), pointersTo(arguments).data(), pointersTo(environment).data());
  const int error = errno;
  fail(Exit::unfit, "%s could not be executed (%s): %s; %s", launch.java.c_str(), strerrorname_np(error),
       reasonFor(error).c_str(), launch.remedy.c_str());
}

[[noreturn]] void prepareAndBecome(Launch& launch, std::span<char*> arguments) {
  // Ctrl-C and the end of a terminal reach the whole process group. The control plane decides what they mean.
  for (const int ignored : {SIGINT, SIGHUP}) signal(ignored, SIG_IGN);
  dieWith(launch);
  redirect(launch);
  if (launch.directory && chdir(launch.directory->c_str()) != 0)
    fail(Exit::unfit, "the working directory %s could not be entered (%s)", launch.directory->c_str(),
         strerrorname_np(errno));
  for (const Limit& one : launch.limits) limit(one);
  schedule(launch);
  std::vector<std::string> environment;
  for (char** variable = environ; *variable != nullptr; ++variable) environment.emplace_back(*variable);
  const std::vector<std::string> removed = changeEnvironment(launch, environment);
  writePidFile(launch.pidFile, removed);
  becomeJava(launch, arguments, environment);
}

[[noreturn]] void launch(const std::string& file, std::span<char*> arguments) {
  Launch launch = readLaunch(file);
  if (!launch.keep_ms) prepareAndBecome(launch, arguments);
  const Keeping keeping{
      .parent = static_cast<pid_t>(launch.parent), .grace_ns = *launch.keep_ms * 1'000'000, .endFile = launch.endFile};
  keep(keeping, [&] { prepareAndBecome(launch, arguments); });
}

// Keeps a tool of the system. The caller reads its output. Exit code 127 with a sentence means that there is no tool of
// that name.
[[noreturn]] void keepTool(std::string_view parent, std::span<char*> command) {
  const Keeping keeping{.parent = static_cast<pid_t>(std::strtol(std::string(parent).c_str(), nullptr, 10)),
                        .grace_ns = kToolGrace_ns,
                        .endFile = ""};
  keep(keeping, [&] {
    execvp(command[0], command.data());
    std::fprintf(stderr, "%s could not be executed (%s)\n", command[0], strerrorname_np(errno));
    _exit(127);
  });
}

}  // namespace
}  // namespace pauselab::launcher

int main(int argc, char** argv) {
  using namespace pauselab;
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (first.starts_with(launcher::kKeepOption) && argc > 2)
    launcher::keepTool(first.substr(launcher::kKeepOption.size()),
                       std::span(argv + 2, static_cast<std::size_t>(argc - 1)));
  if (!first.starts_with(launcher::kOption))
    fail(Exit::usage, "expected pauselab-launcher -Dpauselab.launch=FILE ARGUMENT…, got \"%.*s\" as the first argument",
         static_cast<int>(first.size()), first.data());
  launcher::launch(std::string(first.substr(launcher::kOption.size())),
                   std::span(argv + 2, static_cast<std::size_t>(argc - 2)));
}
