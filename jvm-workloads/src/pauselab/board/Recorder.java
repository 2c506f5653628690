package pauselab.board;

import java.nio.ByteBuffer;
import java.nio.LongBuffer;

/** A thread's series: where its samples go. Nothing here allocates, locks or calls the kernel. */
public final class Recorder {

    private static final int STALL_N = 0;
    private static final int STALL_SUM_NS = Words.index(Layout.SERIES_STALL_SUM_NS - Layout.SERIES_STALL_N);

    private final LongBuffer stalls;
    private final HistogramWriter service;
    /** Null without a schedule. */
    private final HistogramWriter response;
    private final long stallThreshold_ns;

    /** `series`: where its row begins. */
    Recorder(ByteBuffer file, int series, HistogramWriter service, HistogramWriter response, long stallThreshold_ns) {
        stalls = Words.of(file, series + Layout.SERIES_STALL_N, 2 * Long.BYTES);
        this.service = service;
        this.response = response;
        this.stallThreshold_ns = stallThreshold_ns;
    }

    public void record(long intended_ns, long start_ns, long end_ns) {
        long service_ns = end_ns - start_ns;
        Words.fence(); // after the n of the sample before it
        service.count(service_ns);
        if (response == null) {
            Words.fence();
        } else {
            response.count(end_ns - intended_ns);
            Words.fence();
            response.raise();
        }
        service.raise();
        if (service_ns >= stallThreshold_ns) {
            stalls.put(STALL_SUM_NS, stalls.get(STALL_SUM_NS) + service_ns);
            Words.raise(stalls, STALL_N);
        }
    }

    void touch() {
        service.touch();
        if (response != null) {
            response.touch();
        }
        Words.touch(stalls);
    }
}
