// The order of a run: make the board, (fork the foreign holder,) map and touch everything, start the threads, verify
// the layout, (wait for threads of other processes to join,) set `ready`; wait for `go`; wait for the end; set `done`.
#include "engine/workload.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <functional>
#include <latch>
#include <thread>

#include "allocator/describe.h"
#include "board/fail.h"
#include "engine/chunk_heap.h"
#include "engine/churn.h"
#include "engine/crew.h"
#include "engine/memory_use.h"
#include "engine/roles.h"

namespace pauselab::engine {
namespace {

using board::Role;
using board::State;

constexpr std::uint64_t kVictimRing = 4096;
constexpr std::uint64_t kHolderRing = 16384;
constexpr const char* kPurgeThread = "purge";
constexpr std::uint64_t kHeartbeat_ns = 50'000'000;

// Threads on the board, in this order: victims, holder, toucher, hogs, I/O hogs, joined threads, the churns' threads.
struct Seats {
  std::vector<board::ThreadSpec> specs;
  std::size_t holder = 0, toucher = 0, firstHog = 0, firstIoHog = 0, firstJoined = 0;
};

// The seat of a victim, whether its thread is the engine's or joins.
template <typename Victim>
board::ThreadSpec victimSeat(const Victim& victim) {
  return {.name = victim.name,
          .role = Role::victim,
          .series = victim.name,
          .response = victim.interval_ns != 0,
          .interval_ns = victim.interval_ns,
          .offset_ns = victim.offset_ns,
          .ring_capacity = kVictimRing};
}

board::ThreadSpec holderSeat(const std::string& name, const std::string& operation) {
  return {.name = name, .role = Role::holder, .series = "holder." + operation, .ring_capacity = kHolderRing};
}

// A seat that only publishes pid and tid.
board::ThreadSpec plainSeat(const std::string& name, Role role) { return {.name = name, .role = role, .series = ""}; }

board::ThreadSpec joinedSeat(const JoinedPlan& joined) {
  if (joined.role == Role::victim) return victimSeat(joined);
  if (joined.role == Role::holder) return holderSeat(joined.name, joined.operation);
  return plainSeat(joined.name, joined.role);
}

Seats seatsOf(const Plan& plan) {
  Seats seats;
  const auto add = [&seats](board::ThreadSpec spec) {
    seats.specs.push_back(std::move(spec));
    return seats.specs.size() - 1;
  };
  for (const VictimPlan& victim : plan.victims) add(victimSeat(victim));
  if (plan.holder) {
    seats.holder = add(holderSeat(isPurge(plan.holder->operation) ? kPurgeThread : "holder", plan.holder->operation));
    if (plan.holder->toucher) seats.toucher = add(plainSeat("toucher", Role::toucher));
  }
  seats.firstHog = seats.specs.size();
  for (std::size_t i = 0; i < plan.hogs.size(); ++i) add(plainSeat("hog-" + std::to_string(i), Role::hog));
  seats.firstIoHog = seats.specs.size();
  for (std::size_t i = 0; i < plan.ioHogs.size(); ++i) add(plainSeat("io-hog-" + std::to_string(i), Role::hog));
  seats.firstJoined = seats.specs.size();
  for (const JoinedPlan& joined : plan.joined) add(joinedSeat(joined));
  for (const ChurnPlan& churn : plan.churns)
    for (const std::string& name : threadNames(churn)) add(plainSeat(name, Role::load));
  return seats;
}

const VictimOperation& victimOperation(const VictimPlan& plan) {
  const VictimOperation* operation = findVictimOperation(plan.operation);
  if (operation == nullptr)
    fail(Exit::usage, "the engine knows no victim operation \"%s\"; `pauselab-engine operations` lists them",
         plan.operation.c_str());
  return *operation;
}

// Tries an operation before the window. If this kernel refuses it, the sentence names the operation and the errno.
void tryVictim(const VictimPlan& plan, VictimAction& action) {
  int gaveUp = 0;
  for (int i = 0; i < 2; ++i) {
    const int outcome = action.perform();
    if (outcome == kGaveUp) {
      ++gaveUp;
    } else if (outcome != 0) {
      fail(Exit::unfit, "this kernel refused %s of %s before the window: %s; leave the operation out",
           plan.operation.c_str(), plan.name.c_str(),
           outcome == kExhausted ? "its pool of pages is too small" : strerrorname_np(outcome));
    }
  }
  if (gaveUp == 2)
    fail(Exit::unfit,
         "this kernel gave up both trials of %s of %s before the window: it found no free huge page, or pages in use; "
         "free memory, or leave the operation out",
         plan.operation.c_str(), plan.name.c_str());
}

void beat(Shared& shared) { shared.board.header().heartbeat_ns.store(monotonic_ns(), std::memory_order_release); }

// Makes this process end with its parent, however the parent ends.
void dieWith(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) fail(Exit::workload, "the process that started the engine has ended");
}

// The churns of a plan. Their threads are in the order of their seats.
class ChurnCrew {
 public:
  explicit ChurnCrew(const Plan& plan) {
    for (const ChurnPlan& churn : plan.churns) {
      const std::vector<std::string> names = threadNames(churn);
      for (std::size_t i = 0; i < names.size(); ++i)
        members_.push_back({.name = names[i], .churn = std::make_unique<Churn>(churn, i)});
    }
  }

