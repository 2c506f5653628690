// Asks the process which allocator serves malloc. Only this shows a misspelt configuration or a preload that failed.
#pragma once

#include <string>

namespace pauselab::allocator {

// JSON: {"path":…,"name":…,"version":…,"settings":{…}}; name is null for an unknown allocator.
std::string describe();

}  // namespace pauselab::allocator
