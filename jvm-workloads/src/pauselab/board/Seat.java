package pauselab.board;

import java.nio.ByteBuffer;
import java.nio.LongBuffer;

/** One thread's row on the board. Its words have one writer: the thread that took the seat. */
public final class Seat {

    private static final int SEQUENCE = Words.index(Layout.THREAD_SEQUENCE);
    private static final int START_NS = Words.index(Layout.THREAD_START_NS);
    private static final int INTENDED_NS = Words.index(Layout.THREAD_INTENDED_NS);
    private static final int NEXT = Words.index(Layout.THREAD_NEXT);
    private static final int WARMUP_N = Words.index(Layout.THREAD_WARMUP_N);
    private static final int REFUSED_N = Words.index(Layout.THREAD_REFUSED_N);
    private static final int REFUSED_ERRNO = Words.index(Layout.THREAD_REFUSED_ERRNO);
    private static final int EXHAUSTED_N = Words.index(Layout.THREAD_EXHAUSTED_N);

    private final ByteBuffer file;
    private final int at;
    private final LongBuffer words;
    private final String name;
    private final Recorder recorder;
    private final Ring ring;

    /** `recorder` and `ring` are null for a load. */
    Seat(ByteBuffer file, int at, String name, Recorder recorder, Ring ring) {
        this.file = file;
        this.at = at;
        this.name = name;
        this.recorder = recorder;
        this.ring = ring;
        words = Words.of(file, at, Layout.THREAD_BYTES);
    }

    public String name() {
        return name;
    }

    public Recorder recorder() {
        return recorder;
    }

    public Ring ring() {
        return ring;
    }

    /** 0: back to back. */
    public long interval_ns() {
        return Words.get(file, at + Layout.THREAD_INTERVAL_NS);
    }

    public long offset_ns() {
        return Words.get(file, at + Layout.THREAD_OFFSET_NS);
    }

    /** Faults in every page that the thread will write to. */
    public void touch() {
        Words.touch(words.slice(SEQUENCE, EXHAUSTED_N + 1 - SEQUENCE));
        if (recorder != null) {
            recorder.touch();
            ring.touch();
        }
    }

    /** Stores the tid last: a reader that sees it finds a thread that is ready for `go`. */
    public void take(long pid, long tid) {
        Words.set(file, at + Layout.THREAD_PID, pid);
        Words.setRelease(file, at + Layout.THREAD_TID, tid);
    }

    public void beginOperation(long k, long start_ns, long intended_ns) {
        Words.fence(); // after the even sequence of the operation before it
        words.put(START_NS, start_ns);
        words.put(INTENDED_NS, intended_ns);
        words.put(NEXT, k + 1);
        Words.fence();
        words.put(SEQUENCE, 2 * k + 1);
    }

    public void endOperation(long k) {
        Words.fence();
        words.put(SEQUENCE, 2 * k + 2);
    }

    public void countWarmup() {
        Words.raise(words, WARMUP_N);
    }

    public void countExhausted() {
        Words.raise(words, EXHAUSTED_N);
    }

    public void countRefused(int errno) {
        if (words.get(REFUSED_N) == 0) {
            words.put(REFUSED_ERRNO, errno);
        }
        Words.raise(words, REFUSED_N);
    }

    public void end(long now_ns) {
        Words.setRelease(file, at + Layout.THREAD_ENDED_NS, now_ns);
    }
}
