{
  # The native side of the benchmarks. It is separate from native/binding.gyp, because HdrHistogram_c comes with bench's npm
  # package, which the ordinary build does not install. Optimised like the measured programs: by Node's flags.
  "target_defaults": {
    "include_dirs": ["../native"],
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
    "cflags_cc": ["-std=c++20", "-Wall", "-Wextra", "-Wshadow", "-Werror"],
  },
  "targets": [
    {
      # HdrHistogram_c from the npm package native-hdr-histogram, unchanged.
      "target_name": "hdr-histogram",
      "type": "static_library",
      "sources": ["node_modules/native-hdr-histogram/HdrHistogram_c/src/hdr_histogram.c"],
    },
    {
      "target_name": "fail",
      "type": "static_library",
      "sources": ["../native/board/fail.cc"],
    },
    {
      "target_name": "pauselab-bench-record",
      "type": "executable",
      "dependencies": ["fail", "hdr-histogram"],
      "include_dirs": ["node_modules/native-hdr-histogram/HdrHistogram_c/src"],
      "sources": ["native/record.cc"],
    },
    {
      "target_name": "pauselab-bench-bare",
      "type": "executable",
      "dependencies": ["fail"],
      "sources": ["native/bare.cc"],
    },
    {
      "target_name": "pauselab-bench-usage",
      "type": "executable",
      "dependencies": ["fail"],
      "sources": ["native/usage.cc"],
    },
    {
      "target_name": "pauselab-bench-switching",
      "type": "executable",
      "dependencies": ["fail"],
      "sources": ["native/switching.cc"],
    },
    {
      "target_name": "pauselab-bench-service",
      "type": "executable",
      "dependencies": ["fail"],
      "sources": ["native/service.cc"],
    },
    {
      "target_name": "pauselab-bench-huge",
      "type": "executable",
      "dependencies": ["fail"],
      "sources": ["native/huge.cc"],
    },
  ],
}
