package pauselab.run;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import pauselab.board.Board;
import pauselab.board.Seat;

/**
 * A thread of the plan, from its start to the end of its work. It prepares, takes its seat when all have prepared,
 * waits for `go` and works. Then it stays: its end would give its stack back while other threads are measured.
 */
final class Post {

    private static final long POLL_NS = 1_000_000;

    private final Board board;
    private final Seat seat;
    private final String kind;
    private final Work work;
    private final Consumer<Throwable> onFailure;
    private volatile long tid;
    private volatile String slackRefusal;

    Post(Board board, Seat seat, String kind, Work work, Consumer<Throwable> onFailure) {
        this.board = board;
        this.seat = seat;
        this.kind = kind;
        this.work = work;
        this.onFailure = onFailure;
    }

    /** The latches of all posts. */
    record Gates(CountDownLatch prepared, CountDownLatch seats, CountDownLatch ended) {}

    void start(Gates gates) {
        Thread thread = new Thread(() -> serve(gates), OwnThread.nameFor(seat.name()));
        thread.setDaemon(true);
        thread.start();
    }

    private void serve(Gates gates) {
        try {
            tid = OwnThread.tid();
            slackRefusal = OwnThread.setTimerSlack(tid);
            work.prepare();
            gates.prepared().countDown();
            gates.seats().await();
            seat.take(ProcessHandle.current().pid(), tid);
            while (!board.isGo()) {
                LockSupport.parkNanos(POLL_NS);
            }
            work.run();
            gates.ended().countDown();
        } catch (Throwable thrown) {
            onFailure.accept(thrown);
        }
        for (;;) {
            LockSupport.park();
        }
    }

    Map<String, Object> describe() {
        Map<String, Object> thread = new LinkedHashMap<>();
        thread.put("seat", seat.name());
        thread.put("kind", kind);
        thread.put("tid", tid);
        thread.put("comm", OwnThread.nameFor(seat.name()));
        thread.put("timerSlackSet", slackRefusal == null);
        thread.put("timerSlackRefusal", slackRefusal);
        return thread;
    }

    Map<String, Object> done() {
        Map<String, Object> done = new LinkedHashMap<>();
        done.put("seat", seat.name());
        done.put("kind", kind);
        done.put("tally", work.tally());
        return done;
    }
}