  void start(Crew& crew, Shared& shared) {
    for (const Member& member : members_) {
      const std::optional<std::size_t> seat = shared.board.find(member.name);
      if (!seat)
        fail(Exit::usage,
             "the board has no seat %s for a thread of the churn; its plan needs a line `joined role=load name=%s`",
             member.name.c_str(), member.name.c_str());
      crew.start(*seat, [&shared, seat, churn = member.churn.get()](const Schedstat&) { churn->run(shared, *seat); });
    }
  }

  // Prints what the threads did as a line of JSON. Call it once they have ended.
  void print() const {
    if (members_.empty()) return;
    std::printf("{\"churn\":[");
    for (const Member& member : members_) {
      const ChurnTally& tally = member.churn->tally();
      std::printf(
          "%s{\"thread\":\"%s\",\"blocks\":%lu,\"allocatedBytes\":%lu,\"refused\":%lu,\"ticks\":%lu,\"droppedTicks\":%"
          "lu}",
          &member == members_.data() ? "" : ",", member.name.c_str(), tally.blocks, tally.allocated_bytes,
          tally.refused, tally.ticks, tally.dropped_ticks);
    }
    std::printf("]}\n");
    std::fflush(stdout);
  }

 private:
  struct Member {
    std::string name;
    std::unique_ptr<Churn> churn;
  };
  std::vector<Member> members_;
};

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

bool isOutside(const VictimPlan& victim) { return victimOperation(victim).outside; }

// A process for the victims that read about this one from outside: each takes the lock of this process, not of its own.
class OutsideVictims {
 public:
  // Fork it before this process has threads.
  OutsideVictims(Shared& shared, const Plan& plan) {
    if (std::none_of(plan.victims.begin(), plan.victims.end(), isOutside)) return;
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ < 0) fail(Exit::unfit, "a process for victims could not be forked: %s", strerror(errno));
    if (pid_ == 0) runAsChild(shared, plan, parent);
  }

  void waitUntilRegistered(Shared& shared, const Plan& plan) {
    for (std::size_t i = 0; i < plan.victims.size(); ++i) {
      while (isOutside(plan.victims[i]) && shared.board.thread(i).tid.load(std::memory_order_acquire) == 0) {
        checkAlive();
        const timespec poll_ns = toTimespec(kPoll_ns);
        nanosleep(&poll_ns, nullptr);
      }
    }
  }

  // Ends the program if the process has ended. If it found something wrong, it has printed the reason.
  void checkAlive() {
    int status = 0;
    if (pid_ <= 0 || waitpid(pid_, &status, WNOHANG) != pid_) return;
    if (WIFEXITED(status)) _exit(WEXITSTATUS(status));
    fail(Exit::workload, "the process of the victims that read from outside was killed");
  }

  void kill() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
  }

 private:
  [[noreturn]] static void runAsChild(Shared& shared, const Plan& plan, pid_t parent) {
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

  pid_t pid_ = 0;
};

