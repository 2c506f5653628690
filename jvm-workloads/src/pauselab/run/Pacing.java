package pauselab.run;

import pauselab.board.Board;

/** Waits for moments of the window, which may end earlier than planned. */
public final class Pacing {

    /** Longest single sleep: the longest time until an earlier end of the window is noticed. */
    private static final long LONGEST_SLEEP_NS = 100_000_000;
    /** A sleep may end a little early. If less than this is left, the thread spins. */
    private static final long LAST_CHECK_NS = 2_000;

    private final Board board;
    private final Clock clock;

    public Pacing(Board board, Clock clock) {
        this.board = board;
        this.clock = clock;
    }

    public long now_ns() {
        return clock.now_ns();
    }

    public long windowEnd_ns() {
        return board.windowEnd_ns();
    }

    /** Sleeps until that moment; returns at once if it has passed. False, and early, if the window ends before it. */
    public boolean sleepUntil(long until_ns) {
        for (;;) {
            if (until_ns >= board.windowEnd_ns()) {
                return false;
            }
            long left_ns = until_ns - clock.now_ns();
            if (left_ns <= 0) {
                return true;
            }
            if (left_ns < LAST_CHECK_NS) {
                Thread.onSpinWait();
            } else {
                clock.park(Math.min(left_ns, LONGEST_SLEEP_NS));
            }
        }
    }

    public boolean isWindowOver() {
        return clock.now_ns() >= board.windowEnd_ns();
    }
}
