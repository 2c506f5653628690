// What the operations of a plan need of the process that they are in, and which needs exclude each other.
#pragma once

#include <cstddef>

#include "engine/operation.h"
#include "engine/plan.h"

namespace pauselab::engine {

// Whether the engine would run the plan, judged by the plan alone. Ends the program with a sentence if not:
//   pauselab-engine check PLAN…
void checkPlan(const Plan& plan);

// Ends the program if there is no operation of that name.
const VictimOperation& victimOperation(const VictimPlan& plan);

// Whether its thread is in a second process, and reads about this one.
bool isOutside(const VictimPlan& victim);
bool forks(const VictimPlan& victim);
// Whether a thread of this process forks it.
bool isForked(const Plan& plan);
// Victims that allocate in the holder's heap.
std::size_t allocatorsInHeap(const Plan& plan);
// Whether the holder trims malloc's heap.
bool trimsHeap(const Plan& plan);

// Switches huge pages off for the whole process, unless the region or an operation needs them.
void chooseHugePages(const Plan& plan);

}  // namespace pauselab::engine
