#include "allocator/describe.h"

#include <gnu/libc-version.h>

#include <cstdint>
#include <cstdio>
#include <string_view>

#include "allocator/symbols.h"

namespace pauselab::allocator {
namespace {

std::string quoted(std::string_view text) {
  std::string json = "\"";
  for (const char character : text) {
    if (character == '"' || character == '\\') json += '\\';
    if (static_cast<unsigned char>(character) >= ' ') json += character;
  }
  return json += '"';
}

struct Allocator {
  std::string name = "null", version = "null", settings;

  void set(const char* key, const std::string& json) {
    settings.append(settings.empty() ? "" : ",").append(quoted(key)).append(":").append(json);
  }
};

using Mallctl = int (*)(const char*, void*, std::size_t*, void*, std::size_t);

template <typename Value>
bool read(Mallctl mallctl, const char* key, Value& value) {
  std::size_t bytes = sizeof value;
  return mallctl(key, &value, &bytes, nullptr, 0) == 0;
}

// Reads each key by its type, and skips keys that this version of jemalloc does not know.
void readJemalloc(Mallctl mallctl, Allocator& allocator) {
  allocator.name = "\"jemalloc\"";
  const char* text = nullptr;
  if (read(mallctl, "version", text)) allocator.version = quoted(text);
  for (const char* key :
       {"opt.background_thread", "background_thread", "opt.retain", "opt.tcache", "opt.abort_conf", "opt.confirm_conf"})
    if (bool value = false; read(mallctl, key, value)) allocator.set(key, value ? "true" : "false");
  for (const char* key : {"opt.dirty_decay_ms", "opt.muzzy_decay_ms"})
    if (std::intptr_t value = 0; read(mallctl, key, value)) allocator.set(key, std::to_string(value));
  for (const char* key : {"opt.max_background_threads", "opt.oversize_threshold", "opt.tcache_max", "opt.lg_tcache_max",
                          "opt.lg_extent_max_active_fit"})
    if (std::size_t value = 0; read(mallctl, key, value)) allocator.set(key, std::to_string(value));
  for (const char* key : {"opt.narenas", "arenas.narenas"})
    if (unsigned value = 0; read(mallctl, key, value)) allocator.set(key, std::to_string(value));
  for (const char* key : {"config.malloc_conf", "opt.metadata_thp", "opt.thp", "opt.percpu_arena", "opt.dss"})
    if (read(mallctl, key, text) && text != nullptr) allocator.set(key, quoted(text));
}

void readTcmalloc(Allocator& allocator) {
  allocator.name = "\"tcmalloc\"";
  if (const auto version = find<const char* (*)(int*, int*, const char**)>("tc_version"); version != nullptr) {
    int major = 0, minor = 0;
    const char* patch = "";
    version(&major, &minor, &patch);
    allocator.version = quoted(std::to_string(major) + "." + std::to_string(minor) + patch);
  }
  const auto property = find<int (*)(const char*, std::size_t*)>("MallocExtension_GetNumericProperty");
  for (const char* key : {"tcmalloc.aggressive_memory_decommit", "tcmalloc.max_total_thread_cache_bytes"})
    if (std::size_t value = 0; property != nullptr && property(key, &value) != 0)
      allocator.set(key, std::to_string(value));
}

void readMimalloc(int (*version)(), Allocator& allocator) {
  allocator.name = "\"mimalloc\"";
  const int number = version();  // 209 is 2.0.9; with four digits, 2019 is 2.0.19
  char text[32];
  if (number >= 1000) {
    std::snprintf(text, sizeof text, "\"%d.%d.%d\"", number / 1000, number / 100 % 10, number % 100);
  } else {
    std::snprintf(text, sizeof text, "\"%d.%d.%d\"", number / 100, number / 10 % 10, number % 10);
  }
  allocator.version = text;
}

}  // namespace

std::string describe() {
  Allocator allocator;
  const std::string file = fileOf(find<void*>("malloc"));
  const std::string path = file.empty() ? "null" : quoted(file);
  if (serves("mallctl")) {
    readJemalloc(find<Mallctl>("mallctl"), allocator);
  } else if (serves("tc_version")) {
    readTcmalloc(allocator);
  } else if (serves("mi_version")) {
    readMimalloc(find<int (*)()>("mi_version"), allocator);
  } else if (serves("gnu_get_libc_version")) {
    allocator.name = "\"glibc\"";
    allocator.version = quoted(gnu_get_libc_version());
  }
  return "{\"path\":" + path + ",\"name\":" + allocator.name + ",\"version\":" + allocator.version + ",\"settings\":{" +
         allocator.settings + "}}";
}

}  // namespace pauselab::allocator
