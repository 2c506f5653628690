// Processes beside the engine's, forked before it has threads: for victims that read about it from outside, and for a
// holder that works in another address space or reads about the victims' process.
#pragma once

#include <sys/types.h>

#include <string>

#include "engine/memory.h"
#include "engine/plan.h"
#include "engine/roles.h"
#include "engine/seats.h"

namespace pauselab::engine {

// Makes this process end with its parent, however the parent ends.
void dieWith(pid_t parent);

// A process for the victims that read about this one from outside: each takes the lock of this process, not of its own.
class OutsideVictims {
 public:
  // Fork it before this process has threads.
  OutsideVictims(Shared& shared, const Plan& plan);

  void waitUntilRegistered(Shared& shared, const Plan& plan);
  // Ends the program if the process has ended. If it found something wrong, it has printed the reason.
  void checkAlive();
  void kill();

 private:
  [[noreturn]] static void runAsChild(Shared& shared, const Plan& plan, pid_t parent);

  pid_t pid_ = 0;
};

// A second process for the holder. In the foreign control it has the region as well, so that the same holder works in
// another address space. If the holder reads, only its thread is there, and it reads the victims' process.
class ForeignHolder {
 public:
  // `read`: the region in this process that the holder reads about; null: the second process makes a region.
  void start(Shared& shared, const Plan& plan, const Seats& seats, const Region* read);

  bool exists() const { return pid_ > 0; }
  const std::string& layout() const { return layout_; }
  // True once the process has ended with success. Ends the program if it ended otherwise.
  bool ended();
  void kill();

 private:
  [[noreturn]] static void runAsChild(Shared& shared, const Plan& plan, const Seats& seats, pid_t parent,
                                      const Region* read, int layoutPipe);
  // Reads the layout, which the child writes when it is prepared. If the pipe ends early, the child failed.
  void readLayout(int fd);

  pid_t pid_ = 0;
  bool ended_ = false;
  std::string layout_;
};

}  // namespace pauselab::engine
