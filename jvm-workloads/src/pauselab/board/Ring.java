package pauselab.board;

import java.nio.ByteBuffer;

/** A thread's ring of slow operations. The writer never waits for a reader: it overwrites. */
public final class Ring {
    private final ByteBuffer file;
    private final int written;
    private final int records;
    private final int mask;

    Ring(ByteBuffer file, int thread, int records, int capacity) {
        this.file = file;
        this.written = thread + Layout.THREAD_RING_WRITTEN;
        this.records = records;
        this.mask = capacity - 1;
    }

    public void push(long start_ns, long end_ns, long intended_ns, long runDelay_ns, long runDelayFrom_ns, long onCpu_ns) {
        long before = Words.get(file, written);
        int at = records + ((int) before & mask) * Layout.RECORD_BYTES;
        Words.setRelease(file, at + Layout.RECORD_START_NS, start_ns); // after the `written` of the record before
        Words.set(file, at + Layout.RECORD_END_NS, end_ns);
        Words.set(file, at + Layout.RECORD_INTENDED_NS, intended_ns);
        Words.set(file, at + Layout.RECORD_BYTES_HANDED, 0);
        Words.set(file, at + Layout.RECORD_CALL, 0);
        Words.set(file, at + Layout.RECORD_RUN_DELAY_NS, runDelay_ns);
        Words.set(file, at + Layout.RECORD_RUN_DELAY_FROM_NS, runDelayFrom_ns);
        Words.set(file, at + Layout.RECORD_ON_CPU_NS, onCpu_ns);
        Words.setRelease(file, written, before + 1);
    }

    void touch() {
        Words.touch(file, records, (mask + 1) * Layout.RECORD_BYTES);
    }
}
