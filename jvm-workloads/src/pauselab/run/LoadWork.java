package pauselab.run;

import java.util.Map;
import java.util.function.Consumer;
import pauselab.board.Board;
import pauselab.board.Seat;
import pauselab.load.Load;
import pauselab.load.Stage;

/** A load in its seat. */
final class LoadWork implements Work {

    private final Board board;
    private final Seat seat;
    private final Load load;
    private final Pacing pacing;
    private final Stage stage;

    LoadWork(Board board, Seat seat, Load load, Consumer<Throwable> onFailure) {
        this.board = board;
        this.seat = seat;
        this.load = load;
        pacing = new Pacing(board, Clock.REAL);
        stage = new Stage(pacing, OwnThread.nameFor(seat.name()), onFailure);
    }

    @Override
    public void prepare() {
        seat.touch();
        load.prepare();
    }

    @Override
    public void run() {
        if (pacing.sleepUntil(board.go_ns())) {
            load.run(stage);
        }
        seat.end(Clock.REAL.now_ns());
    }

    @Override
    public Map<String, Long> tally() {
        return stage.tally();
    }
}