// A second process for the holder. In the foreign control it has the region as well, so that the same holder works in
// another address space. If the holder reads, only its thread is there, and it reads the victims' process.
class ForeignHolder {
 public:
  // `read`: the region in this process that the holder reads about; null: the second process makes a region.
  void start(Shared& shared, const Plan& plan, const Seats& seats, const Region* read) {
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

  bool exists() const { return pid_ > 0; }
  const std::string& layout() const { return layout_; }

  // True once the process has ended with success. Ends the program if it ended otherwise.
  bool ended() {
    if (ended_) return true;
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) != pid_) return false;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
      fail(WIFEXITED(status) ? static_cast<Exit>(WEXITSTATUS(status)) : Exit::workload,
           "the foreign holder's process ended early");
    return ended_ = true;
  }

  void kill() {
    if (exists() && !ended_) ::kill(pid_, SIGKILL);
  }

 private:
  [[noreturn]] static void runAsChild(Shared& shared, const Plan& plan, const Seats& seats, pid_t parent,
                                      const Region* read, int layoutPipe) {
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
    while (!crew->allEnded() && monotonic_ns() < shared.drainEnd_ns()) {
      const timespec poll_ns = toTimespec(kPoll_ns);
      nanosleep(&poll_ns, nullptr);
    }
    _exit(0);
  }

  // Reads the layout, which the child writes when it is prepared. If the pipe ends early, the child failed.
  void readLayout(int fd) {
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

  pid_t pid_ = 0;
  bool ended_ = false;
  std::string layout_;
};

struct VictimParts {
  std::vector<std::unique_ptr<VictimAction>> actions;
  std::string layout;
  std::string notes;  // JSON strings
};

// Places every page first, then proves the layout, then lets the operations change it.
VictimParts prepareVictims(const Plan& plan, HolderParts& holder) {
  std::vector<VictimPage> pages;
  std::vector<std::pair<std::string, VictimPage>> placed;
  for (const VictimPlan& victim : plan.victims) {
    VictimPage page{};
    const VictimOperation& operation = victimOperation(victim);
    if (operation.placements.any()) {
      page = besideHolder(victim.placement) ? holder.region->placeVictim(victim) : ownPage(operation, victim.placement);
      placed.emplace_back(victim.name, page);
    }
    pages.push_back(page);
  }
  VictimParts parts;
  const auto note = [&parts](const std::string& text) {
    if (!text.empty()) parts.notes.append(parts.notes.empty() ? "\"" : ",\"").append(text).append("\"");
  };
  if (holder.action) note(holder.action->note());
  parts.layout = verifiedLayout(holder.region.get(), placed);
  for (std::size_t i = 0; i < plan.victims.size(); ++i) {
    if (isOutside(plan.victims[i])) {
      parts.actions.push_back(nullptr);
      continue;
    }
    parts.actions.push_back(victimOperation(plan.victims[i]).make(plan.victims[i], pages[i]));
    tryVictim(plan.victims[i], *parts.actions.back());
    note(parts.actions.back()->note());
  }
  return parts;
}

bool forks(const VictimPlan& victim) { return victimOperation(victim).forks; }

// Whether a thread of this process forks it.
bool isForked(const Plan& plan) {
  return (plan.holder && holderOperation(*plan.holder).forks) ||
         std::any_of(plan.victims.begin(), plan.victims.end(), forks);
}

bool releasesChunks(const Plan& plan) { return plan.holder && holderOperation(*plan.holder).chunks; }

std::size_t allocatorsInHeap(const Plan& plan) {
  return static_cast<std::size_t>(std::count_if(plan.victims.begin(), plan.victims.end(), [](const VictimPlan& victim) {
    return victimOperation(victim).inHeap;
  }));
}

// No thread waits for a space of the heap, so there must be enough spaces. An allocating thread may have two and look
// for a third; the holder and the toucher have one each.
void checkHeap(const Plan& plan) {
  const std::size_t allocators = allocatorsInHeap(plan);
  if (allocators == 0) return;
  if (!releasesChunks(plan))
    fail(Exit::usage,
         "heap_allocate needs a holder that releases its heap in chunks (madvise_dontneed_chunks), and this plan has "
         "none");
  const std::size_t needed = (3 * allocators + 2) * ChunkHeap::kSpaceBytes;
  if (plan.holder->bytes < needed)
    fail(Exit::usage, "%zu threads need a heap of at least %zu bytes, and it has %lu", allocators, needed,
         plan.holder->bytes);
}

