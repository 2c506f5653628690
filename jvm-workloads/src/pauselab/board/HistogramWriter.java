package pauselab.board;

import java.nio.ByteBuffer;
import java.nio.LongBuffer;

/**
 * Counts values in a histogram of a board, as its only writer. It works in two steps, so that one fence serves all
 * histograms of a sample: `count` stores everything except n, and `raise` stores n after the fence between them.
 */
public final class HistogramWriter {

    private static final int SUB_BUCKET_HALF_BITS = 10;
    private static final long LOWEST_BUCKET = (2L << SUB_BUCKET_HALF_BITS) - 1;

    private static final int N = Words.index(Layout.HISTOGRAM_N);
    private static final int MIN_NS = Words.index(Layout.HISTOGRAM_MIN_NS);
    private static final int MAX_NS = Words.index(Layout.HISTOGRAM_MAX_NS);
    private static final int SUM_NS = Words.index(Layout.HISTOGRAM_SUM_NS);
    private static final int OVER_RANGE = Words.index(Layout.HISTOGRAM_OVER_RANGE);
    private static final int COUNTS = Words.index(Layout.HISTOGRAM_COUNTS);

    private final LongBuffer words;
    /** Copies of the words on the board, which save reading them. */
    private long min_ns;
    private long max_ns;

    HistogramWriter(ByteBuffer file, int at) {
        words = Words.of(file, at, Layout.HISTOGRAM_BYTES);
        min_ns = words.get(N) == 0 ? Long.MAX_VALUE : words.get(MIN_NS);
        max_ns = words.get(MAX_NS);
    }

    /**
     * The index of a value's counter. Bucket b holds values of 11 + b significant bits in steps of 2^b. Its lower half
     * repeats the bucket before, so it adds 1024 counters: index = b * 1024 + (value >> b).
     */
    static int countsIndex(long value_ns) {
        int bucket = 63 - SUB_BUCKET_HALF_BITS - Long.numberOfLeadingZeros(value_ns | LOWEST_BUCKET);
        return (bucket << SUB_BUCKET_HALF_BITS) + (int) (value_ns >> bucket);
    }

    /** Call it after a fence that follows the last `raise`: a reader that sees this counter also sees that n. */
    void count(long value_ns) {
        LongBuffer to = words;
        long counted_ns = value_ns;
        if (value_ns > Layout.HIGHEST_TRACKABLE_NS) {
            counted_ns = Layout.HIGHEST_TRACKABLE_NS;
            Words.raise(to, OVER_RANGE);
        }
        Words.raise(to, COUNTS + countsIndex(counted_ns));
        to.put(SUM_NS, to.get(SUM_NS) + value_ns);
        if (value_ns < min_ns) {
            min_ns = value_ns;
            to.put(MIN_NS, value_ns);
        }
        if (value_ns > max_ns) {
            max_ns = value_ns;
            to.put(MAX_NS, value_ns);
        }
    }

    /** Call it after a fence that follows `count`: a reader that sees n = k also sees k samples in the counters. */
    void raise() {
        Words.raise(words, N);
    }

    void touch() {
        Words.touch(words);
    }
}
