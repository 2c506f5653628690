package pauselab.probe;

import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import pauselab.plan.Line;

/** The table of probes: their names in a plan, and how their keys are read. */
public final class Probes {

    private static final Map<String, Function<Line, Probe>> TABLE = Map.of(
        "mmap_munmap",
        line -> new MmapMunmap(),
        "malloc_free",
        MallocFree::read,
        "first_fault",
        line -> PoolFault.read(line, true),
        "warm_fault",
        line -> PoolFault.read(line, false),
        "thread_start_join",
        line -> new ThreadStartJoin(),
        "heap_allocation",
        HeapAllocation::read,
        "timer",
        line -> new TimerProbe(),
        "request",
        Request::read
    );

    public static Set<String> names() {
        return TABLE.keySet();
    }

    /** `name` is one of names(). */
    public static Probe read(String name, Line line) {
        return TABLE.get(name).apply(line);
    }

    private Probes() {}
}
