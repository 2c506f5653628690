import java.io.File;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.HdrHistogram.EncodableHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;
import org.HdrHistogram.HistogramLogWriter;

/**
 * The Java side of test/interop/hlog-java.test.ts: reads a histogram log, or writes one of random values, with the
 * reference library, and prints what it knows of each tag: n, max, percentiles.
 */
public final class HlogInterop {

    private static final double[] PERCENTILES = { 50, 90, 99, 99.9, 99.99, 100 };

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "read" -> read(new File(arguments[1]));
            case "write" -> write(new File(arguments[1]), Long.parseLong(arguments[2]));
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    private static void read(File file) throws Exception {
        Map<String, Histogram> byTag = new TreeMap<>();
        HistogramLogReader reader = new HistogramLogReader(file);
        int intervals = 0;
        while (reader.hasNext()) {
            EncodableHistogram interval = reader.nextIntervalHistogram();
            if (interval == null) {
                break;
            }
            intervals++;
            byTag.computeIfAbsent(interval.getTag(), tag -> newHistogram()).add((Histogram) interval);
        }
        System.out.printf(
            Locale.ROOT,
            "{\"intervals\":%d,\"startTime_s\":%.3f,\"tags\":{%s}}%n",
            intervals,
            reader.getStartTimeSec(),
            describe(byTag)
        );
    }

    private static void write(File file, long seed) throws Exception {
        Random random = new Random(seed);
        Map<String, Histogram> byTag = new TreeMap<>();
        long start_ms = 1_700_000_000_000L;
        try (PrintStream stream = new PrintStream(file)) {
            HistogramLogWriter writer = new HistogramLogWriter(stream);
            writer.outputLogFormatVersion();
            writer.outputStartTime(start_ms);
            writer.outputBaseTime(start_ms);
            writer.outputLegend();
            for (int second = 0; second < 5; second++) {
                for (String tag : new String[] { "writer.mprotect.service", "writer.mprotect.response" }) {
                    Histogram interval = newHistogram();
                    for (int i = 0; i < 1_000 * second; i++) {
                        interval.recordValue((long) Math.exp(random.nextDouble() * 28));
                    }
                    interval.setTag(tag);
                    writer.outputIntervalHistogram((double) second, second + 1.0, interval, 1e6);
                    byTag.computeIfAbsent(tag, ignored -> newHistogram()).add(interval);
                }
            }
        }
        System.out.printf(
            Locale.ROOT,
            "{\"intervals\":10,\"startTime_s\":%.3f,\"tags\":{%s}}%n",
            start_ms / 1000.0,
            describe(byTag)
        );
    }

    private static Histogram newHistogram() {
        return new Histogram(1, 3_600_000_000_000L, 3);
    }

    private static String describe(Map<String, Histogram> byTag) {
        StringBuilder text = new StringBuilder();
        byTag.forEach((tag, histogram) -> {
            text.append(text.isEmpty() ? "" : ",")
                .append('"')
                .append(tag)
                .append("\":{\"n\":")
                .append(histogram.getTotalCount());
            text.append(",\"percentiles\":[");
            for (int i = 0; i < PERCENTILES.length; i++) {
                text.append(i == 0 ? "" : ",").append(histogram.getValueAtPercentile(PERCENTILES[i]));
            }
            text.append("]}");
        });
        return text.toString();
    }

    private HlogInterop() {}
}
