package pauselab.load;

/**
 * Events per second, in batches: ticks are at least 1 ms apart, because a thread that wakes more often mostly wakes.
 */
final class Rate {

    private static final long SECOND_NS = 1_000_000_000;
    private static final long TICKS_PER_SECOND = 1_000;

    private final long per_s;
    private final long ticksPerSecond;
    private long tick;

    Rate(long per_s) {
        this.per_s = per_s;
        ticksPerSecond = Math.min(per_s, TICKS_PER_SECOND);
    }

    long interval_ns() {
        return SECOND_NS / ticksPerSecond;
    }

    /** How many are due at the next tick, so that each second gets the full number. */
    long due() {
        long before = (tick * per_s) / ticksPerSecond;
        tick++;
        return (tick * per_s) / ticksPerSecond - before;
    }
}
