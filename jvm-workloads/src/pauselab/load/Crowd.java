package pauselab.load;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;

/**
 * A load with several threads: the load's thread, number 0, and helpers named after it, started at `go`. Helpers stay
 * when their work is over, because an ending thread gives its stack back while probes may still serve owed operations.
 */
final class Crowd {

    private static final int NAME_CHARACTERS = 12;

    private final Stage stage;
    private final IntConsumer work;
    private final List<Thread> helpers = new ArrayList<>();
    private final CountDownLatch working;

    Crowd(Stage stage, int threads, IntConsumer work) {
        this.stage = stage;
        this.work = work;
        working = new CountDownLatch(threads - 1);
        String name = stage.threadName();
        String prefix = name.substring(0, Math.min(name.length(), NAME_CHARACTERS));
        for (int i = 1; i < threads; i++) {
            int number = i;
            Thread helper = new Thread(() -> help(number), prefix + "#" + number);
            helper.setDaemon(true);
            helpers.add(helper);
        }
    }

    /** Returns when all threads have returned. */
    void run() {
        helpers.forEach(Thread::start);
        work.accept(0);
        try {
            working.await();
        } catch (InterruptedException nobodyDoesThat) {
            Thread.currentThread().interrupt();
        }
    }

    private void help(int number) {
        try {
            work.accept(number);
        } catch (Throwable thrown) {
            stage.fail(thrown);
        }
        working.countDown();
        for (;;) {
            LockSupport.park();
        }
    }
}
