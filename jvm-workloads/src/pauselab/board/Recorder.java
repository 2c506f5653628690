package pauselab.board;

import java.nio.ByteBuffer;

/** A thread's series: where its samples go. Nothing here allocates, locks or calls the kernel. */
public final class Recorder {
    private final ByteBuffer file;
    private final int series;
    private final HistogramWriter service;
    /** Null where there is no schedule. */
    private final HistogramWriter response;
    private final long stallThreshold_ns;

    Recorder(ByteBuffer file, int series, HistogramWriter service, HistogramWriter response, long stallThreshold_ns) {
        this.file = file;
        this.series = series;
        this.service = service;
        this.response = response;
        this.stallThreshold_ns = stallThreshold_ns;
    }

    public void record(long intended_ns, long start_ns, long end_ns) {
        long service_ns = end_ns - start_ns;
        service.add(service_ns);
        if (response != null) {
            response.add(end_ns - intended_ns);
        }
        if (service_ns >= stallThreshold_ns) {
            int sum = series + Layout.SERIES_STALL_SUM_NS;
            Words.set(file, sum, Words.get(file, sum) + service_ns);
            Words.raise(file, series + Layout.SERIES_STALL_N);
        }
    }

    void touch() {
        service.touch();
        if (response != null) {
            response.touch();
        }
        Words.touch(file, series + Layout.SERIES_STALL_N, 2 * Long.BYTES);
    }
}
