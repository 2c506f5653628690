package pauselab.probe;

import java.util.SplittableRandom;
import pauselab.jni.Native;
import pauselab.load.Sizes;
import pauselab.plan.Line;

/**
 * `malloc_free`: an off-heap block from malloc, a byte written to each of its pages, free. Its delays come from the
 * allocator's locks, from page faults of memory that the allocator had given back, and from mmap_lock if the allocator
 * maps or unmaps. It cannot distinguish these causes; the other probes can. The allocator decides whether it calls the
 * kernel at all.
 *
 * <p>Keys: min_bytes=16384, max_bytes=1048576 (log-uniform between them), seed=1.
 */
final class MallocFree implements Probe {

    private final Sizes sizes;
    private final SplittableRandom random;

    private MallocFree(Sizes sizes, long seed) {
        this.sizes = sizes;
        random = new SplittableRandom(seed);
    }

    static MallocFree read(Line line) {
        return new MallocFree(Sizes.read(line, 16L << 10, 1L << 20), line.number("seed", 0, Long.MAX_VALUE, 1));
    }

    @Override
    public int perform() {
        return Native.mallocAndFree(sizes.next(random));
    }
}
