package pauselab.load;

import java.util.SplittableRandom;
import pauselab.plan.Line;

/**
 * A service of one thread without a network. A request allocates objects, reads from a store of old objects, and
 * replaces one of them. The probe `request` times it, and the load `request_service` keeps it busy.
 *
 * <p>Keys: bytes=65536 allocated by each request in objects of object_bytes=1024; live_bytes=33554432, the store;
 * touch_bytes=65536 of it read by each request, a byte in 64; seed=1.
 */
public final class RequestService {

    private static final int STRIDE_BYTES = 64;

    private final int objects;
    private final int object_bytes;
    private final int touched;
    private final byte[][] store;
    private final SplittableRandom random;
    /** What the last request made; volatile, so that no compiler removes it. */
    private volatile byte[][] answer;
    private volatile long sum;

    private RequestService(Line line) {
        object_bytes = (int) line.number("object_bytes", 64, 1L << 26, 1024);
        objects = (int) Math.max(1, line.number("bytes", 0, 1L << 30, 64 << 10) / object_bytes);
        store = new byte[(int) Math.max(
            1,
            line.number("live_bytes", 0, (long) object_bytes << 26, 32L << 20) / object_bytes
        )][];
        touched = (int) (line.number("touch_bytes", 0, 1L << 40, 64 << 10) / object_bytes);
        random = new SplittableRandom(Loads.seed(line));
    }

    public static RequestService read(Line line) {
        return new RequestService(line);
    }

    /** Fills the store. */
    public void open() {
        for (int i = 0; i < store.length; i++) {
            store[i] = new byte[object_bytes];
        }
    }

    public void handle() {
        byte[][] made = new byte[objects][];
        for (int i = 0; i < objects; i++) {
            made[i] = new byte[object_bytes];
        }
        long seen = 0;
        for (int i = 0; i < touched; i++) {
            byte[] old = store[random.nextInt(store.length)];
            for (int at = 0; at < old.length; at += STRIDE_BYTES) {
                seen += old[at];
            }
        }
        store[random.nextInt(store.length)] = made[0];
        made[0][0] = (byte) seen;
        sum = seen;
        answer = made;
    }

    /** Uses what was read, so that no compiler removes the reads. */
    public long sum() {
        return sum + (answer == null ? 0 : answer.length);
    }
}
