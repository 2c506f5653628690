package pauselab.load;

import java.util.SplittableRandom;
import pauselab.plan.Line;

/**
 * Sizes of blocks, log-uniform: as many between 16 and 32 KB as between 512 KB and 1 MB, as allocators' size classes
 * are spaced.
 */
public final class Sizes {

    private static final long MOST_BYTES = 1L << 31;

    private final long min_bytes;
    private final double ratio;

    public Sizes(long min_bytes, long max_bytes) {
        this.min_bytes = min_bytes;
        ratio = Math.log((double) max_bytes / min_bytes);
    }

    /** Takes min_bytes and max_bytes. */
    public static Sizes read(Line line, long min_bytes, long max_bytes) {
        long least = line.number("min_bytes", 1, MOST_BYTES - 1, min_bytes);
        long most = line.number("max_bytes", 1, MOST_BYTES - 1, Math.max(least, max_bytes));
        if (most < least) {
            throw line.reject("expected at least min_bytes=" + least + " for max_bytes, got " + most);
        }
        return new Sizes(least, most);
    }

    public long next(SplittableRandom random) {
        return (long) (min_bytes * Math.exp(random.nextDouble() * ratio));
    }
}
