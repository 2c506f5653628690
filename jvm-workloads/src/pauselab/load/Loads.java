package pauselab.load;

import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import pauselab.plan.Line;

/** The table of loads: their names in a plan, and how their keys are read. */
public final class Loads {

    private static final Map<String, Function<Line, Load>> TABLE = Map.of(
        "heap_wave",
        HeapWave::read,
        "steady_allocation",
        SteadyAllocation::read,
        "direct_buffers",
        DirectBuffers::read,
        "malloc_churn",
        MallocChurn::read,
        "inflater_churn",
        InflaterChurn::read,
        "thread_churn",
        ThreadChurn::read,
        "class_churn",
        ClassChurn::read,
        "mapped_files",
        MappedFiles::read,
        "arena_churn",
        ArenaChurn::read,
        "request_service",
        RequestLoad::read
    );

    public static Set<String> names() {
        return TABLE.keySet();
    }

    /** `name` is one of names(). */
    public static Load read(String name, Line line) {
        return TABLE.get(name).apply(line);
    }

    static long seed(Line line) {
        return line.number("seed", 0, Long.MAX_VALUE, 1);
    }

    private Loads() {}
}
