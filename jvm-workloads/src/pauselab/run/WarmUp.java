package pauselab.run;

import pauselab.board.Board;
import pauselab.board.ScratchBoard;
import pauselab.board.Seat;
import pauselab.probe.Probe;

/**
 * Makes the JVM compile the recording code before any thread takes its seat. The loop runs on a scratch board with an
 * artificial clock, through every branch that the real loop may take.
 */
final class WarmUp {

    private static final int ROUNDS = 5;
    private static final int STEPS = 10_000;
    private static final long INTERVAL_NS = 1_000_000;
    /** A rest between rounds for the compilers, which work in other threads. */
    private static final long REST_NS = 20_000_000;

    /** Kept, because freeing its memory later would be an munmap inside the window. */
    private static Board scratch;

    static void run() {
        scratch = ScratchBoard.make(
            new ScratchBoard.Times(0, STEPS * INTERVAL_NS, Long.MAX_VALUE / 2, Long.MAX_VALUE / 2),
            INTERVAL_NS,
            0,
            2_500_000
        );
        Seat seat = scratch.victim(ScratchBoard.SEAT);
        MadeUpClock clock = new MadeUpClock();
        ProbeLoop loop = new ProbeLoop(scratch, seat, new MadeUpProbe(clock), new Schedstat(Schedstat.NONE), clock);
        loop.begin();
        long k = 0;
        for (int round = 0; round < ROUNDS; round++) {
            for (int i = 0; i < STEPS; i++) {
                loop.step(k++);
            }
            Clock.REAL.park(REST_NS);
        }
    }

    private static final class MadeUpClock implements Clock {

        private long now_ns;

        @Override
        public long now_ns() {
            return (now_ns += 25);
        }

        @Override
        public void park(long duration_ns) {
            now_ns += duration_ns;
        }
    }

    /** Mostly quick; sometimes slow, stalled, refused or exhausted. */
    private static final class MadeUpProbe implements Probe {

        private final MadeUpClock clock;
        private int calls;

        MadeUpProbe(MadeUpClock clock) {
            this.clock = clock;
        }

        @Override
        public int perform() {
            calls++;
            if (calls % 16 == 0) {
                clock.park(calls % 64 == 0 ? 3_000_000 : 1_500_000);
            }
            if (calls % 101 == 0) {
                return EXHAUSTED;
            }
            return calls % 103 == 0 ? 1 : 0;
        }
    }

    private WarmUp() {}
}
