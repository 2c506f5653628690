// The victims' operations, made and tried before the window.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/crew.h"
#include "engine/operation.h"
#include "engine/plan.h"

namespace pauselab::engine {

struct VictimParts {
  std::vector<std::unique_ptr<VictimAction>> actions;  // in the plan's order; null: it is in another process
  std::string layout;
  std::string notes;  // JSON strings
};

// Places every page first, then proves the layout, then lets the operations change it.
VictimParts prepareVictims(const Plan& plan, HolderParts& holder);

// Tries an operation before the window. If this kernel refuses it, the sentence names the operation and the errno.
void tryVictim(const VictimPlan& plan, VictimAction& action);

}  // namespace pauselab::engine
