package pauselab.load;

import java.util.ArrayList;
import java.util.List;
import pauselab.plan.Line;

/**
 * `heap_wave`: a heap that grows and shrinks, so that the collector gives memory back to the kernel. The first part of
 * each period fills the heap from low_bytes to high_bytes in even steps. Then everything above low_bytes becomes
 * garbage. With gc_at_low System.gc() collects it at once.
 *
 * <p>The effect, if the JVM's flags let the heap shrink (-Xms below -Xmx):
 * <ul>
 * <li>G1: the full collection (with -XX:+ExplicitGCInvokesConcurrent the remark pause) shrinks the heap to
 *     Min/MaxHeapFreeRatio. Thread `G1 Service` uncommits it by mmap(PROT_NONE) in pieces of up to 128 MB. Without
 *     gc_at_low only G1PeriodicGCInterval does that to an idle heap.</li>
 * <li>Serial: `VM Thread` uncommits in the pause. With -XX:-ShrinkHeapInSteps the first pause gives back all.</li>
 * <li>Parallel: `VM Thread`, with GCTimeRatio=4 and AdaptiveSizePolicyWeight=90.</li>
 * <li>ZGC: `ZUncommitter` gives back what was unused for ZUncommitDelay seconds, by fallocate and mmap(PROT_NONE).</li>
 * <li>Shenandoah: after an explicit collection its control thread (25: `ShenUncommit`) uncommits down to -Xms.</li>
 * </ul>
 * The growing half commits the memory again (mmap) and faults it in.
 *
 * <p>Keys: low_bytes=33554432, high_bytes=268435456, period_ns=1000000000, grow_percent=50 of the period,
 * chunk_bytes=65536 (below half of G1's smallest region, so never humongous), gc_at_low=1, seed (not used: nothing is
 * random here).
 */
final class HeapWave implements Load {

    private static final int STEPS = 50;

    private final long low_bytes;
    private final long high_bytes;
    private final long period_ns;
    private final long grow_percent;
    private final int chunk_bytes;
    private final boolean gcAtLow;
    private final List<byte[]> low = new ArrayList<>();

    private HeapWave(Line line) {
        long most = 1L << 42;
        low_bytes = line.number("low_bytes", 0, most, 32L << 20);
        high_bytes = line.number("high_bytes", 1, most, 256L << 20);
        period_ns = line.number("period_ns", 10_000_000, 3_600_000_000_000L, 1_000_000_000);
        grow_percent = line.number("grow_percent", 1, 99, 50);
        chunk_bytes = (int) line.number("chunk_bytes", 64, 1L << 30, 64 << 10);
        gcAtLow = line.flag("gc_at_low", true);
        Loads.seed(line);
        if (high_bytes <= low_bytes) {
            throw line.reject("expected more than low_bytes=" + low_bytes + " for high_bytes, got " + high_bytes);
        }
    }

    static HeapWave read(Line line) {
        return new HeapWave(line);
    }

    @Override
    public void prepare() {
        allocate(low, low_bytes);
    }

    @Override
    public void run(Stage stage) {
        Ticks waves = stage.every(period_ns);
        while (waves.next() && grow(stage)) {
            // What the wave allocated is now garbage.
            if (gcAtLow) {
                stage.collect();
            }
            stage.count("waves", 1);
        }
    }

    /** False if the window ended first. */
    private boolean grow(Stage stage) {
        List<byte[]> wave = new ArrayList<>();
        long each_bytes = (high_bytes - low_bytes) / STEPS;
        Ticks steps = stage.within((period_ns * grow_percent) / 100 / STEPS);
        for (int step = 0; step < STEPS; step++) {
            if (!steps.next()) {
                return false;
            }
            allocate(wave, each_bytes);
            stage.count("allocated_bytes", each_bytes);
        }
        return true;
    }

    private void allocate(List<byte[]> into, long bytes) {
        for (long left = bytes; left > 0; left -= chunk_bytes) {
            into.add(new byte[(int) Math.min(left, chunk_bytes)]);
        }
    }
}
