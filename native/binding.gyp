{
  # Everything native: the engine and the sampler (separate executables, never inside Node), the addon for the control
  # plane, and the native tests with their sanitizer variants. Targets are built by name (scripts/setup/steps.mjs), so that
  # a target that a job does not need cannot stop it.
  # Paths in flags are relative to build/, because make splits at blanks, and the path of this tree may contain one.
  # Here `to_build` leads to build/ from where the generator in use runs the compiler.
  # Node's flags come last on the command line, so flags that contradict C++20 are removed by name.
  "variables": {
    "to_build": "",
    "conditions": [
      ["GENERATOR=='ninja'", {"to_build": "../"}],
      ["GENERATOR=='compile_commands_json'", {"to_build": "build/"}],
    ],
    "core_sources": [
      "allocator/describe.cc",
      "allocator/purge.cc",
      "board/board.cc",
      "board/describe.cc",
      "board/fail.cc",
      "board/lines.cc",
      "engine/chunk_heap.cc",
      "engine/churn.cc",
      "engine/churn_crew.cc",
      "engine/crew.cc",
      "engine/disk_file.cc",
      "engine/exercise.cc",
      "engine/hog.cc",
      "engine/holder.cc",
      "engine/io_hog.cc",
      "engine/maps.cc",
      "engine/memory.cc",
      "engine/memory_use.cc",
      "engine/needs.cc",
      "engine/operations/advice.cc",
      "engine/operations/allocation.cc",
      "engine/operations/chunks.cc",
      "engine/operations/collapsing.cc",
      "engine/operations/control.cc",
      "engine/operations/fault.cc",
      "engine/operations/forking.cc",
      "engine/operations/looking.cc",
      "engine/operations/mapped_file.cc",
      "engine/operations/mapping.cc",
      "engine/operations/moving.cc",
      "engine/operations/parallel.cc",
      "engine/operations/policy.cc",
      "engine/operations/purge.cc",
      "engine/operations/remapping.cc",
      "engine/operations/self.cc",
      "engine/operations/threads.cc",
      "engine/operations/trim.cc",
      "engine/pacing.cc",
      "engine/plan.cc",
      "engine/schedstat.cc",
      "engine/seats.cc",
      "engine/second_process.cc",
      "engine/victim.cc",
      "engine/victims.cc",
      "engine/workload.cc",
      "launcher/launch_file.cc",
      "sampler/stat_line.cc",
    ],
    # The table of operations is built into each program, because the test engine's table has additional rows.
    "table_sources": ["engine/operations.cc"],
    "test_sources": [
      "<@(table_sources)",
      "test/board_test.cc",
      "test/child.cc",
      "test/churn_test.cc",
      "test/engine_test.cc",
      "test/roles_test.cc",
      "test/launcher_test.cc",
      "test/main.cc",
    ],
  },
  "target_defaults": {
    "include_dirs": ["."],
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
    "cflags_cc": ["-std=c++20", "-g", "-Wall", "-Wextra", "-Wshadow", "-Werror"],
    "ldflags": ["-pthread"],
  },
  "targets": [
    {
      "target_name": "pauselab",
      "sources": ["addon/addon.cc"],
      # node-addon-api's headers are not warning-free, so they count as system headers.
      "cflags_cc": ["-isystem", "<(to_build)<!(node -p \"require('path').relative('build', require('node-addon-api').include_dir)\")"],
      "defines": ["NAPI_VERSION=9", "NODE_ADDON_API_DISABLE_DEPRECATED", "NAPI_DISABLE_CPP_EXCEPTIONS"],
    },
    {
      # The JVM's library shows only what it exports, and leaves out what it does not use.
      "target_name": "core",
      "type": "static_library",
      "sources": ["<@(core_sources)"],
      "cflags_cc": ["-fvisibility=hidden", "-ffunction-sections"],
    },
    {
      "target_name": "pauselab-engine",
      "type": "executable",
      "dependencies": ["core"],
      "sources": ["engine/main.cc", "<@(table_sources)"],
    },
    {
      # For tests: a program without a loader. Guests get pauselab-engine.
      "target_name": "pauselab-engine-static",
      "type": "executable",
      "dependencies": ["core"],
      "sources": ["engine/main.cc", "<@(table_sources)"],
      "ldflags": ["-static"],
    },
    {
      "target_name": "pauselab-sampler",
      "type": "executable",
      "dependencies": ["core"],
      "sources": ["sampler/sampler.cc"],
    },
    {
      "target_name": "pauselab-tracer",
      "type": "executable",
      "dependencies": ["core"],
      "sources": ["tracer/tracer.cc"],
    },
    {
      # Libraries that few machines have beside their headers are linked in: it runs where they are not.
      "target_name": "pauselab-observer",
      "type": "executable",
      "dependencies": ["core"],
      "sources": ["observer/observer.cc"],
      "libraries": ["-l:libbpf.a", "-lelf", "-lz"],
    },
    {
      # Beside a JVM that is observed.
      "target_name": "pauselab-guardian",
      "type": "executable",
      "dependencies": ["core"],
      "sources": ["guardian/attach.cc", "guardian/guardian.cc"],
    },
    {
      # Process 1 of a guest.
      "target_name": "pauselab-guest-init",
      "type": "executable",
      "sources": ["guest-init/main.cc"],
      "ldflags": ["-static"],
    },
    {
      "target_name": "pauselab-launcher",
      "type": "executable",
      "dependencies": ["core"],
      "sources": ["launcher/keeper.cc", "launcher/main.cc"],
    },
    {
      # Loaded by JVMs (jvm-workloads/), under any allocator, so it includes a C++ library. build/jdk is a link to a JDK.
      "target_name": "pauselab-jvm",
      "type": "shared_library",
      "product_name": "libpauselab-jvm",
      "dependencies": ["core"],
      "sources": ["jvm/holder.cc", "jvm/library.cc", "jvm/memory.cc", "<@(table_sources)"],
      "cflags_cc": ["-isystem", "<(to_build)jdk/include", "-isystem", "<(to_build)jdk/include/linux", "-fvisibility=hidden", "-ffunction-sections"],
      "ldflags": ["-static-libstdc++", "-static-libgcc", "-Wl,--gc-sections", "-Wl,--exclude-libs,ALL"],
    },
    {
      # With operations of a known cause: pauses, hangs, crashes, refusals.
      "target_name": "pauselab-engine-inject",
      "type": "executable",
      "dependencies": ["core"],
      "sources": ["engine/main.cc", "<@(table_sources)", "engine/operations/inject.cc"],
      "defines": ["PAUSELAB_INJECT"],
    },
    {
      "target_name": "pauselab-board-writer",
      "type": "executable",
      "dependencies": ["core"],
      "sources": ["test/board_writer.cc"],
    },
    {
      # Its stacks are walked by frame pointers.
      "target_name": "pauselab-stalling",
      "type": "executable",
      "cflags": ["-fno-omit-frame-pointer", "-fno-optimize-sibling-calls"],
      "sources": ["test/stalling.cc"],
    },
    {
      "target_name": "pauselab-woken-early",
      "type": "executable",
      "sources": ["test/woken_early.cc"],
    },
    {
      "target_name": "pauselab-refuse",
      "type": "executable",
      "sources": ["test/refuse.cc"],
    },
    {
      # Preloaded: fails a system call.
      "target_name": "pauselab-fail-calls",
      "type": "shared_library",
      "product_name": "libpauselab-fail-calls",
      "sources": ["test/fail_calls.cc"],
      "ldflags": ["-ldl"],
    },
    {
      # Observed in guests.
      "target_name": "pauselab-lock-waits",
      "type": "executable",
      "sources": ["test/lock_waits.cc"],
    },
    {
      "target_name": "pauselab-board-tool",
      "type": "executable",
      "dependencies": ["core"],
      "sources": ["test/board_tool.cc"],
    },
    {
      # doctest leaves a test that cannot continue (REQUIRE) by an exception.
      "target_name": "native-tests",
      "type": "executable",
      "dependencies": ["core"],
      "sources": ["<@(test_sources)"],
      "cflags_cc!": ["-fno-exceptions"],
    },
    {
      # With Node's -O3 the checks of both sanitizers take longer to compile, those of addresses three times as long.
      "target_name": "native-tests-asan",
      "type": "executable",
      "sources": ["<@(core_sources)", "<@(test_sources)"],
      "cflags_cc!": ["-fno-exceptions"],
      "cflags_cc": ["-O1", "-g1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
      "ldflags": ["-fsanitize=address,undefined"],
    },
    {
      "target_name": "native-tests-tsan",
      "type": "executable",
      "sources": ["<@(core_sources)", "<@(test_sources)"],
      "cflags_cc!": ["-fno-exceptions"],
      "cflags_cc": ["-O1", "-g1", "-fsanitize=thread"],
      "ldflags": ["-fsanitize=thread"],
    },
  ],
}
