import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.StringJoiner;
import pauselab.Failure;
import pauselab.board.Board;
import pauselab.board.Layout;
import pauselab.board.Seat;
import pauselab.board.Words;

/**
 * The Java side of test/interop/board-java.test.ts: records a file of samples by the recorder of the JVM workloads, or
 * prints what is on a board, in the words of native/test/board_tool.cc.
 */
public final class BoardInterop {

    private static final int HEADER_THREADS_OFFSET = 40;
    private static final int HEADER_SERIES_OFFSET = 48;

    public static void main(String[] arguments) throws Exception {
        try {
            Board board = Board.attach(Path.of(arguments[1]));
            switch (arguments[0]) {
                case "write" -> write(board.victim("writer.interop"), Path.of(arguments[2]));
                case "print" -> System.out.println(new Printer(board.file()).all());
                case "take" -> board.victim(arguments[2]).take(1, 2);
                case "load" -> board.load(arguments[2]).take(1, 2);
                default -> throw new IllegalArgumentException(arguments[0]);
            }
        } catch (Failure failure) {
            System.err.println(failure.getMessage());
            System.exit(failure.exitCode());
        }
    }

    private static void write(Seat seat, Path samples) throws Exception {
        seat.touch();
        long k = 0;
        for (String line : Files.readAllLines(samples)) {
            String[] times = line.split(" ");
            long intended_ns = Long.parseLong(times[0]);
            long start_ns = Long.parseLong(times[1]);
            long end_ns = Long.parseLong(times[2]);
            seat.beginOperation(k, start_ns, intended_ns);
            seat.recorder().record(intended_ns, start_ns, end_ns);
            if (end_ns - start_ns >= Layout.SLOW_NS) {
                seat.ring().push(start_ns, end_ns, intended_ns, k, k + 1, k + 2);
            }
            seat.endOperation(k);
            k++;
        }
        seat.end(k + 1);
    }

    /** Reads the board's only seat. */
    private record Printer(ByteBuffer file) {
        String all() {
            int thread = (int) word(HEADER_THREADS_OFFSET);
            int series = (int) word(HEADER_SERIES_OFFSET);
            StringJoiner json = new StringJoiner(",", "{", "}");
            add(json, "sequence", thread + Layout.THREAD_SEQUENCE);
            add(json, "start_ns", thread + Layout.THREAD_START_NS);
            add(json, "intended_ns", thread + Layout.THREAD_INTENDED_NS);
            add(json, "next", thread + Layout.THREAD_NEXT);
            add(json, "ended_ns", thread + Layout.THREAD_ENDED_NS);
            add(json, "ring_written", thread + Layout.THREAD_RING_WRITTEN);
            add(json, "stall_n", series + Layout.SERIES_STALL_N);
            add(json, "stall_sum_ns", series + Layout.SERIES_STALL_SUM_NS);
            json.add("\"service\":" + histogram((int) word(series + Layout.SERIES_SERVICE_OFFSET)));
            json.add("\"response\":" + histogram((int) word(series + Layout.SERIES_RESPONSE_OFFSET)));
            StringJoiner ring = new StringJoiner(",", "[", "]");
            int records = (int) word(thread + Layout.THREAD_RING_OFFSET);
            long bytes = word(thread + Layout.THREAD_RING_CAPACITY) * Layout.RECORD_BYTES;
            for (int at = 0; at < bytes; at += Long.BYTES) {
                ring.add(text(records + at));
            }
            return json.add("\"ring\":" + ring).toString();
        }

        private String histogram(int at) {
            StringJoiner json = new StringJoiner(",", "{", "}");
            add(json, "n", at + Layout.HISTOGRAM_N);
            add(json, "min_ns", at + Layout.HISTOGRAM_MIN_NS);
            add(json, "max_ns", at + Layout.HISTOGRAM_MAX_NS);
            add(json, "sum_ns", at + Layout.HISTOGRAM_SUM_NS);
            add(json, "over_range", at + Layout.HISTOGRAM_OVER_RANGE);
            StringJoiner counts = new StringJoiner(",", "{", "}");
            for (int i = 0; i < Layout.COUNTS_LENGTH; i++) {
                int counter = at + Layout.HISTOGRAM_COUNTS + Long.BYTES * i;
                if (word(counter) != 0) {
                    counts.add("\"" + i + "\":" + text(counter));
                }
            }
            return json.add("\"counts\":" + counts).toString();
        }

        private void add(StringJoiner json, String name, int at) {
            json.add("\"" + name + "\":" + text(at));
        }

        private String text(int at) {
            return "\"" + Long.toUnsignedString(word(at)) + "\"";
        }

        private long word(int at) {
            return Words.get(file, at);
        }
    }

    private BoardInterop() {}
}
