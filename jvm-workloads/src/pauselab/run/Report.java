package pauselab.run;

import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import pauselab.Failure;
import pauselab.jni.Native;
import pauselab.plan.Plan;

/** What this JVM reports about itself, once, before it is ready. */
final class Report {

    /** Settings of allocators and of the libc in the environment. */
    private static final List<String> SETTINGS = List.of(
        "LD_PRELOAD",
        "MALLOC_CONF",
        "GLIBC_TUNABLES",
        "MALLOC_ARENA_MAX",
        "MALLOC_TRIM_THRESHOLD_",
        "MALLOC_MMAP_THRESHOLD_",
        "TCMALLOC_",
        "MIMALLOC_",
        "JAVA_TOOL_OPTIONS",
        "JDK_JAVA_OPTIONS"
    );

    /** `refusal`: why the board could not be locked in memory, or null. `holderLayout`: JSON, null without a holder. */
    static void write(Plan plan, String refusal, String holderLayout, Collection<Post> posts) {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("schemaVersion", 1);
        report.put("pid", ProcessHandle.current().pid());
        report.put("java", java());
        report.put("collectors", collectors());
        report.put("maxHeap_bytes", Runtime.getRuntime().maxMemory());
        report.put("boardLocked", refusal == null);
        report.put("boardLockRefusal", refusal);
        report.put("threads", posts.stream().map(Post::describe).toList());
        report.put("holderLayout", holderLayout == null ? null : new Json.Raw(holderLayout));
        report.put("allocator", new Json.Raw(Native.describeAllocator()));
        report.put("environment", environment());
        write(plan.report(), Json.of(report) + "\n");
    }

    private static Map<String, Object> java() {
        Map<String, Object> java = new LinkedHashMap<>();
        for (String property : List.of(
            "java.version",
            "java.runtime.version",
            "java.vendor",
            "java.vm.name",
            "java.vm.version",
            "java.home"
        )) {
            java.put(property, System.getProperty(property));
        }
        return java;
    }

    /** Null in a runtime without java.management. */
    private static List<String> collectors() {
        try {
            return ManagementFactory.getGarbageCollectorMXBeans()
                .stream()
                .map(GarbageCollectorMXBean::getName)
                .toList();
        } catch (NoClassDefFoundError absent) {
            return null;
        }
    }

    private static Map<String, String> environment() {
        Map<String, String> found = new TreeMap<>();
        System.getenv().forEach((name, value) -> {
            if (SETTINGS.stream().anyMatch(name::startsWith)) {
                found.put(name, value);
            }
        });
        return found;
    }

    /** Written under another name first, so that a reader finds all of it or nothing. */
    private static void write(Path path, String text) {
        try {
            Path part = path.resolveSibling(path.getFileName() + ".part");
            Files.writeString(part, text);
            Files.move(part, path, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException error) {
            throw Failure.unfit(
                "the report " + path + " could not be written (" + error + "); give a path in a folder that exists"
            );
        }
    }

    private Report() {}
}
