package pauselab.run;

import java.util.Map;
import pauselab.Failure;
import pauselab.board.Board;
import pauselab.board.Seat;
import pauselab.jni.Native;
import pauselab.probe.Probe;

/** A probe in its seat. */
final class ProbeWork implements Work {

    private final Board board;
    private final Seat seat;
    private final String operation;
    private final Probe probe;
    private Schedstat schedstat;

    ProbeWork(Board board, Seat seat, String operation, Probe probe) {
        this.board = board;
        this.seat = seat;
        this.operation = operation;
        this.probe = probe;
    }

    @Override
    public void prepare() {
        schedstat = Schedstat.open();
        schedstat.read();
        seat.touch();
        probe.prepare();
        for (int i = 0; i < probe.trials(); i++) {
            int outcome = probe.perform();
            if (outcome != 0) {
                throw Failure.unfit(
                    "this machine refused " +
                        operation +
                        " of " +
                        seat.name() +
                        " before the window: " +
                        (outcome == Probe.EXHAUSTED ? "its pool of pages is too small" : Native.errorText(outcome)) +
                        "; leave the operation out"
                );
            }
        }
    }

    @Override
    public void run() {
        new ProbeLoop(board, seat, probe, schedstat, Clock.REAL).run();
    }

    @Override
    public Map<String, Long> tally() {
        return Map.of();
    }
}
