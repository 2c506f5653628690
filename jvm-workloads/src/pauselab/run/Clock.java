package pauselab.run;

import java.util.concurrent.locks.LockSupport;

/** CLOCK_MONOTONIC and waiting on it. Tests have another implementation. */
public interface Clock {
    Clock REAL = new Clock() {
        @Override
        public long now_ns() {
            return System.nanoTime();
        }

        @Override
        public void park(long duration_ns) {
            LockSupport.parkNanos(duration_ns);
        }
    };

    /** Absolute; on Linux System.nanoTime is CLOCK_MONOTONIC, the project's only clock. */
    long now_ns();

    /** Sleeps for about that long, and maybe less. */
    void park(long duration_ns);
}
