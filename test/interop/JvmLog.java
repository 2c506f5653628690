import java.util.ArrayList;
import java.util.List;

/**
 * Collections whose times are known from outside: `before after` by System.nanoTime around each System.gc(). In
 * between it fills and empties some megabytes, and at the end waits for what gives heap back in the background.
 */
class JvmLog {

    static volatile Object sink;

    public static void main(String[] args) throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            List<byte[]> live = new ArrayList<>();
            for (int j = 0; j < 300; j++) {
                live.add(new byte[100_000]);
            }
            sink = live;
            sink = null;
            live = null;
            long before = System.nanoTime();
            System.gc();
            System.out.println(before + " " + System.nanoTime());
        }
        Thread.sleep(Long.parseLong(args[0]));
    }
}
