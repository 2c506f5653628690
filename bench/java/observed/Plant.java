import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.SynchronousQueue;

/**
 * Threads that cause stalls. The one to blame is called `planted`; the bench gives it a low priority and a busy CPU
 * where it has to be preempted.
 */
final class Plant {

    private static volatile Object kept;
    private static volatile long sum;

    static void start(String name, Region region) {
        switch (name) {
            case "none":
                break;
            case "breathe":
                ObservedService.start("breathe", Plant::breathe);
                break;
            case "purge-crossing":
                region.split();
                purge(region);
                break;
            case "purge-inside":
                purge(region);
                break;
            case "trim":
                trim();
                break;
            case "late":
                // Without a CPU it does not reach the safepoint either.
                ObservedService.start("planted", Plant::burn);
                ObservedService.start("dump", Plant::dump);
                break;
            case "burn":
                ObservedService.start("planted", Plant::burn);
                break;
            default:
                throw new IllegalArgumentException("no such plant: " + name);
        }
    }

    /** Another thread touches the memory, since a thread of low priority would take seconds for it. */
    private static void purge(Region region) {
        SynchronousQueue<Boolean> touched = new SynchronousQueue<>();
        SynchronousQueue<Boolean> given = new SynchronousQueue<>();
        ObservedService.start("toucher", () -> {
            while (true) {
                region.touch();
                touched.put(true);
                given.take();
                Thread.sleep(20);
            }
        });
        ObservedService.start("planted", () -> {
            while (true) {
                touched.take();
                region.giveBack();
                given.put(true);
            }
        });
    }

    /** Every second block of the arena is free, so malloc_trim makes a call for each while it has the arena's mutex. */
    private static void trim() {
        int blocks = 2000;
        long bytes = 16 << 10;
        SynchronousQueue<Boolean> filled = new SynchronousQueue<>();
        SynchronousQueue<Boolean> trimmed = new SynchronousQueue<>();
        long[] addresses = new long[blocks];
        ObservedService.start("filler", () -> {
            for (int i = 0; i < blocks; i++) addresses[i] = CLibrary.malloc(bytes);
            while (true) {
                for (int i = 0; i < blocks; i++) for (long at = 0; at < bytes; at += 4096) CLibrary.write(
                    addresses[i] + at
                );
                for (int i = 0; i < blocks; i += 2) CLibrary.free(addresses[i]);
                filled.put(true);
                trimmed.take();
                for (int i = 0; i < blocks; i += 2) addresses[i] = CLibrary.malloc(bytes);
                Thread.sleep(20);
            }
        });
        ObservedService.start("planted", () -> {
            while (true) {
                filled.take();
                CLibrary.trim();
                trimmed.put(true);
            }
        });
    }

    /** The heap breathes, so that the collector gives some of it back. */
    private static void breathe() throws InterruptedException {
        while (true) {
            List<byte[]> full = new ArrayList<>();
            for (int i = 0; i < 300; i++) full.add(new byte[1 << 20]);
            kept = full;
            full = null;
            Thread.sleep(50);
            kept = null;
            System.gc();
            Thread.sleep(200);
        }
    }

    private static long counted(int n) {
        long total = 0;
        for (int i = 0; i < n; i++) total += ((long) i * i) ^ (total >>> 3);
        return total;
    }

    /** It needs a safepoint each time. */
    private static void dump() throws InterruptedException {
        while (true) {
            kept = ManagementFactory.getThreadMXBean().dumpAllThreads(true, true);
            Thread.sleep(150);
        }
    }

    private static void burn() {
        while (true) sum += counted(1000);
    }

    private Plant() {}
}
