// The attach protocol of HotSpot, as its own tools use it (src/hotspot/os/posix/attachListener_posix.cpp): a socket in
// the JVM's /tmp, which the JVM makes when it gets SIGQUIT and finds a file .attach_pidN there.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

namespace pauselab::guardian {

// Why there is no answer. `stopped`: by a signal or a debugger. `uncaught`: nobody listens, and SIGQUIT would end the
// process. `refused`: by the system, with an errno.
enum class Failed { none, ended, late, stopped, uncaught, refused };

struct Answer {
  Failed failed = Failed::none;
  int error = 0;     // of the system, for `refused`
  std::string text;  // the result as a number, a line break, and what the command printed
};

class Jvm {
 public:
  // `id`: as the process sees itself, in its PID namespace. The working directory has to be its /tmp, and the effective
  // user that of the process. Ends the program with a sentence if there is no such process.
  Jvm(pid_t pid, pid_t id);

  // Runs a diagnostic command, as jcmd does. `sent` is called once the JVM may run the command even if no answer comes.
  Answer ask(const std::string& command, std::uint64_t deadline_ns, const std::function<void()>& sent) const;

  bool hasEnded() const { return readable(0); }
  int pidfd() const { return pidfd_; }

 private:
  struct State {
    bool isStopped = false;
    bool catchesSigquit = false;
  };

  bool readable(int timeout_ms) const;
  // A connected socket, or -1 with the reason.
  int connected(std::uint64_t deadline_ns, Answer& why) const;
  int tryConnect() const;
  int afterSigquit(std::uint64_t deadline_ns, Answer& why) const;
  State state() const;

  pid_t pid_;
  std::string socket_;
  std::string trigger_;
  int pidfd_;
};

}  // namespace pauselab::guardian
