import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import sun.misc.Unsafe;

/**
 * A service that is observed from outside and keeps a log of its own, which the observation is judged by: a line
 * `TID START_NS DURATION_NS` on standard output for each operation, with a sleep of 1 ms behind it, that takes 20 ms and more, by System.nanoTime(), which is
 * CLOCK_MONOTONIC. Workers map and unmap memory (malloc above the mmap threshold). With a second argument the heap
 * breathes, so that G1 gives some of it back.
 *
 * java ObservedService.java SECONDS [breathe]
 */
public class ObservedService {

    private static final long SLOW_NS = 20_000_000;
    private static volatile Object kept;

    public static void main(String[] args) throws Exception {
        long end = System.nanoTime() + Long.parseLong(args[0]) * 1_000_000_000L;
        Field field = Unsafe.class.getDeclaredField("theUnsafe");
        field.setAccessible(true);
        Unsafe unsafe = (Unsafe) field.get(null);
        for (int i = 0; i < 2; i++) {
            Thread worker = new Thread(() -> work(unsafe, end), "worker-" + i);
            worker.setDaemon(true);
            worker.start();
        }
        if (args.length > 1) breathe(end);
        else Thread.sleep(Math.max(0, (end - System.nanoTime()) / 1_000_000));
    }

    private static void work(Unsafe unsafe, long end) {
        try {
            String tid = Files.readSymbolicLink(Path.of("/proc/thread-self")).getFileName().toString();
            while (System.nanoTime() < end) {
                long start = System.nanoTime();
                long address = unsafe.allocateMemory(1 << 18);
                unsafe.putByte(address, (byte) 1);
                unsafe.freeMemory(address);
                Thread.sleep(1);
                long took = System.nanoTime() - start;
                if (took >= SLOW_NS) System.out.println(tid + " " + start + " " + took);
            }
        } catch (Exception error) {
            error.printStackTrace();
        }
    }

    private static void breathe(long end) throws InterruptedException {
        while (System.nanoTime() < end) {
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
}
