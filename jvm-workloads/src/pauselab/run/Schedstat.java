package pauselab.run;

import pauselab.Failure;
import pauselab.jni.Native;

/**
 * A thread's run delay and CPU time, as the engine reads them (native/engine/schedstat.h); about 1 us per reading.
 */
final class Schedstat {

    /** For the warm-up, which has nothing to read. */
    static final int NONE = -1;

    private final int file;
    private long runDelay_ns;
    private long onCpu_ns;

    Schedstat(int file) {
        this.file = file;
    }

    /** Opens the file of the calling thread. */
    static Schedstat open() {
        int file = Native.openSchedstat();
        if (file < 0) {
            throw Failure.unfit(
                "/proc/thread-self/schedstat could not be read (" +
                    Native.errorText(-file) +
                    "); run delay needs a kernel with CONFIG_SCHED_INFO"
            );
        }
        return new Schedstat(file);
    }

    /** Only for the thread that opened it. */
    void read() {
        if (file != NONE) {
            runDelay_ns = Native.runDelay_ns(file);
            onCpu_ns = Native.cpuTime_ns();
        }
    }

    long runDelay_ns() {
        return runDelay_ns;
    }

    long onCpu_ns() {
        return onCpu_ns;
    }
}
