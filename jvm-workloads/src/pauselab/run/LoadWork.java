package pauselab.run;

import java.util.Map;
import pauselab.Failure;
import pauselab.board.Board;
import pauselab.board.Seat;
import pauselab.load.Load;
import pauselab.load.Stage;

/** A load in its seat. */
final class LoadWork implements Work {
    private final Board board;
    private final Seat seat;
    private final String name;
    private final Load load;
    private final Pacing pacing;
    private final Stage stage;

    LoadWork(Board board, Seat seat, String name, Load load) {
        this.board = board;
        this.seat = seat;
        this.name = name;
        this.load = load;
        pacing = new Pacing(board, Clock.REAL);
        stage = new Stage(pacing, OwnThread.nameFor(seat.name()));
    }

    @Override
    public void prepare() {
        seat.touch();
        naming(load::prepare);
    }

    @Override
    public void run() {
        if (pacing.sleepUntil(board.go_ns())) {
            naming(() -> load.run(stage));
        }
        seat.end(Clock.REAL.now_ns());
    }

    @Override
    public Map<String, Long> tally() {
        return stage.tally();
    }

    private void naming(Runnable part) {
        try {
            part.run();
        } catch (OutOfMemoryError error) {
            throw Failure.workload("the load " + name + " of " + seat.name() + " ran out of memory (" + error.getMessage() + ", with a heap of at most "
                + (Runtime.getRuntime().maxMemory() >> 20) + " MiB); give the JVM more, with -Xmx for its heap, or lower what the load takes", error);
        }
    }
}
