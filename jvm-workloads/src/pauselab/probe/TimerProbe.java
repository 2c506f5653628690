package pauselab.probe;

import pauselab.run.Clock;

/**
 * `timer`: sleeps until 50 us from now. The time beyond that is lateness of the timer, of the wake-up, and of the JVM's
 * return from a safepoint. It uses nothing of the address space. So it is the control, and shows what a sleeping hiccup
 * meter would see of the stalls beside it. (Its futex is private and takes no memory lock.)
 */
final class TimerProbe implements Probe {

    private static final long SLEEP_NS = 50_000;

    @Override
    public int perform() {
        long until_ns = System.nanoTime() + SLEEP_NS;
        for (long left_ns = SLEEP_NS; left_ns > 0; left_ns = until_ns - System.nanoTime()) {
            Clock.REAL.park(left_ns);
        }
        return 0;
    }
}
