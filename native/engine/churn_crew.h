// The churns of a plan, in the engine that made the board or in one that joins it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/churn.h"
#include "engine/crew.h"
#include "engine/plan.h"
#include "engine/roles.h"

namespace pauselab::engine {

// Their threads are in the order of their seats.
class ChurnCrew {
 public:
  explicit ChurnCrew(const Plan& plan);

  void start(Crew& crew, Shared& shared);
  // Prints what the threads did as a line of JSON. Call it once they have ended.
  void print() const;

 private:
  struct Member {
    std::string name;
    std::unique_ptr<Churn> churn;
  };
  std::vector<Member> members_;
};

// The churn of a foreign control, in another address space and on another instance of the allocator. The process
// outlives its threads: otherwise the kernel would free its memory while the victims serve owed operations.
[[noreturn]] void runJoined(const Plan& plan);

}  // namespace pauselab::engine
