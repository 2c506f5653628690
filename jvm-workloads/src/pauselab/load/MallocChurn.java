package pauselab.load;

import pauselab.jni.Native;
import pauselab.plan.Line;

/**
 * `malloc_churn`: threads that each keep a window of live off-heap blocks and replace a random block: free, malloc, a
 * write to each page. The Java heap is not involved. The allocator decides what it gives back, when, how and by which
 * thread: glibc trims an arena's top in the freeing thread, jemalloc's decay purges by MADV_FREE or MADV_DONTNEED in
 * the freeing thread or in `jemalloc_bg_thd`, others decommit on free.
 *
 * <p>Keys: threads=4 (the load's thread and `NAME#1`…, NAME cut to 12 characters), per_s=1000 for each,
 * min_bytes=16384, max_bytes=1048576 (log-uniform), live=64 blocks for each, burst_percent=50: the threads work for
 * that part of each second and rest for the remainder, so that free memory ages; seed=1.
 */
final class MallocChurn implements Load {

    private static final long SECOND_NS = 1_000_000_000;

    private final int threads;
    private final long per_s;
    private final Sizes sizes;
    private final int live;
    private final long work_ns;
    private final long seed;

    private MallocChurn(Line line) {
        threads = (int) line.number("threads", 1, 256, 4);
        per_s = line.number("per_s", 1, 10_000_000, 1000);
        sizes = Sizes.read(line, 16L << 10, 1L << 20);
        live = (int) line.number("live", 1, 10_000_000, 64);
        work_ns = (line.number("burst_percent", 1, 100, 50) * SECOND_NS) / 100;
        seed = Loads.seed(line);
    }

    static MallocChurn read(Line line) {
        return new MallocChurn(line);
    }

    @Override
    public void run(Stage stage) {
        Crowd crowd = new Crowd(stage, threads, number -> churn(stage, new BlockDraws(seed + number, live, sizes)));
        crowd.run();
    }

    private void churn(Stage stage, BlockDraws draws) {
        long[] blocks = new long[live];
        Rate rate = new Rate(per_s);
        Ticks ticks = stage.every(rate.interval_ns());
        while (ticks.next()) {
            long due = rate.due();
            if (stage.now_ns() % SECOND_NS < work_ns) {
                replace(stage, blocks, due, draws);
            }
        }
        // The blocks stay, because freeing them would give memory back while probes serve owed operations.
    }

    private void replace(Stage stage, long[] blocks, long due, BlockDraws draws) {
        long bytes = 0;
        for (long i = 0; i < due; i++) {
            int slot = draws.slot();
            if (blocks[slot] != 0) {
                Native.free(blocks[slot]);
            }
            long size = draws.bytes();
            blocks[slot] = Native.malloc(size);
            if (blocks[slot] == 0) {
                throw new OutOfMemoryError("malloc of " + size + " bytes");
            }
            bytes += size;
        }
        stage.count("blocks", due);
        stage.count("allocated_bytes", bytes);
    }
}