bool trimsHeap(const Plan& plan) { return plan.holder && holderOperation(*plan.holder).trims; }

void checkHolder(const Plan& plan) {
  if (!plan.holder) return;
  const HolderOperation& operation = holderOperation(*plan.holder);
  if (operation.reads && plan.holder->toucher)
    fail(Exit::usage, "%s gives nothing back, so it can have no toucher", plan.holder->operation.c_str());
  if (!plan.joined.empty() && !(operation.reads && plan.victims.empty() && !plan.foreignHolder))
    fail(Exit::usage, "beside joined threads the holder must be an operation that reads files of /proc, got %s",
         plan.holder->operation.c_str());
}

void checkPlacements(const Plan& plan) {
  std::size_t besideVma = 0;
  for (const VictimPlan& victim : plan.victims) {
    const VictimOperation& operation = victimOperation(victim);
    if (operation.placements.any() ? !operation.placements.has(victim.placement)
                                   : victim.placement != Placement::isolated)
      fail(Exit::usage, "%s cannot be placed \"%s\"", victim.name.c_str(), nameOf(victim.placement));
    if ((victim.placement == Placement::mergeable || victim.placement == Placement::adjacent) && ++besideVma > 2)
      fail(Exit::usage, "%s is the third victim beside the holder's VMA, which has two sides; place it elsewhere",
           victim.name.c_str());
  }
}

// The last victim that uses the process-wide allocator in this way, or null.
const VictimPlan* userOfHeap(const Plan& plan, Heap use) {
  const VictimPlan* user = nullptr;
  for (const VictimPlan& victim : plan.victims)
    if (victimOperation(victim).heap == use) user = &victim;
  return user;
}

void keepApart(const Plan& plan, Heap use, Heap otherUse) {
  const VictimPlan* const a = userOfHeap(plan, use);
  const VictimPlan* const b = userOfHeap(plan, otherUse);
  if (a != nullptr && b != nullptr)
    fail(Exit::usage, "%s and %s cannot be in one process: each needs the allocator in another state (%s, %s)",
         a->name.c_str(), b->name.c_str(), a->operation.c_str(), b->operation.c_str());
}

// The operation that unmaps and maps again at the same place; empty if there is none.
std::string holeMaker(const Plan& plan) {
  std::string maker = plan.holder && holderOperation(*plan.holder).leavesHole ? plan.holder->operation : "";
  for (const VictimPlan& victim : plan.victims)
    if (victimOperation(victim).leavesHole) maker = victim.operation;
  return maker;
}

void checkAllocatorUse(const Plan& plan) {
  keepApart(plan, Heap::mapsLarge, Heap::keepsLarge);
  for (const Heap other : {Heap::uses, Heap::mapsLarge, Heap::keepsLarge}) keepApart(plan, Heap::movesBreak, other);
  const VictimPlan* const mapper = userOfHeap(plan, Heap::mapsLarge);
  const VictimPlan* const breakMover = userOfHeap(plan, Heap::movesBreak);
  if (const std::string hole = holeMaker(plan); mapper != nullptr && !hole.empty())
    fail(Exit::usage,
         "%s cannot be in one process with %s: a block that it maps could land where the other has just unmapped",
         mapper->name.c_str(), hole.c_str());
  for (const VictimPlan* const victim : {mapper, breakMover})
    if (victim != nullptr && !plan.churns.empty())
      fail(Exit::usage,
           "%s cannot be in one process with a churn: %s changes the allocator's state for the whole process",
           victim->name.c_str(), victim->operation.c_str());
  if (breakMover != nullptr && trimsHeap(plan))
    fail(Exit::usage,
         "%s moves the program break and cannot be in one process with the holder's %s, which moves it too",
         breakMover->name.c_str(), plan.holder->operation.c_str());
}

void checkOperations(const Plan& plan) {
  checkHeap(plan);
  checkHolder(plan);
  checkPlacements(plan);
  checkAllocatorUse(plan);
}

