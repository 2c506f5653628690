#include "jvm/holder.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "board/fail.h"
#include "engine/crew.h"

namespace pauselab::jvm {
namespace {

using engine::Shared;

std::size_t seatOf(Shared& shared, const char* name) {
  if (const auto seat = shared.board.find(name)) return *seat;
  fail(Exit::workload,
       "the board has no seat for a holder inside the JVM; run `npm run setup` so that engine and library are built "
       "from the same sources");
}

// The process belongs to the JVM, so only this region goes without huge pages (EINVAL: a kernel without huge pages).
void withoutHugePages(const engine::Region& region) {
  if (madvise(region.base(), region.bytes(), MADV_NOHUGEPAGE) != 0 && errno != EINVAL)
    fail(Exit::unfit, "huge pages could not be switched off for the holder's region: %s", strerror(errno));
}

// While it exists, new threads do not take the JVM's signals.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    for (const int synchronous : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP}) sigdelset(&all, synchronous);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

// Never destroyed: its threads use it until the process ends.
struct Inside {
  explicit Inside(board::Board board) : shared{.board = board}, crew(shared) {}

  engine::Plan plan;
  Shared shared;
  engine::HolderParts parts;
  engine::Crew crew;
};

}  // namespace

std::string startHolder(const std::string& boardPath, const std::string& line) {
  failPrefix = "pauselab agent: ";
  auto* const inside = new Inside(board::Board::open(boardPath));
  inside->plan =
      engine::parsePlan("board path=" + boardPath + " threshold_ns=0\n" + line, "the holder's line of the JVM's plan");
  const engine::HolderPlan& plan = *inside->plan.holder;
  if (!engine::holderOperation(plan).anywhere())
    fail(Exit::usage, "%s cannot be the holder inside a JVM; use one such as madvise_free", plan.operation.c_str());
  inside->parts = engine::prepareHolder(inside->plan, [&plan](const engine::Region& region) {
    if (!plan.hugePages) withoutHugePages(region);
  });
  const SignalsBlocked blocked;
  engine::startHolder(inside->crew, inside->shared, plan, seatOf(inside->shared, "holder"),
                      plan.toucher ? seatOf(inside->shared, "toucher") : 0, inside->parts);
  engine::startThread([inside] {
    engine::waitForGo(inside->shared, [] {});
    for (;;) pause();  // an ending thread would give its stack back
  });
  inside->crew.waitUntilRegistered();
  return engine::verifiedLayout(inside->parts.region.get(), {});
}

}  // namespace pauselab::jvm
