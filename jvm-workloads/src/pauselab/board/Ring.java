package pauselab.board;

import java.nio.ByteBuffer;
import java.nio.LongBuffer;

/** A thread's ring of slow operations. The writer never waits for a reader: it overwrites. */
public final class Ring {

    private static final int RECORD_WORDS = Words.index(Layout.RECORD_BYTES);
    private static final int START_NS = Words.index(Layout.RECORD_START_NS);
    private static final int END_NS = Words.index(Layout.RECORD_END_NS);
    private static final int INTENDED_NS = Words.index(Layout.RECORD_INTENDED_NS);
    private static final int BYTES_HANDED = Words.index(Layout.RECORD_BYTES_HANDED);
    private static final int CALL = Words.index(Layout.RECORD_CALL);
    private static final int RUN_DELAY_NS = Words.index(Layout.RECORD_RUN_DELAY_NS);
    private static final int RUN_DELAY_FROM_NS = Words.index(Layout.RECORD_RUN_DELAY_FROM_NS);
    private static final int ON_CPU_NS = Words.index(Layout.RECORD_ON_CPU_NS);

    /** The one word `ring_written` of the thread. */
    private final LongBuffer written;
    private final LongBuffer records;
    private final int mask;

    Ring(ByteBuffer file, int thread, int records, int capacity) {
        written = Words.of(file, thread + Layout.THREAD_RING_WRITTEN, Long.BYTES);
        this.records = Words.of(file, records, capacity * Layout.RECORD_BYTES);
        mask = capacity - 1;
    }

    public void push(
        long start_ns,
        long end_ns,
        long intended_ns,
        long runDelay_ns,
        long runDelayFrom_ns,
        long onCpu_ns
    ) {
        int at = ((int) written.get(0) & mask) * RECORD_WORDS;
        Words.fence(); // after `written` of the record before it
        records.put(at + START_NS, start_ns);
        records.put(at + END_NS, end_ns);
        records.put(at + INTENDED_NS, intended_ns);
        records.put(at + BYTES_HANDED, 0);
        records.put(at + CALL, 0);
        records.put(at + RUN_DELAY_NS, runDelay_ns);
        records.put(at + RUN_DELAY_FROM_NS, runDelayFrom_ns);
        records.put(at + ON_CPU_NS, onCpu_ns);
        Words.fence();
        Words.raise(written, 0);
    }

    void touch() {
        Words.touch(records);
    }
}