// Switches huge pages off for the whole process, unless the region or an operation needs them.
void chooseHugePages(const Plan& plan) {
  std::string wanted = plan.holder && holderOperation(*plan.holder).collapses ? plan.holder->operation : "";
  for (const VictimPlan& victim : plan.victims)
    if (needsHugePages(victimOperation(victim))) wanted = victim.operation;
  if (!wanted.empty() && hugePagesEverywhere())
    fail(Exit::unfit,
         "%s needs transparent huge pages, and while they are set to \"always\" all memory would have them; write "
         "madvise to /sys/kernel/mm/transparent_hugepage/enabled",
         wanted.c_str());
  if (wanted.empty() && !(plan.holder && plan.holder->hugePages)) disableHugePages();
}

bool hasEnded(Shared& shared, std::size_t index) {
  return shared.board.thread(index).ended_ns.load(std::memory_order_acquire) != 0;
}

bool victimsEnded(Shared& shared, const Plan& plan, const Seats& seats) {
  for (std::size_t i = 0; i < plan.victims.size(); ++i)
    if (!hasEnded(shared, i)) return false;
  for (std::size_t i = 0; i < plan.joined.size(); ++i)
    if (plan.joined[i].role == Role::victim && !hasEnded(shared, seats.firstJoined + i)) return false;
  return true;
}

bool joinedEnded(Shared& shared, const Plan& plan, const Seats& seats) {
  for (std::size_t i = 0; i < plan.joined.size(); ++i)
    if (!hasEnded(shared, seats.firstJoined + i)) return false;
  return true;
}

// Waits until every seat has its thread. The control plane decides how long that may take, and ends the engine.
void waitUntilJoined(Shared& shared, const Plan& plan, const Seats& seats) {
  for (std::size_t i = 0; i < plan.joined.size(); ++i) {
    while (shared.board.thread(seats.firstJoined + i).tid.load(std::memory_order_acquire) == 0) {
      beat(shared);
      const timespec poll_ns = toTimespec(kPoll_ns);
      nanosleep(&poll_ns, nullptr);
    }
  }
}

// A holder that reads files of /proc about the process that joined. The region is that process's memory.
HolderParts prepareJoinedReader(Shared& shared, const Plan& plan, const Seats& seats) {
  const auto process = static_cast<pid_t>(shared.board.thread(seats.firstJoined).pid.load(std::memory_order_acquire));
  HolderParts parts;
  parts.region = std::make_unique<Region>(nullptr, 0);
  parts.action = holderOperation(*plan.holder).make({.region = *parts.region, .victims = process});
  if (const int outcome = parts.action->release(); outcome != 0)
    fail(Exit::unfit, "this kernel refused %s of process %d before the window: %s; %s", plan.holder->operation.c_str(),
         process, strerrorname_np(outcome), parts.action->remedy(outcome));
  return parts;
}

void belongToParent(const Plan& plan) {
  if (!plan.parentPid) return;
  dieWith(static_cast<pid_t>(*plan.parentPid));
  // Ctrl-C and the end of a terminal reach the whole process group. The control plane decides what they mean.
  for (const int ignored : {SIGINT, SIGHUP}) signal(ignored, SIG_IGN);
}

// Sleeps until `come` returns true, or until the end of the drain.
void restUntil(Shared& shared, const std::function<bool()>& come) {
  while (!come() && monotonic_ns() < shared.drainEnd_ns()) {
    const timespec rest = toTimespec(shared.windowOver() ? kPoll_ns : kHeartbeat_ns);
    nanosleep(&rest, nullptr);
  }
}

