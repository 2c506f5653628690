package pauselab.run;

import pauselab.board.Board;
import pauselab.board.Layout;
import pauselab.board.Recorder;
import pauselab.board.Ring;
import pauselab.board.Seat;
import pauselab.probe.Probe;

/**
 * The loop of a measured thread, with the meaning of native/engine/victim.cc. Open loop: operation k is intended at
 * go + offset + k * interval, whatever happened to earlier operations. So a stalled probe owes the operations that it
 * could not start, and its response time includes them (no coordinated omission). Interval 0: back to back; each
 * operation is intended when it starts. Owed operations are served after the window, until the drain ends.
 *
 * Between go and the end only the operation itself may allocate, lock or log.
 */
final class ProbeLoop {

    private final Board board;
    private final Seat seat;
    private final Recorder recorder;
    private final Ring ring;
    private final Probe probe;
    private final Schedstat schedstat;
    private final Clock clock;
    private final Pacing pacing;
    private final long first_ns;
    private final long windowStart_ns;
    private final long interval_ns;
    private long now_ns;
    private long schedstatAt_ns;

    /** Made after `go`, because it reads the window's times. */
    ProbeLoop(Board board, Seat seat, Probe probe, Schedstat schedstat, Clock clock) {
        this.board = board;
        this.seat = seat;
        this.probe = probe;
        this.schedstat = schedstat;
        this.clock = clock;
        recorder = seat.recorder();
        ring = seat.ring();
        pacing = new Pacing(board, clock);
        first_ns = board.go_ns() + seat.offset_ns();
        windowStart_ns = board.windowStart_ns();
        interval_ns = seat.interval_ns();
    }

    void run() {
        begin();
        for (long k = 0; step(k); k++) {
            // The step does all the work.
        }
        seat.end(clock.now_ns());
    }

    void begin() {
        schedstat.read();
        schedstatAt_ns = clock.now_ns();
        pacing.sleepUntil(first_ns);
        now_ns = clock.now_ns();
    }

    /** One operation; false if there is none to make. A separate method, so that it is compiled before the window. */
    boolean step(long k) {
        long intended_ns = interval_ns == 0 ? now_ns : first_ns + k * interval_ns;
        if (now_ns < intended_ns ? !pacing.sleepUntil(intended_ns) : intended_ns >= board.windowEnd_ns()) {
            return false;
        }
        long start_ns = interval_ns == 0 ? now_ns : clock.now_ns();
        if (start_ns >= board.drainEnd_ns()) {
            return false;
        }
        seat.beginOperation(k, start_ns, intended_ns);
        int outcome = probe.perform();
        now_ns = clock.now_ns();
        if (outcome == 0) {
            count(intended_ns, start_ns);
        } else if (outcome == Probe.EXHAUSTED) {
            seat.countExhausted();
        } else {
            seat.countRefused(outcome);
        }
        seat.endOperation(k);
        return true;
    }

    private void count(long intended_ns, long start_ns) {
        long end_ns = now_ns;
        if (intended_ns >= windowStart_ns) {
            recorder.record(intended_ns, start_ns, end_ns);
        } else {
            seat.countWarmup();
        }
        if (end_ns - start_ns >= Layout.SLOW_NS) {
            long runDelayBefore_ns = schedstat.runDelay_ns();
            long onCpuBefore_ns = schedstat.onCpu_ns();
            schedstat.read();
            now_ns = clock.now_ns();
            ring.push(
                start_ns,
                end_ns,
                intended_ns,
                schedstat.runDelay_ns() - runDelayBefore_ns,
                schedstatAt_ns,
                schedstat.onCpu_ns() - onCpuBefore_ns
            );
            schedstatAt_ns = now_ns;
        }
    }
}
