// Stays between pauselab and a program that may start others. It is the subreaper (PR_SET_CHILD_SUBREAPER) of every
// process that the program leaves behind, daemons included (setsid, double fork), and ends them:
//
//   * the program ends: what it left gets SIGTERM, and SIGKILL after the grace period. Then this process ends as the
//     program did.
//   * SIGTERM: the program gets it. All of them get SIGKILL after the grace period.
//   * pauselab ends: all of them get SIGKILL at once.
//   * this process is killed: the program dies with it (PR_SET_PDEATHSIG).
//
// It sleeps meanwhile, in pauselab's session, so that nothing that is measured changes: neither autogroup nor priority.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

namespace pauselab::launcher {

struct Keeping {
  pid_t parent;
  std::uint64_t grace_ns;
  // Gets `code N` or `signal N` as soon as the program has ended, and `left N`: how many processes it left. Empty: no
  // such file.
  std::string endFile;
};

// `become` is called in the child and does not return.
[[noreturn]] void keep(const Keeping& keeping, const std::function<void()>& become);

}  // namespace pauselab::launcher
