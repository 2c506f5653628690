package pauselab.board;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A board of one victim's seat in this JVM's memory. The recording code is warmed up on it before it takes its seat on
 * the real board, and unit tests use it.
 */
public final class ScratchBoard {

    public static final String SEAT = "scratch";
    private static final int RING_CAPACITY = 64;

    public record Times(long go_ns, long windowStart_ns, long windowEnd_ns, long drainEnd_ns) {}

    public static Board make(Times times, long interval_ns, long offset_ns, long stallThreshold_ns) {
        int thread = Layout.HEADER_BYTES;
        int series = thread + Layout.THREAD_BYTES;
        int service = series + Layout.SERIES_BYTES;
        int response = service + Layout.HISTOGRAM_BYTES;
        int ring = response + Layout.HISTOGRAM_BYTES;
        int total = ring + RING_CAPACITY * Layout.RECORD_BYTES;
        ByteBuffer file = ByteBuffer.allocateDirect(total + Layout.ALIGNMENT)
            .alignedSlice(Layout.ALIGNMENT)
            .slice(0, total)
            .order(ByteOrder.LITTLE_ENDIAN);
        Words.set(file, Layout.HEADER_VERSION, Layout.VERSION);
        Words.set(file, Layout.HEADER_TOTAL_BYTES, total);
        Words.set(file, Layout.HEADER_THREAD_COUNT, 1);
        Words.set(file, Layout.HEADER_SERIES_COUNT, 1);
        Words.set(file, Layout.HEADER_THREADS_OFFSET, thread);
        Words.set(file, Layout.HEADER_SERIES_OFFSET, series);
        Words.set(file, Layout.HEADER_STALL_THRESHOLD_NS, stallThreshold_ns);
        Words.set(file, Layout.HEADER_GO_NS, times.go_ns());
        Words.set(file, Layout.HEADER_WINDOW_START_NS, times.windowStart_ns());
        Words.set(file, Layout.HEADER_WINDOW_END_NS, times.windowEnd_ns());
        Words.set(file, Layout.HEADER_DRAIN_END_NS, times.drainEnd_ns());
        Words.set(file, Layout.HEADER_COMMAND, Layout.COMMAND_GO);
        file.put(thread, SEAT.getBytes(StandardCharsets.UTF_8));
        Words.set(file, thread + Layout.THREAD_ROLE, Layout.ROLE_VICTIM);
        Words.set(file, thread + Layout.THREAD_INTERVAL_NS, interval_ns);
        Words.set(file, thread + Layout.THREAD_OFFSET_NS, offset_ns);
        Words.set(file, thread + Layout.THREAD_RING_OFFSET, ring);
        Words.set(file, thread + Layout.THREAD_RING_CAPACITY, RING_CAPACITY);
        Words.set(file, series + Layout.SERIES_SERVICE_OFFSET, service);
        Words.set(file, series + Layout.SERIES_RESPONSE_OFFSET, response);
        Words.set(file, service + Layout.HISTOGRAM_MIN_NS, Layout.ALL_ONES);
        Words.set(file, response + Layout.HISTOGRAM_MIN_NS, Layout.ALL_ONES);
        Words.setRelease(file, 0, Layout.MAGIC);
        return new Board(file, "scratch");
    }

    private ScratchBoard() {}
}
