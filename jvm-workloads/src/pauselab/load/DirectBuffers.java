package pauselab.load;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import pauselab.plan.Line;

/**
 * `direct_buffers`: direct byte buffers, of which `live` stay reachable. The JVM allocates each by malloc and zeroes it
 * (faults). When a collector has found the buffer unreachable, the thread `Reference Handl` frees it: with glibc by
 * munmap of mapped blocks, with jemalloc by MADV_DONTNEED or MADV_FREE after its decay. A collection frees many.
 *
 * <p>Keys: per_s=100, min_bytes=1048576, max_bytes=8388608 (log-uniform), live=16, gc_period_ns=500000000, seed=1.
 * -XX:MaxDirectMemorySize (by default -Xmx) must have room for what is allocated between two collections.
 */
final class DirectBuffers implements Load {

    private final Rate rate;
    private final Sizes sizes;
    private final ByteBuffer[] live;
    private final PeriodicGc gc;
    private final SplittableRandom random;

    private DirectBuffers(Line line) {
        rate = new Rate(line.number("per_s", 1, 1_000_000, 100));
        sizes = Sizes.read(line, 1L << 20, 8L << 20);
        live = new ByteBuffer[(int) line.number("live", 1, 1_000_000, 16)];
        gc = PeriodicGc.read(line, 500_000_000);
        random = new SplittableRandom(Loads.seed(line));
    }

    static DirectBuffers read(Line line) {
        return new DirectBuffers(line);
    }

    @Override
    public void run(Stage stage) {
        Ticks ticks = stage.every(rate.interval_ns());
        while (ticks.next()) {
            for (long due = rate.due(); due > 0; due--) {
                ByteBuffer buffer = ByteBuffer.allocateDirect((int) sizes.next(random));
                live[random.nextInt(live.length)] = buffer;
                stage.count("buffers", 1);
                stage.count("allocated_bytes", buffer.capacity());
            }
            gc.look(stage);
        }
    }
}
