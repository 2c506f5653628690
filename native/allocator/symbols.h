// Functions of the allocator that serves malloc in this process, found by name: pauselab is linked with none of them.
#pragma once

#include <dlfcn.h>

#include <string>

namespace pauselab::allocator {

// The function of that name in any loaded library, or null.
template <typename Function>
Function find(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
}

// The file that has the function; empty: none.
inline std::string fileOf(void* function) {
  Dl_info info{};
  return function != nullptr && dladdr(function, &info) != 0 && info.dli_fname != nullptr ? info.dli_fname : "";
}

// Whether the library that serves malloc has the function. A library may be loaded while another library serves
// malloc. Then its functions are those of an unused allocator.
inline bool serves(const char* symbol) {
  void* const function = find<void*>(symbol);
  return function != nullptr && fileOf(function) == fileOf(find<void*>("malloc"));
}

}  // namespace pauselab::allocator
