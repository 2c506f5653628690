package pauselab.board;

import java.nio.ByteBuffer;

/** One thread's row on the board. Its words have one writer: the thread that took the seat. */
public final class Seat {
    private final ByteBuffer file;
    private final int at;
    private final String name;
    private final Recorder recorder;
    private final Ring ring;
    private long refused;

    /** `recorder` and `ring` are null for a load. */
    Seat(ByteBuffer file, int at, String name, Recorder recorder, Ring ring) {
        this.file = file;
        this.at = at;
        this.name = name;
        this.recorder = recorder;
        this.ring = ring;
        refused = Words.get(file, at + Layout.THREAD_REFUSED_N);
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
        Words.touch(file, at + Layout.THREAD_SEQUENCE, Layout.THREAD_EXHAUSTED_N + Long.BYTES - Layout.THREAD_SEQUENCE);
        if (recorder != null) {
            recorder.touch();
            ring.touch();
        }
    }

    /** The tid comes last: who sees it finds a thread that is ready for `go`. */
    public void take(long pid, long tid) {
        Words.set(file, at + Layout.THREAD_PID, pid);
        Words.setRelease(file, at + Layout.THREAD_TID, tid);
    }

    public void beginOperation(long k, long start_ns, long intended_ns) {
        // With release: the even sequence of the operation before is visible before its times change.
        Words.setRelease(file, at + Layout.THREAD_START_NS, start_ns);
        Words.set(file, at + Layout.THREAD_INTENDED_NS, intended_ns);
        Words.set(file, at + Layout.THREAD_NEXT, k + 1);
        Words.setRelease(file, at + Layout.THREAD_SEQUENCE, 2 * k + 1);
    }

    public void endOperation(long k) {
        Words.setRelease(file, at + Layout.THREAD_SEQUENCE, 2 * k + 2);
    }

    public void countWarmup() {
        Words.raise(file, at + Layout.THREAD_WARMUP_N);
    }

    public void countExhausted() {
        Words.raise(file, at + Layout.THREAD_EXHAUSTED_N);
    }

    public void countRefused(int errno) {
        if (refused == 0) {
            Words.set(file, at + Layout.THREAD_REFUSED_ERRNO, errno);
        }
        refused++;
        Words.set(file, at + Layout.THREAD_REFUSED_N, refused);
    }

    public void end(long now_ns) {
        Words.setRelease(file, at + Layout.THREAD_ENDED_NS, now_ns);
    }
}
