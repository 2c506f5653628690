package pauselab.load;

import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Consumer;
import pauselab.Failure;
import pauselab.board.Board;
import pauselab.board.ScratchBoard;
import pauselab.jni.Native;
import pauselab.plan.Plan;
import pauselab.run.Clock;
import pauselab.run.Pacing;

/**
 * Parts of the JVM workloads by themselves, for test/jvm-workloads: plans read, loads run by a clock that stands still
 * but for their sleeps, so that what a second of a load does is a number and no measurement.
 */
public final class Parts {

    private static final long SECOND_NS = 1_000_000_000;

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "plans" -> plans(Path.of(arguments[1]));
            case "loads" -> loads(Path.of(arguments[1]), Path.of(arguments[2]));
            case "sizes" -> sizes(Long.parseLong(arguments[1]));
            case "paces" -> paces();
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    /** Each of the file's plans, which are parted by a form feed: `CODE SENTENCE`, or `0` and what was read. */
    private static void plans(Path file) throws IOException {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        for (String text : Files.readString(file).split("\f")) {
            try {
                Plan plan = Plan.parse(text, "plan");
                out.println("0 " + plan.probes().size() + " probes, " + plan.loads().size() + " loads");
            } catch (Failure failure) {
                out.println(failure.exitCode() + " " + failure.getMessage());
            }
        }
    }

    /** Each line `load …` of a file runs for three seconds of its clock; a line of JSON each. */
    private static void loads(Path library, Path file) throws Exception {
        Native.load(library);
        for (String line : Files.readAllLines(file)) {
            Load load = Plan.parse("board path=/b\nreport path=/r\nnative path=/n\n" + line, "plan")
                .loads()
                .get(0)
                .work();
            MadeUpClock clock = new MadeUpClock();
            long collectionsBefore = collections();
            long allocatedBefore = allocated();
            Stage stage = stage(clock);
            load.prepare();
            long prepared = allocated() - allocatedBefore;
            load.run(stage);
            Map<String, Object> seen = new TreeMap<>(stage.tally());
            seen.put("prepared_heap_bytes", prepared);
            seen.put("heap_bytes", allocated() - allocatedBefore - prepared);
            seen.put("collections", collections() - collectionsBefore);
            seen.put("ended_ns", clock.now_ns);
            List<String> pairs = new ArrayList<>();
            seen.forEach((key, value) -> pairs.add("\"" + key + "\":" + value));
            System.out.println("{" + String.join(",", pairs) + "}");
        }
    }

    /** The window of three seconds is a multiple of the first interval, and none of the second. */
    private static void paces() {
        for (long interval_ns : new long[] { SECOND_NS / 10, (7 * SECOND_NS) / 100 }) {
            paces(interval_ns, clock -> clock.park(10 * SECOND_NS));
            paces(interval_ns, clock -> clock.late_ns = 10 * SECOND_NS);
        }
    }

    /**
     * Two threads of a load, each with a pace inside its ticks. The first is held up after its sixth tick until after
     * the window.
     */
    private static void paces(long interval_ns, Consumer<MadeUpClock> holdUp) {
        MadeUpClock clock = new MadeUpClock();
        Stage stage = stage(clock);
        Ticks other = stage.every(interval_ns);
        Ticks ticks = stage.every(interval_ns);
        for (int i = 0; i < 6; i++) {
            ticks.next();
            stage.within(SECOND_NS / 1000).next();
            other.next();
        }
        stage.collect();
        holdUp.accept(clock);
        boolean isDue = ticks.next();
        stage.within(SECOND_NS / 1000).next();
        stage.collect();
        System.out.println(isDue + " " + stage.tally());
    }

    private static Stage stage(Clock clock) {
        Board board = ScratchBoard.make(new ScratchBoard.Times(0, 0, 3 * SECOND_NS, 3 * SECOND_NS), 0, 0, SECOND_NS);
        return new Stage(new Pacing(board, clock), "load", thrown -> {
            throw new IllegalStateException(thrown);
        });
    }

    private static long allocated() {
        return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }

    private static long collections() {
        return ManagementFactory.getGarbageCollectorMXBeans()
            .stream()
            .mapToLong(java.lang.management.GarbageCollectorMXBean::getCollectionCount)
            .sum();
    }

    /** 10,000 sizes between 1 KiB and 1 MiB: how many lie in each doubling, and the first of them. */
    private static void sizes(long seed) {
        Sizes sizes = new Sizes(1 << 10, 1 << 20);
        SplittableRandom random = new SplittableRandom(seed);
        long[] doublings = new long[12];
        StringBuilder first = new StringBuilder();
        for (int i = 0; i < 10_000; i++) {
            long size = sizes.next(random);
            doublings[63 - Long.numberOfLeadingZeros(size) - 10]++;
            if (i < 5) {
                first.append(first.isEmpty() ? "" : ",").append(size);
            }
        }
        System.out.println("{\"doublings\":" + java.util.Arrays.toString(doublings) + ",\"first\":[" + first + "]}");
    }

    private static final class MadeUpClock implements Clock {

        private long now_ns;
        /** How late a sleep ends. */
        private long late_ns;

        @Override
        public long now_ns() {
            return now_ns;
        }

        @Override
        public void park(long duration_ns) {
            now_ns += duration_ns + late_ns;
        }
    }

    private Parts() {}
}
