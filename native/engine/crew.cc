#include "engine/crew.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "board/fail.h"

namespace pauselab::engine {
namespace {

constexpr std::uint64_t kPoll_ns = 1'000'000;
constexpr std::uint64_t kHeartbeat_ns = 50'000'000;

void sleepFor(std::uint64_t duration_ns) noexcept {
  const timespec duration = toTimespec(duration_ns);
  nanosleep(&duration, nullptr);
}

}  // namespace

void rest() noexcept { sleepFor(kPoll_ns); }

void restInWindow(Shared& shared) noexcept { sleepFor(shared.windowOver() ? kPoll_ns : kHeartbeat_ns); }

// std::thread reports a refusal by an exception, and the engine is built without exceptions.
void startThread(std::function<void()> body) {
  pthread_t thread;
  const auto run = [](void* own) -> void* {
    (*static_cast<std::function<void()>*>(own))();
    return nullptr;
  };
  if (const int error = pthread_create(&thread, nullptr, run, new std::function<void()>(std::move(body))); error != 0)
    fail(Exit::unfit,
         "a thread of the workload could not be started (%s); raise the limits on processes, threads and memory "
         "(ulimit -u, ulimit -v, the pids limit of the container), or ask for fewer threads",
         strerrorname_np(error));
}

void keepStackFromForks() {
  pthread_attr_t attributes;
  void* stack = nullptr;
  std::size_t bytes = 0;
  int error = pthread_getattr_np(pthread_self(), &attributes);
  if (error == 0) {
    error = pthread_attr_getstack(&attributes, &stack, &bytes);
    pthread_attr_destroy(&attributes);
  }
  if (error == 0 && madvise(stack, bytes, MADV_DONTFORK) != 0) error = errno;
  if (error != 0)
    fail(Exit::workload, "the stack of a victim could not be left out of forks (%s)", strerrorname_np(error));
}

void Crew::start(std::size_t index, std::function<void(const Schedstat&)> loop, std::function<void()> once) {
  ++count_;
  startThread([this, index, loop = std::move(loop), once = std::move(once)] {
    board::Thread& thread = shared_.board.thread(index);
    // The kernel keeps 15 characters of a name: all of "writer.mprotect".
    pthread_setname_np(pthread_self(), std::string(thread.name).substr(0, 15).c_str());
    prctl(PR_SET_TIMERSLACK, 1);  // ns: sleeps end on time, not up to 50 us later
    const Schedstat schedstat;
    once();
    thread.pid.store(static_cast<std::uint64_t>(getpid()), std::memory_order_relaxed);
    thread.tid.store(static_cast<std::uint64_t>(syscall(SYS_gettid)), std::memory_order_release);
    registered_.raise();
    while (shared_.go.value() == 0) shared_.go.waitWhile(0);
    loop(schedstat);
    // Of every role: the control plane and the engine wait for the end of each seat. The release orders it after the
    // thread's last record.
    thread.ended_ns.store(monotonic_ns(), std::memory_order_release);
    ended_.fetch_add(1, std::memory_order_release);
    // Never ends: an ending thread gives its stack back (madvise, munmap) while others are still being measured.
    for (;;) pause();
  });
}

void Crew::waitUntilRegistered() {
  for (std::uint32_t seen; (seen = registered_.value()) < count_;) registered_.waitWhile(seen);
}

void waitForGo(Shared& shared, const std::function<void()>& look) {
  while (shared.board.header().command.load(std::memory_order_acquire) !=
         static_cast<std::uint64_t>(board::Command::go)) {
    look();
    rest();
  }
  shared.go.raise();
}

const HolderOperation& holderOperation(const HolderPlan& plan) {
  const HolderOperation* operation = findHolderOperation(plan.operation);
  if (operation == nullptr)
    fail(Exit::usage, "the engine knows no holder operation \"%s\"; `pauselab-engine operations` lists them",
         plan.operation.c_str());
  return *operation;
}

namespace {

// Makes one call before the window and re-populates its region. A refusal shows here, and the region reaches its steady
// state: the first MADV_FREE of a region takes several times as long as all later calls.
void tryHolder(const HolderPlan& plan, HolderAction& action, const Region& region) {
  const auto never = [] { return false; };
  region.populate(never);
  int outcome = action.release();
  if (outcome == 0) outcome = action.restore();
  if (outcome != 0)
    fail(Exit::unfit, "this kernel refused %s of %zu bytes before the window: %s; %s", plan.operation.c_str(),
         region.bytes(), strerrorname_np(outcome), action.remedy(outcome));
  if (!holderOperation(plan).guards) region.populate(never);
}

}  // namespace

HolderParts prepareHolder(const Plan& plan, const std::function<void(const Region&)>& beforeTouch) {
  HolderParts parts;
  parts.region = makeRegion(holderOperation(*plan.holder), *plan.holder,
                            plan.foreignHolder ? std::vector<VictimPlan>{} : plan.victims);
  beforeTouch(*parts.region);
  parts.action =
      holderOperation(*plan.holder).make({.region = *parts.region, .victims = getpid(), .arena = plan.holder->arena});
  tryHolder(*plan.holder, *parts.action, *parts.region);
  return parts;
}

void startHolder(Crew& crew, Shared& shared, const HolderPlan& plan, std::size_t holderSeat, std::size_t toucherSeat,
                 HolderParts& parts) {
  crew.start(holderSeat, [&shared, &plan, &parts, holderSeat](const Schedstat& schedstat) {
    runHolder(shared, holderSeat, plan, *parts.action, *parts.region, schedstat);
  });
  if (plan.toucher) crew.start(toucherSeat, [&shared, &parts](const Schedstat&) { runToucher(shared, *parts.region); });
}

}  // namespace pauselab::engine
