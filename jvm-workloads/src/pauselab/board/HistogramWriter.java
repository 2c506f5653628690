package pauselab.board;

import java.nio.ByteBuffer;

/**
 * Counts values in one histogram of a board. It is the only writer, so what it has to know again (n, sum, extremes) it
 * keeps in fields of its own and only stores to the board.
 */
public final class HistogramWriter {
    private static final int SUB_BUCKET_HALF_BITS = 10;
    private static final long LOWEST_BUCKET = (2L << SUB_BUCKET_HALF_BITS) - 1;

    private final ByteBuffer file;
    private final int at;
    private long n;
    private long min_ns;
    private long max_ns;
    private long sum_ns;

    HistogramWriter(ByteBuffer file, int at) {
        this.file = file;
        this.at = at;
        n = Words.get(file, at + Layout.HISTOGRAM_N);
        min_ns = n == 0 ? Long.MAX_VALUE : Words.get(file, at + Layout.HISTOGRAM_MIN_NS);
        max_ns = Words.get(file, at + Layout.HISTOGRAM_MAX_NS);
        sum_ns = Words.get(file, at + Layout.HISTOGRAM_SUM_NS);
    }

    /**
     * The index of a value's counter. Bucket b holds values of 11 + b significant bits in steps of 2^b; its lower half
     * repeats the bucket before, so only 1024 counters are new: index = b * 1024 + (value >> b).
     */
    static int countsIndex(long value_ns) {
        int bucket = 63 - SUB_BUCKET_HALF_BITS - Long.numberOfLeadingZeros(value_ns | LOWEST_BUCKET);
        return (bucket << SUB_BUCKET_HALF_BITS) + (int) (value_ns >> bucket);
    }

    void add(long value_ns) {
        long counted_ns = value_ns;
        if (value_ns > Layout.HIGHEST_TRACKABLE_NS) {
            counted_ns = Layout.HIGHEST_TRACKABLE_NS;
            Words.raise(file, at + Layout.HISTOGRAM_OVER_RANGE);
        }
        // With release: a reader that sees this sample's counter also sees the `n` of the sample before.
        int counter = at + Layout.HISTOGRAM_COUNTS + Long.BYTES * countsIndex(counted_ns);
        Words.setRelease(file, counter, Words.get(file, counter) + 1);
        sum_ns += value_ns;
        Words.set(file, at + Layout.HISTOGRAM_SUM_NS, sum_ns);
        if (value_ns < min_ns) {
            min_ns = value_ns;
            Words.set(file, at + Layout.HISTOGRAM_MIN_NS, value_ns);
        }
        if (value_ns > max_ns) {
            max_ns = value_ns;
            Words.set(file, at + Layout.HISTOGRAM_MAX_NS, value_ns);
        }
        // Last and with release: a reader that sees n = k also sees k samples in the counters.
        n++;
        Words.setRelease(file, at + Layout.HISTOGRAM_N, n);
    }

    void touch() {
        Words.touch(file, at, Layout.HISTOGRAM_BYTES);
    }
}