// The churn of a foreign control, in another address space and on another instance of the allocator. The process
// outlives its threads: otherwise the kernel would free its memory while the victims serve owed operations.
[[noreturn]] void runJoined(const Plan& plan) {
  disableHugePages();
  Shared shared{.board = board::Board::open(plan.boardPath)};
  shared.board.lockMemory();
  ChurnCrew churns(plan);
  std::printf("{\"allocator\":%s}\n", allocator::describe().c_str());
  std::fflush(stdout);
  auto* crew = new Crew(shared);  // never destroyed: its threads never end
  HolderParts purge;
  if (plan.holder) {
    const std::optional<std::size_t> seat = shared.board.find(kPurgeThread);
    if (!seat)
      fail(Exit::usage, "the board has no seat %s; its plan needs a line `joined role=holder name=%s operation=%s`",
           kPurgeThread, kPurgeThread, plan.holder->operation.c_str());
    purge = prepareHolder(plan);
    startHolder(*crew, shared, *plan.holder, *seat, 0, purge);
  }
  churns.start(*crew, shared);
  crew->waitUntilRegistered();
  waitForGo(shared, [] {});
  restUntil(shared, [&] { return crew->allEnded(); });
  if (crew->allEnded()) churns.print();
  restUntil(shared, [&] {
    return shared.board.header().state.load(std::memory_order_acquire) >= static_cast<std::uint64_t>(State::done);
  });
  if (crew->allEnded()) printMemoryUse();
  _exit(0);
}

// Makes the holder's parts in this process, and starts its second process if it has one.
HolderParts prepareHolderOf(const Plan& plan, Shared& shared, const Seats& seats, ForeignHolder& foreign) {
  if (!plan.holder || !plan.joined.empty()) return {};  // beside joined threads it needs their process: made later
  const HolderOperation& operation = holderOperation(*plan.holder);
  const auto never = [] { return false; };
  HolderParts parts;
  if (plan.foreignHolder) {
    foreign.start(shared, plan, seats, nullptr);
    // The allocating threads need a heap even without this holder.
    if (allocatorsInHeap(plan) > 0) (parts.region = makeRegion(operation, *plan.holder, {}))->populate(never);
  } else if (operation.reads) {
    parts.region = makeRegion(operation, *plan.holder, plan.victims);
    foreign.start(shared, plan, seats, parts.region.get());
    parts.region->populate(never);
  } else {
    parts = prepareHolder(plan);
  }
  return parts;
}

std::vector<IoHog> makeIoHogs(const Plan& plan) {
  std::vector<IoHog> hogs;
  for (const IoHogPlan& hog : plan.ioHogs) hogs.emplace_back(hog, plan.ioHogs.size());
  return hogs;
}

// A workload of the engine's threads: its parts, and the run from preparation to its end.
class Workload {
 public:
  explicit Workload(const Plan& plan)
      : plan_(plan),
        seats_(seatsOf(plan)),
        shared_{.board = board::Board::create(plan.boardPath, seats_.specs, plan.threshold_ns)},
        outside_(shared_, plan),
        holder_(prepareHolderOf(plan, shared_, seats_, foreign_)),
        victims_(prepareVictims(plan, holder_)),
        churns_(plan),
        ioHogs_(makeIoHogs(plan)),
        crew_(shared_) {
    if (allocatorsInHeap(plan) > 0) ChunkHeap::ofThisProcess().verify();  // the threads have tried their operation
  }

  void startThreads() {
    startVictims();
    if (holder_.action) startHolderThreads();
    startHogs();
    startIoHogs();
    churns_.start(crew_, shared_);
    if (!plan_.joined.empty()) welcomeJoined();
    crew_.waitUntilRegistered();
    outside_.waitUntilRegistered(shared_, plan_);
  }

  void sayReady() {
    std::printf("{\"layout\":%s,\"foreignLayout\":%s,\"notes\":[%s],\"memoryLocked\":%s,\"allocator\":%s}\n",
                victims_.layout.c_str(), foreign_.exists() ? foreign_.layout().c_str() : "null", victims_.notes.c_str(),
                header().memory_locked.load() != 0 ? "true" : "false", allocator::describe().c_str());
    std::fflush(stdout);
    beat(shared_);
    enter(State::ready);
  }

  void waitUntilGo() {
    waitForGo(shared_, [this] {
      beat(shared_);
      outside_.checkAlive();
      if (foreign_.exists() && foreign_.ended())
        fail(Exit::workload, "the foreign holder's process ended before the window");
    });
    enter(State::running);
  }

  // Waits for the end of the window and of the operations that are owed then, or for the end of the drain.
  void watch() {
    while (!isOver()) {
      const timespec rest = toTimespec(shared_.windowOver() ? kPoll_ns : kHeartbeat_ns);
      nanosleep(&rest, nullptr);
    }
    foreign_.kill();
    outside_.kill();
  }

