// Stays between pauselab and a program that may start others: whatever that program leaves behind, daemons included
// (setsid, double fork), has this process for its parent, as it is their subreaper (PR_SET_CHILD_SUBREAPER), and ends
// with it.
//
//   the program ends       what it left gets SIGTERM, and SIGKILL after the grace; then this process ends as the
//   program did SIGTERM                the program gets it, and all of them SIGKILL after the grace pauselab is gone
//   all of them get SIGKILL at once this process is killed the program dies with it (PR_SET_PDEATHSIG)
//
// It sleeps meanwhile, in the session of pauselab, so that nothing of what is measured changes: neither autogroup nor
// priority.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

namespace pauselab::launcher {

struct Keeping {
  pid_t parent;
  std::uint64_t grace_ns;
  // Gets, as soon as the program has ended, `code N` or `signal N`, and `left N`: how many processes it left. Empty:
  // nobody asks.
  std::string endFile;
};

// `become` is called in the child and does not return.
[[noreturn]] void keep(const Keeping& keeping, const std::function<void()>& become);

}  // namespace pauselab::launcher
