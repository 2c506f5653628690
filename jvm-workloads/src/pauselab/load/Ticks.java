package pauselab.load;

import pauselab.run.Pacing;

/**
 * A load's pace. Ticks lie on an absolute schedule. If the load is delayed, it drops the ticks that it missed. Making
 * up for them in a burst would be another load.
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
        // No tick is due after the window, however late this thread is.
        long late_ns = Math.min(pacing.now_ns(), pacing.windowEnd_ns()) - next_ns;
        if (late_ns >= interval_ns) {
            long missed = late_ns / interval_ns;
            dropped += missed;
            next_ns += missed * interval_ns;
        }
        if (!pacing.sleepUntil(next_ns)) {
            return false;
        }
        next_ns += interval_ns;
        made++;
        return true;
    }

    public long made() {
        return made;
    }

    public long dropped() {
        return dropped;
    }
}
