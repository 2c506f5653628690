// What serves malloc in this process, found by asking it: a configuration that was misspelt, or a preload that failed,
// leaves no other trace.
#pragma once

#include <string>

namespace pauselab::allocator {

// JSON: {"path":…,"name":…,"version":…,"settings":{…}}; name is null for one that is not known.
std::string describe();

}  // namespace pauselab::allocator
