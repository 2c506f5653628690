package pauselab.load;

import java.util.SplittableRandom;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import pauselab.plan.Line;

/**
 * `inflater_churn`: Deflaters and Inflaters that are each used once. zlib allocates about 260 KB for a Deflater and 40
 * KB for an Inflater by malloc, and touches the memory while it works. So this is off-heap churn that an application
 * causes without knowing it. With end=1 the load's thread ends each at once. With end=0 its cleaner frees it after a
 * collection has found it unreachable (thread `Common-Cleaner`). Then the off-heap memory grows between collections,
 * and goes back to the allocator all at once.
 *
 * <p>Keys: per_s=200 pairs, input_bytes=16384, end=1, gc_period_ns=0 (500000000 with end=0), seed=1.
 */
final class InflaterChurn implements Load {

    private final Rate rate;
    private final int input_bytes;
    private final boolean end;
    private final PeriodicGc gc;
    private final long seed;
    private byte[] input;
    private byte[] packed;

    private InflaterChurn(Line line) {
        rate = new Rate(line.number("per_s", 1, 1_000_000, 200));
        input_bytes = (int) line.number("input_bytes", 1, 1L << 28, 16 << 10);
        end = line.flag("end", true);
        gc = PeriodicGc.read(line, end ? 0 : 500_000_000);
        seed = Loads.seed(line);
    }

    static InflaterChurn read(Line line) {
        return new InflaterChurn(line);
    }

    @Override
    public void prepare() {
        SplittableRandom random = new SplittableRandom(seed);
        input = new byte[input_bytes];
        packed = new byte[input_bytes + 1024];
        for (int i = 0; i < input.length; i++) {
            input[i] = (byte) random.nextInt(16);
        }
    }

    @Override
    public void run(Stage stage) {
        Ticks ticks = stage.every(rate.interval_ns());
        while (ticks.next()) {
            for (long due = rate.due(); due > 0; due--) {
                stage.count("inflated_bytes", unpack(pack()));
                stage.count("pairs", 1);
            }
            gc.look(stage);
        }
    }

    private int pack() {
        Deflater deflater = new Deflater();
        deflater.setInput(input);
        deflater.finish();
        int length = deflater.deflate(packed);
        if (end) {
            deflater.end();
        }
        return length;
    }

    private int unpack(int length) {
        Inflater inflater = new Inflater();
        inflater.setInput(packed, 0, length);
        try {
            return inflater.inflate(new byte[input.length]);
        } catch (DataFormatException error) {
            throw new IllegalStateException(error);
        } finally {
            if (end) {
                inflater.end();
            }
        }
    }
}
