package pauselab.load;

import pauselab.plan.Line;

/**
 * `thread_churn`: threads that start, write to their stack and end. A start maps a stack (mmap, mprotect) or takes a
 * cached stack and protects its guard pages (mprotect). An end gives the stack's pages back by MADV_DONTNEED in the
 * ending thread, or unmaps the stack if the libc's cache (40 MB) is full. A thread pool without limits does this, and
 * so does a pool whose threads time out.
 *
 * <p>Keys: per_s=200, live=8 threads at a time, touch_bytes=131072 of the stack, stack_bytes=1048576, seed (not used).
 */
final class ThreadChurn implements Load {

    private static final int FRAME_BYTES = 128;

    private final Rate rate;
    private final Thread[] live;
    private final int depth;
    private final long stack_bytes;

    private ThreadChurn(Line line) {
        rate = new Rate(line.number("per_s", 1, 100_000, 200));
        live = new Thread[(int) line.number("live", 1, 10_000, 8)];
        stack_bytes = line.number("stack_bytes", 256 << 10, 1L << 30, 1 << 20);
        depth = (int) (line.number("touch_bytes", 0, stack_bytes / 2, Math.min(stack_bytes / 2, 128 << 10)) /
            FRAME_BYTES);
        Loads.seed(line);
    }

    static ThreadChurn read(Line line) {
        return new ThreadChurn(line);
    }

    @Override
    public void run(Stage stage) {
        Thread.UncaughtExceptionHandler onFailure = (thread, thrown) -> stage.fail(thrown);
        Ticks ticks = stage.every(rate.interval_ns());
        int slot = 0;
        while (ticks.next()) {
            for (long due = rate.due(); due > 0; due--) {
                awaitEnd(live[slot]);
                live[slot] = new Thread(null, () -> descend(depth), "churned", stack_bytes);
                live[slot].setDaemon(true);
                live[slot].setUncaughtExceptionHandler(onFailure);
                live[slot].start();
                slot = (slot + 1) % live.length;
                stage.count("threads", 1);
            }
        }
    }

    /** A frame has about FRAME_BYTES, interpreted or compiled, so the touched part of the stack is approximate. */
    private static int descend(int left) {
        return left == 0 ? 0 : 1 + descend(left - 1);
    }

    private static void awaitEnd(Thread thread) {
        if (thread != null) {
            try {
                thread.join();
            } catch (InterruptedException nobodyDoesThat) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
