package pauselab.probe;

import pauselab.Failure;
import pauselab.jni.Native;
import pauselab.plan.Line;

/**
 * `first_fault` and `warm_fault`: a write to a page that nothing has touched, in memory that was mapped before the
 * window (a mapping made inside it would turn a reader into a writer).
 *
 * <p>first_fault: each page is a separate VMA, whose first fault has to give it an anon_vma, for which the kernel needs
 * mmap_lock when a writer is queued. The same happens to a fresh thread stack, arena or heap region. warm_fault: all
 * pages lie in one VMA that has its anon_vma. Since Linux 6.4 that VMA's lock suffices, so it is the control. Huge
 * pages are off for both, so that each operation is one fault.
 *
 * <p>Key: pool, the pages that operations use up, one each (and {@value #TRIALS} before the window). If none is left,
 * operations are counted as exhausted and not timed.
 */
final class PoolFault implements Probe {

    private static final int TRIALS = 16;
    /**
     * Each first fault also needs a VMA, of which vm.max_map_count allows a process 65,530 by default: the kernel
     * decides.
     */
    private static final long MOST = 1_000_000;

    private final long pages;
    private final boolean apart;
    private long pool;

    private PoolFault(long pages, boolean apart) {
        this.pages = pages;
        this.apart = apart;
    }

    static PoolFault read(Line line, boolean apart) {
        return new PoolFault(line.number("pool", TRIALS + 1, MOST), apart);
    }

    @Override
    public void prepare() {
        pool = Native.makePool(pages, apart);
        if (pool < 0) {
            throw Failure.unfit(
                pages +
                    " fresh pages could not be mapped (" +
                    Native.errorText((int) -pool) +
                    "); lower the probe's rate, shorten the window or raise vm.max_map_count"
            );
        }
    }

    @Override
    public int perform() {
        return Native.touchNext(pool);
    }

    @Override
    public int trials() {
        return TRIALS;
    }
}
