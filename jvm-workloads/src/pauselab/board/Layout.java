package pauselab.board;

/**
 * The board's layout: byte offsets and constants repeated from native/board/layout.h. What they mean: docs/board.md.
 */
public final class Layout {

    /** "PAUSELAB" as little-endian bytes. */
    public static final long MAGIC = 0x42414c4553554150L;
    public static final long VERSION = 2;

    public static final int COUNTS_LENGTH = 33_792;
    public static final long HIGHEST_TRACKABLE_NS = 3_600_000_000_000L;
    public static final int NAME_BYTES = 64;
    /** Operations at least this long leave a record in their thread's ring. */
    public static final long SLOW_NS = 1_000_000;
    /** `series` of a thread that has none, and `min_ns` of an empty histogram. */
    public static final long ALL_ONES = -1L;
    /** Of every structure, in bytes. */
    static final int ALIGNMENT = 64;

    static final int HEADER_BYTES = 192;
    static final int HEADER_VERSION = 8;
    static final int HEADER_TOTAL_BYTES = 16;
    static final int HEADER_THREAD_COUNT = 24;
    static final int HEADER_SERIES_COUNT = 32;
    static final int HEADER_THREADS_OFFSET = 40;
    static final int HEADER_SERIES_OFFSET = 48;
    static final int HEADER_STALL_THRESHOLD_NS = 56;
    static final int HEADER_COMMAND = 128;
    static final int HEADER_GO_NS = 136;
    static final int HEADER_WINDOW_START_NS = 144;
    static final int HEADER_WINDOW_END_NS = 152;
    static final int HEADER_DRAIN_END_NS = 160;
    static final long COMMAND_GO = 1;

    public static final int THREAD_BYTES = 256;
    public static final int THREAD_ROLE = 64;
    public static final int THREAD_PID = 72;
    public static final int THREAD_TID = 80;
    public static final int THREAD_SERIES = 88;
    public static final int THREAD_INTERVAL_NS = 96;
    public static final int THREAD_OFFSET_NS = 104;
    public static final int THREAD_RING_OFFSET = 112;
    public static final int THREAD_RING_CAPACITY = 120;
    public static final int THREAD_SEQUENCE = 128;
    public static final int THREAD_START_NS = 136;
    public static final int THREAD_INTENDED_NS = 144;
    public static final int THREAD_NEXT = 152;
    public static final int THREAD_ENDED_NS = 160;
    public static final int THREAD_WARMUP_N = 168;
    public static final int THREAD_REFUSED_N = 176;
    public static final int THREAD_REFUSED_ERRNO = 184;
    public static final int THREAD_RING_WRITTEN = 192;
    public static final int THREAD_EXHAUSTED_N = 200;
    static final long ROLE_VICTIM = 1;
    static final long ROLE_LOAD = 5;

    public static final int SERIES_BYTES = 192;
    public static final int SERIES_THREAD = 64;
    public static final int SERIES_SERVICE_OFFSET = 72;
    public static final int SERIES_RESPONSE_OFFSET = 80;
    public static final int SERIES_STALL_N = 128;
    public static final int SERIES_STALL_SUM_NS = 136;

    public static final int HISTOGRAM_N = 0;
    public static final int HISTOGRAM_MIN_NS = 8;
    public static final int HISTOGRAM_MAX_NS = 16;
    public static final int HISTOGRAM_SUM_NS = 24;
    public static final int HISTOGRAM_OVER_RANGE = 32;
    public static final int HISTOGRAM_COUNTS = 64;
    public static final int HISTOGRAM_BYTES = HISTOGRAM_COUNTS + 8 * COUNTS_LENGTH;

    public static final int RECORD_BYTES = 64;
    public static final int RECORD_START_NS = 0;
    public static final int RECORD_END_NS = 8;
    public static final int RECORD_INTENDED_NS = 16;
    public static final int RECORD_BYTES_HANDED = 24;
    public static final int RECORD_CALL = 32;
    public static final int RECORD_RUN_DELAY_NS = 40;
    public static final int RECORD_RUN_DELAY_FROM_NS = 48;
    public static final int RECORD_ON_CPU_NS = 56;

    private Layout() {}
}
