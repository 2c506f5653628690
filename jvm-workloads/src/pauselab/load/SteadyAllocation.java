package pauselab.load;

import java.util.SplittableRandom;
import pauselab.plan.Line;

/**
 * `steady_allocation`: objects at an even rate, of which the latest live_bytes stay reachable and die in random order.
 * It causes young collections at an even pace, copying, promotion and, if survivors age, old collections: a collector's
 * ordinary work, during which a heap of fixed size gives nothing back. If the heap may shrink, it keeps the collector
 * from being idle.
 *
 * <p>Keys: bytes_per_s=104857600, object_bytes=1024 (half to one and a half times that), live_bytes=33554432, seed=1.
 */
final class SteadyAllocation implements Load {

    private final long bytes_per_s;
    private final int object_bytes;
    private final SplittableRandom random;
    private final byte[][] live;

    private SteadyAllocation(Line line) {
        bytes_per_s = line.number("bytes_per_s", 1, 1L << 40, 100L << 20);
        object_bytes = (int) line.number("object_bytes", 32, 1L << 28, 1024);
        long live_bytes = line.number("live_bytes", object_bytes, (long) object_bytes << 26, 32L << 20);
        random = new SplittableRandom(Loads.seed(line));
        live = new byte[(int) (live_bytes / object_bytes)][];
    }

    static SteadyAllocation read(Line line) {
        return new SteadyAllocation(line);
    }

    @Override
    public void prepare() {
        for (int i = 0; i < live.length; i++) {
            live[i] = next();
        }
    }

    @Override
    public void run(Stage stage) {
        Rate rate = new Rate(Math.max(1, bytes_per_s / object_bytes));
        Ticks ticks = stage.every(rate.interval_ns());
        while (ticks.next()) {
            long bytes = 0;
            for (long due = rate.due(); due > 0; due--) {
                byte[] object = next();
                bytes += object.length;
                live[random.nextInt(live.length)] = object;
            }
            stage.count("allocated_bytes", bytes);
        }
    }

    private byte[] next() {
        return new byte[object_bytes / 2 + random.nextInt(object_bytes + 1)];
    }
}
