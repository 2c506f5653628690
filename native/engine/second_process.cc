#include "engine/second_process.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <vector>

#include "board/fail.h"
#include "engine/crew.h"
#include "engine/needs.h"
#include "engine/victims.h"

namespace pauselab::engine {

void dieWith(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) fail(Exit::workload, "the process that started the engine has ended");
}

OutsideVictims::OutsideVictims(Shared& shared, const Plan& plan) {
  if (std::none_of(plan.victims.begin(), plan.victims.end(), isOutside)) return;
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) fail(Exit::unfit, "a process for victims could not be forked: %s", strerror(errno));
  if (pid_ == 0) runAsChild(shared, plan, parent);
}

void OutsideVictims::waitUntilRegistered(Shared& shared, const Plan& plan) {
  for (std::size_t i = 0; i < plan.victims.size(); ++i) {
    while (isOutside(plan.victims[i]) && shared.board.thread(i).tid.load(std::memory_order_acquire) == 0) {
      checkAlive();
      rest();
    }
  }
}

void OutsideVictims::checkAlive() {
  int status = 0;
  if (pid_ <= 0 || waitpid(pid_, &status, WNOHANG) != pid_) return;
  if (WIFEXITED(status)) _exit(WEXITSTATUS(status));
  fail(Exit::workload, "the process of the victims that read from outside was killed");
}

void OutsideVictims::kill() {
  if (pid_ > 0) ::kill(pid_, SIGKILL);
}

void OutsideVictims::runAsChild(Shared& shared, const Plan& plan, pid_t parent) {
  dieWith(parent);
  shared.board.lockMemory();
  auto* crew = new Crew(shared);  // never destroyed: its threads never end
  auto* actions = new std::vector<std::unique_ptr<VictimAction>>;
  for (std::size_t i = 0; i < plan.victims.size(); ++i) {
    if (!isOutside(plan.victims[i])) continue;
    VictimPlan victim = plan.victims[i];
    victim.about = parent;
    actions->push_back(victimOperation(victim).make(victim, {}));
    VictimAction& action = *actions->back();
    tryVictim(victim, action);
    crew->start(i, [&shared, i, &action](const Schedstat& schedstat) { runVictim(shared, i, action, schedstat); });
  }
  crew->waitUntilRegistered();
  waitForGo(shared, [] {});
  for (;;) pause();  // the parent ends it
}

namespace {

// For a holder that reads the victims' process from outside. The region is in that process, not here.
HolderParts prepareReader(const Plan& plan, const Region& theirs, pid_t victims) {
  munmap(theirs.base(), theirs.bytes());  // the copy that fork made
  HolderParts parts;
  parts.region = std::make_unique<Region>(theirs.base(), theirs.bytes());
  parts.action = holderOperation(*plan.holder).make({.region = *parts.region, .victims = victims});
  if (const int outcome = parts.action->release(); outcome != 0)
    fail(Exit::unfit, "this kernel refused %s before the window: %s; %s", plan.holder->operation.c_str(),
         strerrorname_np(outcome), parts.action->remedy(outcome));
  return parts;
}

}  // namespace

void ForeignHolder::start(Shared& shared, const Plan& plan, const Seats& seats, const Region* read) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    fail(Exit::unfit, "a pipe to the foreign holder could not be made: %s", strerror(errno));
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) fail(Exit::unfit, "the foreign holder's process could not be forked: %s", strerror(errno));
  if (pid_ == 0) {
    close(ends[0]);
    runAsChild(shared, plan, seats, parent, read, ends[1]);
  }
  close(ends[1]);
  readLayout(ends[0]);
}

bool ForeignHolder::ended() {
  if (ended_) return true;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return false;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    fail(WIFEXITED(status) ? static_cast<Exit>(WEXITSTATUS(status)) : Exit::workload,
         "the foreign holder's process ended early");
  return ended_ = true;
}

void ForeignHolder::kill() {
  if (exists() && !ended_) ::kill(pid_, SIGKILL);
}

void ForeignHolder::runAsChild(Shared& shared, const Plan& plan, const Seats& seats, pid_t parent, const Region* read,
                               int layoutPipe) {
  dieWith(parent);
  shared.board.lockMemory();
  HolderParts parts = read == nullptr ? prepareHolder(plan) : prepareReader(plan, *read, parent);
  auto* crew = new Crew(shared);  // never destroyed: its threads never end
  startHolder(*crew, shared, *plan.holder, seats.holder, seats.toucher, parts);
  crew->waitUntilRegistered();
  const std::string layout = verifiedLayout(read == nullptr ? parts.region.get() : nullptr, {});
  if (write(layoutPipe, layout.data(), layout.size()) != static_cast<ssize_t>(layout.size()))
    fail(Exit::workload, "the foreign holder could not report its layout");
  close(layoutPipe);
  waitForGo(shared, [] {});
  while (!crew->allEnded() && monotonic_ns() < shared.drainEnd_ns()) rest();
  _exit(0);
}

void ForeignHolder::readLayout(int fd) {
  char buffer[4096];
  for (ssize_t got; (got = read(fd, buffer, sizeof buffer)) > 0 || (got < 0 && errno == EINTR);)
    if (got > 0) layout_.append(buffer, static_cast<std::size_t>(got));
  close(fd);
  if (!layout_.empty()) return;
  int status = 0;
  waitpid(pid_, &status, 0);
  if (WIFEXITED(status)) _exit(WEXITSTATUS(status));  // it has printed the reason
  fail(Exit::workload, "the holder's process was killed before it was ready");
}

}  // namespace pauselab::engine
