package pauselab.load;

import pauselab.run.Pacing;

/**
 * A load's pace. Ticks lie on an absolute schedule. If the load is delayed, it drops the ticks that it missed. Making
 * up for them in a burst would be another load. It makes no tick after the window, because probes may still serve owed
 * operations, and would feel what it does.
 */
public final class Ticks {

    private final Pacing pacing;
    private final long interval_ns;
    private long next_ns;
    private long made;
    private long dropped;

    Ticks(Pacing pacing, long interval_ns) {
        this.pacing = pacing;
        this.interval_ns = interval_ns;
        next_ns = pacing.now_ns();
    }

    /** Waits for the next tick; false when the window is over. */
    public boolean next() {
        // The last tick that is due can still be made.
        drop((Math.min(pacing.now_ns(), pacing.windowEnd_ns()) - next_ns) / interval_ns);
        if (pacing.sleepUntil(next_ns) && !pacing.isWindowOver()) {
            next_ns += interval_ns;
            made++;
            return true;
        }
        // All ticks before the window's end: none, unless this thread is late.
        drop((pacing.windowEnd_ns() - next_ns + interval_ns - 1) / interval_ns);
        return false;
    }

    /** `count`: 0 or less if none was missed. */
    private void drop(long count) {
        if (count > 0) {
            dropped += count;
            next_ns += count * interval_ns;
        }
    }

    public long made() {
        return made;
    }

    public long dropped() {
        return dropped;
    }
}
