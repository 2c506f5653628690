import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A service that is observed from outside. It keeps a log, which the observation is judged by: a line `TID START_NS
 * DURATION_NS` on standard output for each operation that takes 20 ms and more, with the sleep of 1 ms behind it. Times
 * are those of System.nanoTime(), which is CLOCK_MONOTONIC.
 *
 * ObservedService SECONDS WORK PLANT: two threads do the work (Work), and other threads cause stalls (Plant).
 */
public final class ObservedService {

    private static final long SLOW_NS = 20_000_000;

    public static void main(String[] args) throws Exception {
        long end = System.nanoTime() + Long.parseLong(args[0]) * 1_000_000_000L;
        Region region = Region.mapped();
        for (int i = 0; i < 2; i++) {
            Work work = Work.named(args[1], region, i);
            start("worker-" + i, () -> repeat(work, end));
        }
        Plant.start(args[2], region);
        Thread.sleep(Math.max(0, (end - System.nanoTime()) / 1_000_000));
    }

    /** Ends with the process. */
    static void start(String name, Body body) {
        Thread thread = new Thread(() -> {
            try {
                body.run();
            } catch (Exception error) {
                error.printStackTrace();
                System.exit(1);
            }
        }, name);
        thread.setDaemon(true);
        thread.start();
    }

    interface Body {
        void run() throws Exception;
    }

    private static void repeat(Work work, long end) throws Exception {
        String tid = Files.readSymbolicLink(Path.of("/proc/thread-self")).getFileName().toString();
        while (System.nanoTime() < end) {
            long start = System.nanoTime();
            work.once();
            Thread.sleep(1);
            long took = System.nanoTime() - start;
            if (took >= SLOW_NS) System.out.println(tid + " " + start + " " + took);
        }
    }

    private ObservedService() {}
}
