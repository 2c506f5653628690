#pragma once

#include "engine/plan.h"

namespace pauselab::engine {

// Runs a plan from preparation to the end of the drain. Returns when every measured thread has ended or the drain is
// over. Ends the program with a sentence if something cannot be prepared.
void runWorkload(const Plan& plan);

}  // namespace pauselab::engine
