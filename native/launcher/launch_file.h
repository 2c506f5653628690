// The launcher's instructions: a text file with a `key=value` per line, written by src/workload/launch-file.ts and
// readable by hand. A value extends to the end of its line, because paths and allocator settings contain blanks and
// commas. So the reader of engine/plan.h, whose lines are lists of words, does not fit.
//
//   java=/usr/lib/jvm/x/bin/java     what is executed
//   parent=1234                      die with this process
//   pid_file=/dev/shm/x/jvm.pid      gets the pid and the names that `unset` removed, a line each
//   stdout=/dev/shm/x/jvm.out        files, so that nothing in the measured process waits for a reader of a pipe
//   stderr=/dev/shm/x/jvm.err
//   cwd=/srv/app                     optional, like all that follow
//   nice=0                           all threads inherit these five; single threads are set later, by tid
//   policy=other                     or batch, idle, fifo 1..99, rr 1..99
//   slice_ns=100000000               100000 to 100000000; not with fifo or rr
//   cpus=0,2-3
//   timer_slack_ns=1
//   limit=core 0                     soft limit; as, core, data, fsize, memlock, nofile, nproc, stack; bytes or counts
//   unset=LD_PRELOAD                 a name, or the start of names: MALLOC_*
//   set=MALLOC_CONF=narenas:1        after all unset lines
//   keep_ms=5000                     stay as its parent (keeper.h): what it started ends with it, after so long
//   end_file=/dev/shm/x/jvm.end      with keep_ms: how the program ended, and how many processes it left
//   argument=-Dx                     after the arguments on the launcher's command line
#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pauselab::launcher {

struct Limit {
  std::string name;
  int resource;  // RLIMIT_*
  rlim_t value;
};

struct Policy {
  std::string text;
  int number;          // SCHED_*
  int staticPriority;  // 0 except for fifo and rr
};

struct Launch {
  std::string java;
  std::string called = "java";                          // in sentences about a failure
  std::string remedy = "name another JDK with --java";  // printed if it cannot be executed
  std::uint64_t parent = 0;
  std::string pidFile;
  std::string stdoutPath;
  std::string stderrPath;
  std::optional<std::string> directory;
  std::optional<int> nice;
  std::optional<Policy> policy;
  std::vector<int> cpus;  // empty: as inherited
  std::optional<std::uint64_t> slice_ns;
  std::optional<std::uint64_t> timerSlack_ns;
  std::optional<std::uint64_t> keep_ms;
  std::string endFile;
  std::vector<Limit> limits;
  std::vector<std::string> unset;
  std::vector<std::pair<std::string, std::string>> set;
  std::vector<std::string> arguments;
};

// Reads such a file. On an error it ends the program with `FILE:LINE: what was expected, what came` (exit 2).
Launch readLaunch(const std::string& path);
Launch parseLaunch(const std::string& text, const std::string& nameForErrors);

// Removes from an environment what `unset` names, adds what `set` names, and returns the names that were removed.
std::vector<std::string> changeEnvironment(const Launch& launch, std::vector<std::string>& environment);

}  // namespace pauselab::launcher
