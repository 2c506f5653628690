package pauselab.load;

import pauselab.plan.Line;

/**
 * Explicit collections, for loads whose memory goes back only when a collector finds it unreachable. Key: gc_period_ns,
 * 0 for none. Without them the memory goes back when the heap fills, which may never happen in a window. A profile
 * with -XX:+DisableExplicitGC beside such a load is refused.
 */
final class PeriodicGc {

    private final long period_ns;
    private long next_ns;

    private PeriodicGc(long period_ns) {
        this.period_ns = period_ns;
    }

    static PeriodicGc read(Line line, long period_ns) {
        return new PeriodicGc(line.number("gc_period_ns", 0, 3_600_000_000_000L, period_ns));
    }

    /** Collects if it is time. */
    void look(Stage stage) {
        if (period_ns == 0) {
            return;
        }
        long now_ns = stage.now_ns();
        if (next_ns == 0) {
            next_ns = now_ns + period_ns;
        } else if (now_ns >= next_ns) {
            next_ns = now_ns + period_ns;
            stage.collect();
        }
    }
}
