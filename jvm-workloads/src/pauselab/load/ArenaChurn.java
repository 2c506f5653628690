package pauselab.load;

import java.util.SplittableRandom;
import pauselab.plan.Line;

/**
 * `arena_churn`: shared arenas (java.lang.foreign.Arena.ofShared) that are opened, written to and closed. An arena
 * allocates its segment by malloc and zeroes it (faults). close() first makes a handshake with every thread of the JVM,
 * because no thread may still be inside the memory, and then frees it: with glibc by munmap of mapped blocks, with
 * jemalloc by MADV_DONTNEED or MADV_FREE after its decay. Unlike a direct buffer, no collection is needed.
 *
 * <p>Keys: per_s=200, min_bytes=65536, max_bytes=4194304 (log-uniform), live=32, seed=1. Needs JDK 22.
 */
final class ArenaChurn implements Load {

    private final Rate rate;
    private final Sizes sizes;
    private final SharedArena[] live;
    private final SplittableRandom random;

    private ArenaChurn(Line line) {
        rate = new Rate(line.number("per_s", 1, 100_000, 200));
        sizes = Sizes.read(line, 64L << 10, 4L << 20);
        live = new SharedArena[(int) line.number("live", 1, 1_000_000, 32)];
        random = new SplittableRandom(Loads.seed(line));
    }

    static ArenaChurn read(Line line) {
        return new ArenaChurn(line);
    }

    /** So that a JDK without shared arenas is refused before the window. */
    @Override
    public void prepare() {
        SharedArena.open(1).close();
    }

    @Override
    public void run(Stage stage) {
        Ticks ticks = stage.every(rate.interval_ns());
        while (ticks.next()) {
            for (long due = rate.due(); due > 0; due--) {
                int slot = random.nextInt(live.length);
                if (live[slot] != null) {
                    live[slot].close();
                    stage.count("closes", 1);
                }
                long bytes = sizes.next(random);
                live[slot] = SharedArena.open(bytes);
                live[slot].touch();
                stage.count("arenas", 1);
                stage.count("allocated_bytes", bytes);
            }
        }
    }
}