  void sayDone() {
    if (crew_.allEnded()) {
      churns_.print();
      printMemoryUse();
      if (allocatorsInHeap(plan_) > 0) ChunkHeap::ofThisProcess().verify();
    }
    enter(State::done);
  }

 private:
  board::Header& header() { return shared_.board.header(); }
  void enter(State state) { header().state.store(static_cast<std::uint64_t>(state), std::memory_order_release); }

  void startVictims() {
    for (std::size_t i = 0; i < plan_.victims.size(); ++i) {
      if (isOutside(plan_.victims[i])) continue;
      crew_.start(
          i, [this, i](const Schedstat& schedstat) { runVictim(shared_, i, *victims_.actions[i], schedstat); },
          [this, i] {
            victims_.actions[i]->warmUp();
            if (isForked(plan_) && !forks(plan_.victims[i])) keepStackFromForks();
          });
    }
  }

  void startHolderThreads() { startHolder(crew_, shared_, *plan_.holder, seats_.holder, seats_.toucher, holder_); }

  void startHogs() {
    for (std::size_t i = 0; i < plan_.hogs.size(); ++i)
      crew_.start(seats_.firstHog + i, [this, i](const Schedstat&) { runHog(shared_, plan_.hogs[i]); });
  }

  void startIoHogs() {
    for (std::size_t i = 0; i < ioHogs_.size(); ++i) {
      const std::size_t seat = seats_.firstIoHog + i;
      crew_.start(seat, [this, i, seat](const Schedstat&) { ioHogs_[i].run(shared_, seat); });
    }
  }

  // Threads of another process take their seats. A holder that reads that process can be made only then.
  void welcomeJoined() {
    waitUntilJoined(shared_, plan_, seats_);
    if (!plan_.holder) return;
    holder_ = prepareJoinedReader(shared_, plan_, seats_);
    startHolderThreads();
  }

  bool isOver() {
    beat(shared_);
    outside_.checkAlive();
    const std::uint64_t now_ns = monotonic_ns();
    const bool drainOver = now_ns >= shared_.drainEnd_ns();
    const bool windowOver = now_ns >= shared_.windowEnd_ns();
    if (drainOver || (windowOver && victimsEnded(shared_, plan_, seats_)))
      shared_.hogsStop.store(true, std::memory_order_relaxed);
    const bool foreignEnded = !foreign_.exists() || foreign_.ended();
    // Without seats the window must still pass: another program runs in it.
    return drainOver || (windowOver && crew_.allEnded() && foreignEnded && victimsEnded(shared_, plan_, seats_) &&
                         joinedEnded(shared_, plan_, seats_));
  }

  // In the order in which they are made: the foreign holder is forked before this process has threads or a region.
  const Plan& plan_;
  const Seats seats_;
  Shared shared_;
  ForeignHolder foreign_;
  OutsideVictims outside_;
  HolderParts holder_;
  VictimParts victims_;
  ChurnCrew churns_;
  std::vector<IoHog> ioHogs_;
  Crew crew_;
};

}  // namespace

void checkPlan(const Plan& plan) {
  if (plan.holder && !plan.churns.empty() && !isPurge(plan.holder->operation))
    fail(Exit::usage, "beside a churn the holder can only purge its allocator, got %s", plan.holder->operation.c_str());
  if (plan.joins) return;
  checkOperations(plan);
  for (const board::ThreadSpec& seat : seatsOf(plan).specs)
    for (const std::string& name : {seat.name, seat.series}) board::refuseLongName(name);
}

void runWorkload(const Plan& plan) {
  belongToParent(plan);
  checkPlan(plan);  // before anything is made
  if (plan.joins) runJoined(plan);
  chooseHugePages(plan);
  if (trimsHeap(plan)) shareOneArena();       // also for the foreign control's victims, so that nothing else differs
  auto* const workload = new Workload(plan);  // never destroyed: its threads never end
  workload->startThreads();
  workload->sayReady();
  workload->waitUntilGo();
  workload->watch();
  workload->sayDone();
  // Without unwinding: the threads end with the process.
  _exit(0);
}

}  // namespace pauselab::engine
